"""What a run declares about itself, so that it can be replayed: how it was set up, its models, what it asked for.

This is made beside the strategy: nobody trusts it. ``declared`` is the other end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from tradinglab.algorithm.api.callbacks import author_overrides
from tradinglab.algorithm.benchmark import SecurityBenchmark
from tradinglab.algorithm.models.brokerage import brokerage_name
from tradinglab.algorithm.orders import CancelOrderRequest, MarketOnCloseOrder, SubmitOrderRequest, UpdateOrderRequest
from tradinglab.algorithm.trade_builder import TradeBuilder
from tradinglab.core.enums import OrderStatus
from tradinglab.engine.journal import Journal, PlainOrder, Removed, Seeded, Stopped, Subscribed, ToldChanges
from tradinglab.engine.plain_models import is_ours
from tradinglab.sandbox.replay.values import OpaqueError, Plain, plain, plain_text, symbol_pair

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradinglab.algorithm.orders import OrderEvent, OrderProperties
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities.cash import Cash
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.symbol import Symbol
    from tradinglab.engine.journal import Entry

#: The models of a security, in the order in which they are declared.
MODELS = (
    "fill_model", "fee_model", "slippage_model", "settlement_model", "buying_power_model", "portfolio_model",
    "margin_interest_rate_model", "shortable_provider", "data_filter", "price_variation_model",
)  # fmt: skip

#: What tells of an algorithm.
Describe = Callable[["QCAlgorithm"], "object | None"]
_FILLS = frozenset((OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED))


class ModelsChanged:
    """The models that securities have from an entry on, by their place in the table."""

    def __init__(self, found: list[list[object]]) -> None:
        self.found = found


class Declaration:
    """Keeps the journal of a run, and packs it.

    Parameters
    ----------
    journal
        Makes the journal, for who wants to take down more.
    """

    def __init__(self, journal: Callable[[Describe, Describe], Journal] = Journal) -> None:
        self.journal = journal(_setup, self._changed_models)
        self._table: dict[str, int] = {}
        self._known: dict[Symbol, list[int]] = {}

    def _changed_models(self, algorithm: QCAlgorithm) -> ModelsChanged | None:
        found: list[list[object]] = []
        for security in algorithm.securities.values():
            places = [self._place(getattr(security, name)) for name in MODELS]
            if self._known.get(security.symbol) != places:
                self._known[security.symbol] = places
                found.append([symbol_pair(security.symbol), places])
        return ModelsChanged(found) if found else None

    def _place(self, model: object) -> int:
        return self._table.setdefault(json.dumps(_model(model)), len(self._table))

    def packed(self) -> dict[str, object]:
        """Return all of it as plain values."""
        phases: dict[str, int] = {}
        models = [json.loads(each) for each in self._table]
        entries = [_entry(entry, phases) for entry in self.journal.entries]
        return {
            "setup": self.journal.setup,
            "models": models,
            "fills": [] if all(map(_is_plain, models)) else self._fills(),
            "phases": list(phases),
            "entries": entries,
        }

    def _fills(self) -> list[list[object]]:
        """Return every fill: models of the author's own cannot be asked again."""
        transactions = self.journal.transactions
        events = () if transactions is None else transactions.events
        return [_fill(event) for event in events if event.status in _FILLS]


def _is_plain(model: list[object]) -> bool:
    """Return whether a packed model is ours, and as its constructor would make it."""
    module, _, settings = model
    negative = any(str(value[1]).startswith("-") for _, value in settings if len(value) > 1)  # type: ignore[attr-defined]
    return bool(module) and not negative


def _fill(event: OrderEvent) -> list[object]:
    fee = event.order_fee.value
    return [
        event.order_id, event.utc_ns, int(event.status), str(event.exact_fill_price), str(event.exact_fill_quantity),
        str(fee.exact_amount), plain_text(fee.currency), plain_text(event.message or ""),
    ]  # fmt: skip


def _model(model: object) -> list[object]:
    """Return a model as module, class and settings; of one that is not ours, its class alone."""
    kind = type(model)
    if not is_ours(model) or not kind.__module__.startswith("tradinglab.algorithm."):
        return ["", plain_text(kind.__name__), []]
    settings = _settings(getattr(model, "__dict__", {}))
    return [kind.__module__.removeprefix("tradinglab.algorithm."), kind.__qualname__, settings]


def _setup(algorithm: QCAlgorithm) -> dict[str, object]:
    brokerage, builder, benchmark = algorithm.brokerage_model, algorithm.trade_builder, algorithm.benchmark
    settings = algorithm.settings
    book = algorithm.portfolio.cash_book
    is_security = isinstance(benchmark, SecurityBenchmark)
    return {
        "start": algorithm.start_date.isoformat(),
        "end": algorithm.end_date.isoformat(),
        "time_zone": algorithm.time_zone.name,
        "currency": plain_text(book.account_currency),
        "cash": [_cash(cash) for cash in book.values()],
        "brokerage": [
            int(brokerage_name(brokerage)), int(brokerage.account_type), _model(brokerage)[0] != "",
            plain_text(type(brokerage).__name__),
        ],
        "settings": _settings({**settings._values, **settings._decimals}),
        "warm_up": _plain(algorithm.lab_warm_up_span),
        "benchmark": symbol_pair(benchmark.security.symbol) if is_security else None,
        "trade_builder": [
            type(builder) is TradeBuilder,
            int(getattr(builder, "_grouping", 0)),
            bool(getattr(builder, "_last_in_first_out", False)),
        ],
        "close_buffer": _plain(MarketOnCloseOrder.submission_time_buffer),
        "margin_calls": author_overrides(algorithm, "on_margin_call") is not None,
        "margin_call_model": _model(algorithm.portfolio.margin_call_model),
    }  # fmt: skip


def _cash(cash: Cash) -> list[str]:
    """Return a currency, its amount, and its rate as far as it is the author's own: others come from bars."""
    is_own = not any(cash.currency_conversion.conversion_rate_securities)
    return [plain_text(cash.symbol), str(cash.exact_amount), str(cash.exact_conversion_rate) if is_own else "0"]


def _settings(settings: Mapping[str, object]) -> list[list[object]]:
    return [[name, _plain(value)] for name, value in sorted(settings.items())]


def _plain(value: object) -> Plain:
    try:
        return plain(value)
    except OpaqueError:
        return ["o", type(value).__name__]


def _entry(entry: Entry, phases: dict[str, int]) -> list[object]:
    place = phases.setdefault(plain_text(entry.phase), len(phases))
    return [entry.utc_ns, place, entry.events, *_asked(entry.asked)]


def _asked(asked: object) -> list[object]:
    """Return what was asked for as a letter and what belongs to it."""
    if isinstance(asked, PlainOrder):
        letter = "open" if asked.at_open else "market"
        symbol = symbol_pair(asked.security.symbol)
        return [
            letter,
            asked.order_id,
            symbol,
            str(asked.quantity),
            plain_text(asked.tag),
            _properties(asked.properties),
        ]
    if isinstance(asked, SubmitOrderRequest):
        return ["submit", *_submitted(asked)]
    if isinstance(asked, UpdateOrderRequest):
        amounts = (
            asked.exact_quantity, asked.exact_limit_price, asked.exact_stop_price, asked.exact_trigger_price,
            asked.exact_trailing_amount,
        )  # fmt: skip
        return ["update", asked.order_id, [None if each is None else str(each) for each in amounts], _tag(asked.tag)]
    if isinstance(asked, CancelOrderRequest):
        return ["cancel", asked.order_id, _tag(asked.tag)]
    if isinstance(asked, Subscribed):
        return ["add", symbol_pair(asked.security.symbol), [_stream(each) for each in asked.configs]]
    if isinstance(asked, (Removed, Seeded)):
        return ["seed" if isinstance(asked, Seeded) else "remove", symbol_pair(asked.security.symbol)]
    if isinstance(asked, ToldChanges):
        return ["told", *([symbol_pair(each.symbol) for each in told] for told in (asked.added, asked.removed))]
    if isinstance(asked, ModelsChanged):
        return ["models", asked.found]
    if isinstance(asked, Stopped):
        return ["stop", asked.at_once]
    return ["other", plain_text(type(asked).__name__)]


def _tag(tag: object) -> str | None:
    return None if tag is None else plain_text(tag)


def _submitted(request: SubmitOrderRequest) -> list[object]:
    group = request.group_order_manager
    amounts = (
        request.exact_quantity, request.exact_stop_price, request.exact_limit_price, request.exact_trigger_price,
        request.exact_trailing_amount,
    )  # fmt: skip
    return [
        request.order_id,
        symbol_pair(request.symbol),
        int(request.order_type),
        [str(each) for each in amounts],
        request.trailing_as_percentage,
        _tag(request.tag),
        _properties(request.order_properties),
        request.asynchronous,
        None if group is None else [group.id, group.count, str(group.exact_quantity), str(group.exact_limit_price)],
    ]


def _properties(properties: OrderProperties | None) -> list[object] | None:
    if properties is None:
        return None
    return [type(properties).__name__ if is_ours(properties) else "", _settings(properties.settings)]


def _stream(config: SubscriptionDataConfig) -> list[object]:
    return [
        int(config.resolution), int(config.tick_type), config.fill_data_forward, config.extended_market_hours,
        int(config.data_normalization_mode), config.is_internal_feed, config.is_custom_data,
    ]  # fmt: skip

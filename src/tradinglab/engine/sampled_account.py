"""An algorithm as the sampler and the capacity estimate see it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradinglab.algorithm.benchmark import FuncBenchmark
from tradinglab.algorithm.margin_terms import MarginTerms
from tradinglab.algorithm.models.buying_power import reserved_margin
from tradinglab.algorithm.securities.holding_state import HoldingState
from tradinglab.algorithm.securities.position_worths import has_ordinary_margin
from tradinglab.core.clock import from_ns, span_ns
from tradinglab.core.decimals import ZERO, to_decimal
from tradinglab.core.enums import SecurityType
from tradinglab.engine.capacity_window import CapacityBar
from tradinglab.engine.sampling import HoldingSample
from tradinglab.engine.step_slice import StepSlice

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.columns import BarColumns
    from tradinglab.engine.subscription import Subscription

# Units traded in a minute, as LEAN guesses them for markets that publish no volume.
_TYPICAL_VOLUME = {SecurityType.FOREX: Decimal(25_000_000), SecurityType.CFD: Decimal(200)}


class _Label(NamedTuple):
    """What a position has for long: a name, a class, and the share of its worth that is bound as margin."""

    name: str
    security_type: SecurityType
    maintenance: Decimal


class ColumnBars:
    """The bars of a subscription as the capacity estimate reads them (``CapacityStream``)."""

    def __init__(self, subscription: Subscription) -> None:
        self._columns = columns = subscription.columns
        self.starts_ns: Sequence[int] = np.ascontiguousarray(columns.time_ns).data
        self.ends_ns: Sequence[int] = np.ascontiguousarray(columns.end_ns).data
        self.closes: Sequence[float] = columns.view("close")
        self.volumes: Sequence[float] = columns.view("volume")
        self.has_short_closes = columns.are_short("close")
        self.has_short_volumes = columns.are_short("volume")
        self.last_row: Callable[[], int] = subscription.last_emitted

    def bar(self, row: int) -> CapacityBar:
        """Return the bar at a row."""
        columns = self._columns
        span = self.ends_ns[row] - self.starts_ns[row]
        return CapacityBar(columns.exact_once("close", row), columns.exact_once("volume", row), span)


class AlgorithmAccount:
    """Reads an algorithm's portfolio, benchmark and current slice."""

    def __init__(self, algorithm: QCAlgorithm) -> None:
        self._algorithm = algorithm
        self._portfolio = algorithm.portfolio
        self._securities = algorithm.securities
        self._securities.on_change(self._securities_changed)
        self._types: frozenset[SecurityType] | None = None
        self._sales_counted = -1
        self._sale_volume = ZERO
        self._last_held: HeldPositions | None = None
        self._held_mark: object = None
        self._labelled: tuple[int, int] | None = None
        self._labels: list[_Label] | None = []

    @property
    def is_warming_up(self) -> bool:
        """Whether the algorithm is before its start."""
        return self._algorithm.lab_is_warming_up

    def portfolio_value(self) -> Decimal:
        """Return what the account is worth."""
        return self._portfolio.exact_total_portfolio_value

    def benchmark_value(self, utc_ns: int) -> Decimal | float:
        """Return the benchmark's value, zero if there is none."""
        benchmark = self._algorithm.benchmark
        if type(benchmark) is FuncBenchmark:
            return benchmark.lab_evaluate(from_ns(utc_ns))
        return ZERO if benchmark is None else to_decimal(benchmark.evaluate(from_ns(utc_ns)))

    def sale_volume(self) -> Decimal:
        """Return the worth of all that was bought and sold so far."""
        if self._sales_counted != HoldingState.sales_counted:
            self._sales_counted = HoldingState.sales_counted
            self._sale_volume = self._portfolio.exact_total_sale_volume
        return self._sale_volume

    def sales_by_name(self) -> Iterable[tuple[str, Decimal]]:
        """Return that worth for each security."""
        for security in self._securities.present():
            yield security.symbol.value, security.holdings.exact_total_sale_volume

    def security_types(self) -> frozenset[SecurityType]:
        """Return the classes of the securities that the algorithm has."""
        if self._types is None:
            self._types = frozenset(security.type for security in self._securities.present())
        return self._types

    def _securities_changed(self, security: Security, added: bool) -> None:
        self._types = None

    def holdings(self) -> Collection[HoldingSample]:
        """Return the positions."""
        securities = self._securities
        if not securities.has_invested:
            return ()
        now = (securities.changes, MarginTerms.changes)
        if now != self._labelled:
            self._labelled, self._last_held = now, None
            held = securities.invested
            is_ordinary = all(has_ordinary_margin(security) for security in held)
            self._labels = [_label(security) for security in held] if is_ordinary else None
        labels = self._labels
        if labels is None:
            return [_sample(security, securities.worths.of(security)) for security in securities.invested]
        kept, (mark, worths) = self._last_held, securities.worths.later()
        if kept is None or mark is None or mark != self._held_mark:
            kept = self._last_held = HeldPositions(labels, worths)
            self._held_mark = mark
        return kept

    def stream(self, symbol: Symbol) -> ColumnBars | None:
        """Return the bars of a symbol that has one stream of trade bars, quoted in the account's currency."""
        current = self._algorithm.current_slice
        quoted_in = self._securities[symbol].quote_currency.symbol
        if not isinstance(current, StepSlice) or quoted_in != self._portfolio.cash_book.account_currency:
            return None
        subscription = current.only_trade_bars(symbol)
        return None if subscription is None else ColumnBars(subscription)

    def bar(self, symbol: Symbol) -> CapacityBar | None:
        """Return the symbol's bar of the present step, if there is one."""
        current = self._algorithm.current_slice
        if current is None:
            return None
        newest = current.newest_trade(symbol) if isinstance(current, StepSlice) else None
        if newest is not None:
            return _capacity_bar(*newest)
        trade = current.bars.get(symbol)
        if trade is not None:
            return CapacityBar(trade.exact_close, trade.exact_volume, span_ns(trade.period))
        quote = current.quote_bars.get(symbol)
        if quote is None:
            return None
        volume = _TYPICAL_VOLUME.get(symbol.security_type)
        if volume is None:
            volume = (to_decimal(quote.last_bid_size) + to_decimal(quote.last_ask_size)) / 2
        return CapacityBar(quote.exact_close, volume, span_ns(quote.period))

    def conversion_rate(self, symbol: Symbol) -> Decimal:
        """Return what one unit of the symbol's quote currency is worth."""
        return self._securities[symbol].quote_currency.exact_conversion_rate

    def contract_multiplier(self, symbol: Symbol) -> Decimal:
        """Return the symbol's contract multiplier."""
        return self._securities[symbol].symbol_properties.exact_contract_multiplier

    def used_buying_power(self, symbol: Symbol) -> Decimal:
        """Return the margin that the position binds, times its leverage."""
        security = self._securities[symbol]
        return reserved_margin(security) * security.exact_leverage

    def is_invested(self, symbol: Symbol) -> bool:
        """Return whether the symbol is held."""
        return self._securities[symbol].invested


class HeldPositions(Collection[HoldingSample]):
    """Positions of one moment, of which the way to their worths is kept; the rest is put together when asked for."""

    __slots__ = ("_labels", "_worths")

    def __init__(self, labels: list[_Label], worths: Callable[[], tuple[Decimal, ...]]) -> None:
        self._labels = labels
        self._worths = worths

    def __iter__(self) -> Iterator[HoldingSample]:
        for label, worth in zip(self._labels, self._worths(), strict=True):
            yield HoldingSample(label.name, label.security_type, worth, abs(worth) * label.maintenance)

    def __len__(self) -> int:
        return len(self._labels)

    def __contains__(self, sample: object) -> bool:
        return any(sample == each for each in self)


def _label(security: Security) -> _Label:
    return _Label(security.symbol.value, security.type, security.buying_power_model._maintenance)


def _sample(security: Security, worth: Decimal) -> HoldingSample:
    if has_ordinary_margin(security):
        margin = abs(worth) * security.buying_power_model._maintenance
    else:
        margin = reserved_margin(security)
    return HoldingSample(security.symbol.value, security.type, worth, margin)


def _capacity_bar(columns: BarColumns, row: int) -> CapacityBar:
    span = int(columns.end_ns[row] - columns.time_ns[row])
    return CapacityBar(columns.exact("close", row), columns.exact("volume", row), span)

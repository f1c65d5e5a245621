"""What a run declared about itself, read from an answer that may have been forged. ``declaring`` is the other end."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.enums import (
    AccountType,
    BrokerageName,
    FillGroupingMethod,
    FillMatchingMethod,
    OrderStatus,
)
from tradinglab.core.values import dataclass
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.replay.claims import ClaimedFill
from tradinglab.sandbox.replay.requests import Action, read_action
from tradinglab.sandbox.replay.values import read_plain, read_symbol

if TYPE_CHECKING:
    from tradinglab.core.symbol import Symbol

_DAYS_OF_YEAR = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredModel:
    """A model of a security: its class, and what it was set to; one that is not ours has no module."""

    module: str
    name: str
    settings: dict[str, object]
    opaque: dict[str, str]

    @property
    def is_ours(self) -> bool:
        """Whether the model is the engine's, and not the author's own."""
        return bool(self.module)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How an algorithm was set up when it began."""

    start: datetime
    end: datetime
    time_zone: str
    currency: str
    cash: tuple[tuple[str, Decimal, Decimal], ...]
    brokerage: BrokerageName
    brokerage_class: str
    has_own_brokerage: bool
    account_type: AccountType
    settings: dict[str, object]
    warm_up: int | timedelta | None
    benchmark: Symbol | None
    has_own_trade_builder: bool
    fill_grouping: FillGroupingMethod
    fill_matching: FillMatchingMethod
    close_buffer: timedelta
    answers_margin_calls: bool
    margin_call_model: DeclaredModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A run's own account of its setup, its models, its fills if models were the author's, and its requests."""

    setup: Setup
    models: tuple[DeclaredModel, ...]
    fills: tuple[ClaimedFill, ...]
    actions: tuple[Action, ...]


def read_declared(value: Reader) -> Declared | None:
    """Return what an answer declares; ``None`` if the run ended before it was set up.

    Raises
    ------
    BadAnswerError
        If it has not the form of such a declaration.
    """
    if value.is_null or value.member("setup").is_null:
        return None
    models = tuple(_model(each) for each in value.member("models").items())
    phases = [each.text() for each in value.member("phases").items()]
    try:
        return Declared(
            setup=_setup(value.member("setup")),
            models=models,
            fills=tuple(_fill(each) for each in value.member("fills").items()),
            actions=tuple(read_action(each, phases, len(models)) for each in value.member("entries").items()),
        )
    except (ValueError, OverflowError) as problem:
        raise BadAnswerError(f"what the run declares cannot be read: {str(problem)[:200]}") from None


def _fill(value: Reader) -> ClaimedFill:
    number, utc_ns, status, price, quantity, fee, currency, message = value.items(8)
    return ClaimedFill(
        order_id=number.whole(low=1),
        utc_ns=utc_ns.whole(),
        status=OrderStatus(status.whole()),
        price=price.decimal(),
        quantity=quantity.decimal(),
        fee=fee.decimal(),
        fee_currency=currency.text(),
        message=message.text(),
    )


def _model(value: Reader) -> DeclaredModel:
    module, name, pairs = value.items(3)
    settings, opaque = _settings(pairs)
    return DeclaredModel(module=module.text(), name=name.text(), settings=settings, opaque=opaque)


def _settings(value: Reader) -> tuple[dict[str, object], dict[str, str]]:
    """Return settings by name, and the kinds of those that could not be carried."""
    settings: dict[str, object] = {}
    opaque: dict[str, str] = {}
    for each in value.items():
        name, held = each.items(2)
        letter, *rest = held.items()
        if letter.raw_text() == "o" and len(rest) == 1:
            opaque[name.text()] = rest[0].text()
        else:
            settings[name.text()] = read_plain(held)
    return settings, opaque


def _setup(value: Reader) -> Setup:
    brokerage, account_type, has_own, brokerage_class = value.member("brokerage").items(4)
    is_ours, grouping, last_in_first_out = value.member("trade_builder").items(3)
    settings, _ = _settings(value.member("settings"))
    days = settings.get("trading_days_per_year")
    if days is not None and not (type(days) is int and 1 <= days <= _DAYS_OF_YEAR):
        raise BadAnswerError("the answer's trading days of a year are out of range")
    warm_up, benchmark = read_plain(value.member("warm_up")), value.member("benchmark")
    close_buffer = read_plain(value.member("close_buffer"))
    if not isinstance(close_buffer, timedelta):
        raise BadAnswerError("the answer's time before the close is no time")
    if warm_up is not None and (isinstance(warm_up, bool) or not isinstance(warm_up, (int, timedelta))):
        raise BadAnswerError("the warm-up of the answer is neither a number of bars nor a time")
    return Setup(
        start=_moment(value.member("start")),
        end=_moment(value.member("end")),
        time_zone=value.member("time_zone").text(),
        currency=value.member("currency").text(),
        cash=tuple(_cash(each) for each in value.member("cash").items()),
        brokerage=BrokerageName(brokerage.whole()),
        brokerage_class=brokerage_class.text(),
        has_own_brokerage=not has_own.flag(),
        account_type=AccountType(account_type.whole()),
        settings=settings,
        warm_up=warm_up,
        benchmark=None if benchmark.is_null else read_symbol(benchmark),
        has_own_trade_builder=not is_ours.flag(),
        fill_grouping=FillGroupingMethod(grouping.whole()),
        fill_matching=FillMatchingMethod.LIFO if last_in_first_out.flag() else FillMatchingMethod.FIFO,
        close_buffer=close_buffer,
        answers_margin_calls=value.member("margin_calls").flag(),
        margin_call_model=_model(value.member("margin_call_model")),
    )


def _moment(value: Reader) -> datetime:
    moment = datetime.fromisoformat(value.raw_text())
    if moment.tzinfo is not None:
        raise BadAnswerError("a time of the answer names a time zone")
    return moment


def _cash(value: Reader) -> tuple[str, Decimal, Decimal]:
    name, amount, rate = value.items(3)
    return name.text(), amount.decimal(), rate.decimal()

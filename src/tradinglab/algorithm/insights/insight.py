"""What a strategy expects of a security."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from tradinglab.algorithm.insights.arguments import insight_arguments, number_of, price_arguments, symbol_of
from tradinglab.algorithm.insights.close_times import close_after_bars_ns, close_after_period_ns
from tradinglab.algorithm.insights.lifetimes import BarsLifetime, Lifetime, PeriodLifetime, lifetime_of
from tradinglab.algorithm.insights.score import InsightScore
from tradinglab.algorithm.names import ArgumentException, InvalidOperationException, Time
from tradinglab.core.clock import from_ns, span_ns, span_text, to_ns
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import InsightDirection, InsightType, Resolution
from tradinglab.core.system_decimal import double_text

if TYPE_CHECKING:
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol import Symbol

_TICK_NS = 100
#: Identifiers of groups are beyond this.
_GROUPS = 1 << 64


class Identity:
    """An identifier that is given out when it is first asked for.

    The insights of a run are numbered as they are emitted, so that the same run has the same identifiers again; one
    that is asked for before is drawn by lot.
    """

    __slots__ = ("_value",)

    def __init__(self) -> None:
        self._value: UUID | None = None

    @property
    def value(self) -> UUID:
        """The identifier."""
        if self._value is None:
            self._value = uuid4()
        return self._value

    def settle(self, number: int) -> None:
        """Let the identifier be that of a number, if it was not asked for yet."""
        if self._value is None:
            self._value = UUID(int=number)


class Insight(Dual):
    """A prediction for a security: which way its price or volatility will go, and until when.

    ``Insight(symbol, period, type, direction, magnitude, confidence, source_model, weight, tag)``, with a function such
    as ``Expiry.END_OF_WEEK`` in the place of the period, or with the time at which it was generated before the symbol.
    What comes after the direction may be left out. ``Insight.price`` makes those about prices.

    Times are UTC. An insight that is emitted gets its generated time, its close, its source and its reference value.
    """

    __slots__ = (
        "_confidence", "_direction", "_group", "_identity", "_lifetime", "_magnitude", "_period", "_score", "_symbol",
        "_tag", "_type", "_weight", "close_time_utc", "exact_estimated_value", "exact_reference_value",
        "exact_reference_value_final", "generated_time_utc", "source_model",
    )  # fmt: skip

    def __init__(self, *args: Any, **named: Any) -> None:
        given = insight_arguments(args, named)
        lifetime = given["period"]
        if isinstance(lifetime, timedelta):
            lifetime = PeriodLifetime(lifetime)
        elif isinstance(lifetime, datetime):
            raise TypeError(f"An insight lasts a timedelta, or has a function for its end; it was {lifetime!r}.")
        elif not hasattr(lifetime, "life"):
            lifetime = lifetime_of(lifetime)
        self._lifetime: Lifetime = lifetime
        self._period = lifetime.period if isinstance(lifetime, PeriodLifetime) else timedelta(0)
        self._symbol = symbol_of(given["symbol"])
        self._type = InsightType(given["type"])
        self._direction = InsightDirection(given["direction"])
        self._magnitude = number_of(given.get("magnitude"))
        self._confidence = number_of(given.get("confidence"))
        self._weight = number_of(given.get("weight"))
        self.source_model: str | None = given.get("source_model")
        self._tag = "" if given.get("tag") is None else str(given["tag"])
        self._identity = Identity()
        self._group: Identity | None = None
        self._score = InsightScore()
        self.exact_reference_value: Decimal = ZERO
        self.exact_reference_value_final: Decimal = ZERO
        self.exact_estimated_value: Decimal = ZERO
        generated = given.get("generated_time_utc")
        self.generated_time_utc: datetime = datetime.min if generated is None else generated
        self.close_time_utc: datetime = datetime.min if generated is None else generated + self._period

    @staticmethod
    def price(symbol: Symbol | str, *args: Any, **named: Any) -> Insight:
        """Return an insight about a price.

        ``price(symbol, period, direction)``, ``price(symbol, resolution, bar_count, direction)``, ``price(symbol,
        close_time_local, direction)`` or ``price(symbol, expiry_func, direction)``; magnitude, confidence,
        source_model, weight and tag may follow.
        """
        given = price_arguments(args, named)
        if "resolution" in given:
            count = int(given.pop("bar_count"))
            if count < 1:
                raise ArgumentException(f"An insight is over after one bar or more; bar_count was {count}.")
            given["period"] = BarsLifetime(Resolution(given.pop("resolution")), count)
        else:
            period = given["period"]
            if isinstance(period, timedelta) and period < Time.ONE_SECOND:
                raise ArgumentException(f"An insight lasts a second or longer; its period was {period}.")
            given["period"] = lifetime_of(period)
        return Insight(symbol=symbol, type=InsightType.PRICE, **given)

    @staticmethod
    def group(*insights: Insight | list[Insight]) -> list[Insight]:
        """Give insights that belong together a group of their own, and return them.

        Raises
        ------
        InvalidOperationException
            If one of them has a group already.
        """
        members = flattened(insights)
        group = Identity()
        for insight in members:
            if insight._group is not None:
                raise InvalidOperationException(f"The insight {insight} has a group already; it cannot have another.")
            insight._group = group
        return members

    @staticmethod
    def compute_close_time(
        exchange_hours: SecurityExchangeHours,
        generated_time_utc: datetime,
        resolution: Resolution | timedelta,
        bar_count: int = 1,
    ) -> datetime:
        """Return when a number of bars, or a length of time, in which the market is open is over, UTC."""
        generated_ns = to_ns(generated_time_utc)
        if isinstance(resolution, timedelta):
            return from_ns(close_after_period_ns(exchange_hours, generated_ns, span_ns(resolution)))
        return from_ns(close_after_bars_ns(exchange_hours, generated_ns, resolution, bar_count))

    @property
    def id(self) -> UUID:
        """What tells it from others: the number in which it was emitted, if it is not asked for before."""
        return self._identity.value

    @property
    def group_id(self) -> UUID | None:
        """What it has in common with the others of its group; ``None`` if it has none."""
        return None if self._group is None else self._group.value

    @property
    def symbol(self) -> Symbol:
        """The security."""
        return self._symbol

    @property
    def type(self) -> InsightType:
        """What is predicted: the price or the volatility."""
        return self._type

    @property
    def direction(self) -> InsightDirection:
        """Which way it will go."""
        return self._direction

    @property
    def period(self) -> timedelta:
        """How long it is predicted for."""
        return self._period

    @property
    def magnitude(self) -> float | None:
        """How far it will go, as a fraction."""
        return self._magnitude

    @property
    def confidence(self) -> float | None:
        """How certain that is, from 0 to 1."""
        return self._confidence

    @property
    def weight(self) -> float | None:
        """Which share of the portfolio it should have."""
        return self._weight

    @property
    def tag(self) -> str:
        """The author's note."""
        return self._tag

    @property
    def score(self) -> InsightScore:
        """How well it turned out."""
        return self._score

    @property
    def reference_value(self) -> float:
        """Price or volatility of the security when the insight was emitted."""
        return float(self.exact_reference_value)

    @reference_value.setter
    def reference_value(self, value: Number) -> None:
        self.exact_reference_value = to_decimal(value)

    @property
    def reference_value_final(self) -> float:
        """The same when it closed, if whoever judges it has set it."""
        return float(self.exact_reference_value_final)

    @reference_value_final.setter
    def reference_value_final(self, value: Number) -> None:
        self.exact_reference_value_final = to_decimal(value)

    @property
    def estimated_value(self) -> float:
        """What it is worth in the account's currency, if whoever judges it has set it."""
        return float(self.exact_estimated_value)

    @estimated_value.setter
    def estimated_value(self, value: Number) -> None:
        self.exact_estimated_value = to_decimal(value)

    def is_expired(self, utc_time: datetime) -> bool:
        """Whether it has closed before a moment."""
        return self.close_time_utc < utc_time

    def is_active(self, utc_time: datetime) -> bool:
        """Whether it still holds at a moment; its close is the last."""
        return not self.is_expired(utc_time)

    def expire(self, utc_time: datetime) -> None:
        """Let it have closed a second before a moment, unless it has closed already."""
        if self.is_active(utc_time):
            self.close_time_utc = utc_time - Time.ONE_SECOND
            self._period = self.close_time_utc - self.generated_time_utc

    def cancel(self, utc_time: datetime) -> None:
        """Let it have closed a second before a moment, unless it has closed already."""
        self.expire(utc_time)

    def set_period_and_close_time(self, exchange_hours: SecurityExchangeHours) -> None:
        """Work out period and close from the hours of an exchange.

        Raises
        ------
        InvalidOperationException
            If the time at which it was generated is not set.
        """
        if self.generated_time_utc == datetime.min:
            raise InvalidOperationException(
                "An insight's generated_time_utc must be set before set_period_and_close_time is called."
            )
        self._period, self.close_time_utc = self._lifetime.life(self.generated_time_utc, exchange_hours)

    def clone(self) -> Insight:
        """Return an insight like this one, with the same identifiers and the same score."""
        copy = Insight(self.symbol, self.period, self.type, self.direction, self.magnitude, self.confidence,
                       self.source_model, self.weight, self.tag)  # fmt: skip
        copy.generated_time_utc, copy.close_time_utc = self.generated_time_utc, self.close_time_utc
        copy.exact_reference_value = self.exact_reference_value
        copy.exact_reference_value_final = self.exact_reference_value_final
        copy.exact_estimated_value = self.exact_estimated_value
        copy._identity, copy._group, copy._score = self._identity, self._group, self._score
        return copy

    def lab_settle(self, number: int) -> None:
        """Take the number in which it was emitted as identifier, and as that of its group if it is its first."""
        self._identity.settle(number)
        if self._group is not None:
            self._group.settle(_GROUPS + number)

    def short_to_string(self) -> str:
        """Return it in few words."""
        parts = [f"{self.symbol.value} {self.type} {self.direction} {self._span_text()}"]
        parts += [] if self.magnitude is None else [f"M:{double_text(self.magnitude)}%"]
        parts += [] if self.confidence is None else [f"C:{_percent(self.confidence)}"]
        parts += [] if self.weight is None else [f"W:{_percent(self.weight)}"]
        return " ".join(parts) + (f". {self.tag}" if self.tag else "")

    def __str__(self) -> str:
        text = f"{self.id.hex}: {self.symbol} {self.type} {self.direction} within {self._span_text()}"
        text += "" if self.magnitude is None else f" by {double_text(self.magnitude)}%"
        text += "" if self.confidence is None else f" with {_percent(self.confidence)} confidence"
        text += "" if self.weight is None else f" and {_percent(self.weight)} weight"
        return text + (f": {self.tag}" if self.tag else "")

    def _span_text(self) -> str:
        return span_text(span_ns(self.period) // _TICK_NS)


def _percent(fraction: float) -> str:
    return f"{double_text(round(100 * fraction, 1))}%"


def flattened(insights: tuple[Insight | list[Insight], ...]) -> list[Insight]:
    """Return the insights that were given, one by one or in lists."""
    found: list[Insight] = []
    for each in insights:
        found.extend([each] if isinstance(each, Insight) else each)
    for insight in found:
        if not isinstance(insight, Insight):
            raise TypeError(f"An Insight was expected; it was {insight!r}.")
    return found

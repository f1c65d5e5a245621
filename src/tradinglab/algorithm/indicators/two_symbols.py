"""Indicators of two securities: how one moves with the other."""

from __future__ import annotations

from collections import deque
from math import fsum, sqrt
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.indicators.base import BarIndicator
from tradinglab.algorithm.indicators.momentum import RateOfChange
from tradinglab.algorithm.indicators.naming import text_of
from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, span_ns
from tradinglab.core.dual import DualEnum, snake_case
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar


class CorrelationType(DualEnum):
    """The kind of a correlation: of the values, or of their ranks."""

    PEARSON = 0
    SPEARMAN = 1


class PairArguments:
    """The arguments of an indicator of two symbols: ``[name,] target, reference, numbers``, in LEAN's orders."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any], default_name: str) -> None:
        self.named = {snake_case(key): value for key, value in kwargs.items()}
        texts = [value for value in args if isinstance(value, str | Symbol)]
        self.numbers = [value for value in args if not isinstance(value, str | Symbol)]
        given_name = self.named.pop("name", texts.pop(0) if len(texts) > 2 else None)
        keys = [key for key in ("target_symbol", "reference_symbol") if key in self.named]
        texts += [self.named.pop(key) for key in keys]
        if len(texts) != 2:
            raise TypeError(f"A target and a reference symbol are expected; they were {texts}.")
        self.target, self.reference = map(as_symbol, texts)
        self.name = given_name
        self._default_name = default_name

    def take(self, key: str, default: Any = None) -> Any:
        """Return the next number, or the one of that name."""
        return self.named.pop(key) if key in self.named else self.numbers.pop(0) if self.numbers else default

    def name_with(self, **values: object) -> str:
        """Return the name: the given one, or the default filled with values."""
        if self.name is not None:
            return str(self.name)
        return self._default_name.format_map({key: text_of(value) for key, value in values.items()})


def as_symbol(value: Symbol | str) -> Symbol:
    """Return the symbol that an author means by a symbol or a ticker."""
    return value if isinstance(value, Symbol) else SymbolCache.get_symbol(value)


class _Stream:
    """The bars of one of the two."""

    def __init__(self, symbol: Symbol, size: int) -> None:
        hours = MarketHoursDatabase.from_data_folder()
        self._zone = hours.get_exchange_hours(symbol.id.market, symbol, symbol.security_type).time_zone
        self.zone_name = str(self._zone)
        self.closes: deque[float] = deque(maxlen=size)
        self.grain = 1
        self.end: int | None = None
        self._close = 0.0

    def take(self, data: TradeBar) -> None:
        instant = self._zone.to_utc(data.end_time)
        self.end = instant - instant % self.grain
        self._close = data.close

    def accept(self) -> None:
        self.closes.append(self._close)

    @property
    def is_full(self) -> bool:
        return len(self.closes) == self.closes.maxlen

    def change(self) -> float:
        before, close = self.closes[-2], self.closes[-1]
        return (close / before if before else 0.0) - 1

    def clear(self) -> None:
        self.closes.clear()
        self.end = None


class PairIndicator(BarIndicator):
    """An indicator that is computed when both of its symbols have a bar of the same time.

    The first bar of all only tells how precisely times are compared: to the day, hour or minute.
    """

    def __init__(self, name: str, target: Symbol, reference: Symbol, size: int) -> None:
        super().__init__(name)
        self._target, self._reference = _Stream(target, size), _Stream(reference, size)
        self._streams = {target.id: self._target, reference.id: self._reference}
        self._pair_value = 0.0
        apart = self._target.zone_name != self._reference.zone_name
        self._warm_up_period = size + (1 if apart else 0)

    @property
    def is_ready(self) -> bool:
        """Whether there are enough bars of both."""
        return self._target.is_full and self._reference.is_full

    def _next(self, data: TradeBar) -> float:
        stream = self._streams.get(data.symbol.id)
        if stream is None:
            known = ", ".join(str(key.symbol) for key in self._streams)
            raise ValueError(f"The input of {self.name} is of {data.symbol}, which is none of {known}.")
        if self._samples == 1:
            grain = _grain(span_ns(data.end_time - data.time))
            self._target.grain = self._reference.grain = grain
            stream.take(data)
            return 0.0
        stream.take(data)
        if self._target.end == self._reference.end:
            self._target.accept()
            self._reference.accept()
            self._pair_value = self._compute()
        return self._pair_value

    def _compute(self) -> float:
        raise NotImplementedError

    def _clear(self) -> None:
        self._pair_value = 0.0
        self._target.clear()
        self._reference.clear()


def _grain(span: int) -> int:
    if span > HOUR_NS:
        return DAY_NS
    return HOUR_NS if span >= HOUR_NS else MINUTE_NS if span >= MINUTE_NS else 1


class _ReturnsIndicator(PairIndicator):
    """An indicator of the last ``period`` returns of both."""

    _default = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = PairArguments(args, kwargs, self._default)
        period = given.take("period")
        if period < 2:
            raise ValueError(f"{type(self).__name__} needs a period of 2 or more; it was {period}.")
        super().__init__(given.name_with(period=period), given.target, given.reference, 2)
        self._warm_up_period += period - 1
        self._target_returns: deque[float] = deque(maxlen=period)
        self._reference_returns: deque[float] = deque(maxlen=period)

    @property
    def is_ready(self) -> bool:
        """Whether there are enough returns of both."""
        full = self._target_returns.maxlen
        return len(self._target_returns) == full and len(self._reference_returns) == full

    def _take_returns(self) -> None:
        if self._target.is_full:
            self._target_returns.append(self._target.change())
            self._reference_returns.append(self._reference.change())

    def _clear(self) -> None:
        super()._clear()
        self._target_returns.clear()
        self._reference_returns.clear()


class Beta(_ReturnsIndicator):
    """The covariance of two securities' returns by the variance of the reference's.

    ``Beta([name,] target_symbol, reference_symbol, period)``.
    """

    _default = "B({period})"

    def _compute(self) -> float:
        self._take_returns()
        if len(self._reference_returns) < 2:
            return 0.0
        variance = covariance(self._reference_returns, self._reference_returns)
        return covariance(self._target_returns, self._reference_returns) / (variance or 1.0)


class Covariance(_ReturnsIndicator):
    """The sample covariance of two securities' returns.

    ``Covariance([name,] target_symbol, reference_symbol, period)``.
    """

    _default = "COV({period})"

    def _compute(self) -> float:
        self._take_returns()
        return covariance(self._target_returns, self._reference_returns) if len(self._target_returns) > 1 else 0.0


class Correlation(PairIndicator):
    """The correlation of two securities' closes over ``period`` bars.

    ``Correlation([name,] target_symbol, reference_symbol, period, [correlation_type])``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = PairArguments(args, kwargs, "Correlation({period})")
        period = given.take("period")
        if period < 2:
            raise ValueError(f"Correlation needs a period of 2 or more; it was {period}.")
        super().__init__(given.name_with(period=period), given.target, given.reference, period)
        self._type = CorrelationType(given.take("correlation_type", CorrelationType.PEARSON))

    def _compute(self) -> float:
        first, second = list(self._target.closes), list(self._reference.closes)
        if len(first) < 2:
            return 0.0
        if self._type == CorrelationType.SPEARMAN:
            first, second = ranks(first), ranks(second)
        spread = sqrt(covariance(first, first)) * sqrt(covariance(second, second))
        return covariance(first, second) / spread if spread else 0.0


class Alpha(BarIndicator):
    """Jensen's alpha: the mean return beyond what beta times the reference's would give.

    ``Alpha([name,] target_symbol, reference_symbol, alpha_period, [beta_period,] [risk_free_rate])``; the
    rate is a number, or a model with ``get_interest_rate(time)``.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        given = PairArguments(args, kwargs, "ALPHA({target},{reference},{alpha},{beta},{rate})")
        alpha_period = given.take("period" if "period" in given.named else "alpha_period")
        has_beta = "beta_period" in given.named or (given.numbers and isinstance(given.numbers[0], int))
        beta_period = given.take("beta_period") if has_beta else alpha_period
        rate = given.take("risk_free_rate_model" if "risk_free_rate_model" in given.named else "risk_free_rate")
        if given.target == given.reference:
            raise ValueError("The target and reference symbols of an alpha cannot be the same.")
        if alpha_period < 1 or beta_period < 2:
            raise ValueError(f"Alpha needs periods of 1 and 2 or more; they were {alpha_period} and {beta_period}.")
        model = hasattr(rate, "get_interest_rate")
        name = given.name_with(target=given.target, reference=given.reference, alpha=alpha_period, beta=beta_period,
                               rate="" if model else rate)  # fmt: skip
        super().__init__(name)
        self._period, self._warm_up_period = alpha_period, max(alpha_period, beta_period) + 1
        self._rate: Any = rate if model else float(rate or 0)
        self._changes = {
            given.target.id: RateOfChange(f"{name}_TargetROC", alpha_period),
            given.reference.id: RateOfChange(f"{name}_ReferenceROC", alpha_period),
        }
        self._target, self._reference = self._changes.values()
        self._beta = Beta(f"{name}_Beta", given.target, given.reference, beta_period)
        self._parts = (self._target, self._reference, self._beta)
        self._alpha = 0.0

    @property
    def is_ready(self) -> bool:
        """Whether the returns and beta are."""
        return self._target.is_ready and self._beta.is_ready and self._reference.is_ready

    def _next(self, data: TradeBar) -> float:
        change = self._changes.get(data.symbol.id)
        if change is None:
            raise ValueError(f"The input symbol {data.symbol} is not the target or reference symbol of {self.name}.")
        change.update(data.end_time, data.close)
        self._beta.consume(data)
        if self._target.samples == self._reference.samples:
            self._alpha = self._compute() if self.is_ready else 0.0
        return self._alpha

    def _compute(self) -> float:
        target, reference = self._target._value() / self._period, self._reference._value() / self._period
        when = self._target.current.end_time
        fixed = isinstance(self._rate, float)
        rate = float(self._rate) if fixed else float(self._rate.get_interest_rate(when))
        return float(target - (rate + self._beta._value() * (reference - rate)))

    def _clear(self) -> None:
        super()._clear()
        self._alpha = 0.0


def covariance(first: Any, second: Any) -> float:
    """Return the sample covariance of two series of the same length."""
    count = len(first)
    mean, other_mean = fsum(first) / count, fsum(second) / count
    return fsum((a - mean) * (b - other_mean) for a, b in zip(first, second, strict=True)) / (count - 1)


def ranks(values: list[float]) -> list[float]:
    """Return the rank of each value; equal values share the mean of theirs."""
    ordered = sorted(values)
    places: dict[float, list[int]] = {}
    for place, value in enumerate(ordered, 1):
        places.setdefault(value, []).append(place)
    return [fsum(places[value]) / len(places[value]) for value in values]

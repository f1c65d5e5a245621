"""Samples of a run: the series behind its statistics and charts.

LEAN samples at midnight of the algorithm's time zone, at the end of steps that are a resample period apart, and
at the end (Engine/Results in QuantConnect/LEAN). Values are written down as they are and rounded for charts when
asked for, so that sampling costs the loop one comparison a step.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from tradinglab.algorithm.securities.noted_values import NotedValue, exact_values
from tradinglab.core.clock import MINUTE_NS
from tradinglab.core.decimals import ZERO, round_half_even, to_decimal
from tradinglab.core.enums import OrderStatus, SecurityType
from tradinglab.core.system_decimal import divide, round_to_significant_digits
from tradinglab.engine.capacity import CapacityEstimate, Filled, rounded_capacity
from tradinglab.engine.equity_curve import Candle, EquityCandles
from tradinglab.engine.sample_series import Point, SampleSeries

_FEWEST_MINUTES = 4.0
_SAMPLES = 4000
_TICK_NS = 100
_TICKS_PER_MINUTE = MINUTE_NS // _TICK_NS
_LARGEST_BY_SALES = 30
_HUNDRED = Decimal(100)
_new = tuple.__new__  # makes a named tuple without the call of Python code that its own name is
_FILLED = (OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED)


class HoldingSample(NamedTuple):
    """A position: what it is worth, signed, and the margin that it binds."""

    name: str
    security_type: SecurityType
    value: Decimal
    margin: Decimal


class SampledAccount(Protocol):
    """What the sampler reads of a run."""

    @property
    def is_warming_up(self) -> bool:
        """Whether the algorithm is before its start; nothing is written down then."""
        ...

    def portfolio_value(self) -> Decimal:
        """Return what the account is worth."""
        ...

    def benchmark_value(self, utc_ns: int) -> Decimal | float:
        """Return the benchmark's value; a float stands for the decimal that .NET makes of it."""
        ...

    def sale_volume(self) -> Decimal:
        """Return the worth of all that was bought and sold so far."""
        ...

    def sales_by_name(self) -> Iterable[tuple[str, Decimal]]:
        """Return that worth for each security that was traded."""
        ...

    def security_types(self) -> Collection[SecurityType]:
        """Return the classes of the securities that the algorithm has."""
        ...

    def holdings(self) -> Collection[HoldingSample]:
        """Return the positions, as they will stay."""
        ...


class LaterValues(Protocol):
    """What notes the account's value, so that it is worked out when somebody looks at it."""

    def note(self) -> NotedValue | Decimal:
        """Return what it takes to work out the present value later, or the value."""
        ...


class FillEvent(Filled, Protocol):
    """An order event that may be a fill."""

    @property
    def status(self) -> OrderStatus:
        """The order's status."""
        ...


class _NotedDay(NamedTuple):
    """What is written down at midnight; the rest follows from it."""

    time_ns: int
    value: NotedValue | Decimal
    benchmark: Decimal | float
    is_warming_up: bool
    sold: Decimal
    sales: list[tuple[str, Decimal]]
    types: Collection[SecurityType]
    exact_capacity: Decimal
    holdings: Collection[HoldingSample]


class DaySample(NamedTuple):
    """What is sampled once a day beside the equity; what only charts show is computed from it when asked for."""

    time_ns: int
    value: Decimal
    noted_benchmark: Decimal | float
    performance: Decimal
    highest: Decimal
    sales: list[tuple[str, Decimal]]
    types: Collection[SecurityType]
    exact_capacity: Decimal
    holdings: Collection[HoldingSample]

    @property
    def benchmark(self) -> Decimal:
        """What the benchmark was worth."""
        return to_decimal(self.noted_benchmark)

    @property
    def capacity(self) -> Decimal:
        """The estimate of the strategy's capacity."""
        return rounded_capacity(self.exact_capacity)

    @property
    def drawdown(self) -> Decimal | None:
        """The fall from the highest value in percent; ``None`` where LEAN leaves the point out."""
        highest = self.highest
        return round_half_even((divide(self.value, highest) - 1) * _HUNDRED, 2) if highest else None

    @property
    def exposure(self) -> dict[tuple[SecurityType, bool], Decimal]:
        """The long and the short share of the account by class."""
        return _exposure(self.types, self.holdings, self.value) if self.value else {}

    @property
    def margins(self) -> list[tuple[str, Decimal]]:
        """The margin of each position in percent of the account's value."""
        return [(each.name, _margin_percent(each.margin, self.value)) for each in self.holdings]


def resample_period_ns(start_ns: int, end_ns: int) -> int:
    """Return the time between equity samples of a run: 4 minutes, or its 4000th part if that is longer."""
    minutes = (end_ns - start_ns) // _TICK_NS / _TICKS_PER_MINUTE
    period = _FEWEST_MINUTES if minutes < _FEWEST_MINUTES * _SAMPLES else minutes / _SAMPLES
    return int(period * _TICKS_PER_MINUTE) * _TICK_NS


class ResultSampler(SampleSeries):
    """Samples an account.

    Parameters
    ----------
    account
        What is sampled.
    capacity
        The estimate that fills and steps are handed to.
    start_ns, end_ns
        The run's first and last moment, wall-clock times of the algorithm's time zone.
    start_utc_ns
        The instant of *start_ns*: the turnover is not sampled there.
    starting_portfolio_value
        The account's value at the start, with its scale.
    later
        What notes the account's value; without it the account is asked at every sample.
    """

    def __init__(
        self,
        account: SampledAccount,
        capacity: CapacityEstimate,
        *,
        start_ns: int,
        end_ns: int,
        start_utc_ns: int,
        starting_portfolio_value: Decimal,
        later: LaterValues | None = None,
    ) -> None:
        self._account = account
        self.capacity = capacity
        self.resample_period_ns = resample_period_ns(start_ns, end_ns)
        self.starting_portfolio_value = starting_portfolio_value
        self._start_utc_ns = start_utc_ns
        self._highest = self._at_last_sample = starting_portfolio_value
        self._next_equity_ns = 0
        self._present_value = account.portfolio_value if later is None else later.note
        self._equity = EquityCandles()
        #: Samples of midnights that were not made days yet, and what became of the others.
        self._noted: list[_NotedDay] = []
        self._days: list[DaySample] = []
        self._turnover: list[Point] = []
        # Sale volume at the last two turnover samples, the newest first.
        self._sold: tuple[Decimal, Decimal] = (ZERO, ZERO)
        self._turnover_ns: int | None = None
        self._ranked: tuple[Decimal | None, list[tuple[str, Decimal]]] = (None, [])

    # What the loop asks.

    @property
    def next_sample_ns(self) -> int:
        """The first instant at which a step must be handed in: the next one while volume is captured after a fill."""
        due_ns, equity_ns = self.capacity.due_ns, self._next_equity_ns
        return due_ns if due_ns < equity_ns else equity_ns

    @property
    def is_busy(self) -> bool:
        """Whether every step must be handed in, because the volume after a fill is being captured."""
        return self.capacity.is_capturing

    def on_order_event(self, event: FillEvent) -> None:
        """Take an order event."""
        if event.status in _FILLED:
            self.capacity.on_fill(event)

    def on_streams_changing(self) -> None:
        """Read what there is to read before subscriptions come or go."""
        self.capacity.on_streams_changing()
        self._settle()

    def update_equity(self) -> None:
        """Take the account's present value into the candle that is being made.

        A loop that does so at every step has LEAN's candles. Otherwise a candle opens at the close before and spans
        the values that were seen, until :meth:`refine_candles`; statistics need closes only.
        """
        self._equity.see(self._account.portfolio_value())

    def process_synchronous_events(self, utc_ns: int, force: bool = False) -> None:
        """End a step: capture volume, and sample the equity if that is due or forced."""
        if utc_ns >= self.capacity.due_ns or force:
            self.capacity.update(utc_ns, force)
        if utc_ns >= self._next_equity_ns or force:
            # LEAN samples at the first step *after* the period.
            self._next_equity_ns = utc_ns + self.resample_period_ns + 1
            self._sample_equity(utc_ns, self._present_value(), self._account.is_warming_up)

    def sample(self, utc_ns: int) -> None:
        """Sample everything, as is done at midnight and at the end."""
        account = self._account
        value, is_warming_up = self._present_value(), account.is_warming_up
        self._sample_equity(utc_ns, value, is_warming_up)
        benchmark, sold = account.benchmark_value(utc_ns), account.sale_volume()
        if sold is not self._ranked[0]:
            self._ranked = (sold, self._largest_by_sales())
        types, capacity, holdings = account.security_types(), self.capacity.exact_capacity, account.holdings()
        ranked = self._ranked[1]
        note = (utc_ns, value, benchmark, is_warming_up, sold, ranked, types, capacity, holdings)
        self._noted.append(_new(_NotedDay, note))

    def on_warmup_finished(self) -> None:
        """Take the account's value at the end of the warm-up as the start."""
        self._settle()
        value = self._account.portfolio_value()
        # A value that is equal keeps its scale, which is printed.
        self._highest = self._highest if self._highest == value else value
        self._at_last_sample = self._at_last_sample if self._at_last_sample == value else value
        if self.starting_portfolio_value != value:
            self.starting_portfolio_value = value
            self._equity.drop()

    def finish(self, utc_ns: int) -> None:
        """Take the last samples, in the order and number in which LEAN takes them."""
        self.process_synchronous_events(utc_ns, force=True)
        self.sample(utc_ns)
        self.process_synchronous_events(utc_ns, force=True)

    # Samples.

    def _sample_equity(self, utc_ns: int, value: NotedValue | Decimal, is_warming_up: bool) -> None:
        if is_warming_up:
            self._equity.drop()
        else:
            self._equity.sample(utc_ns, value)

    def _largest_by_sales(self) -> list[tuple[str, Decimal]]:
        sales = [(name, volume) for name, volume in self._account.sales_by_name() if volume]
        sales.sort(key=lambda sale: sale[1], reverse=True)
        return sales[:_LARGEST_BY_SALES]

    def _settle(self) -> None:
        """Make days of the midnights that were only noted."""
        self._equity.settle()
        noted, self._noted = self._noted, []
        values = exact_values([note.value for note in noted])
        days, before = self._days, self._at_last_sample
        for note, value in zip(noted, values, strict=True):
            utc_ns, _, benchmark, is_warming_up, sold, sales, types, capacity, holdings = note
            performance = ZERO
            if value is not before and before and value != before:
                performance = round_half_even(divide((value - before) * _HUNDRED, before), 10)
            if value >= self._highest:
                self._highest = value
            if not is_warming_up and (not days or utc_ns > days[-1].time_ns):
                day = (utc_ns, value, benchmark, performance, self._highest, sales, types, capacity, holdings)
                days.append(_new(DaySample, day))
            if value and utc_ns != self._start_utc_ns:
                self._add_turnover(utc_ns, value, is_warming_up, sold)
            before = value
        self._at_last_sample = before

    def _add_turnover(self, utc_ns: int, value: Decimal, is_warming_up: bool, sold: Decimal) -> None:
        # Sampled twice at one instant, the second sample replaces the first and counts from the one before.
        since = self._sold[1] if self._turnover_ns == utc_ns else self._sold[0]
        self._sold = (sold, self._sold[0])
        self._turnover_ns = utc_ns
        if is_warming_up:
            return
        turnover = self._turnover
        if turnover and turnover[-1][0] == utc_ns:
            turnover.pop()
        turnover.append((utc_ns, divide(sold - since, value) if sold != since else ZERO))

    # What became of them.

    @property
    def candles(self) -> list[Candle]:
        """The equity, from sample to sample."""
        return self._equity.candles

    @property
    def days(self) -> list[DaySample]:
        """What was sampled at midnights and at the end."""
        self._settle()
        return self._days

    @property
    def turnover(self) -> list[Point]:
        """The share of the account that was traded since the day before."""
        self._settle()
        return self._turnover

    def refine_candles(self, times_ns: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> None:
        """Give the candles the opens, highs and lows of a path of the account's value, known only after the run."""
        candles = self.candles
        ends = np.searchsorted(times_ns, [candle.time_ns for candle in candles], side="right")
        begin = 0
        for index, (candle, end) in enumerate(zip(candles, ends, strict=True)):
            path = values[begin:end]
            begin = int(end)
            if len(path):
                candles[index] = candle._replace(
                    open=_four_places(path[0]),
                    high=max(candle.close, _four_places(path.max())),
                    low=min(candle.close, _four_places(path.min())),
                )


def _four_places(value: np.float64) -> Decimal:
    return Decimal(f"{value:.4f}")


def _exposure(
    types: Iterable[SecurityType], holdings: Iterable[HoldingSample], value: Decimal
) -> dict[tuple[SecurityType, bool], Decimal]:
    """Return the long and the short share of the account by class."""
    sums = {(kind, is_long): ZERO for is_long in (True, False) for kind in dict.fromkeys(types)}
    for holding in holdings:
        if holding.value:
            key = (holding.security_type, holding.value > 0)
            sums[key] = sums.get(key, ZERO) + holding.value
    return {key: round_half_even(divide(total, value), 4) for key, total in sums.items()}


def _margin_percent(margin: Decimal, value: Decimal) -> Decimal:
    return round_to_significant_digits(divide(margin, value), 4) * _HUNDRED if value else ZERO

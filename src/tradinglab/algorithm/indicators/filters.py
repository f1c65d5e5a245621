"""Ehlers' filters, and averages that adapt to the dominant cycle."""

from __future__ import annotations

from collections import deque
from math import atan, cos, degrees, exp, log, pi, sin, sqrt
from typing import TYPE_CHECKING

from tradinglab.algorithm.indicators.base import BarIndicator, Indicator, IndicatorBase, WindowIndicator
from tradinglab.algorithm.indicators.composites import Delay, Identity, Line
from tradinglab.algorithm.indicators.naming import named
from tradinglab.algorithm.indicators.value_oscillators import ChandeMomentumOscillator
from tradinglab.core.dual import DualEnum

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar
    from tradinglab.algorithm.base_data import IndicatorDataPoint


class SwissArmyKnifeTool(DualEnum):
    """The filter of a Swiss army knife indicator."""

    GAUSS = 0
    BUTTER = 1
    HIGH_PASS = 2
    TWO_POLE_HIGH_PASS = 3
    BAND_PASS = 4


class _Filter(Indicator):
    """A filter of second order: c0 (b0 x0 + b1 x1 + b2 x2) + a1 y1 + a2 y2."""

    def __init__(self, name: str, period: int, delta: float, tool: SwissArmyKnifeTool) -> None:
        super().__init__(name)
        self._warm_up_period = period
        self._gain, self._ahead, self._back = _coefficients(period, delta, tool)
        self._inputs: deque[float] = deque(maxlen=3)
        self._outputs = (0.0, 0.0)

    def _next(self, data: IndicatorDataPoint) -> float:
        value, inputs = data.value, self._inputs
        if not inputs:
            inputs.extend((value, value))
        inputs.append(value)
        (b0, b1, b2), (a1, a2), (last, earlier) = self._ahead, self._back, self._outputs
        result = self._gain * (b0 * inputs[2] + b1 * inputs[1] + b2 * inputs[0]) + a1 * last + a2 * earlier
        self._outputs = (result, last)
        return result

    def _clear(self) -> None:
        self._inputs.clear()
        self._outputs = (0.0, 0.0)


def _coefficients(
    period: int, delta: float, tool: SwissArmyKnifeTool
) -> tuple[float, tuple[float, float, float], tuple[float, float]]:
    turn = 2 * pi / period
    beta = 2.415 * (1 - cos(turn))
    alpha = -beta + sqrt(beta**2 + 2 * beta)
    poles = (2 * (1 - alpha), -(1 - alpha) * (1 - alpha))
    if tool == SwissArmyKnifeTool.GAUSS:
        return alpha * alpha, (1, 0, 0), poles
    if tool == SwissArmyKnifeTool.BUTTER:
        return alpha * alpha / 4, (1, 2, 1), poles
    if tool == SwissArmyKnifeTool.TWO_POLE_HIGH_PASS:
        return (1 + alpha) * (1 + alpha) / 4, (1, -2, 1), poles
    if tool == SwissArmyKnifeTool.HIGH_PASS:
        alpha = (cos(turn) + sin(turn) - 1) / cos(turn)
        return (1 + alpha) / 2, (1, -1, 0), (1 - alpha, 0)
    gamma = 1 / cos(4 * pi * delta / period)
    alpha = gamma - sqrt(gamma**2 - 1)
    return (1 - alpha) / 2, (1, 0, -1), (-cos(turn) * (1 - alpha), alpha)


class SwissArmyKnife(Indicator):
    """Ehlers' Swiss army knife: five filters; the value is that of the *tool*."""

    @named("Swiss({period},{delta},{tool})")
    def __init__(self, name: str, period: int, delta: float, tool: SwissArmyKnifeTool) -> None:
        super().__init__(name)
        self._warm_up_period = period
        suffixes = {
            SwissArmyKnifeTool.GAUSS: "Gauss",
            SwissArmyKnifeTool.BUTTER: "Butter",
            SwissArmyKnifeTool.HIGH_PASS: "HP",
            SwissArmyKnifeTool.TWO_POLE_HIGH_PASS: "2PHP",
            SwissArmyKnifeTool.BAND_PASS: "BP",
        }
        self._filters = {kind: _Filter(f"{name}_{end}", period, delta, kind) for kind, end in suffixes.items()}
        self._parts = tuple(self._filters.values())
        self._tool = SwissArmyKnifeTool(tool)

    @property
    def gauss(self) -> IndicatorBase:
        """The Gaussian filter."""
        return self._filters[SwissArmyKnifeTool.GAUSS]

    @property
    def butter(self) -> IndicatorBase:
        """The Butterworth filter."""
        return self._filters[SwissArmyKnifeTool.BUTTER]

    @property
    def high_pass(self) -> IndicatorBase:
        """The high-pass filter."""
        return self._filters[SwissArmyKnifeTool.HIGH_PASS]

    @property
    def two_pole_high_pass(self) -> IndicatorBase:
        """The high-pass filter of second order."""
        return self._filters[SwissArmyKnifeTool.TWO_POLE_HIGH_PASS]

    @property
    def band_pass(self) -> IndicatorBase:
        """The band-pass filter."""
        return self._filters[SwissArmyKnifeTool.BAND_PASS]

    def _next(self, data: IndicatorDataPoint) -> float:
        for part in self._parts:
            part.consume(data)
        return self._filters[self._tool]._value()


class VariableIndexDynamicAverage(WindowIndicator):
    """Chande's VIDYA: an exponential average whose weight grows with the Chande momentum."""

    @named("VIDYA({period})")
    def __init__(self, name: str, period: int) -> None:
        super().__init__(name, period)
        self._warm_up_period = period + 1
        self._momentum = ChandeMomentumOscillator(period)
        self._weight, self._average = 2.0 / (period + 1), 0.0

    def _next(self, data: IndicatorDataPoint) -> float:
        self._momentum.consume(data)
        if self._samples <= self._period:
            self._average = data.value
            return 0.0
        weight = self._weight * abs(self._momentum._value() / 100)
        self._average += (data.value - self._average) * weight
        return self._average

    def _clear(self) -> None:
        super()._clear()
        self._momentum.reset()
        self._average = 0.0


class FractalAdaptiveMovingAverage(BarIndicator):
    """Ehlers' FRAMA: an exponential average whose weight follows the fractal dimension of ``n`` bars."""

    @named("FRAMA({n},{long_period})")
    def __init__(self, name: str, n: int, long_period: int = 198) -> None:
        if n % 2:
            raise ValueError(f"The number of bars of a fractal adaptive average is even; it was {n}.")
        super().__init__(name)
        self._warm_up_period = n
        self._speed = log(2 / (1 + long_period))
        self._highs: deque[float] = deque(maxlen=n)
        self._lows: deque[float] = deque(maxlen=n)

    def _next(self, data: TradeBar) -> float:
        middle = (data.high + data.low) / 2
        self._highs.append(data.high)
        self._lows.append(data.low)
        if self._samples <= self._warm_up_period:
            return middle
        weight = min(max(exp(self._speed * (self._dimension() - 1)), 0.01), 1.0)
        return weight * middle + (1 - weight) * self._window[0].value

    def _dimension(self) -> float:
        """Return the fractal dimension of the window; zero where nothing moved."""
        highs, lows = list(self._highs), list(self._lows)
        half = len(highs) // 2
        old = (max(highs[:half]) - min(lows[:half])) / half
        new = (max(highs[half:]) - min(lows[half:])) / half
        whole = (max(highs) - min(lows)) / len(highs)
        return log((new + old) / whole) / log(2) if new + old > 0 and whole > 0 else 0.0

    def _clear(self) -> None:
        self._highs.clear()
        self._lows.clear()


class MesaAdaptiveMovingAverage(BarIndicator):
    """Ehlers' MAMA: an average whose weight follows the rate of change of phase; ``fama`` follows it slowly."""

    @named("MAMA")
    def __init__(self, name: str, fast_limit: float = 0.5, slow_limit: float = 0.05) -> None:
        super().__init__(name)
        self._warm_up_period = 33
        self._fast, self._slow = float(fast_limit), float(slow_limit)
        self._fama = Identity(name + "_Fama")
        self._clear()

    def _clear(self) -> None:
        self._fama.reset()
        self._prices: deque[float] = deque(maxlen=13)
        self._taps = {name: [0.0] * 6 for name in ("smooth", "detrender", "in_phase", "quadrature")}
        self._period = self._phase = self._mama = 0.0
        self._last_in_phase = self._last_quadrature = self._last_real = self._last_imaginary = 0.0

    @property
    def fama(self) -> IndicatorBase:
        """The following average."""
        return self._fama

    def _next(self, data: TradeBar) -> float:
        self._prices.appendleft((data.high + data.low) / 2)
        if len(self._prices) < 13:
            return 0.0
        weight = self._weight()
        self._mama = weight * self._prices[0] + (1 - weight) * self._mama
        fama = 0.5 * weight * self._mama + (1 - 0.5 * weight) * self._fama._value()
        self._fama.update(data.end_time, fama)
        return self._mama if self.is_ready else 0.0

    def _weight(self) -> float:
        """Return the weight of the last price: the fast limit by the change of phase."""
        prices, taps = self._prices, self._taps
        gain = 0.075 * self._period + 0.54
        smooth = (4 * prices[0] + 3 * prices[1] + 2 * prices[2] + prices[3]) / 10
        detrender = _hilbert(smooth, taps["smooth"]) * gain
        quadrature = _hilbert(detrender, taps["detrender"]) * gain
        in_phase = taps["detrender"][2]
        ahead_in_phase = _hilbert(in_phase, taps["in_phase"]) * gain
        ahead_quadrature = _hilbert(quadrature, taps["quadrature"]) * gain
        smoothed = (
            0.2 * (in_phase - ahead_quadrature) + 0.8 * self._last_in_phase,
            0.2 * (quadrature + ahead_in_phase) + 0.8 * self._last_quadrature,
        )
        for name, value in (
            ("smooth", smooth), ("detrender", detrender), ("in_phase", in_phase), ("quadrature", quadrature),
        ):  # fmt: skip
            taps[name] = [value, *taps[name][:5]]
        self._update_period(*smoothed)
        phase = degrees(atan(quadrature / in_phase)) if in_phase else 0.0
        change, self._phase = max(self._phase - phase, 1.0), phase
        return max(self._fast / change, self._slow)

    def _update_period(self, in_phase: float, quadrature: float) -> None:
        """Measure the dominant cycle by the angle between two values in turn."""
        real = in_phase * self._last_in_phase + quadrature * self._last_quadrature
        imaginary = in_phase * self._last_quadrature - quadrature * self._last_in_phase
        self._last_in_phase, self._last_quadrature = in_phase, quadrature
        self._last_real = real = 0.2 * real + 0.8 * self._last_real
        self._last_imaginary = imaginary = 0.2 * imaginary + 0.8 * self._last_imaginary
        angle = degrees(atan(imaginary / real)) if imaginary and real else 0.0
        period = 360 / angle if angle > 0 else 0.0
        period = max(min(period, 1.5 * self._period), 0.67 * self._period)
        self._period = 0.2 * min(max(period, 6), 50) + 0.8 * self._period


def _hilbert(value: float, taps: list[float]) -> float:
    return 0.0962 * value + 0.5769 * taps[1] - 0.5769 * taps[3] - 0.0962 * taps[5]


class HilbertTransform(Indicator):
    """Ehlers' Hilbert transform: the in-phase and quadrature parts of values; the value is the input."""

    @named("Hilbert({length}, {in_phase_multiplication_factor}, {quadrature_multiplication_factor})")
    def __init__(
        self,
        name: str,
        length: int = 7,
        in_phase_multiplication_factor: float = 0.635,
        quadrature_multiplication_factor: float = 0.338,
    ) -> None:
        super().__init__(name)
        self._length, self._warm_up_period = length, length + 2
        self._factors = (float(in_phase_multiplication_factor), float(quadrature_multiplication_factor))
        self._before = Delay(name + "_prev", length)
        self._in_phase = Line(name + "_inPhase", lambda: self.samples > length + 2)
        self._quadrature = Line(name + "_quad", lambda: self.samples > length)
        self._parts = (self._before, self._in_phase, self._quadrature)
        self._detrended: deque[float] = deque(maxlen=4)
        self._in_phases: deque[float] = deque(maxlen=3)
        self._quadratures: deque[float] = deque(maxlen=2)

    @property
    def in_phase(self) -> IndicatorBase:
        """The part in phase with the values."""
        return self._in_phase

    @property
    def quadrature(self) -> IndicatorBase:
        """The part a quarter of a cycle ahead."""
        return self._quadrature

    def _next(self, data: IndicatorDataPoint) -> float:
        if self._before.consume(data):
            self._detrended.append(data.value - self._before._value())
        detrended, (slow, fast) = self._detrended, self._factors
        now, late, later = (_late(detrended, age) for age in (0, 1, 3))
        value = 1.25 * (later - late * slow) + _late(self._in_phases, 2) * slow
        self._in_phase.put(data, value if self._in_phase.is_ready else 0.0)
        if self._in_phase.is_ready:
            self._in_phases.append(self._in_phase._value())
        value = late - now * fast + _late(self._quadratures, 1) * fast
        self._quadrature.put(data, value if self._quadrature.is_ready else 0.0)
        if self._quadrature.is_ready:
            self._quadratures.append(self._quadrature._value())
        return data.value

    def _clear(self) -> None:
        super()._clear()
        for values in (self._detrended, self._in_phases, self._quadratures):
            values.clear()


def _late(values: deque[float], age: int) -> float:
    """Return the value *age* places before the last; zero if there is none."""
    return values[-1 - age] if len(values) > age else 0.0

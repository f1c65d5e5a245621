"""Tom DeMark's sequential."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from tradinglab.algorithm.indicators.base import BarIndicator
from tradinglab.algorithm.indicators.naming import named
from tradinglab.core.dual import DualEnum

if TYPE_CHECKING:
    from tradinglab.algorithm.bars import TradeBar

_SETUP_LENGTH = 9
_COUNTDOWN_LENGTH = 13


class TomDemarkSequentialPhase(DualEnum):
    """Where a sequential stands."""

    NONE = 0
    BUY_SETUP = 1
    SELL_SETUP = 2
    BUY_COUNTDOWN = 3
    SELL_COUNTDOWN = 4
    BUY_SETUP_PERFECT = 5
    SELL_SETUP_PERFECT = 6


_Phase = TomDemarkSequentialPhase
_SETUPS = (_Phase.BUY_SETUP, _Phase.SELL_SETUP)
_PERFECT = {_Phase.BUY_SETUP: _Phase.BUY_SETUP_PERFECT, _Phase.SELL_SETUP: _Phase.SELL_SETUP_PERFECT}
_COUNTDOWN = {_Phase.BUY_SETUP: _Phase.BUY_COUNTDOWN, _Phase.SELL_SETUP: _Phase.SELL_COUNTDOWN}


class TomDemarkSequential(BarIndicator):
    """DeMark's sequential; the value is the phase that the bar belongs to (``TomDemarkSequentialPhase``).

    A setup is nine closes in turn below (buy) or above (sell) the close four bars before, begun by a
    turn. A countdown of thirteen closes at or beyond the low (high) two bars before follows; it ends
    early when the close passes the resistance (support) that the setup left.
    """

    @named("TomDemarkSequential")
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._warm_up_period = 6
        self._bars: deque[TradeBar] = deque(maxlen=10)
        self._clear()

    def _clear(self) -> None:
        self._bars.clear()
        self._phase = _Phase.NONE
        self._support = self._resistance = 0.0
        self._setup = self._countdown = 0

    @property
    def period(self) -> int:
        """How many bars are looked at."""
        return 10

    @property
    def support_price(self) -> float:
        """The lowest low of the last sell setup."""
        return self._support

    @property
    def resistance_price(self) -> float:
        """The highest high of the last buy setup."""
        return self._resistance

    @property
    def setup_phase_step_count(self) -> int:
        """How many bars the setup has."""
        return self._setup

    @property
    def countdown_phase_step_count(self) -> int:
        """How many bars the countdown has."""
        return self._countdown

    def _next(self, data: TradeBar) -> float:
        self._bars.appendleft(data)
        if not self.is_ready:
            return float(_Phase.NONE)
        if self._phase == _Phase.NONE:
            return float(self._begin())
        if self._phase in _SETUPS:
            return float(self._set_up(self._phase))
        return float(self._count_down(self._phase))

    def _begin(self) -> _Phase:
        """Begin a setup where the close turns against the one four bars before."""
        bars = self._bars
        change, before = bars[0].close - bars[4].close, bars[1].close - bars[5].close
        if change * before >= 0:
            return _Phase.NONE
        self._phase, self._setup = (_Phase.BUY_SETUP if change < 0 else _Phase.SELL_SETUP), 1
        return self._phase

    def _set_up(self, phase: _Phase) -> _Phase:
        bars, is_buy = self._bars, phase == _Phase.BUY_SETUP
        change = bars[0].close - bars[4].close
        if (change >= 0) if is_buy else (change <= 0):
            self._phase = _Phase.NONE
            return _Phase.NONE
        self._setup += 1
        if self._setup != _SETUP_LENGTH:
            return phase
        self._phase = _COUNTDOWN[phase]
        close, earlier = bars[0].close, bars[2]
        if (close < earlier.low) if is_buy else (close > earlier.high):
            self._countdown = 1
        last = list(bars)[-_SETUP_LENGTH:]
        if is_buy:
            self._resistance = max(bar.high for bar in last)
        else:
            self._support = min(bar.low for bar in last)
        return _PERFECT[phase] if self._is_perfect(is_buy) else phase

    def _is_perfect(self, is_buy: bool) -> bool:
        """Return whether the eighth or ninth bar of a setup goes beyond the sixth and the seventh."""
        ninth, eighth, seventh, sixth = ((-bar.low if is_buy else bar.high) for bar in list(self._bars)[:4])
        bound = max(sixth, seventh)
        return eighth > bound or ninth > bound

    def _count_down(self, phase: _Phase) -> _Phase:
        current, earlier = self._bars[0], self._bars[2]
        is_buy = phase == _Phase.BUY_COUNTDOWN
        if (current.close <= earlier.low) if is_buy else (current.close >= earlier.high):
            self._countdown += 1
            if self._countdown == _COUNTDOWN_LENGTH:
                self._phase = _Phase.NONE
            return phase
        if (current.close > self._resistance) if is_buy else (current.close < self._support):
            self._phase = _Phase.NONE
        return _Phase.NONE

"""What can go wrong in a run, seen from outside.

::

    EngineError
    ├── UsageError         the caller's words: dates, parameters, options
    ├── StrategyFileError  no such file, no algorithm class in it, or several
    ├── StrategyError      the strategy raised; the run ends there
    └── TimeLimitError     the strategy did not come back in time
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.core.errors import TradingLabError

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult


class EngineError(TradingLabError):
    """Root of the engine's errors."""

    code = "engine"


class UsageError(EngineError):
    """A call that cannot be carried out as it stands."""

    code = "usage"


class StrategyFileError(UsageError):
    """A strategy's file that cannot be loaded."""

    code = "strategy_file"


class StrategyError(EngineError):
    """The strategy raised an exception.

    Attributes
    ----------
    phase : str
        The callback it happened in, such as ``on_data``.
    time : str
        The algorithm's time, ISO format.
    trace : str
        The traceback, without the engine's own frames.
    result : BacktestResult or None
        What was computed until then.
    """

    code = "strategy"

    def __init__(
        self, message: str, *, phase: str, time: str, trace: str, result: BacktestResult | None = None
    ) -> None:
        super().__init__(message)
        self.phase = phase
        self.time = time
        self.trace = trace
        self.result = result


class TimeLimitError(StrategyError):
    """The strategy did not come back within the time it was given."""

    code = "time_limit"

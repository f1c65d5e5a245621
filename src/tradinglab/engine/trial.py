"""A strategy loaded, and perhaps set up, without running it: what is wrong with it shows in a moment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tradinglab.algorithm.runtime import AlgorithmContext, making_with
from tradinglab.data.errors import DataError
from tradinglab.data.source import open_source
from tradinglab.engine.errors import StrategyError, TimeLimitError, UsageError
from tradinglab.engine.host import Host
from tradinglab.engine.keyword_spellings import keywords_both_ways
from tradinglab.engine.loader import load_strategy
from tradinglab.engine.run import RunOptions, stage
from tradinglab.engine.time_limit import TimeIsUp, time_limit
from tradinglab.engine.traces import explain, own_trace


def try_out(
    strategy: str | Path,
    *,
    data: str = "sample",
    parameters: Mapping[str, str] | None = None,
    class_name: str | None = None,
    timeout_s: float = 30.0,
    initializes: bool = False,
) -> None:
    """Load a strategy's file and find its class; call ``initialize`` too, if it is asked for.

    Raises
    ------
    UsageError
        If the file cannot be loaded, or has no algorithm class, or several.
    StrategyError
        If the strategy raises.
    TimeLimitError
        If it did not come back within ``timeout_s``.
    """
    path, source = Path(strategy), open_source(data)
    host: Host | None = None
    with stage(source, [path.parent]), time_limit(timeout_s):
        try:
            cls = load_strategy(path, class_name)
            if initializes:
                options = RunOptions(parameters=dict(parameters or {}))
                context = AlgorithmContext(source=source, parameters=options.parameters, name=cls.__name__)
                host = Host(context, options)
                with keywords_both_ways(cls, [path.resolve().parent]):
                    with making_with(context):
                        algorithm = cls()
                    host.prepare(algorithm)
        except (KeyboardInterrupt, DataError, UsageError, StrategyError):
            raise
        except TimeIsUp:
            phase = "import" if host is None else host.phase.name
            message = f"the strategy was still in {phase} after {timeout_s:g} s"
            raise TimeLimitError(message, phase=phase, time="", trace="") from None
        except BaseException as problem:  # exit() and whatever else an author's code raises
            phase = "import" if host is None else host.phase.name
            raise StrategyError(explain(problem), phase=phase, time="", trace=own_trace(problem)) from problem

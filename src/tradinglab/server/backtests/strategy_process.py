"""The process in which one strategy runs: a request on the standard input, lines of JSON on the standard output.

``completed`` or ``failed`` is the last thing it says. It imports nothing of Django, and knows nothing of the server.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tradinglab.server.backtests.outputs import summarize, write_outputs

if TYPE_CHECKING:
    from tradinglab.engine.loop import Progress
    from tradinglab.engine.result import BacktestResult

_LINES_TOLD = 200


def main() -> None:
    """Run the strategy that is asked for."""
    channel = _own_channel()
    request = json.loads(sys.stdin.readline())
    threading.Thread(target=_leave_with_the_server, daemon=True).start()
    _limit("RLIMIT_AS", request["memory_mb"] << 20)
    _limit("RLIMIT_CPU", int(request["cpu_s"]))
    _limit("RLIMIT_CORE", 0)
    _say(channel, _outcome(request, channel))


def _own_channel() -> TextIO:
    """Keep the standard output for messages; what the strategy prints goes nowhere."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return channel


def _leave_with_the_server() -> None:
    """End when the other end of the standard input closes: the worker is gone."""
    while sys.stdin.readline():
        pass
    os._exit(1)


def _limit(name: str, value: int) -> None:
    kind = getattr(resource, name)
    _, most = resource.getrlimit(kind)
    wanted = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(kind, (wanted, wanted))


def _say(channel: TextIO, message: dict[str, Any]) -> None:
    channel.write(json.dumps(message) + "\n")
    channel.flush()


def _outcome(request: dict[str, Any], channel: TextIO) -> dict[str, Any]:
    from tradinglab.core.errors import TradingLabError
    from tradinglab.engine.errors import StrategyError
    from tradinglab.engine.run import backtest

    def on_progress(progress: Progress) -> None:
        _say(channel, {"kind": "progress", "fraction": progress.fraction, "date": f"{progress.date:%Y-%m-%d}"})

    try:
        result = backtest(
            request["strategy"],
            data=request["data"],
            start=request["start"],
            end=request["end"],
            cash=request["cash"],
            parameters=request["parameters"],
            on_progress=on_progress,
        )
        return _completed(result, channel)
    except StrategyError as error:
        if error.result is not None:
            _leave(error.result, channel)
        return _failed(error.code, str(error), phase=error.phase, time=error.time, trace=error.trace)
    except TradingLabError as error:
        return _failed(error.code, str(error))
    except MemoryError:
        return _failed("memory", f"The run needs more than the {request['memory_mb']} MB that it may use.")


def _failed(code: str, message: str, **more: str) -> dict[str, Any]:
    # A strategy's message may name the folder it ran in, which means nothing to anybody.
    here = f"{Path.cwd()}/strategy/"
    return {"kind": "failed", "code": code} | {
        name: text.replace(here, "") for name, text in {"message": message, **more}.items()
    }


def _completed(result: BacktestResult, channel: TextIO) -> dict[str, Any]:
    _leave(result, channel)
    summary = summarize(result)
    return {
        "kind": "completed",
        "figures": dict(summary.figures),
        "statistics": dict(summary.statistics),
        "total_orders": summary.total_orders,
        "first_day": summary.first_day.isoformat(),
        "last_day": summary.last_day.isoformat(),
    }


def _leave(result: BacktestResult, channel: TextIO) -> None:
    """Leave the artefacts in the folder, and tell the first lines of the log."""
    write_outputs(result, Path.cwd())
    if result.logs:
        _say(channel, {"kind": "log", "lines": result.logs[:_LINES_TOLD]})


if __name__ == "__main__":
    main()

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

if TYPE_CHECKING:
    from tradinglab.engine.loop import Progress
    from tradinglab.engine.result import BacktestResult

_MOST_LOG_LINES = 20_000
_LINES_TOLD = 200
_FIGURES_OF_TRADES = ("total_fees",)


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
            _write_outputs(error.result, channel)
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
    _write_outputs(result, channel)
    total = result.statistics_results.total_performance
    figures = {name: float(value) for name, value in total.portfolio_statistics.exact.items()}
    figures["net_profit"] = figures["total_net_profit"]
    figures |= {name: float(total.trade_statistics.exact[name]) for name in _FIGURES_OF_TRADES}
    return {
        "kind": "completed",
        "figures": figures,
        "statistics": result.statistics,
        "total_orders": result.total_orders,
    }


def _write_outputs(result: BacktestResult, channel: TextIO) -> None:
    """Leave the artefacts in the folder, and tell the first lines of the log."""
    from tradinglab.report import write_report

    lines = result.logs[:_MOST_LOG_LINES]
    result.write_json("result.json")
    write_report(result, "report.html")
    _write("equity.json", _equity(result))
    _write("orders.json", {"orders": [_order(each) for each in result.record.orders]})
    _write("log.json", {"lines": lines, "left_out": len(result.logs) - len(lines)})
    if lines:
        _say(channel, {"kind": "log", "lines": lines[:_LINES_TOLD]})


def _write(name: str, document: object) -> None:
    Path(name).write_text(json.dumps(document, allow_nan=False), encoding="utf-8")


def _equity(result: BacktestResult) -> dict[str, list[Any]]:
    """Return the samples of the account's value: UTC times, values, and the drawdown as a fraction below zero."""
    from tradinglab.core.clock import from_ns

    times, values, drawdowns, highest = [], [], [], 0.0
    for candle in result.record.sampler.candles:
        value = float(candle.close)
        highest = max(highest, value)
        times.append(f"{from_ns(candle.time_ns).isoformat()}Z")
        values.append(value)
        drawdowns.append(value / highest - 1 if highest else 0.0)
    return {"time": times, "equity": values, "drawdown": drawdowns}


def _order(order: Any) -> dict[str, Any]:
    from tradinglab.core.clock import from_ns

    filled = order.last_fill_time_ns
    return {
        "id": order.id,
        "symbol": order.symbol.value,
        "type": str(order.type),
        "direction": str(order.direction),
        "status": str(order.status),
        "quantity": float(order.quantity),
        "price": float(order.price),
        "time": f"{from_ns(order.time_ns).isoformat()}Z",
        "last_fill_time": None if filled is None else f"{from_ns(filled).isoformat()}Z",
        "tag": str(order.tag),
    }


if __name__ == "__main__":
    main()

"""What reads a strategy's answer, and makes figures and artefacts of it: in the sandbox, in a child of its own.

No strategy's code is in that child, but the answer may be made to take all memory or time of who reads it. So the
worker does not: it takes a header of bounded size from here, and the bytes of the files that it names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tradinglab.core.errors import TradingLabError
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.sandbox.descriptors import ANSWER, write_all
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.request import result_of
from tradinglab.server.backtests.outputs import documents, outputs, summarize

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult

_LONGEST_TEXT = 20_000
#: What a header has room for.
_MOST_DATA_FILES = 10_000


def warm_up() -> None:
    """Make what can be made of a run of our own in the zygote: what that loads is then there for all.

    The tables are not: polars would start its threads, of which a child inherits none.
    """
    from tradinglab.engine.run import backtest
    from tradinglab.templates import all_templates

    result = backtest(all_templates()[0].path, start="2012-01-03", end="2012-02-03")
    documents(result, {})
    summarize(result)


def prepare(raw: bytes) -> Callable[[], None]:
    """Read the order, a line of JSON before the answer, and return what carries it out."""
    order, _, answer = raw.partition(b"\n")
    return lambda: _work(json.loads(order), answer)


def _work(order: Mapping[str, Any], answer: bytes) -> None:
    said, files = _account(order, answer)
    header = {**said, "files": [[name, len(content)] for name, content in files.items()]}
    write_all(ANSWER, json.dumps(header).encode() + b"\n", *files.values())


def _account(order: Mapping[str, Any], answer: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    try:
        result = result_of(answer, limits=Limits(**order["limits"]), data_name=order["data"])
        return {"ending": "completed", "summary": _summary(result)}, outputs(result)
    except StrategyError as error:
        ending = "timed_out" if isinstance(error, TimeLimitError) else "failed"
        said = _failed(error, ending, phase=error.phase, time=error.time, trace=error.trace)
        return said, dict(_partial(error.result))
    except TradingLabError as error:
        return _failed(error, "failed"), {}


def _summary(result: BacktestResult) -> dict[str, Any]:
    summary = summarize(result)
    days = {name: getattr(summary, name).isoformat() for name in ("first_day", "last_day")}
    return asdict(summary) | days | {"data_files": list(result.record.data_files[:_MOST_DATA_FILES])}


def _partial(result: BacktestResult | None) -> Iterator[tuple[str, bytes]]:
    if result is not None:
        yield from outputs(result).items()


def _failed(error: TradingLabError, ending: str, **more: str) -> dict[str, Any]:
    texts = {"code": error.code, "message": str(error), **more}
    return {"ending": ending, "error": {name: text[:_LONGEST_TEXT] for name, text in texts.items()}}

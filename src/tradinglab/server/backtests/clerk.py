"""What reads a strategy's answer, and makes figures and artefacts of it: in the sandbox, in a child of its own.

No strategy's code is in that child, but the answer may be made to take all memory or time of who reads it. So the
worker does not: it takes a header of bounded size from here, and the bytes of the files that it names.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from tradinglab.core.errors import TradingLabError
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.verification import Finding, FindingCode, Verification
from tradinglab.sandbox.descriptors import ANSWER, write_all
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.packing import packed
from tradinglab.sandbox.replay.declaring import Declaration
from tradinglab.sandbox.request import Check, result_of
from tradinglab.server.backtests.outputs import documents, outputs, summarize, trial_outputs

_LONGEST_TEXT = 20_000
_LONGEST_FINDING, _MOST_NOTES, _MOST_WARNINGS = 1_000, 50, 100
_LONGEST_WARM_UP_S = 30.0
#: What a header has room for.
_MOST_DATA_FILES = 10_000
_UNFINISHED = Verification(
    findings=(
        Finding(
            code=FindingCode.NOT_REPLAYABLE,
            text="The run did not finish, so nothing of it was checked: what it left is its own word.",
        ),
    )
)


def warm_up() -> None:
    """Make what can be made of a run of our own in the zygote: what that loads is then there for all.

    The tables are not: polars would start its threads, of which a child inherits none.
    """
    from tradinglab.engine.run import backtest
    from tradinglab.templates import all_templates

    declaration = Declaration()
    result = backtest(all_templates()[0].path, start="2012-01-03", end="2012-02-03", journal=declaration.journal)
    answer = {"kind": "finished", "result": packed(result), "declared": declaration.packed()}
    check = Check(data="sample", timeout_s=_LONGEST_WARM_UP_S)
    result = result_of(json.dumps(answer).encode(), limits=Limits(), data_name="sample", check=check)
    documents(result, {})
    summarize(result)


def prepare(raw: bytes) -> Callable[[], None]:
    """Read the order, a line of JSON before the answer, and return what carries it out.

    An order that names a module is carried out by its ``read``, whose answer is a line of JSON.
    """
    line, _, answer = raw.partition(b"\n")
    order = json.loads(line)
    if "work" in order:
        reader = importlib.import_module(order["work"])
        return lambda: write_all(ANSWER, json.dumps(reader.read(order, answer)).encode() + b"\n")
    return lambda: _work(order, answer)


def _work(order: Mapping[str, Any], answer: bytes) -> None:
    said, files = _account(order, answer)
    header = {**said, "files": [[name, len(content)] for name, content in files.items()]}
    write_all(ANSWER, json.dumps(header).encode() + b"\n", *files.values())


def _account(order: Mapping[str, Any], answer: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    try:
        limits, check = Limits(**order["limits"]), order["check"]
        result = result_of(
            answer, limits=limits, data_name=order["data"], check=None if check is None else Check.ordered(check)
        )
        if check is None:
            result = BacktestResult(result.record, _without_check(order["why_no_check"]))
        said = {"ending": "completed", "summary": _summary(result), "verification": _verification(result)}
        return said, _files(order, result)
    except StrategyError as error:
        ending = "timed_out" if isinstance(error, TimeLimitError) else "failed"
        said = _failed(error, ending, phase=error.phase, time=error.time, trace=error.trace)
        return said, _partial(order, error.result)
    except TradingLabError as error:
        return _failed(error, "failed"), {}


def _without_check(why: str) -> Verification:
    """Return the verdict on a run whose replay was tried before, and ended the process that did it."""
    text = f"The replay could not be brought to its end: {why}. The figures are the run's own word."
    return Verification(findings=(Finding(code=FindingCode.REPLAY_FAILED, text=text),))


def _verification(result: BacktestResult) -> dict[str, Any]:
    """Return what is told of the verdict; the texts may hold what the strategy made up."""
    assert result.verification is not None
    said = result.verification.as_json()
    return {
        "findings": [
            {
                name: value[:_LONGEST_FINDING] if isinstance(value, str) else value
                for name, value in each.as_json().items()
            }
            for each in result.verification.findings
        ],
        "left_out": said["left_out"],
        "notes": [note[:_LONGEST_FINDING] for note in result.verification.notes[:_MOST_NOTES]],
    }


def _summary(result: BacktestResult) -> dict[str, Any]:
    summary = summarize(result)
    days = {name: getattr(summary, name).isoformat() for name in ("first_day", "last_day")}
    warnings = [
        {"kind": str(each.kind), "text": each.text[:_LONGEST_FINDING], "no_bars_of": each.no_bars_of[:_LONGEST_FINDING]}
        for each in result.warnings
    ]
    return (
        asdict(summary)
        | days
        | {"data_files": list(result.record.data_files[:_MOST_DATA_FILES]), "warnings": warnings[:_MOST_WARNINGS]}
    )


def _files(order: Mapping[str, Any], result: BacktestResult) -> dict[str, bytes]:
    return trial_outputs(result) if order["is_slim"] else outputs(result)


def _partial(order: Mapping[str, Any], result: BacktestResult | None) -> dict[str, bytes]:
    return {} if result is None else _files(order, BacktestResult(result.record, _UNFINISHED))


def _failed(error: TradingLabError, ending: str, **more: str) -> dict[str, Any]:
    texts = {"code": error.code, "message": str(error), **more}
    return {"ending": ending, "error": {name: text[:_LONGEST_TEXT] for name, text in texts.items()}}

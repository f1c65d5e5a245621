"""What a locked-down child does: run the engine over a strategy and write down what came of it.

Everything here shares its process with the strategy, so nothing that it says is trusted.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from tradinglab.core.errors import TradingLabError
from tradinglab.engine.author_files import hold_files, release_files
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest
from tradinglab.engine.trial import try_out
from tradinglab.sandbox.descriptors import ANSWER, write_all
from tradinglab.sandbox.packing import packed
from tradinglab.sandbox.replay.declaring import Declaration
from tradinglab.sandbox.telling import Teller
from tradinglab.templates import all_templates

#: What few runs need is imported for those alone.
_LIVE = "tradinglab.sandbox.live_guest"
_REHEARSALS = count(1)
Found = TypeVar("Found")


def warm_up() -> None:
    """Backtest a strategy of our own, in the zygote: what a run loads when it needs it is then there for all.

    Its path is another one each time, as those of runs are: what is known of a file is not found out again.
    """
    path = Path(f"/rehearsal-{next(_REHEARSALS)}/strategy.py")
    declaration = Declaration()
    hold_files({path: all_templates()[0].source})
    try:
        result = backtest(path, start="2012-01-03", end="2012-02-03", journal=declaration.journal)
    finally:
        release_files([path])
    json.dumps([packed(result), declaration.packed()])


def prepare(raw: bytes) -> Callable[[], None]:
    """Read the request and return what runs the strategy."""
    request = json.loads(raw)
    if request["data"].startswith("store:"):
        importlib.import_module("polars")
    if request.get("live") is not None:
        importlib.import_module(_LIVE)
    if request.get("work"):
        importlib.import_module(request["work"])
    return lambda: _work(request)


def _work(request: dict[str, Any]) -> None:
    sys.stdout = os.fdopen(1, "w", 1, encoding="utf-8", errors="backslashreplace")
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace")
    try:
        answer = _answer(request)
    except MemoryError:
        answer = {"kind": "memory"}
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the strategy may have put anything in its place
            continue
    write_all(ANSWER, json.dumps(answer, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))
    os.close(ANSWER)  # who reads it need not wait until this process has ended


def _answer(request: dict[str, Any]) -> dict[str, object]:
    answer: dict[str, object]
    if request.get("live") is not None:
        answer = importlib.import_module(_LIVE).live_answer(request)
    elif request.get("work"):
        answer = importlib.import_module(request["work"]).answer(request)
    else:
        answer = _try_out(request) if request["tries_out"] else run_answer(request, Declaration())
    return answer


def hold_request(request: dict[str, Any]) -> None:
    """Let the files of a request be those that the strategy is loaded from."""
    sys.path[:0] = request["folders"]
    hold_files({Path(path): text for path, text in request["files"].items()})


def run_answer(request: dict[str, Any], declaration: Declaration) -> dict[str, object]:
    """Run the strategy of a request and return what came of it, with what it declares."""
    teller = Teller()
    hold_request(request)
    try:
        result = _result(request, declaration, teller)
    except StrategyError as problem:
        return strategy_problem(problem) | {"declared": declaration.packed()}
    except TradingLabError as problem:
        return {"kind": "refused", "message": plain_text(str(problem))}
    except KeyboardInterrupt:
        return {"kind": "stopped"}
    finally:
        teller.tell()
    return {"kind": "finished", "result": packed(result), "declared": declaration.packed()}


def set_up_answer(
    request: dict[str, Any], find: Callable[..., Found], told: Callable[[Found], dict[str, object]]
) -> dict[str, object]:
    """Hand the terms of a request to what sets the strategy up and no more; return what it found.

    Parameters
    ----------
    find
        Takes the terms, and calls ``initialize``.
    told
        Says what it found as JSON has it.
    """
    hold_request(request)
    start, end = (None if request[name] is None else date.fromisoformat(request[name]) for name in ("start", "end"))
    try:
        found = find(
            Path(request["strategy"]),
            data=request["data"],
            start=start,
            end=end,
            cash=request["cash"],
            parameters=request["parameters"],
            class_name=request["class_name"],
        )
    except StrategyError as problem:
        return strategy_problem(problem)
    except TradingLabError as problem:
        return {"kind": "refused", "message": plain_text(str(problem))}
    except KeyboardInterrupt:
        return {"kind": "stopped"}
    return {"kind": "finished", **told(found)}


def strategy_problem(problem: StrategyError) -> dict[str, object]:
    """Return what is said of a strategy that failed, or did not come back."""
    return {
        "kind": "time_limit" if isinstance(problem, TimeLimitError) else "strategy",
        "message": plain_text(str(problem)),
        "phase": plain_text(problem.phase),
        "time": plain_text(problem.time),
        "trace": plain_text(problem.trace),
        "result": None if problem.result is None else packed(problem.result),
    }


def _result(request: dict[str, Any], declaration: Declaration, teller: Teller) -> BacktestResult:
    return backtest(
        request["strategy"],
        data=request["data"],
        start=request["start"],
        end=request["end"],
        cash=request["cash"],
        parameters=request["parameters"],
        class_name=request["class_name"],
        timeout_s=request["timeout_s"],
        on_progress=teller.progress,
        on_log=teller.log,
        journal=declaration.journal,
        seed=request["seed"],
    )


def _try_out(request: dict[str, Any]) -> dict[str, object]:
    """Load the strategy, or set it up too; run nothing."""
    hold_request(request)
    try:
        try_out(
            request["strategy"],
            data=request["data"],
            parameters=request["parameters"],
            class_name=request["class_name"],
            timeout_s=request["timeout_s"],
            initializes=request["tries_out"] == "initialize",
        )
    except StrategyError as problem:
        return {"kind": "strategy", "message": plain_text(str(problem)), "trace": plain_text(problem.trace)}
    except TradingLabError as problem:
        return {"kind": "refused", "message": plain_text(str(problem))}
    except KeyboardInterrupt:
        return {"kind": "stopped"}
    return {"kind": "ready"}


def plain_text(text: str) -> str:
    """Return a text without what JSON cannot carry: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")

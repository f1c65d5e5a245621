"""What the doctor asks of a locked-down child: to run a strategy and be watched, on cut data, or under an assumption.

Everything here shares its process with the strategy, so nothing that it says is trusted; ``reader`` is the other end.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tradinglab.core.errors import TradingLabError
from tradinglab.data.source import DataSource, open_source
from tradinglab.doctor.asked import Watch
from tradinglab.doctor.assumptions import assuming
from tradinglab.doctor.carrying import packed_again, packed_watched, read_assumption
from tradinglab.doctor.cutting import CutSource
from tradinglab.doctor.outside import OutsideReads
from tradinglab.doctor.replay import ask_again
from tradinglab.doctor.terms import Terms
from tradinglab.engine.errors import TimeLimitError
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.guest import hold_request, run_answer, strategy_problem
from tradinglab.sandbox.replay.declaring import Declaration
from tradinglab.sandbox.replay.values import plain_text

#: What a request names to be answered here.
WORK: Final = "tradinglab.doctor.guest"


def answer(request: dict[str, Any]) -> dict[str, object]:
    """Run the strategy as the request's order says, and return what came of it."""
    order: Mapping[str, Any] = request["order"]
    if order["asks"] == "again":
        return _again(request, order["cut_ns"])
    if order["asks"] == "assume":
        with assuming(read_assumption(Reader(order["assumption"]))):
            return run_answer(request, Declaration())
    return _watched(request)


def _watched(request: dict[str, Any]) -> dict[str, object]:
    declaration = Declaration(Watch)
    with OutsideReads() as reads:
        said = run_answer(request, declaration)
    watch = declaration.journal
    if "declared" in said and isinstance(watch, Watch):
        said["watched"] = packed_watched(watch.watched(reads.found))
    return said


def _again(request: dict[str, Any], cut_ns: int | None) -> dict[str, object]:
    """Return what the strategy asks for when it is run again, on data that ends at an instant if one is given."""
    hold_request(request)
    try:
        source: DataSource = open_source(request["data"])
        found = ask_again(_terms(request), source if cut_ns is None else CutSource(source, cut_ns), cut_ns)
    except TimeLimitError as problem:
        return strategy_problem(problem)
    except TradingLabError as problem:
        return {"kind": "refused", "message": plain_text(str(problem))}
    except KeyboardInterrupt:
        return {"kind": "stopped"}
    return {"kind": "again", **packed_again(found)}


def _terms(request: Mapping[str, Any]) -> Terms:
    return Terms(
        strategy=Path(request["strategy"]),
        start=request["start"],
        end=request["end"],
        cash=request["cash"],
        parameters=request["parameters"],
        class_name=request["class_name"],
        timeout_s=request["timeout_s"],
        seed=request["seed"],
    )

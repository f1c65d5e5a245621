"""What reads the answers of ``guest``: in a child where no strategy's code is, which may be killed for what they hold.

Takes an order, a line of JSON, and the answers that it names the sizes of; returns what can be told in a few lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any, Final

from tradinglab.core.errors import TradingLabError
from tradinglab.data.source import open_source
from tradinglab.doctor.carrying import packed_difference, read_again, read_difference, read_watched
from tradinglab.doctor.diagnosis import by_weight, checked, other_result
from tradinglab.doctor.examined import Examined
from tradinglab.doctor.findings import Finding
from tradinglab.doctor.replay import Compared, compare_cut, cut_finding, cut_points
from tradinglab.doctor.stress import tried
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.sandbox.answer import Reader, parse
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.request import Check, RefusedError, result_of

#: What an order names to be read here.
WORK: Final = "tradinglab.doctor.reader"
_LONGEST_TEXT: Final = 2_000


def read(order: Mapping[str, Any], answers: bytes) -> dict[str, object]:
    """Return what an order asks of some answers; ``error`` if a run failed, or did not answer."""
    parts, begin = [], 0
    for size in order["sizes"]:
        parts.append(answers[begin : begin + size])
        begin += size
    try:
        return {"error": None, **_READS[order["asks"]](order, parts)}
    except TradingLabError as problem:
        kind = "time_limit" if isinstance(problem, TimeLimitError) else problem.code
        return {"error": {"code": kind, "message": str(problem)[:_LONGEST_TEXT], "is_strategy": _is_its_own(problem)}}


def _is_its_own(problem: TradingLabError) -> bool:
    """Return whether it is the strategy that failed, and not what surrounds it."""
    return isinstance(problem, StrategyError) and not isinstance(problem, TimeLimitError)


def _examine(order: Mapping[str, Any], parts: list[bytes]) -> dict[str, object]:
    """Check a run, and say where its data is to be cut."""
    run = _examined(order, parts[0], Check.ordered(order))
    found = other_result(run, order["hash_then"], order["orders_then"]) + checked(run)
    return {
        "findings": [_said(each) for each in by_weight(found)],
        "cuts": cut_points(run.watched.asked, order["cuts"]),
        "orders": run.result.total_orders,
    }


def _compare(order: Mapping[str, Any], parts: list[bytes]) -> dict[str, object]:
    """Say where a run on cut data parts from the one on all of it."""
    asked = read_watched(_answer(parts[0], order).member("watched")).asked
    found = compare_cut(asked, read_again(_of_again(parts[1], order)), order["cut_ns"])
    return {"difference": packed_difference(found.difference), "count": found.count}


def _conclude(order: Mapping[str, Any], parts: list[bytes]) -> dict[str, object]:
    """Say what it means that a cut made a difference."""
    compared = [
        Compared(cut_ns=cut_ns, difference=read_difference(Reader(difference)), count=count)
        for cut_ns, difference, count in order["compared"]
    ]
    again = read_again(_of_again(parts[1], order)).asked
    return {"findings": [_said(cut_finding(_examined(order, parts[0], None), compared, again))]}


def _figures(order: Mapping[str, Any], parts: list[bytes]) -> dict[str, object]:
    """Say what a run came to; under an assumption by its own word, as bars and models give other prices then."""
    check = Check.ordered(order) if order["is_plain"] else None
    result = result_of(parts[0], limits=_limits(order), data_name=order["data_name"], check=check)
    values = asdict(tried(result))
    return {"tried": {name: value if isfinite(value) else 0.0 for name, value in values.items()}}


_READS: Final = {"examine": _examine, "compare": _compare, "conclude": _conclude, "figures": _figures}


def _said(finding: Finding) -> dict[str, object]:
    said = finding.as_json()
    return {name: value[:_LONGEST_TEXT] if isinstance(value, str) else value for name, value in said.items()}


def _examined(order: Mapping[str, Any], answer: bytes, check: Check | None) -> Examined:
    result = result_of(answer, limits=_limits(order), data_name=order["data_name"], check=check)
    return Examined(open_source(order["data"]), result, read_watched(_answer(answer, order).member("watched")))


def _limits(order: Mapping[str, Any]) -> Limits:
    return Limits(**order["limits"])


def _answer(raw: bytes, order: Mapping[str, Any]) -> Reader:
    return Reader(parse(raw, most_items=_limits(order).answer_items))


def _of_again(raw: bytes, order: Mapping[str, Any]) -> Reader:
    """Return the answer of a run that was only asked what it asked for.

    Raises
    ------
    TimeLimitError, RefusedError, BadAnswerError
        If it has none.
    """
    source = _answer(raw, order)
    kind = source.member("kind").raw_text()
    if kind == "again":
        return source
    if kind == "time_limit":
        texts = {name: source.member(name).text() for name in ("phase", "time", "trace")}
        raise TimeLimitError(source.member("message").text(), **texts, result=None)
    if kind == "refused":
        raise RefusedError(source.member("message").text())
    raise BadAnswerError(f"the run on other data ended with {kind[:40]!r}")

"""Insights as an answer has them: made anew, each value of the expected form."""

from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from tradinglab.core.enums import InsightDirection, InsightType
from tradinglab.engine.insight_record import InsightRecord
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.packing import INSIGHT_AMOUNTS, INSIGHT_NUMBERS
from tradinglab.sandbox.reading import optional, symbol_of


def insights_of(value: Reader) -> list[InsightRecord]:
    """Return the insights of an answer.

    Raises
    ------
    BadAnswerError
        If they are none, or not in the order of time.
    """
    insights = [_insight(each) for each in value.items()]
    if any(later.generated_ns < earlier.generated_ns for earlier, later in pairwise(insights)):
        raise BadAnswerError("the insights of the answer are not in the order of time")
    return insights


def _insight(value: Reader) -> InsightRecord:
    own, group, symbol, kinds, times, numbers, amounts, is_final, source, tag = value.items(10)
    kind, direction = kinds.items(2)
    generated_ns, close_ns = times.items(2)
    read = dict(zip(INSIGHT_NUMBERS, numbers.items(len(INSIGHT_NUMBERS)), strict=True))
    decimals = zip(INSIGHT_AMOUNTS, amounts.items(len(INSIGHT_AMOUNTS)), strict=True)
    return InsightRecord(
        id=_hexadecimal(own),
        group_id=_hexadecimal(group) if group.text() else "",
        symbol=symbol_of(symbol),
        type=InsightType(kind.whole()),
        direction=InsightDirection(direction.whole()),
        generated_ns=generated_ns.whole(),
        close_ns=close_ns.whole(),
        period_s=optional(read["period_s"], Reader.number) or 0.0,
        magnitude=optional(read["magnitude"], Reader.number),
        confidence=optional(read["confidence"], Reader.number),
        weight=optional(read["weight"], Reader.number),
        score_direction=optional(read["score_direction"], Reader.number) or 0.0,
        score_magnitude=optional(read["score_magnitude"], Reader.number) or 0.0,
        is_final_score=is_final.flag(),
        source_model=source.text(),
        tag=tag.text(),
        **{name: amount.decimal() for name, amount in decimals},
    )


def _hexadecimal(value: Reader) -> str:
    return UUID(hex=value.raw_text()).hex

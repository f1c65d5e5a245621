"""What is kept of an insight when its run has ended."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.clock import to_ns
from tradinglab.core.decimals import ZERO
from tradinglab.core.enums import InsightDirection, InsightType
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.algorithm.insights import Insight, InsightManager
    from tradinglab.core.symbol import Symbol

_FURTHEST_NS = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InsightRecord:
    """An insight: times in nanoseconds UTC, its period in seconds, magnitude and weight as fractions.

    Attributes
    ----------
    id, group_id
        Thirty-two hexadecimal digits; empty for one without a group.
    reference_value, reference_value_final, estimated_value
        Zero if nobody has set them.
    """

    id: str
    group_id: str = ""
    symbol: Symbol
    type: InsightType
    direction: InsightDirection
    generated_ns: int
    close_ns: int
    period_s: float
    magnitude: float | None = None
    confidence: float | None = None
    weight: float | None = None
    reference_value: Decimal = ZERO
    reference_value_final: Decimal = ZERO
    estimated_value: Decimal = ZERO
    score_direction: float = 0.0
    score_magnitude: float = 0.0
    is_final_score: bool = False
    source_model: str = ""
    tag: str = ""


def insight_records(insights: InsightManager) -> list[InsightRecord]:
    """Return the insights of a run by the time at which they were generated."""
    return sorted(map(_record, insights.get_insights()), key=lambda each: each.generated_ns)


def _record(insight: Insight) -> InsightRecord:
    group = insight.group_id
    return InsightRecord(
        id=insight.id.hex,
        group_id="" if group is None else group.hex,
        symbol=insight.symbol,
        type=insight.type,
        direction=insight.direction,
        generated_ns=_ns(insight.generated_time_utc),
        close_ns=_ns(insight.close_time_utc),
        period_s=insight.period.total_seconds(),
        magnitude=insight.magnitude,
        confidence=insight.confidence,
        weight=insight.weight,
        reference_value=insight.exact_reference_value,
        reference_value_final=insight.exact_reference_value_final,
        estimated_value=insight.exact_estimated_value,
        score_direction=insight.score.direction,
        score_magnitude=insight.score.magnitude,
        is_final_score=insight.score.is_final_score,
        source_model=insight.source_model or "",
        tag=insight.tag,
    )


def _ns(moment: datetime) -> int:
    """Return a moment, or the furthest that nanoseconds in 64 bits reach: an author may have set any."""
    return max(-_FURTHEST_NS, min(to_ns(moment), _FURTHEST_NS))

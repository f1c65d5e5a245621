"""How well an insight turned out."""

from __future__ import annotations

from datetime import datetime

from tradinglab.core.dual import Dual
from tradinglab.core.enums import InsightScoreType


class InsightScore(Dual):
    """Scores of an insight from 0 to 1, for its direction and for its magnitude; whoever judges it sets them."""

    __slots__ = ("_direction", "_is_final", "_magnitude", "_updated_time_utc")

    def __init__(
        self, direction: float = 0.0, magnitude: float = 0.0, updated_time_utc: datetime = datetime.min
    ) -> None:
        self._direction = float(direction)
        self._magnitude = float(magnitude)
        self._updated_time_utc = updated_time_utc
        self._is_final = False

    @property
    def direction(self) -> float:
        """How right the direction was."""
        return self._direction

    @property
    def magnitude(self) -> float:
        """How right the magnitude was."""
        return self._magnitude

    @property
    def updated_time_utc(self) -> datetime:
        """When a score was last set, UTC."""
        return self._updated_time_utc

    @property
    def is_final_score(self) -> bool:
        """Whether the scores can no longer change."""
        return self._is_final

    def set_score(self, type: InsightScoreType, value: float, algorithm_utc_time: datetime) -> None:
        """Set a score, cut to what lies between 0 and 1; nothing once the scores are final."""
        if self._is_final:
            return
        self._updated_time_utc = algorithm_utc_time
        cut = max(0.0, min(1.0, float(value)))
        if InsightScoreType(type) is InsightScoreType.DIRECTION:
            self._direction = cut
        else:
            self._magnitude = cut

    def get_score(self, type: InsightScoreType) -> float:
        """Return a score."""
        return self._direction if InsightScoreType(type) is InsightScoreType.DIRECTION else self._magnitude

    def finalize(self, algorithm_utc_time: datetime) -> None:
        """Let the scores stay as they are."""
        self._is_final = True
        self._updated_time_utc = algorithm_utc_time

    def __str__(self) -> str:
        return f"Direction: {round(100 * self._direction, 2):g} Magnitude: {round(100 * self._magnitude, 2):g}"

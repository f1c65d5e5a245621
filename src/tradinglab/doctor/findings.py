"""What the doctor finds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from math import isfinite

from tradinglab.core.clock import from_ns
from tradinglab.core.values import dataclass, field


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The run's figures mean nothing."""
    WARNING = "warning"
    """The figures may be better than what trading would have brought."""
    NOTE = "note"
    """Good to know before the figures are believed."""


class FindingCode(StrEnum):
    """What is found, by a name that stays."""

    LOOK_AHEAD = "look-ahead"
    NOT_REPEATABLE = "not-repeatable"
    OUTSIDE_DATA = "outside-data"
    NO_ORDERS = "no-orders"
    REFUSED_ORDERS = "refused-orders"
    MARGIN_REFUSALS = "margin-refusals"
    LEVERAGE = "leverage"
    WARM_UP_ORDERS = "warm-up-orders"
    UNREADY_INDICATORS = "unready-indicators"
    STALE_FILLS = "stale-fills"
    LARGE_FILLS = "large-fills"
    DATA_GAPS = "data-gaps"
    MADE_UP_DATA = "made-up-data"
    FEW_TRADES = "few-trades"
    ONE_TRADE = "one-trade"
    ONE_DAY = "one-day"
    ONE_SYMBOL = "one-symbol"
    OPEN_PROFIT = "open-profit"
    SHORT_SPAN = "short-span"
    NO_BENCHMARK = "no-benchmark"


def counted(count: int, noun: str) -> str:
    """Return how many there are of something, as a sentence has it: ``1 order``, ``1,200 orders``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class BarPlace:
    """Where in the data a finding shows.

    Attributes
    ----------
    symbol
        The ticker; empty if it is the whole account.
    utc_ns
        The instant, nanoseconds UTC.
    row
        Which of the symbol's bars since the run's first day is meant, counted from 0; ``None`` if no bar is.
    """

    symbol: str = ""
    utc_ns: int
    row: int | None = None

    @property
    def time(self) -> datetime:
        """The instant, UTC."""
        return from_ns(self.utc_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a run that its author should know.

    Attributes
    ----------
    sentence
        What was found.
    advice
        What to do about it.
    evidence
        The numbers that it rests on, by name.
    place
        The first bar that shows it, if one does.
    """

    code: FindingCode
    severity: Severity
    sentence: str
    advice: str
    evidence: Mapping[str, float | str] = field(default_factory=dict)
    place: BarPlace | None = None

    def as_analysis(self) -> dict[str, object]:
        """Return the finding in the form of one of LEAN's analysis of a backtest."""
        said = self.as_json()
        sample = {name: said[name] for name in ("severity", "evidence", "bar")}
        return {"name": str(self.code), "issue": self.sentence, "sample": sample, "solutions": [self.advice]}

    def as_json(self) -> dict[str, object]:
        """Return the finding as it is written to JSON."""
        place = self.place
        return {
            "code": str(self.code),
            "severity": str(self.severity),
            "sentence": self.sentence,
            "advice": self.advice,
            "evidence": {
                # What is no finite number has no place in JSON.
                name: value if isinstance(value, str) or isfinite(value) else str(value)
                for name, value in self.evidence.items()
            },
            "bar": None
            if place is None
            else {"symbol": place.symbol, "time": place.time.isoformat() + "Z", "row": place.row},
        }

"""What a check of a result came to, by a side that its strategy could not reach."""

from __future__ import annotations

from enum import StrEnum

from tradinglab.core.values import dataclass, field


class FindingCode(StrEnum):
    """What a finding is about; the texts are stable."""

    NOT_REPLAYABLE = "not_replayable"
    REPLAY_TIMED_OUT = "replay_timed_out"
    REPLAY_FAILED = "replay_failed"
    CONFIGURATION = "configuration"
    REQUEST_NOT_POSSIBLE = "request_not_possible"
    ORDER_UNKNOWN = "order_unknown"
    ORDER_MISSING = "order_missing"
    ORDER_DIFFERS = "order_differs"
    FILL_BEFORE_ORDER = "fill_before_order"
    FILL_OUTSIDE_RUN = "fill_outside_run"
    FILL_TIME = "fill_time"
    FILL_PRICE = "fill_price"
    FILL_QUANTITY = "fill_quantity"
    FEES = "fees"
    TRADES = "trades"
    EQUITY = "equity"
    FIGURES = "figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something in a result that bars, models and orders do not explain.

    Attributes
    ----------
    code
        What kind of thing it is.
    text
        A sentence for people.
    order_id, symbol, time_ns
        What it is about, as far as it is about an order, a security or an instant (nanoseconds UTC).
    claimed, expected
        What the result says, and what the replay gives; empty where there is nothing to compare.
    """

    code: FindingCode
    text: str
    order_id: int | None = None
    symbol: str | None = None
    time_ns: int | None = None
    claimed: str = ""
    expected: str = ""

    def as_json(self) -> dict[str, object]:
        """Return the finding as plain values."""
        return {
            "code": str(self.code),
            "text": self.text,
            "order_id": self.order_id,
            "symbol": self.symbol,
            "time_ns": self.time_ns,
            "claimed": self.claimed,
            "expected": self.expected,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether a result follows from its orders, the bars and the models that the run declared.

    Attributes
    ----------
    findings
        What does not follow; the result is verified if there is nothing.
    notes
        What was taken as the run declared it, such as prices of a fill model of the author's own.
    left_out
        How many findings there were beyond those that are listed.
    seconds
        How long the check took.
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: int = 0
    seconds: float = field(default=0.0)

    @property
    def is_verified(self) -> bool:
        """Whether all of the result was explained."""
        return not self.findings

    def lines(self, most: int = 20) -> list[str]:
        """Return the first findings as sentences, and how many more there are; nothing if there are none."""
        lines = [finding.text for finding in self.findings[:most]]
        more = len(self.findings) - len(lines) + self.left_out
        return [*lines, f"{more:,} more findings."] if more else lines

    def as_json(self) -> dict[str, object]:
        """Return the verification as plain values."""
        return {
            "is_verified": self.is_verified,
            "findings": [finding.as_json() for finding in self.findings],
            "left_out": self.left_out,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }

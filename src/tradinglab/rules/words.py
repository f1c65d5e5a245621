"""The words that mean something in the text of rules."""

from __future__ import annotations

from tradinglab.rules.catalogue import AVERAGES

FIELDS = ("open", "high", "low", "close", "volume")
BLENDS = (*FIELDS, "average", "median", "typical", "weighted", "seven_bar")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
KINDS = ("equity", "forex", "crypto")
PACES = ("minute", "hour", "daily")

#: Names that a parameter or an operand may not have.
RESERVED = frozenset(
    {
        *BLENDS, *DAYS, *KINDS, *PACES, *AVERAGES,
        "above", "after", "ago", "and", "at", "bar", "bars", "below", "between", "by", "cash", "crosses", "day",
        "equal", "equity", "from", "highest", "in", "kelly", "let", "limit", "lowest", "not", "of", "on", "or", "over",
        "parameter", "per", "points", "positions", "risk", "since", "step", "time", "to", "trades", "units",
        "volatility", "weight", "when",
    }
)  # fmt: skip

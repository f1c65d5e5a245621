"""Whether a result follows from the bars: its requests are made again outside, and what it claims is compared."""

from __future__ import annotations

from tradinglab.engine.verification import Finding, FindingCode, Verification
from tradinglab.sandbox.replay.declared import Declared, read_declared
from tradinglab.sandbox.replay.replay import Replay, Terms, replay, verified

__all__ = [
    "Declared",
    "Finding",
    "FindingCode",
    "Replay",
    "Terms",
    "Verification",
    "read_declared",
    "replay",
    "verified",
]

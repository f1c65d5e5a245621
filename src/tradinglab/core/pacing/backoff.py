"""How long to wait before the next attempt."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime
from random import Random
from typing import Protocol


class Waits(Protocol):
    """The most that is waited before the second attempt, and before any."""

    @property
    def first_wait_s(self) -> float:
        """Seconds before the second attempt."""

    @property
    def most_wait_s(self) -> float:
        """Seconds before any."""


def backoff_s(retries: Waits, attempt: int, random: Random) -> float:
    """Return a random part of a wait that doubles with each attempt: full jitter.

    Parameters
    ----------
    retries
        First and longest wait.
    attempt
        The attempt that failed, from 1.
    random
        Where chance comes from.
    """
    # Beyond 2 to the 60th nothing is waited that most_wait_s would not cap.
    longest = min(retries.most_wait_s, retries.first_wait_s * 2.0 ** min(attempt - 1, 60))
    return random.uniform(0.0, longest)


def http_date(text: str | None) -> float | None:
    """Return the Unix second that a date of HTTP names, None if it names none."""
    if not text:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def retry_after_s(value: str | None, now: float) -> float | None:
    """Return the seconds that a header Retry-After asks for, None if it is missing or cannot be read.

    Parameters
    ----------
    value
        The header: seconds, or a date.
    now
        The server's time, if it said so; a date is meant by its clock.
    """
    if value is None:
        return None
    text = value.strip()
    try:
        seconds = float(text)
    except ValueError:
        date = http_date(text)
        seconds = math.nan if date is None else date - now
    return max(0.0, seconds) if math.isfinite(seconds) else None

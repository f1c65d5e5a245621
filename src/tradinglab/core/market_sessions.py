"""Open and close of every session of a range of days, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tradinglab.core.clock import DAY_NS, Ints

Spans = Sequence[tuple[int, int]]

_THURSDAY = 4  # the day of the week of 1970-01-01, Sunday being 0
_KEPT = 64
#: Sessions are found for so many days at once: years of them take hardly longer than a month's.
_BLOCK_DAYS = 1 << 13


class SessionTable:
    """Sessions of a market from a weekly pattern and the days that differ.

    Parameters
    ----------
    week
        For each day of the week, from Sunday, the open stretches as nanoseconds from midnight.
    exceptions
        The stretches of the days (counted from 1970-01-01) that have others.
    """

    def __init__(self, week: Sequence[Spans], exceptions: Mapping[int, Spans]) -> None:
        self._week = [[span for span in spans if span[0] < span[1]] for spans in week]
        self._days = np.array(sorted(exceptions), np.int64)
        self._exceptions = {day: [s for s in spans if s[0] < s[1]] for day, spans in exceptions.items()}
        self._found: dict[tuple[int, int], tuple[Ints, Ints]] = {}
        self._blocks: dict[tuple[int, int], tuple[Ints, Ints]] = {}

    def between(self, first_day: int, last_day: int) -> tuple[Ints, Ints]:
        """Return opens and closes, in local nanoseconds, of the days from first to last, both included.

        Stretches that touch or overlap are one.
        """
        key = first_day, last_day
        if key not in self._found:
            if len(self._found) >= _KEPT:
                self._found.clear()
            self._found[key] = self._cut(first_day, last_day)
        return self._found[key]

    def _cut(self, first_day: int, last_day: int) -> tuple[Ints, Ints]:
        """Cut the days from their block, unless a stretch runs into the first of them or out of the last."""
        opens, closes = self._block(first_day // _BLOCK_DAYS, last_day // _BLOCK_DAYS)
        first_ns, end_ns = first_day * DAY_NS, (last_day + 1) * DAY_NS
        first, end = opens.searchsorted(first_ns), opens.searchsorted(end_ns)
        if (first and closes[first - 1] >= first_ns) or (end and closes[end - 1] >= end_ns):
            return self._build(first_day, last_day)
        return opens[first:end], closes[first:end]

    def _block(self, first: int, last: int) -> tuple[Ints, Ints]:
        key = first, last
        if key not in self._blocks:
            if len(self._blocks) >= _KEPT:
                self._blocks.clear()
            self._blocks[key] = self._build(first * _BLOCK_DAYS, (last + 1) * _BLOCK_DAYS - 1)
        return self._blocks[key]

    def _build(self, first_day: int, last_day: int) -> tuple[Ints, Ints]:
        days = np.arange(first_day, last_day + 1, dtype=np.int64)
        special = self._days[np.searchsorted(self._days, first_day) : np.searchsorted(self._days, last_day, "right")]
        usual = np.ones(len(days), np.bool_)
        usual[special - first_day] = False
        weekday = (days + _THURSDAY) % 7
        parts = [(days[usual & (weekday == number)], spans) for number, spans in enumerate(self._week)]
        parts += [(special[i : i + 1], self._exceptions[int(day)]) for i, day in enumerate(special)]
        opens = [on * DAY_NS + start for on, spans in parts for start, _ in spans]
        closes = [on * DAY_NS + end for on, spans in parts for _, end in spans]
        return _joined(_stack(opens), _stack(closes))


def _stack(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _joined(opens: Ints, closes: Ints) -> tuple[Ints, Ints]:
    """Return the stretches in order, those that touch or overlap made one, as arrays that cannot be written."""
    order = np.argsort(opens, kind="stable")
    opens, closes = opens[order], np.maximum.accumulate(closes[order])
    if len(opens):
        apart = opens[1:] > closes[:-1]
        opens = opens[np.concatenate([[True], apart])]
        closes = closes[np.concatenate([apart, [True]])]
    opens.flags.writeable = closes.flags.writeable = False
    return opens, closes

"""The days of which a source has data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from tradinglab.server.backtests.data_sources import data_source_coverage, data_source_get

if TYPE_CHECKING:
    from tradinglab.data.source import Coverage

_EPOCH: Final = date(1970, 1, 1)


def source_series(*, data: str) -> list[Coverage]:
    """Return what a source has, by its name.

    Raises
    ------
    NotFoundError
        If there is no such source.
    ConflictError
        If it cannot be read now.
    """
    return data_source_coverage(source=data_source_get(name=data))[0]


def days_covered(series: Iterable[Coverage]) -> list[tuple[date, date]]:
    """Return the stretches of days, in order and apart from each other, of which series have data."""
    spans: list[tuple[int, int]] = []
    for first, last in sorted((int(each.first_day), int(each.last_day)) for each in series):
        if spans and first <= spans[-1][1] + 1:
            first, last = spans[-1][0], max(spans.pop()[1], last)
        spans.append((first, last))
    return [(_EPOCH + timedelta(days=first), _EPOCH + timedelta(days=last)) for first, last in spans]

"""Parts of lists, as clients ask for them: from a first up to before a last."""

from __future__ import annotations

from typing import Final

from tradinglab.server.errors import InputError

MOST_ROWS: Final = 100
MOST_LINES: Final = 200
_MOST_POINTS: Final = 100_000


def window(start: int, end: int, *, most: int) -> tuple[int, int]:
    """Return where a part begins and before what it ends.

    Raises
    ------
    InputError
        If it ends before it begins, or is longer than *most*.
    """
    if start < 0:
        raise InputError("start", start, f"The field 'start' was {start}; the first is 0.")
    if end < start:
        raise InputError("end", end, f"The field 'end' was {end}, before the start {start}; swap them.")
    if end - start > most:
        raise InputError("end", end, f"At most {most} are sent at once; {end - start} were asked for: ask for parts.")
    return start, end


def check_chart_window(*, start: int | None, end: int | None, count: int | None) -> None:
    """Refuse a part of a chart that ends before it begins, and a number of points that cannot be sent.

    Raises
    ------
    InputError
        Names field and value.
    """
    if start is not None and end is not None and end < start:
        raise InputError("end", end, f"The field 'end' was {end}, before the start {start}; swap them.")
    if count is not None and not 0 < count <= _MOST_POINTS:
        raise InputError("count", count, f"The field 'count' was {count}; ask for 1 to {_MOST_POINTS:,}.")

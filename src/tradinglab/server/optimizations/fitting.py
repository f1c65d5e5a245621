"""Whether a search fits the data: its days, and what its rules look back over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from tradinglab.server.backtests.covered_days import days_covered, source_series
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.strategies.checking import rules_windows_apart
from tradinglab.server.strategies.errors import CheckBusyError
from tradinglab.server.strategies.files import RULES
from tradinglab.server.strategies.running import rules_days, rules_tickers

if TYPE_CHECKING:
    from tradinglab.server.optimizations.requests import OptimizationRequest

Spans = Sequence[tuple[date, date]]
#: An exchange's day may begin on the one before, and daily bars lie on the day after.
_NEAR: Final = timedelta(days=1)
#: How code says that it brings data of its own, of which a source knows nothing.
_OWN_DATA: Final = "PythonData"


def days_fit_check(request: OptimizationRequest) -> None:
    """Refuse a search of days of which there are no data.

    Raises
    ------
    InputError
        Names field, value, and what to do.
    """
    covered = _covered(request)
    if not covered:
        return
    whose = "of the rules' securities" if RULES in request.version.files else "at all"
    first, last = covered[0][0], covered[-1][1]
    if request.start is not None and request.start > last + _NEAR:
        text = f"'{request.data}' has no bars {whose} after {last}: start earlier, or choose other data."
        raise InputError("start", request.start.isoformat(), text)
    if request.end is not None and request.end < first - _NEAR:
        text = f"'{request.data}' has no bars {whose} before {first}: end later, or choose other data."
        raise InputError("end", request.end.isoformat(), text)


def windows_fit_check(request: OptimizationRequest, *, spans: Spans = (), field: str = "version") -> None:
    """Refuse a search with values, or by rules, that look back over more bars than there can be.

    Parameters
    ----------
    spans
        The days of the windows of a walk-forward, each of which has to be long enough; by default those of the search.
    field
        What of the request they follow from.

    Raises
    ------
    InputError
        Names field, value, and what to do.
    """
    files = request.version.files
    if RULES not in files or not request.is_run_here:
        return
    axes = {axis.name: (place, axis) for place, axis in enumerate(request.space.axes)}
    try:
        refused = rules_windows_apart(
            text=files[RULES],
            parameters=request.parameters,
            searched={name: axis.span for name, (_, axis) in axes.items() if axis.span is not None},
            spans=spans or [days_with_rules(files, request.start, request.end)],
            covered=[(first - _NEAR, last + _NEAR) for first, last in _covered(request)] or None,
        )
    except CheckBusyError:
        return  # nobody has time to look: then the trials say it
    if not refused:
        return
    if refused["parameter"] in axes:
        place, axis = axes[refused["parameter"]]
        field, part = f"space.{place}", "values" if axis.low is None else "max"
        raise InputError(f"{field}.{part}", f"{axis.span[1]:g}" if axis.span else None, refused["reason"])
    raise InputError(field, None, refused["reason"])


def days_with_rules(files: Mapping[str, str], start: date | None, end: date | None) -> tuple[date | None, date | None]:
    """Return the first and the last day that are asked for; where rules are, their own in place of one left out.

    Raises
    ------
    InputError
        If the end is before the start.
    """
    if start is not None and end is not None and end < start:
        raise InputError("end", str(end), f"The end is before the start ({start}); swap them.")
    own = rules_days(files)
    if own is None:
        return start, end
    first, last = own
    if start is not None and end is None and start > last:
        raise InputError("start", str(start), f"The rules end on {last}, before it; start earlier, or give an end.")
    if end is not None and start is None and end < first:
        raise InputError("end", str(end), f"The rules begin on {first}, after it; end later, or give a start.")
    return start or first, end or last


def _covered(request: OptimizationRequest) -> Spans:
    """Return the days of which there are data; none if that cannot be told.

    Of rules those of their securities count, if the source knows these by that name.
    """
    files = request.version.files
    if not request.is_run_here or any(_OWN_DATA in text for text in files.values()):
        return []
    try:
        series, tickers = source_series(data=request.data), rules_tickers(files)
    except (CheckBusyError, ConflictError):
        return []
    return days_covered(each for each in series if not tickers or each.ticker.upper() in tickers)

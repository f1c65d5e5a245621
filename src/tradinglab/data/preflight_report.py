"""What a preflight says, as JSON knows it: the command line prints it, the server stores it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from tradinglab.core.clock import date_of_day
from tradinglab.data.inventory import Gap
from tradinglab.data.preflight import Availability, Fetch, NeedState

_MOST_GAPS = 50


def preflight_report(
    found: Sequence[Availability],
    downloads: Sequence[Sequence[Fetch]],
    *,
    start: date | None = None,
    end: date | None = None,
    notes: Sequence[str] = (),
    problem: str = "",
) -> dict[str, Any]:
    """Return what a run will read, what of it is missing, and what can be done.

    Parameters
    ----------
    downloads
        For each series that can be downloaded, by whom; see :func:`tradinglab.data.preflight.joined_fetches`.
    problem
        Why ``initialize`` did not come to its end; then there may be more to read.
    """
    fetched = {each[0].series: each for each in downloads if each}
    return {
        "is_complete": not problem and all(each.state == NeedState.COMPLETE for each in found),
        "start": None if start is None else start.isoformat(),
        "end": None if end is None else end.isoformat(),
        "bars": sum(each.bars for each in found),
        "memory": sum(each.memory for each in found),
        "series": [_series(each) for each in found],
        "downloads": [_download(each) for each in fetched.values()],
        "notes": list(notes),
        "problem": problem,
    }


def _series(found: Availability) -> dict[str, Any]:
    need = found.need
    return {
        "ticker": need.symbol.value,
        "security_type": need.symbol.security_type.name.lower(),
        "market": need.symbol.id.market,
        "resolution": need.resolution.name.lower(),
        "tick_types": [each.name.lower() for each in found.tick_types or need.tick_types],
        "role": str(need.role),
        "state": str(found.state),
        "first_day": _day(found.first_day),
        "last_day": _day(max(found.first_day, found.last_day)),
        "bars": found.bars,
        "memory": found.memory,
        "missing_days": found.missing_days,
        "gaps": [_gap(each) for each in found.gaps[:_MOST_GAPS]],
        "derivable_from": None if found.derivable_from is None else found.derivable_from.name.lower(),
        "is_synthetic": found.is_synthetic,
        "advice": _advice(found),
    }


def _advice(found: Availability) -> str:
    """Return what can be done, beside downloads; empty if nothing is missing."""
    need, finer = found.need, found.derivable_from
    if not found.missing_days:
        return ""
    name = need.resolution.name.lower()
    if finer is not None:
        there = finer.name.lower()
        return f"There are {there} bars of these days: 'tradinglab data resample' makes {name} bars of a store's."
    if not found.takes_prices:
        return f"Downloads bring no quotes, which there are here: import {name} bars of bids and asks from a file."
    text = "There are none at all" if not found.has_any else "There are others, of other days"
    return f"{text}: download {name} bars, or import them from a file." if not found.bars else ""


def _download(fetches: Sequence[Fetch]) -> dict[str, Any]:
    key = fetches[0].series
    return {
        "ticker": key.ticker,
        "security_type": key.security_type.name.lower(),
        "market": key.market,
        "resolution": key.resolution.name.lower(),
        "start": _day(min(each.first_day for each in fetches)),
        "end": _day(max(each.last_day for each in fetches)),
        "sources": [_asked(each) for each in fetches],
    }


def _asked(fetch: Fetch) -> dict[str, Any]:
    return {
        "name": fetch.source,
        "start": _day(fetch.first_day),
        "is_whole": fetch.is_whole,
        "credentials": list(fetch.credentials),
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"first_day": _day(gap.first_day), "last_day": _day(gap.last_day), "days": gap.days}


def _day(number: int) -> str:
    return date_of_day(number).isoformat()

"""What a LEAN data folder has, from the names of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.values import dataclass
from tradinglab.data.digits import clean
from tradinglab.data.errors import MalformedDataError
from tradinglab.data.lean.archive import read_entry
from tradinglab.data.lean.paths import LONG, WITH_BARS, market_folder, parse_day, parse_day_name, parse_long_name
from tradinglab.data.source import Coverage


@dataclass(frozen=True, slots=True)
class SeriesPlace:
    """An archive of a ticker's hourly or daily bars, or the folder of its days."""

    path: Path
    security_type: SecurityType
    market: str
    resolution: Resolution


def list_coverage(root: Path) -> Iterator[Coverage]:
    """Yield what there is of each ticker, resolution and tick type, sorted by path."""
    for place in list_places(root):
        for coverage, _ in read_place(place, is_brief=True):
            yield coverage


def list_places(root: Path) -> Iterator[SeriesPlace]:
    """Yield where the bars of each ticker and resolution are, sorted by path; no file is opened."""
    for security_type in WITH_BARS:
        for market in _folders(market_folder(root, security_type, "")):
            for resolution in Resolution:
                folder = market / resolution.name.lower()
                found = sorted(folder.glob("*.zip")) if resolution in LONG else _folders(folder)
                for path in found:
                    yield SeriesPlace(path, security_type, market.name, resolution)


def read_place(place: SeriesPlace, *, is_brief: bool = False) -> Iterator[tuple[Coverage, list[int]]]:
    """Yield what there is at a place, and the days on which there is, in order; in brief, the first and the last alone.

    Raises
    ------
    MalformedDataError
        If an archive cannot be read.
    """
    return _long(place, is_brief) if place.resolution in LONG else _by_day(place)


def _long(place: SeriesPlace, is_brief: bool) -> Iterator[tuple[Coverage, list[int]]]:
    path = place.path
    name = parse_long_name(path.name, place.security_type)
    rows = clean(read_entry(path, (f"{path.stem}.csv",))).splitlines()
    if name is None or not rows:
        return
    try:
        days = [rows[0][:8], rows[-1][:8]] if is_brief else sorted({row[:8] for row in rows})
        found = [parse_day(day.decode("ascii")) for day in days]
    except ValueError:
        raise MalformedDataError(path, "A row does not begin with a date.") from None
    coverage = Coverage(
        ticker=name[0],
        security_type=place.security_type,
        market=place.market,
        resolution=place.resolution,
        tick_type=name[1],
        first_day=found[0],
        last_day=found[-1],
        bars=len(rows),
    )
    yield coverage, found


def _by_day(place: SeriesPlace) -> Iterator[tuple[Coverage, list[int]]]:
    days: dict[TickType, list[int]] = {}
    for path in place.path.glob("*.zip"):
        if (parsed := parse_day_name(path.name)) is not None:
            days.setdefault(parsed[1], []).append(parsed[0])
    for tick_type in sorted(days):
        coverage = Coverage(
            ticker=place.path.name.upper(),
            security_type=place.security_type,
            market=place.market,
            resolution=place.resolution,
            tick_type=tick_type,
            first_day=min(days[tick_type]),
            last_day=max(days[tick_type]),
        )
        yield coverage, sorted(days[tick_type])


def _folders(parent: Path) -> Iterable[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else ()

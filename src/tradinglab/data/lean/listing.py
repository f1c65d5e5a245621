"""What a LEAN data folder has, from the names of its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.digits import clean
from tradinglab.data.errors import MalformedDataError
from tradinglab.data.lean.archive import read_entry
from tradinglab.data.lean.paths import LONG, WITH_BARS, market_folder, parse_day, parse_day_name, parse_long_name
from tradinglab.data.source import Coverage


def list_coverage(root: Path) -> Iterator[Coverage]:
    """Yield what there is of each ticker, resolution and tick type, sorted by path."""
    for security_type in WITH_BARS:
        for market in _folders(market_folder(root, security_type, "")):
            for resolution in Resolution:
                folder = market / resolution.name.lower()
                find = _long if resolution in LONG else _by_day
                yield from find(folder, security_type, market.name, resolution)


def _long(folder: Path, security_type: SecurityType, market: str, resolution: Resolution) -> Iterator[Coverage]:
    for path in sorted(folder.glob("*.zip")):
        name = parse_long_name(path.name, security_type)
        rows = clean(read_entry(path, (f"{path.stem}.csv",))).splitlines()
        if name is None or not rows:
            continue
        try:
            first, last = (parse_day(row[:8].decode("ascii")) for row in (rows[0], rows[-1]))
        except ValueError:
            raise MalformedDataError(path, "The first or last row does not begin with a date.") from None
        yield Coverage(
            ticker=name[0],
            security_type=security_type,
            market=market,
            resolution=resolution,
            tick_type=name[1],
            first_day=first,
            last_day=last,
            bars=len(rows),
        )


def _by_day(folder: Path, security_type: SecurityType, market: str, resolution: Resolution) -> Iterator[Coverage]:
    for ticker in _folders(folder):
        days: dict[TickType, list[int]] = {}
        for path in ticker.glob("*.zip"):
            if (parsed := parse_day_name(path.name)) is not None:
                days.setdefault(parsed[1], []).append(parsed[0])
        for tick_type in sorted(days):
            yield Coverage(
                ticker=ticker.name.upper(),
                security_type=security_type,
                market=market,
                resolution=resolution,
                tick_type=tick_type,
                first_day=min(days[tick_type]),
                last_day=max(days[tick_type]),
            )


def _folders(parent: Path) -> Iterable[Path]:
    return sorted(path for path in parent.iterdir() if path.is_dir()) if parent.is_dir() else ()

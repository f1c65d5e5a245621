"""The small tables of a LEAN data folder: map files, factor files, rates, shares to borrow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from tradinglab.core.clock import MINUTE_NS, date_of_day, day_of_date, to_ns
from tradinglab.core.decimals import ZERO
from tradinglab.core.security_definitions import SecurityDefinition
from tradinglab.data.errors import MalformedDataError
from tradinglab.data.factors import FactorRow, FactorTable
from tradinglab.data.interest import InterestRates
from tradinglab.data.lean.archive import read_entries, read_lines
from tradinglab.data.lean.kept import Kept
from tradinglab.data.lean.paths import parse_day
from tradinglab.data.mapping import MapFile, MapFiles, MapRow
from tradinglab.data.source import ShortableDay

Lines = Iterable[tuple[int, str]]

#: By the files of a market, and rows of factors by their file.
_MAP_FILES: Final[Kept[MapFiles]] = Kept(4)
_FACTORS: Final[Kept[FactorTable]] = Kept(20_000, lambda table: len(table.rows))


def read_map_files(folder: Path) -> MapFiles:
    """Return the map files of a market: one file each, and those in the newest archive of them all."""
    names = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    paths = [folder / name for name in names if name.endswith(".csv")]
    archives = [folder / name for name in names if name.startswith("map_files_") and name.endswith(".zip")][-1:]
    together = (*paths, *archives)
    return _MAP_FILES.get(together, together, lambda: _map_files(paths, archives))


def _map_files(paths: Iterable[Path], archives: Iterable[Path]) -> MapFiles:
    files: dict[str, MapFile] = {}
    for path in paths:
        _add_map_file(files, path.stem, _map_rows(path, read_lines(path)))
    for archive in archives:
        for name, text in read_entries(archive):
            if name.endswith(".csv"):
                _add_map_file(files, Path(name).stem, _map_rows(archive / name, _numbered(text)))
    return MapFiles(files.values())


def _add_map_file(files: dict[str, MapFile], permtick: str, rows: Iterator[MapRow]) -> None:
    found = list(rows)
    if found and permtick not in files:
        files[permtick] = MapFile(permtick, found)


def _map_rows(path: Path, lines: Lines) -> Iterator[MapRow]:
    for number, line in lines:
        day, ticker, *rest = _fields(path, number, line, "date", "ticker")
        yield MapRow(_day(path, number, day), ticker.strip().upper(), rest[0].strip() if rest else "")


def read_factor_file(folder: Path, permtick: str) -> FactorTable | None:
    """Return the factors in a file of their own or in the newest archive of all factor files."""
    path = folder / f"{permtick.lower()}.csv"
    if path.is_file():
        return _FACTORS.get(path, (path,), lambda: FactorTable(_factor_rows(path, read_lines(path))))
    for archive in sorted(folder.glob("factor_files_*.zip"))[-1:]:
        for name, text in read_entries(archive):
            if name.lower() == path.name:
                return FactorTable(_factor_rows(archive / name, _numbered(text)))
    return None


def _factor_rows(path: Path, lines: Lines) -> Iterator[FactorRow]:
    for number, line in lines:
        # LEAN leaves out what is infinite, and what was written with an exponent and so lost its digits.
        if "inf" in line or "e+" in line:
            continue
        day, price, split, *rest = _fields(path, number, line, "date", "price factor", "split factor")
        yield FactorRow(
            _day(path, number, day),
            _decimal(path, number, "price factor", price),
            _decimal(path, number, "split factor", split),
            _decimal(path, number, "reference price", rest[0]) if rest and rest[0] else ZERO,
        )


def factor_line(row: FactorRow) -> str:
    """Return a row as it stands in a factor file."""
    return f"{date_of_day(row.day):%Y%m%d},{row.price_factor},{row.split_factor},{row.reference_price}"


def read_interest_rates(path: Path) -> InterestRates:
    """Return a table of dates (2003-01-09) and rates in percent, below one line of headings."""
    changes = []
    for number, line in read_lines(path)[1:]:
        when, rate, *_ = _fields(path, number, line, "date", "rate")
        try:
            day = day_of_date(date.fromisoformat(when))
        except ValueError:
            raise MalformedDataError(path, "This is no date.", line=number, field="date", value=when) from None
        changes.append((day, _decimal(path, number, "rate", rate) / 100))
    return InterestRates.of(changes)


def read_margin_interest(path: Path) -> list[tuple[int, Decimal]]:
    """Return instants (nanoseconds UTC) and rates of a perpetual future's funding."""
    rates = []
    for number, line in read_lines(path):
        when, rate, *_ = _fields(path, number, line, "time", "rate")
        try:
            moment = datetime.strptime(when, "%Y%m%d %H:%M:%S")
        except ValueError:
            raise MalformedDataError(path, "This is no time.", line=number, field="time", value=when) from None
        rates.append((to_ns(moment), _decimal(path, number, "rate", rate)))
    return sorted(rates, key=lambda pair: pair[0] // MINUTE_NS)


def read_shortable(path: Path) -> dict[int, ShortableDay]:
    """Return quantities that could be borrowed, with rates as fractions, by day."""
    days = {}
    for number, line in read_lines(path):
        if line.startswith("#"):
            continue
        day, quantity, *rates = _fields(path, number, line, "date", "quantity")
        rebate, fee, *_ = [*rates, "", ""]
        days[_day(path, number, day)] = ShortableDay(
            int(_decimal(path, number, "quantity", quantity)) if quantity else None,
            _decimal(path, number, "rebate rate", rebate or "0") / 100,
            _decimal(path, number, "fee rate", fee or "0") / 100,
        )
    return days


def read_security_definitions(path: Path) -> list[SecurityDefinition]:
    """Return what securities are called in the industry; nothing if there is no such file."""
    found = []
    for number, line in read_lines(path):
        if line.startswith("#"):
            continue
        try:
            found.append(SecurityDefinition.parse(line))
        except ValueError as problem:
            raise MalformedDataError(path, str(problem), line=number, field="security", value=line) from problem
    return found


def _numbered(text: str) -> Lines:
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _fields(path: Path, number: int, line: str, *names: str) -> list[str]:
    fields = [field.strip() for field in line.split(",")]
    if len(fields) < len(names):
        raise MalformedDataError(path, f"A row must have {', '.join(names)}.", line=number, value=line)
    return fields


def _day(path: Path, number: int, text: str) -> int:
    try:
        return parse_day(text)
    except ValueError:
        raise MalformedDataError(path, "This is no date.", line=number, field="date", value=text) from None


def _decimal(path: Path, number: int, name: str, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise MalformedDataError(path, "This is not a number.", line=number, field=name, value=text)
    return value

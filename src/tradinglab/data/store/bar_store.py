"""A folder of Parquet files that holds bars, and how bars get in and out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from tradinglab.core.clock import date_of_day
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Flags, Floats, Ints
from tradinglab.data.errors import StoreError
from tradinglab.data.factors import FactorTable
from tradinglab.data.lean.tables import factor_line, read_factor_file
from tradinglab.data.store.checks import wrong_rows
from tradinglab.data.store.files import (
    BarFile,
    Origin,
    Values,
    content_hash,
    describe_bar_file,
    read_bar_files,
    write_bar_file,
)
from tradinglab.data.store.layout import FORMAT, MARKER, SeriesKey, factor_folder, find_series, is_bar_file
from tradinglab.data.store.options import OnConflict

_US = 1_000
_DAY_US = 86_400_000_000
_FIRST_US, _LAST_US = -(1 << 62), 1 << 62
_MAY_BE_NEGATIVE = (SecurityType.CFD, SecurityType.FUTURE, SecurityType.INDEX)


@dataclass(frozen=True, slots=True)
class Stored:
    """What writing did: files written, bars that are new, bars that were there already."""

    files: tuple[BarFile, ...]
    added: int
    known: int


class BarStore:
    """Bars of many symbols in a folder.

    Parameters
    ----------
    folder
        The store's folder; made, with its marker, when the first bars are written.

    Raises
    ------
    StoreError
        If the folder is a store of another format, or holds something else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        marker = folder / MARKER
        if not marker.is_file():
            if folder.is_dir() and any(folder.iterdir()):
                raise StoreError(f"{folder} is not a bar store: it has no {MARKER} and is not empty.")
            return
        version = None
        with suppress(OSError, ValueError, TypeError, KeyError):
            version = json.loads(marker.read_text())["format"]
        if version != FORMAT:
            raise StoreError(f"{folder} is a bar store of format {version}; this TradingLab knows format {FORMAT}.")

    def series(self) -> list[SeriesKey]:
        """Return what there are bars of."""
        return list(find_series(self.folder))

    def has(self, key: SeriesKey) -> bool:
        """Return whether there are bars of a series."""
        return bool(self._paths(key))

    def files(self, key: SeriesKey) -> list[BarFile]:
        """Return the files of a series and what they say of themselves."""
        return [describe_bar_file(path) for path in self._paths(key)]

    def read(self, key: SeriesKey, start_us: int = _FIRST_US, end_us: int = _LAST_US) -> tuple[Ints, dict[str, Floats]]:
        """Return times (microseconds UTC) and values of the bars that start in ``[start_us, end_us)``."""
        paths = [path for path in self._paths(key) if _may_hold(path, start_us, end_us)]
        times, values = read_bar_files(paths, key.fields, start_us, end_us)
        if any(_is_day(path) for path in paths):
            order = _order(key, times)
            times, values = times[order], {name: column[order] for name, column in values.items()}
        return times, values

    def write(
        self,
        key: SeriesKey,
        times_us: Ints,
        values: Values,
        origins: Sequence[Origin],
        *,
        on_conflict: OnConflict = "error",
    ) -> Stored:
        """Merge bars into the files of their years.

        Parameters
        ----------
        times_us, values
            Bars in order of time; no two at once, but ticks.
        on_conflict
            What to do where other bars of the same time are stored: ``error``, ``replace`` them or ``keep`` them.

        Raises
        ------
        StoreError
            If a bar is wrong, bars are out of order, or they conflict with those stored.
        """
        _check(key, times_us, values)
        self._mark()
        years = _years(times_us)
        written: list[BarFile] = []
        added = 0
        for year in np.unique(years).tolist():
            inside = years == year
            part = times_us[inside], {name: values[name][inside] for name in key.fields}
            file, fresh = self._merge_year(key, int(year), part, origins, on_conflict)
            added += fresh
            written += [file] if file is not None else []
        return Stored(tuple(written), added, len(times_us) - added)

    def append_day(self, key: SeriesKey, times_us: Ints, values: Values, origin: Origin) -> BarFile:
        """Write the bars of one day (UTC) to a small file of their own; where they meet older ones, they count.

        Raises
        ------
        StoreError
            If a bar is wrong, bars are out of order, or they are of several days.
        """
        _check(key, times_us, values)
        days = times_us // _DAY_US
        if days[0] != days[-1]:
            raise StoreError(
                f"Bars of {key} to append must be of one day; they were of {date_of_day(int(days[0]))} "
                f"to {date_of_day(int(days[-1]))}."
            )
        self._mark()
        path = key.folder(self.folder) / f"{date_of_day(int(days[0]))}.parquet"
        return write_bar_file(path, times_us, {name: values[name] for name in key.fields}, [origin])

    def compact(self, key: SeriesKey) -> int:
        """Merge the files of single days into those of their years; return how many there were."""
        day_files = [path for path in self._paths(key) if _is_day(path)]
        for year in sorted({path.name[:4] for path in day_files}):
            parts = [path for path in self._paths(key) if path.name.startswith(year)]
            times, values = read_bar_files(parts, key.fields, _FIRST_US, _LAST_US)
            order = _order(key, times)
            origins = _united([describe_bar_file(path).origins for path in parts])
            target = key.folder(self.folder) / f"{year}.parquet"
            write_bar_file(target, times[order], {name: column[order] for name, column in values.items()}, origins)
            for path in parts:
                if path != target:
                    path.unlink()
        return len(day_files)

    def verify(self, key: SeriesKey) -> list[BarFile]:
        """Return the files of a series whose bars are not those that were written."""
        damaged = []
        for path in self._paths(key):
            file = describe_bar_file(path)
            if content_hash(*read_bar_files([path], key.fields, _FIRST_US, _LAST_US)) != file.sha256:
                damaged.append(file)
        return damaged

    def factors(self, security_type: SecurityType, market: str, ticker: str) -> FactorTable | None:
        """Return the factors of a ticker, if there are any."""
        return read_factor_file(factor_folder(self.folder, security_type, market), ticker)

    def write_factors(self, security_type: SecurityType, market: str, ticker: str, table: FactorTable) -> Path:
        """Write the factors of a ticker in place of those there are."""
        self._mark()
        path = factor_folder(self.folder, security_type, market) / f"{ticker.lower()}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.tmp")
        draft.write_text("".join(factor_line(row) + "\n" for row in table.rows))
        draft.replace(path)
        return path

    def _mark(self) -> None:
        marker = self.folder / MARKER
        if not marker.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            marker.write_text(json.dumps({"format": FORMAT}) + "\n")

    def _paths(self, key: SeriesKey) -> list[Path]:
        """Return the files of a series: years before the days that were appended to them."""
        folder = key.folder(self.folder)
        names = sorted(path.name for path in folder.iterdir() if is_bar_file(path.name)) if folder.is_dir() else []
        return [folder / name for name in sorted(names, key=lambda name: (name[:4], len(name), name))]

    def _merge_year(
        self,
        key: SeriesKey,
        year: int,
        part: tuple[Ints, dict[str, Floats]],
        origins: Sequence[Origin],
        on_conflict: OnConflict,
    ) -> tuple[BarFile | None, int]:
        """Merge bars into a year; return the file, if it had to be written, and how many bars are new."""
        path = key.folder(self.folder) / f"{year}.parquet"
        times, values = part
        if not path.is_file():
            return write_bar_file(path, times, values, origins), len(times)
        old_times, old_values = read_bar_files([path], key.fields, _FIRST_US, _LAST_US)
        known = np.isin(times, old_times)
        changed = _changed(times, values, old_times, old_values)
        if changed.any() and on_conflict == "error":
            when = np.datetime64(int(times[changed][0]), "us")
            raise StoreError(
                f"{int(changed.sum())} bars of {key} differ from those stored, the first at {when} UTC. "
                "Say whether to replace or to keep them."
            )
        use = ~known | (changed if on_conflict == "replace" else False)
        if not use.any():
            return None, 0
        kept = ~np.isin(old_times, times[use])
        joined = np.concatenate([old_times[kept], times[use]])
        order = np.argsort(joined, kind="stable")
        merged = {name: np.concatenate([old_values[name][kept], values[name][use]])[order] for name in key.fields}
        united = _united([describe_bar_file(path).origins, tuple(origins)])
        return write_bar_file(path, joined[order], merged, united), int((~known).sum())


def _changed(times: Ints, values: Values, old_times: Ints, old_values: Values) -> Flags:
    """Return which bars differ from those stored at their time."""
    at = np.minimum(np.searchsorted(old_times, times), len(old_times) - 1)
    different = np.zeros(len(times), np.bool_)
    for name, column in values.items():
        old = old_values[name][at]
        different |= (column != old) & ~(np.isnan(column) & np.isnan(old))
    different[old_times[at] != times] = False
    return different


def _check(key: SeriesKey, times_us: Ints, values: Values) -> None:
    missing = [name for name in key.fields if name not in values]
    if missing or len(times_us) == 0:
        raise StoreError(f"Bars of {key} to store lack {', '.join(missing) or 'rows'}.")
    steps = np.diff(times_us)
    wrong = steps < 0 if key.resolution == Resolution.TICK else steps <= 0
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0]) + 1
        raise StoreError(
            f"Bars of {key} must be in order of time; that at {np.datetime64(int(times_us[row]), 'us')} is not."
        )
    allow_negative = key.security_type in _MAY_BE_NEGATIVE
    _, problems = wrong_rows({name: values[name] for name in key.fields}, allow_negative=allow_negative)
    for problem in problems[:1]:
        when, value = np.datetime64(int(times_us[problem.row]), "us"), values[problem.field][problem.row]
        raise StoreError(f"{key} at {when}, field '{problem.field}': {problem.text} It was {value}.")


def _years(times_us: Ints) -> Ints:
    years: Ints = times_us.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def _may_hold(path: Path, start_us: int, end_us: int) -> bool:
    first = np.datetime64(path.stem, "us").astype(np.int64)
    after = np.datetime64(path.stem) + np.timedelta64(1, "D" if _is_day(path) else "Y")
    return bool(first < end_us and after.astype("datetime64[us]").astype(np.int64) > start_us)


def _is_day(path: Path) -> bool:
    return len(path.stem) > 4


def _order(key: SeriesKey, times: Ints) -> Ints:
    """Return the order that sorts times and keeps, of equal ones, the last, but every tick."""
    order = np.argsort(times, kind="stable")
    if key.resolution == Resolution.TICK or len(order) == 0:
        return order
    ordered = times[order]
    found: Ints = order[np.append(ordered[1:] != ordered[:-1], True)]
    return found


def _united(groups: Sequence[Sequence[Origin]]) -> list[Origin]:
    return list(dict.fromkeys(one for group in groups for one in group))


def iter_origins(files: Sequence[BarFile]) -> Iterator[Origin]:
    """Yield the origins of files."""
    for file in files:
        yield from file.origins

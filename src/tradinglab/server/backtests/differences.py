"""Whether a backtest that was run again came to the same; if not, where it begins to differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl

#: The tables that are compared, in this order: what comes later follows from what comes first.
COMPARED_TABLES = ("insights", "orders", "order_events", "trades", "equity", "days", "positions", "charts")
_LONGEST = 200
_NONE = "none"


class DifferenceKind(StrEnum):
    """What differs; one that comes earlier explains those that come later."""

    CODE = "code"
    DATA = "data"
    ENGINE = "engine"
    FIGURE = "figure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference.

    Attributes
    ----------
    where
        A file, a slice of data, a library, a statistic, or row and column of a table.
    was, now
        What it was in the first run, and what it is in the second.
    """

    kind: DifferenceKind
    where: str
    was: str
    now: str

    def as_json(self) -> dict[str, str]:
        """Return the difference as plain values."""
        return {"kind": str(self.kind), "where": self.where, "was": self.was, "is": self.now}


def manifest_differences(was: Mapping[str, object], now: Mapping[str, object]) -> Iterator[Difference]:
    """Yield how two manifests differ: code, then data, then engine."""
    code, code_now = _part(was, "strategy"), _part(now, "strategy")
    yield from _pairs(DifferenceKind.CODE, _part(code, "files"), _part(code_now, "files"))
    made, made_now = (_part(_part(each, "generated"), "files") for each in (code, code_now))
    yield from _pairs(DifferenceKind.CODE, made, made_now, "generated.")
    data, data_now = _part(was, "data"), _part(now, "data")
    yield from _pairs(DifferenceKind.DATA, _part(data, "slices"), _part(data_now, "slices"))
    rest = ("source", "kind", "sha256")
    yield from _pairs(DifferenceKind.DATA, _chosen(data, rest), _chosen(data_now, rest))
    engine, engine_now = {"engine": was.get("engine")}, {"engine": now.get("engine")}
    yield from _pairs(DifferenceKind.ENGINE, engine, engine_now)
    for name in ("versions", "calendars"):
        yield from _pairs(DifferenceKind.ENGINE, _part(was, name), _part(now, name), f"{name}.")


def figure_differences(was: Mapping[str, object], now: Mapping[str, object]) -> Iterator[Difference]:
    """Yield the figures that differ."""
    return _pairs(DifferenceKind.FIGURE, was, now)


def table_differences(name: str, was: Path, now: Path) -> Iterator[Difference]:
    """Yield where two tables begin to differ: the first row that does, and the first column of it."""
    first, second = pl.read_parquet(was), pl.read_parquet(now)
    if first.columns != second.columns:
        yield _figure(f"{name}.columns", ", ".join(first.columns), ", ".join(second.columns))
        return
    height = min(first.height, second.height)
    ahead, ahead_now = first.head(height), second.head(height)
    rows = {column: _first_row(ahead[column], ahead_now[column]) for column in first.columns}
    differing = [(row, place) for place, row in enumerate(rows.values()) if row is not None]
    if differing:
        row, place = min(differing)
        column = first.columns[place]
        yield _figure(f"{name}[{row}].{column}", ahead[column][row], ahead_now[column][row])
    elif first.height != second.height:
        yield _figure(f"{name}.rows", first.height, second.height)


def _first_row(was: pl.Series, now: pl.Series) -> int | None:
    if was.dtype != now.dtype:
        return 0 if len(was) else None
    return was.ne_missing(now).arg_max() if was.ne_missing(now).any() else None


def _figure(where: str, was: object, now: object) -> Difference:
    return Difference(kind=DifferenceKind.FIGURE, where=where, was=_text(was), now=_text(now))


def _pairs(
    kind: DifferenceKind, was: Mapping[str, object], now: Mapping[str, object], prefix: str = ""
) -> Iterator[Difference]:
    for name in [*was, *(each for each in now if each not in was)]:
        before, after = was.get(name), now.get(name)
        if before != after:
            yield Difference(kind=kind, where=f"{prefix}{name}"[:_LONGEST], was=_text(before), now=_text(after))


def _part(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = document.get(name)
    return found if isinstance(found, Mapping) else {}


def _chosen(document: Mapping[str, object], names: tuple[str, ...]) -> Mapping[str, object]:
    return {name: document[name] for name in names if name in document}


def _text(value: object) -> str:
    return _NONE if value is None else str(value)[:_LONGEST]

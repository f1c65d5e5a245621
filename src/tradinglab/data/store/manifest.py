"""What a series consists of at a moment, and what it consisted of before.

A manifest is one JSON document, replaced as a whole. It names the files that hold the bars, each with the sha256 over
its bars; and the files that held them before, each with the generations for which it did, for as long as they are
kept. So every state of the series since the oldest file that is kept can be read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from tradinglab.core.values import dataclass
from tradinglab.data.errors import MalformedDataError, StoreError
from tradinglab.data.store.files import Origin
from tradinglab.data.store.layout import what_of

FORMAT = 1
_YEAR_DIGITS = len("2024")
_MONTH_DIGITS = len("2024-01")

#: A generation, or the sha256 of slices.
At = int | Sequence[str]


@dataclass(frozen=True, slots=True)
class SourceRange:
    """The source that bars are from, by the name that it has for failover: first and last bar, and when it was asked.

    Ranges may overlap: the bars are from the one that stands last.
    """

    source: str
    first_us: int
    last_us: int
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A file of bars as a manifest names it.

    Attributes
    ----------
    file
        Its name in the series' folder.
    sha256
        Over its bars, however they are coded; over the bytes of a file of factors.
    rows, first_us, last_us
        How many bars, and the starts of the first and the last (microseconds UTC).
    size
        Of the file, in bytes.
    origins
        What was read to make it.
    sources
        The sources that were asked for its bars.
    since, until
        The generations in which it counts: from the first on, and before the second; ``None`` if it still does.
    written_at, until_at
        When these two began (ISO 8601, UTC).
    is_condemned
        Whether it is about to be removed: it may not be pinned any more.
    """

    file: str
    sha256: str
    rows: int
    first_us: int
    last_us: int
    size: int = 0
    origins: tuple[Origin, ...] = ()
    sources: tuple[SourceRange, ...] = ()
    since: int = 0
    written_at: str = ""
    until: int | None = None
    until_at: str = ""
    is_condemned: bool = False

    @property
    def period(self) -> str:
        """The year, the month or the day of its bars."""
        return what_of(self.file)

    @property
    def is_day(self) -> bool:
        """Whether it holds the bars of one day, which count where there are others at their times."""
        return len(self.period) > _MONTH_DIGITS

    @property
    def is_year(self) -> bool:
        """Whether it holds the bars of a year."""
        return len(self.period) == _YEAR_DIGITS

    @property
    def order(self) -> tuple[str, int, str]:
        """By which slices are sorted: years before their months, and these before days."""
        return self.period[:_YEAR_DIGITS], len(self.period), self.period


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The state of a series.

    Attributes
    ----------
    generation
        Counts the states; 0 before the first.
    written_at
        When it was written (ISO 8601, UTC).
    slices
        The files that hold the bars, years before their days.
    past
        Files that held bars before.
    restatements
        Files that hold bars as they were and as they became when they were changed.
    kept_from
        The first generation of which everything is kept.
    """

    generation: int = 0
    written_at: str = ""
    slices: tuple[Slice, ...] = ()
    past: tuple[Slice, ...] = ()
    restatements: tuple[Slice, ...] = ()
    kept_from: int = 0

    @property
    def files(self) -> set[str]:
        """The names of all files that the series has."""
        return {each.file for each in (*self.slices, *self.past, *self.restatements)}

    def changed(
        self, at: str, new: Iterable[Slice], dropped: Iterable[Slice], restatement: Slice | None = None
    ) -> Manifest:
        """Return the next state: with new slices, and some that it has now in the past."""
        generation = self.generation + 1
        gone = {each.file for each in dropped}
        added = [replace(each, since=generation, written_at=at) for each in new]
        past = [replace(each, until=generation, until_at=at) for each in self.slices if each.file in gone]
        kept = [each for each in self.slices if each.file not in gone]
        told = () if restatement is None else (replace(restatement, since=generation, written_at=at),)
        return replace(
            self,
            generation=generation,
            written_at=at,
            slices=tuple(sorted([*kept, *added], key=lambda each: each.order)),
            past=(*self.past, *past),
            restatements=(*self.restatements, *told),
        )

    def chosen(self, at: At | None, series: str) -> tuple[Slice, ...]:
        """Return the slices of the present state, of a generation, or those of some hashes.

        Raises
        ------
        StoreError
            If they are not kept.
        """
        if at is None:
            return self.slices
        known = (*self.past, *self.slices)
        if not isinstance(at, int):
            by_hash = {each.sha256: each for each in known}
            missing = [one for one in at if one not in by_hash]
            if missing:
                raise StoreError(f"{series} has no slice {missing[0]} any more: it was restated and is not kept.")
            return tuple(sorted({by_hash[one] for one in at}, key=lambda each: each.order))
        found = [each for each in known if each.since <= at and (each.until is None or at < each.until)]
        if not self.kept_from <= at <= self.generation:
            raise StoreError(
                f"{series} is kept from generation {self.kept_from} to {self.generation}; asked for was {at}."
            )
        return tuple(sorted(found, key=lambda each: each.order))

    def without(self, gone: Iterable[Slice], at: str) -> Manifest:
        """Return the next state: without some of the past slices."""
        names = {(each.file, each.since) for each in gone}
        removed = [each for each in self.past if (each.file, each.since) in names]
        return replace(
            self,
            generation=self.generation + 1,
            written_at=at,
            past=tuple(each for each in self.past if (each.file, each.since) not in names),
            kept_from=max([self.kept_from, *(each.until or 0 for each in removed)]),
        )

    def to_json(self) -> bytes:
        """Return the document: a line for each file."""
        head = {"format": FORMAT, "generation": self.generation, "written_at": self.written_at}
        lines = [json.dumps({**head, "kept_from": self.kept_from})[:-1]]
        for name in _LISTS:
            files = ",\n  ".join(json.dumps(_to_json(each)) for each in getattr(self, name))
            lines.append(f' "{name}": [\n  {files}\n ]' if files else f' "{name}": []')
        return (",\n".join(lines) + "\n}\n").encode()

    @classmethod
    def from_json(cls, content: bytes, name: str) -> Manifest:
        """Return the manifest in a document.

        Raises
        ------
        MalformedDataError
            If it is none.
        """
        try:
            told = json.loads(content)
            if told["format"] != FORMAT:
                problem = f"The manifest has format {told['format']}; this TradingLab knows format {FORMAT}."
                raise MalformedDataError(name, problem)
            slices, past, restatements = (tuple(_slice_of(each) for each in told[part]) for part in _LISTS)
            return cls(
                generation=int(told["generation"]),
                written_at=str(told["written_at"]),
                slices=slices,
                past=past,
                restatements=restatements,
                kept_from=int(told["kept_from"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            text = (
                f"The manifest is broken ({type(problem).__name__}: {problem}). Restore it, or remove it with its bars."
            )
            raise MalformedDataError(name, text) from problem


_LISTS = ("slices", "past", "restatements")


def _to_json(one: Slice) -> dict[str, Any]:
    """Return a slice as JSON has it, without what it has no more to say of than any other."""
    told: dict[str, Any] = {name: getattr(one, name) for name in _PLAIN}
    told["origins"] = [{"name": each.name, "sha256": each.sha256} for each in one.origins]
    if one.sources:
        told["sources"] = [[each.source, each.first_us, each.last_us, each.at] for each in one.sources]
    if one.until is not None:
        told |= {"until": one.until, "until_at": one.until_at}
    if one.is_condemned:
        told["is_condemned"] = True
    return told


_PLAIN = ("file", "sha256", "rows", "first_us", "last_us", "size", "since", "written_at")


def _slice_of(told: dict[str, Any]) -> Slice:
    file = str(told["file"])
    if "/" in file or file.startswith("."):
        raise ValueError(f"'{file}' is not the name of a file of a series")
    until = told.get("until")
    return Slice(
        file=file,
        sha256=str(told["sha256"]),
        rows=int(told["rows"]),
        first_us=int(told["first_us"]),
        last_us=int(told["last_us"]),
        size=int(told["size"]),
        since=int(told["since"]),
        written_at=str(told["written_at"]),
        origins=tuple(Origin(str(each["name"]), str(each["sha256"])) for each in told["origins"]),
        sources=tuple(
            SourceRange(str(name), int(first), int(last), str(at)) for name, first, last, at in told.get("sources", ())
        ),
        until=None if until is None else int(until),
        until_at=str(told.get("until_at", "")),
        is_condemned=bool(told.get("is_condemned", False)),
    )


def joined_sources(groups: Iterable[Iterable[SourceRange]]) -> tuple[SourceRange, ...]:
    """Return ranges of sources in the order in which they were asked, one range where one follows another."""
    ranges = sorted(dict.fromkeys(each for group in groups for each in group), key=lambda each: each.at)
    found: list[SourceRange] = []
    for each in ranges:
        last = found[-1] if found else None
        if last is not None and last.source == each.source and last.last_us < each.first_us:
            found[-1] = SourceRange(each.source, last.first_us, each.last_us, each.at)
        else:
            found.append(each)
    return tuple(found)

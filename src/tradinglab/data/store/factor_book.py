"""What happened to the shares of a ticker, who said so and when, and the factors made of it.

The document ``equity/usa/factors/spy.json`` holds *actions*: nothing in it is ever taken out, a later entry of the
same day and kind counts instead of an earlier one. The factors are in a file beside it that never changes,
``spy.77ad….csv``; those made of what was known before stay, so that a run can be repeated with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, Literal

from tradinglab.core.clock import date_of_day, day_of_date
from tradinglab.core.decimals import ONE, ZERO
from tradinglab.core.values import dataclass
from tradinglab.data.derivation import Action
from tradinglab.data.errors import MalformedDataError, StoreError
from tradinglab.data.factors import FactorTable
from tradinglab.data.lean.tables import factor_line, read_factor_file
from tradinglab.data.store.commits import now, pause
from tradinglab.data.store.full_disk import full_disk_named
from tradinglab.data.store.layout import content_name
from tradinglab.data.store.place import Place

_FORMAT: Final = 1
_MOST_ATTEMPTS: Final = 40
_SUFFIX: Final = "csv"

Kind = Literal["dividend", "split"]
_KINDS: Final[tuple[Kind, ...]] = ("dividend", "split")


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRecord:
    """An entry about a day.

    Attributes
    ----------
    day
        The ex-date, in days since 1970.
    kind, value
        A dividend, per share of that day; or a split, old shares per new one.
    source
        Who said so.
    seen_at
        When (ISO 8601, UTC).
    is_retracted
        Whether it says that there is no such thing after all.
    """

    day: int
    kind: Kind
    value: Decimal
    source: str
    seen_at: str
    is_retracted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorVersion:
    """A table of factors: its file, the sha256 of it, and when it was written (ISO 8601, UTC)."""

    file: str
    sha256: str
    written_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The document of a ticker.

    Attributes
    ----------
    records
        All entries, in the order in which they came.
    derived_through
        The last day whose bars the factors take account of, ``None`` if they were given as they are.
    versions
        The tables of factors; the last one counts.
    """

    records: tuple[ActionRecord, ...] = ()
    derived_through: int | None = None
    versions: tuple[FactorVersion, ...] = ()

    def actions(self) -> list[Action]:
        """Return what counts, one action a day, in order."""
        last = {(each.day, each.kind): each for each in self.records}
        found: dict[int, Action] = {}
        for (day, kind), record in last.items():
            if not record.is_retracted:
                action = found.get(day, Action(day))
                is_split = kind == "split"
                dividend, factor = action.dividend, action.split_factor
                found[day] = Action(day, dividend if is_split else record.value, record.value if is_split else factor)
        return [found[day] for day in sorted(found)]

    def noted(self, actions: Iterable[Action], source: str, span: tuple[int, int] | None = None) -> Book:
        """Return the book with entries for what is new in *actions*.

        Parameters
        ----------
        span
            First and last day of which *actions* has everything: what counted there and is missing is retracted.
        """
        known = {(one.day, kind): value for one in self.actions() for kind, value in _values(one).items()}
        told = {(one.day, kind): value for one in actions for kind, value in _values(one).items()}
        at = now()
        new = [
            ActionRecord(day=day, kind=kind, value=value, source=source, seen_at=at)
            for (day, kind), value in sorted(told.items())
            if known.get((day, kind)) != value
        ]
        if span is not None:
            new += [
                ActionRecord(day=day, kind=kind, value=value, source=source, seen_at=at, is_retracted=True)
                for (day, kind), value in sorted(known.items())
                if span[0] <= day <= span[1] and (day, kind) not in told
            ]
        return replace(self, records=(*self.records, *new))

    def to_json(self) -> bytes:
        """Return the document."""
        through = None if self.derived_through is None else str(date_of_day(self.derived_through))
        told = {
            "format": _FORMAT,
            "derived_through": through,
            "actions": [_record_to_json(each) for each in self.records],
            "factors": [
                {"file": each.file, "sha256": each.sha256, "written_at": each.written_at} for each in self.versions
            ],
        }
        return json.dumps(told, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, content: bytes, name: Path) -> Book:
        """Return the book in a document.

        Raises
        ------
        MalformedDataError
            If it is none.
        """
        try:
            told = json.loads(content)
            if told["format"] != _FORMAT:
                raise ValueError(f"the format is {told['format']}, not {_FORMAT}")
            through = told["derived_through"]
            return cls(
                records=tuple(_record_of(each) for each in told["actions"]),
                derived_through=None if through is None else day_of_date(date.fromisoformat(through)),
                versions=tuple(FactorVersion(**{one: str(each[one]) for one in _VERSION}) for each in told["factors"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as problem:
            raise MalformedDataError(name, f"The table of splits and dividends is broken ({problem}).") from problem


_VERSION: Final = ("file", "sha256", "written_at")


def _values(action: Action) -> dict[Kind, Decimal]:
    found: dict[Kind, Decimal] = {}
    if action.dividend != ZERO:
        found["dividend"] = action.dividend
    if action.split_factor != ONE:
        found["split"] = action.split_factor
    return found


def _record_to_json(one: ActionRecord) -> dict[str, Any]:
    told = {"day": str(date_of_day(one.day)), one.kind: str(one.value), "source": one.source, "seen_at": one.seen_at}
    return {**told, "is_retracted": True} if one.is_retracted else told


def _record_of(told: dict[str, Any]) -> ActionRecord:
    kind = next(each for each in _KINDS if each in told)
    return ActionRecord(
        day=day_of_date(date.fromisoformat(told["day"])),
        kind=kind,
        value=Decimal(told[kind]),
        source=str(told["source"]),
        seen_at=str(told["seen_at"]),
        is_retracted=bool(told.get("is_retracted", False)),
    )


def check_actions(actions: Sequence[Action], ticker: str) -> None:
    """Refuse actions that cannot be.

    Raises
    ------
    StoreError
        If a dividend is negative, or a split not positive, or a day comes twice.
    """
    days = [each.day for each in actions]
    for each in actions:
        when = date_of_day(each.day)
        if not (each.dividend.is_finite() and each.dividend >= 0):
            raise StoreError(f"A dividend of {ticker} on {when} cannot be {each.dividend}.")
        if not (each.split_factor.is_finite() and each.split_factor > 0):
            raise StoreError(f"A split of {ticker} on {when} cannot be {each.split_factor} old shares per new one.")
        if days.count(each.day) > 1:
            raise StoreError(f"{ticker} has two entries of {when}: put a split and a dividend of one day into one.")


def load_book(place: Place, name: str) -> tuple[Book, str | None]:
    """Return the book of a ticker, and the tag of its document; one without entries where there is none."""
    found = place.document(f"{name}.json")
    return (Book(), None) if found is None else (Book.from_json(found.content, place.root / f"{name}.json"), found.tag)


def change_book(place: Place, name: str, change: Callable[[Book], tuple[Book, FactorTable | None]]) -> Book:
    """Bring the book of a ticker into its next state; return it.

    Parameters
    ----------
    change
        Returns the new book, and the factors that go with it (``None``: those that it has).
    """
    with full_disk_named(place.name, f"splits, dividends and factors of {name}"), place.lock(name):
        for attempt in range(_MOST_ATTEMPTS):
            book, tag = load_book(place, name)
            new, table = change(book)
            if table is not None:
                new = _with_table(place, name, new, table)
            if new == book or place.swap(f"{name}.json", new.to_json(), tag):
                return new
            pause(attempt)
    raise StoreError(f"Others write to {name} in {place.name} all the time. Try again later.")


def _with_table(place: Place, name: str, book: Book, table: FactorTable) -> Book:
    """Put a table of factors beside a book, unless it is the one that counts."""
    folder, _, ticker = name.rpartition("/")
    content = "".join(factor_line(row) + "\n" for row in table.rows).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    if book.versions and book.versions[-1].sha256 == sha256:
        return book
    file = content_name(ticker, sha256, _SUFFIX)
    draft = place.draft(folder)
    try:
        draft.write_bytes(content)
        place.put(draft, f"{folder}/{file}")
    finally:
        draft.unlink(missing_ok=True)
    place.settle(folder)
    return replace(book, versions=(*book.versions, FactorVersion(file=file, sha256=sha256, written_at=now())))


def read_table(place: Place, name: str, sha256: str | None = None) -> FactorTable | None:
    """Return the factors of a ticker, or those of a hash.

    Raises
    ------
    StoreError
        If there is no table of that hash.
    """
    folder, _, ticker = name.rpartition("/")
    book, _ = load_book(place, name)
    if not book.versions:
        # A store of format 1, whose factors nobody has changed since.
        old = any(each.name == f"{ticker}.{_SUFFIX}" for each in place.entries(folder))
        path = place.file(f"{name}.{_SUFFIX}", _anything) if old else None
        if path is not None and sha256 in (None, hashlib.sha256(path.read_bytes()).hexdigest()):
            return read_factor_file(path.parent, ticker)
        version = None
    else:
        version = book.versions[-1]
    if sha256 is not None:
        version = next((each for each in book.versions if each.sha256 == sha256), None)
        if version is None:
            raise StoreError(f"There is no table of factors {sha256} of {ticker} in {place.name}.")
    if version is None:
        return None
    path = place.file(f"{folder}/{version.file}", table_check(version.sha256))
    return read_factor_file(path.parent, path.stem)


def _anything(path: Path) -> None:
    """Accept a file: nothing is known of it."""


def table_check(sha256: str) -> Callable[[Path], None]:
    """Return what refuses a table of factors that has another hash."""

    def check(path: Path) -> None:
        if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            raise MalformedDataError(path, "The factors are not those that were written: the file is damaged.")

    return check

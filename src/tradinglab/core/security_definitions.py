"""Identifiers of an industry (CUSIP, composite FIGI, SEDOL, ISIN, CIK), and the securities that they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import ClassVar

from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityDefinition:
    """What a security is called elsewhere; a name that is not known is ``None``."""

    security_identifier: SecurityIdentifier
    cusip: str | None = None
    composite_figi: str | None = None
    sedol: str | None = None
    isin: str | None = None
    cik: int | None = None

    @classmethod
    def parse(cls, line: str) -> SecurityDefinition:
        """Return the definition in a line of LEAN's ``security-database.csv``.

        Raises
        ------
        ValueError
            If the identifier or the CIK cannot be read.
        """
        sid, *names = (field.strip() for field in line.split(","))
        cusip, figi, sedol, isin, cik, *_ = [*names, "", "", "", "", ""]
        return cls(
            security_identifier=SecurityIdentifier.parse(sid),
            cusip=cusip or None,
            composite_figi=figi or None,
            sedol=sedol or None,
            isin=isin or None,
            cik=int(cik) if cik else None,
        )


class SecurityDefinitions:
    """The definitions of a source of data; they are read when one is asked for."""

    _current: ClassVar[SecurityDefinitions | None] = None

    def __init__(self, read: Callable[[], Iterable[SecurityDefinition]]) -> None:
        self._read = read

    @classmethod
    def use(cls, read: Callable[[], Iterable[SecurityDefinition]] | None) -> None:
        """Say who knows the definitions, which is global in LEAN's API; ``None`` forgets it."""
        cls._current = None if read is None else cls(read)

    @classmethod
    def current(cls) -> SecurityDefinitions:
        """Return the definitions in use; there are none by default."""
        return cls(tuple) if cls._current is None else cls._current

    def of(self, identifier: SecurityIdentifier) -> SecurityDefinition | None:
        """Return what a security is called, if it is known."""
        return self._by_identifier.get(identifier)

    def find(self, field: str, value: object) -> list[SecurityDefinition]:
        """Return the securities for which *field* is *value*, without regard to case."""
        if not value:
            return []
        wanted = str(value).lower()
        return [each for each in self._by_identifier.values() if str(getattr(each, field)).lower() == wanted]

    @cached_property
    def _by_identifier(self) -> dict[SecurityIdentifier, SecurityDefinition]:
        found: dict[SecurityIdentifier, SecurityDefinition] = {}
        for each in self._read():
            found.setdefault(each.security_identifier, each)
        return found

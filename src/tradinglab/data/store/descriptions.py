"""What sources have said of a security beside its bars: a document of a ticker, ``equity/usa/listings/spy.json``."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.data.errors import MalformedDataError, StoreError
from tradinglab.data.store.commits import now, pause
from tradinglab.data.store.full_disk import full_disk_named
from tradinglab.data.store.place import Place

_MOST_ATTEMPTS: Final = 40
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A security as a source describes it; empty where it says nothing.

    Attributes
    ----------
    kind
        What it is where its bars do not tell: ``etf``, ``fund``, ``equity``, ``index``, ``forex``, ``crypto``.
    source, seen_at
        Who says so, and since when (ISO 8601, UTC).
    """

    kind: str = ""
    name: str = ""
    currency: str = ""
    exchange: str = ""
    source: str = ""
    seen_at: str = ""


def read_description(place: Place, name: str) -> Description | None:
    """Return what is known of a ticker.

    Raises
    ------
    MalformedDataError
        If the document is broken.
    """
    found = place.document(f"{name}.json")
    return None if found is None else _of(found.content, place, name)


def write_description(place: Place, name: str, told: Description) -> bool:
    """Note what a source says; what it leaves out stays. Return whether that is news."""
    with full_disk_named(place.name, f"the names of {name}"), place.lock(name):
        for attempt in range(_MOST_ATTEMPTS):
            found = place.document(f"{name}.json")
            known = Description() if found is None else _of(found.content, place, name)
            new = Description(
                kind=told.kind or known.kind,
                name=told.name[:_LONGEST] or known.name,
                currency=told.currency or known.currency,
                exchange=told.exchange or known.exchange,
                source=told.source,
                seen_at=now(),
            )
            if _said(new) == _said(known):
                return False
            content = json.dumps(asdict(new)).encode() + b"\n"
            if place.swap(f"{name}.json", content, None if found is None else found.tag):
                return True
            pause(attempt)
    raise StoreError(f"Others write to {name} in {place.name} all the time. Try again later.")


def _of(content: bytes, place: Place, name: str) -> Description:
    try:
        told = json.loads(content)
        return Description(**{field: str(told.get(field, "")) for field in asdict(Description())})
    except (AttributeError, TypeError, ValueError) as problem:
        text = f"What is known of the security is broken ({problem}). Remove the file: the next download makes it anew."
        raise MalformedDataError(place.root / f"{name}.json", text) from problem


def _said(one: Description) -> tuple[str, ...]:
    return one.kind, one.name, one.currency, one.exchange

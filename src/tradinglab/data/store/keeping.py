"""Which past slices are kept: those that somebody needs, and those of which a reader may not be done.

A pin is a small document that names slices. Removing goes in two steps, so that no slice is pinned and removed at
once: a slice is condemned first, after which it cannot be pinned; then the pins are read again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from tradinglab.data.errors import MalformedDataError, StoreError
from tradinglab.data.store.commits import Loaded, clear_leftovers, load, now, pause
from tradinglab.data.store.full_disk import full_disk_named
from tradinglab.data.store.layout import MANIFEST
from tradinglab.data.store.manifest import Manifest, Slice
from tradinglab.data.store.place import Place

PINS: Final = "pins"
PIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MOST_ATTEMPTS: Final = 40


def write_pin(place: Place, name: str, slices: Mapping[str, str]) -> str:
    """Write a pin of slices by what they hold, in place of one of that name; return the name of its document.

    Raises
    ------
    StoreError
        If the name is none.
    """
    path = _pin(name)
    told = {"slices": sorted(set(slices.values())), "named": dict(sorted(slices.items())), "written_at": now()}
    content = json.dumps(told).encode() + b"\n"
    with full_disk_named(place.name, f"the slices of the pin '{name}'"), place.lock(path):
        for attempt in range(_MOST_ATTEMPTS):
            known = place.document(path)
            if place.swap(path, content, None if known is None else known.tag):
                return path
            pause(attempt)
    raise StoreError(f"The pin '{name}' in {place.name} is written by others all the time. Try again later.")


def remove_pin(place: Place, name: str) -> None:
    """Remove a pin, if there is one."""
    place.discard(_pin(name))


def _pin(name: str) -> str:
    if not PIN_NAME.fullmatch(name):
        raise StoreError(f"The name of a pin may have up to 100 letters, digits, '.', '_' and '-'; it was '{name}'.")
    return f"{PINS}/{name}.json"


def read_pin(place: Place, name: str) -> dict[str, str]:
    """Return the hashes that a pin names, by what they are of.

    Raises
    ------
    StoreError
        If there is no such pin, or it was written by a version that did not note what slices hold.
    MalformedDataError
        If it is broken.
    """
    path = _pin(name)
    known = place.document(path)
    if known is None:
        raise StoreError(f"There is no pin '{name}' in {place.name}: what it kept may be gone.")
    try:
        named = json.loads(known.content).get("named")
        if named is None:
            raise StoreError(f"The pin '{name}' in {place.name} does not say what its slices hold; pin them again.")
        return {str(what): str(sha256) for what, sha256 in named.items()}
    except (AttributeError, TypeError, ValueError) as problem:
        raise MalformedDataError(place.root / path, "The pin is broken: write it again, or remove it.") from problem


def pins(place: Place) -> dict[str, list[str]]:
    """Return the hashes of slices that each pin names.

    Raises
    ------
    MalformedDataError
        If a pin is broken: nothing may be removed then.
    """
    found = {}
    for path in place.documents(PINS):
        known = place.document(path)
        if known is None:
            continue
        try:
            found[path.removeprefix(f"{PINS}/").removesuffix(".json")] = [
                str(one) for one in json.loads(known.content)["slices"]
            ]
        except (KeyError, TypeError, ValueError) as problem:
            raise MalformedDataError(place.root / path, "The pin is broken: write it again, or remove it.") from problem
    return found


def pinned(place: Place) -> set[str]:
    """Return the hashes of all slices that are pinned."""
    return {one for slices in pins(place).values() for one in slices}


def collect(place: Place, folder: str, grace: timedelta, keep: Collection[str]) -> list[Slice]:
    """Remove the past slices of a series that nobody needs; return them.

    Parameters
    ----------
    grace
        Those that held bars less long ago stay.
    keep
        Hashes of slices that are needed: what was pinned a moment ago, and what else there is. What is pinned now is
        looked at again before anything is removed.
    """
    before = datetime.now(UTC) - grace
    if not any(each.is_condemned or _ended(each) < before for each in load(place, folder).manifest.past):
        return []
    with place.lock(folder):
        condemned = _swapped(place, folder, lambda manifest: _condemn(manifest, before, keep))
        if condemned is None:
            return []
        needed = pinned(place).union(keep)
        gone: list[Slice] = []

        def acquit_or_remove(manifest: Manifest) -> Manifest | None:
            doomed = [each for each in manifest.past if each.is_condemned]
            gone[:] = [each for each in doomed if each.sha256 not in needed]
            if not doomed:
                return None
            past = tuple(replace(each, is_condemned=False) for each in manifest.past)
            spared = replace(manifest, past=past)
            return spared.without(gone, now()) if gone else replace(spared, generation=manifest.generation + 1)

        rest = _swapped(place, folder, acquit_or_remove) or condemned
        files = {each.file for each in gone} - rest.files
        place.remove(f"{folder}/{file}" for file in files)
        clear_leftovers(place, folder, rest)
    return gone


def _condemn(manifest: Manifest, before: datetime, needed: Collection[str]) -> Manifest | None:
    """Return a manifest in which slices that nobody needs are condemned, ``None`` if there are none."""
    past = [replace(each, is_condemned=each.sha256 not in needed and _ended(each) < before) for each in manifest.past]
    if not any(each.is_condemned for each in past):
        return None
    return replace(manifest, past=tuple(past), generation=manifest.generation + 1)


def _ended(one: Slice) -> datetime:
    return datetime.fromisoformat(one.until_at.replace("Z", "+00:00"))


def _swapped(place: Place, folder: str, change: Callable[[Manifest], Manifest | None]) -> Manifest | None:
    """Replace a manifest; return the new one, ``None`` if nothing is to change."""
    for attempt in range(_MOST_ATTEMPTS):
        loaded: Loaded = load(place, folder)
        manifest = change(loaded.manifest)
        if manifest is None or loaded.tag is None:
            return None
        if place.swap(f"{folder}/{MANIFEST}", manifest.to_json(), loaded.tag):
            return manifest
        pause(attempt)
    raise StoreError(f"Others write to {folder} in {place.name} all the time. Try again later.")

"""How a series gets from one state to the next: files first, then, in one step, the manifest that names them.

Until its manifest names them, nobody reads new files; and files that an older manifest names are not touched. So a
reader has one whole state or another, whatever becomes of the writer. What a writer leaves that was killed is removed
by the next one.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints
from tradinglab.data.errors import MalformedDataError, StoreError
from tradinglab.data.store.files import (
    Check,
    Origin,
    Values,
    content_hash,
    describe_bar_file,
    read_bar_files,
    write_bar_file,
)
from tradinglab.data.store.full_disk import full_disk_named
from tradinglab.data.store.layout import MANIFEST, content_name, is_content_named, is_old_file
from tradinglab.data.store.manifest import Manifest, Slice, SourceRange
from tradinglab.data.store.place import Place
from tradinglab.data.store.side_by_side import each_of

FIRST_US, LAST_US = -(1 << 62), 1 << 62
_MOST_ATTEMPTS: Final = 40
_LONGEST_PAUSE_S: Final = 1.0
#: Files that are packed side by side; each takes as much memory as its bars.
_TOGETHER: Final = 2
#: In a bucket nobody can be locked out: a file that no manifest names may be about to be named.
_LEFT_OVER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bars for a new file: its period, the bars, and where they are from."""

    period: str
    times_us: Ints
    values: Values
    origins: Sequence[Origin]
    sources: tuple[SourceRange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to become of a series: new files, those that they stand in for, and bars before and after."""

    parts: Sequence[Part]
    dropped: Sequence[Slice]
    restatement: Part | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """A manifest as it stands, and the tag of its document (``None``: there is none)."""

    manifest: Manifest
    tag: str | None


def now() -> str:
    """Return the time as manifests have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def load(place: Place, folder: str) -> Loaded:
    """Return the manifest of a series; that of a series of format 1, or of none, has the generation 0.

    Raises
    ------
    MalformedDataError
        If it cannot be read.
    """
    name = f"{folder}/{MANIFEST}"
    found = place.document(name)
    if found is not None:
        return Loaded(Manifest.from_json(found.content, str(place.root / name)), found.tag)
    old = sorted(each.name for each in place.entries(folder) if is_old_file(each.name))
    if not old:
        return Loaded(Manifest(), None)
    slices = sorted((_described(place, folder, each) for each in old), key=lambda each: each.order)
    return Loaded(Manifest(slices=tuple(slices)), None)


def _described(place: Place, folder: str, name: str) -> Slice:
    """Return a file of format 1 as a manifest has it: the file stays as and where it is."""
    path = place.file(f"{folder}/{name}", lambda _: None)
    about = describe_bar_file(path)
    return Slice(
        file=name,
        sha256=about.sha256,
        rows=about.rows,
        first_us=about.first_us,
        last_us=about.last_us,
        size=path.stat().st_size,
        origins=about.origins,
    )


def commit(place: Place, folder: str, plan: Callable[[Manifest], Change | None]) -> tuple[Manifest, list[Slice]]:
    """Bring a series into its next state; return its manifest, and the slices that are new.

    Parameters
    ----------
    plan
        Says what is to change, from the state that is there. It is asked again if another writer was faster.

    Raises
    ------
    StoreError
        If others are faster again and again, or (`StoreFullError`) the disk is full: the series is as it was.
    """
    with full_disk_named(place.name, f"bars of {folder}"), place.lock(folder):
        for attempt in range(_MOST_ATTEMPTS):
            loaded = load(place, folder)
            if place.locks_out and loaded.tag is not None:
                clear_leftovers(place, folder, loaded.manifest)
            change = plan(loaded.manifest)
            if change is None:
                return loaded.manifest, []
            try:
                new = _put_all(place, folder, change.parts)
                told = None if change.restatement is None else _put(place, folder, change.restatement)
                place.settle(folder)
            except OSError:
                if place.locks_out:
                    # The disk is full, perhaps of what was just written.
                    clear_leftovers(place, folder, loaded.manifest)
                raise
            manifest = loaded.manifest.changed(now(), new, change.dropped, told)
            if place.swap(f"{folder}/{MANIFEST}", manifest.to_json(), loaded.tag):
                files = {each.file for each in new}
                return manifest, [each for each in manifest.slices if each.file in files]
            pause(attempt)
    raise StoreError(f"Others write to {folder} in {place.name} all the time. Try again later.")


def pause(attempt: int) -> None:
    """Wait a little before the next attempt, longer each time, and not all writers equally long."""
    time.sleep(random.uniform(0, min(_LONGEST_PAUSE_S, 0.01 * 2**attempt)))


def _put_all(place: Place, folder: str, parts: Sequence[Part]) -> list[Slice]:
    return list(each_of(range(len(parts)), lambda at: _put(place, folder, parts[at]), _TOGETHER).values())


def _put(place: Place, folder: str, part: Part) -> Slice:
    """Write bars to a file of their own and put it into its place."""
    sha256 = content_hash(part.times_us, part.values)
    name = content_name(part.period, sha256, writer="" if place.locks_out else uuid.uuid4().hex[:8])
    draft = place.draft(folder)
    try:
        write_bar_file(draft, part.times_us, part.values, part.origins, sha256)
        size = draft.stat().st_size
        place.put(draft, f"{folder}/{name}")
    finally:
        draft.unlink(missing_ok=True)
    return Slice(
        file=name,
        sha256=sha256,
        rows=len(part.times_us),
        first_us=int(part.times_us[0]),
        last_us=int(part.times_us[-1]),
        size=size,
        origins=tuple(part.origins),
        sources=part.sources,
    )


def clear_leftovers(place: Place, folder: str, manifest: Manifest) -> int:
    """Remove files of a series that no manifest names; return how many there were."""
    names = manifest.files
    before = datetime.now(UTC) - _LEFT_OVER
    gone = [
        each.name
        for each in place.entries(folder)
        if ((is_content_named(each.name) and each.name not in names) or _is_draft(each.name))
        and (place.locks_out or each.put_at < before)
    ]
    place.remove(f"{folder}/{name}" for name in gone)
    return len(gone)


def _is_draft(name: str) -> bool:
    return name.startswith(".") and name.endswith(".tmp")


def checked(sha256: str, fields: Sequence[str]) -> Check:
    """Return what refuses a file whose bars have another hash."""

    def check(path: Path) -> None:
        if content_hash(*read_bar_files([path], fields, FIRST_US, LAST_US)) != sha256:
            raise MalformedDataError(path, "Its bars are not those that the manifest names: the file is damaged.")

    return check

"""A copy of a store in a local folder, for those who may not reach the bucket: strategies in a sandbox.

Files of bars never change, so that each is fetched once. A manifest is put after the files that it names: a reader of
the copy sees whole states, as in any store. Nobody writes to a copy but who makes it.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from tradinglab.data.store.commits import checked
from tradinglab.data.store.factor_book import Book, table_check
from tradinglab.data.store.files import Check
from tradinglab.data.store.keeping import PINS, pinned
from tradinglab.data.store.layout import MANIFEST, MARKER, find_series
from tradinglab.data.store.local_place import LocalPlace
from tradinglab.data.store.manifest import Manifest
from tradinglab.data.store.place import Place
from tradinglab.data.store.store_reader import StoreReader

_STAMP: Final = ".mirrored"
_PATIENCE_S: Final = 3600.0


def mirror(store: StoreReader, folder: Path, *, fresh_s: float = 0.0) -> int:
    """Bring a copy of a store up to date; return how many files of bars and factors were fetched.

    Parameters
    ----------
    folder
        Where the copy is; made if need be.
    fresh_s
        A copy that was brought up to date so many seconds ago is left as it is.

    Raises
    ------
    StoreError
        If the store cannot be read.
    MalformedDataError
        If a file is damaged.
    """
    if _is_fresh(folder, fresh_s):
        return 0
    local = LocalPlace(folder, _PATIENCE_S)
    with local.lock(_STAMP):
        if _is_fresh(folder, fresh_s):
            return 0  # another process has done so meanwhile
        began = time.time()
        _document(store.place, local, MARKER)
        needed, fetched = pinned(store.place), 0
        folders = list(store.place.series_folders())
        for each in folders:
            fetched += _series(store.place, local, each, needed)
        for each in sorted({"/".join(one.split("/")[:2]) for one in folders}):
            fetched += _factors(store.place, local, f"{each}/factors")
        _drop(local, (f"{each}/{MANIFEST}" for each in set(local.series_folders()) - set(folders)))
        pins = store.place.documents(PINS)
        for name in pins:
            _document(store.place, local, name)
        _drop(local, set(local.documents(PINS)) - set(pins))
        stamp = folder / _STAMP
        stamp.touch()
        os.utime(stamp, (began, began))
    return fetched


def _is_fresh(folder: Path, fresh_s: float) -> bool:
    with suppress(FileNotFoundError, NotADirectoryError):
        return time.time() - (folder / _STAMP).stat().st_mtime < fresh_s
    return False


def _series(place: Place, local: LocalPlace, folder: str, needed: set[str]) -> int:
    name = f"{folder}/{MANIFEST}"
    found, known = place.document(name), local.document(name)
    if found is None:
        return 0
    manifest = Manifest.from_json(found.content, name)
    wanted = [*manifest.slices, *(each for each in manifest.past if each.sha256 in needed)]
    (key,) = find_series([folder])
    fetched = sum(_file(place, local, f"{folder}/{each.file}", checked(each.sha256, key.fields)) for each in wanted)
    if known is None or known.content != found.content:
        local.settle(folder)
        local.swap(name, found.content, None if known is None else known.tag)
    gone = {each.name for each in local.entries(folder) if each.name.endswith(".parquet")} - manifest.files
    local.remove(f"{folder}/{each}" for each in gone)
    return fetched


def _factors(place: Place, local: LocalPlace, folder: str) -> int:
    fetched = 0
    for name in place.documents(folder):
        found = place.document(name)
        versions = () if found is None else Book.from_json(found.content, place.root / name).versions
        fetched += sum(_file(place, local, f"{folder}/{each.file}", table_check(each.sha256)) for each in versions)
        _document(place, local, name)
    return fetched


def _document(place: Place, local: LocalPlace, name: str) -> None:
    found, known = place.document(name), local.document(name)
    if found is not None and (known is None or known.content != found.content):
        local.swap(name, found.content, None if known is None else known.tag)


def _file(place: Place, local: LocalPlace, name: str, check: Check) -> bool:
    """Fetch a file unless it is there; return whether that was to be done."""
    if (local.root / name).is_file():
        return False
    source, draft = place.file(name, check), local.draft(name.rpartition("/")[0])
    try:
        draft.unlink()
        try:
            os.link(source, draft)
        except OSError:
            shutil.copyfile(source, draft)
        local.put(draft, name)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _drop(local: LocalPlace, names: Iterable[str]) -> None:
    local.remove(names)

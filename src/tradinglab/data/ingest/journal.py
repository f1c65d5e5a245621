"""How far an import has come, so that one that was stopped goes on from there."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tradinglab.core.values import dataclass, field
from tradinglab.data.errors import DataImportError
from tradinglab.data.ingest.staging import Staging
from tradinglab.data.store.local_place import IMPORTS
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.place import Place
from tradinglab.data.store.rows import FileReader
from tradinglab.data.store.tables import Position

_FORMAT: Final = 3
_NAME: Final = "journal.json"
_LOCK: Final = "lock"
_FORGOTTEN_S: Final = 7 * 86_400


@dataclass(slots=True)
class Written:
    """What became of a part: bars that are new, bars that were there, files that were written."""

    added: int
    known: int
    files: list[str]


@dataclass(slots=True)
class Journal:
    """The state of an import.

    Attributes
    ----------
    file, at
        The number of the file that is being read, and where; of the one after the last if all have been read.
    written
        The parts that are in the store.
    """

    folder: Path
    file: int = 0
    at: Position = Position()
    written: dict[tuple[int, int], Written] = field(default_factory=dict)

    def save(self, readers: Sequence[FileReader], staging: Staging) -> None:
        """Write the state down, in one step."""
        tickers = readers[0].tickers
        state = {
            "format": _FORMAT,
            "file": self.file,
            "at": [self.at.offset, self.at.line],
            "tickers": None if tickers is None else list(tickers),
            "readers": [_reader_state(each) for each in readers],
            "staging": staging.state(),
            "written": [[*key, each.added, each.known, each.files] for key, each in self.written.items()],
        }
        draft = self.folder / f"{_NAME}.tmp"
        draft.write_text(json.dumps(state))
        draft.replace(self.folder / _NAME)

    def restore(self, readers: Sequence[FileReader], staging: Staging) -> bool:
        """Go back to what was written down last; return whether there was something that is whole."""
        try:
            state = json.loads((self.folder / _NAME).read_text())
            if state["format"] != _FORMAT:
                return False
            self.written = {(one[0], one[1]): Written(*one[2:]) for one in state["written"]}
            if not staging.restore(state["staging"]):
                return False
            self.file, self.at = int(state["file"]), Position(*state["at"])
            for reader, known in zip(readers, state["readers"], strict=True):
                _restore_reader(reader, known)
                if reader.tickers is not None:
                    reader.tickers.update({name: number for number, name in enumerate(state["tickers"])})
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return True


def _reader_state(reader: FileReader) -> dict[str, Any]:
    return {
        "columns": reader.columns,
        "time_form": reader.time_form,
        "is_instant": reader.is_instant,
        "dropped": reader.dropped,
        "notes": reader.notes,
        "dropped_of": list(reader.dropped_of.items()),
        "form": reader.form,
        "symbols": sorted(reader.symbols),
    }


def _restore_reader(reader: FileReader, state: Mapping[str, Any]) -> None:
    reader.columns, reader.notes = dict(state["columns"]), list(state["notes"])
    reader.time_form, reader.form = state["time_form"], state["form"]
    reader.is_instant, reader.dropped = state["is_instant"], state["dropped"]
    reader.symbols = set(state["symbols"])
    reader.dropped_of = Counter(dict(state["dropped_of"]))


def name_of(paths: Sequence[Path], what: Sequence[str], options: ImportOptions) -> str:
    """Return the name of an import: another one if files or options are others, or the files have changed."""
    files = [(str(path.resolve()), (state := path.stat()).st_size, state.st_mtime_ns) for path in paths]
    told = {name: str(value) for name, value in asdict(options).items()}
    content = json.dumps([_FORMAT, files, list(what), told], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:24]


@contextmanager
def workplace(place: Place, name: str) -> Iterator[Path]:
    """Hold the folder of an import; none of the same files runs meanwhile. Those forgotten for a week are removed.

    A store's folder that was not there before, and into which nothing came, is removed, too.

    Raises
    ------
    DataImportError
        If one runs.
    """
    # Copies of a bucket's files are removed where they take too much room: what is read must not lie among them.
    root = place.root / IMPORTS if place.locks_out else place.root.with_name(place.root.name + IMPORTS)
    folder, is_new = root / name, not place.root.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(folder) as is_mine:
            if not is_mine:
                raise DataImportError(f"The same files are being imported into {place.name} by another program.")
            _remove_forgotten(root, folder)
            yield folder
    finally:
        with suppress(OSError):
            if is_new:
                place.root.rmdir()


def clear(folder: Path) -> None:
    """Remove the folder of an import, and the one that it is in if that is empty."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()


def _remove_forgotten(root: Path, mine: Path) -> None:
    for folder in root.iterdir():
        with suppress(OSError):
            if folder != mine and time.time() - folder.stat().st_mtime > _FORGOTTEN_S:
                with _locked(folder) as is_mine:
                    if is_mine:
                        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    is_mine = True
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            is_mine = False
        yield is_mine
    finally:
        os.close(handle)

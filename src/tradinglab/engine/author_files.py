"""Source texts of an author that are held in memory: where a run may not open files, they are read from here."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

_held: dict[str, str] = {}


def hold_files(texts: Mapping[Path, str]) -> None:
    """Hold the texts of some files: imports, tracebacks and :func:`held_text` find them from now on.

    A module is found if its file, or the ``__init__.py`` of its package, lies where an import would look for it.
    """
    for path, text in texts.items():
        _held[str(path)] = _held[str(path.resolve())] = text
    for path, text in texts.items():
        linecache.cache[str(path)] = (len(text), None, text.splitlines(keepends=True), str(path))
    if not any(isinstance(finder, _HeldFiles) for finder in sys.meta_path):
        place = next((at for at, each in enumerate(sys.meta_path) if each is PathFinder), len(sys.meta_path))
        sys.meta_path.insert(place, _HeldFiles())


def release_files(paths: Iterable[Path]) -> None:
    """Hold some files no longer."""
    for path in paths:
        for name in {str(path), str(path.resolve())}:
            _held.pop(name, None)
        linecache.cache.pop(str(path), None)


def held_text(path: Path) -> str | None:
    """Return the text of a file that is held, ``None`` for any other."""
    return _held.get(str(path))


class _HeldFiles(MetaPathFinder):
    """Finds modules among the files that are held."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how a module is loaded from its text, if that is held."""
        last = name.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            for file, is_package in ((f"{folder}/{last}/__init__.py", True), (f"{folder}/{last}.py", False)):
                if file in _held:
                    return spec_from_file_location(
                        name,
                        file,
                        loader=_HeldLoader(file),
                        submodule_search_locations=[f"{folder}/{last}"] if is_package else None,
                    )
        return None


class _HeldLoader(InspectLoader):
    def __init__(self, file: str) -> None:
        self._file = file

    def get_source(self, fullname: str) -> str:
        return _held[self._file]

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(_held[self._file], self._file)

    def is_package(self, fullname: str) -> bool:
        return self._file.endswith("/__init__.py")

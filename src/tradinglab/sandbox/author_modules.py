"""Which of an author's files a strategy needs: its own, and those that it imports, found without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tradinglab.engine.errors import StrategyFileError

MOST_FILES: Final = 500
MOST_BYTES: Final = 16 << 20
#: Where statements have other ones.
_BLOCKS: Final = ("body", "orelse", "finalbody", "handlers", "cases")


def author_files(main: Path, folders: Sequence[Path]) -> dict[str, str]:
    """Return the texts of a strategy's file and of the modules in *folders* that it imports, by their paths.

    Imports are read from the text; a module whose name is only made up at run time is not found.

    Raises
    ------
    StrategyFileError
        If the strategy's file cannot be read, or the files are too many or too large to be handed over.
    """
    texts: dict[str, str] = {}
    waiting, size = [main], 0
    while waiting:
        path = waiting.pop()
        if str(path) in texts:
            continue
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            if path == main:
                raise StrategyFileError(f"{path} cannot be read: {problem}") from None
            continue
        texts[str(path)] = text
        size += len(text)
        if len(texts) > MOST_FILES or size > MOST_BYTES:
            raise StrategyFileError(f"{main} imports more than {MOST_FILES} files, or more than {MOST_BYTES:,} bytes")
        waiting.extend(_imported(text, path, folders))
    return texts


def _imported(text: str, path: Path, folders: Sequence[Path]) -> Iterator[Path]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return  # the run will say so
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(folders, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            places = [path.parents[node.level - 1]] if 0 < node.level <= len(path.parents) else folders
            base = node.module.split(".") if node.module else []
            for alias in node.names:
                yield from _files(places, [*base, alias.name])


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the statements of a module, those in blocks of others as well; imports are in no expression."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in _BLOCKS:
            waiting += getattr(node, name, ())


def _files(folders: Sequence[Path], parts: Sequence[str]) -> Iterator[Path]:
    """Yield the files that importing a dotted name may run: packages on the way, and the module."""
    for folder in folders:
        for count in range(len(parts) + 1):
            place = folder.joinpath(*parts[:count])
            candidates = [place / "__init__.py"]
            if count:
                candidates.append(place.with_name(f"{place.name}.py"))
            for each in candidates:
                if each.is_file():
                    yield each

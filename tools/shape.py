"""Measure the house: the longest modules, classes and functions, and which are too long.

A module is one thing, a class a handful, a function fits a screen: 400, 250 and 50 lines, a
function's docstring not counted.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_LIMITS = {"module": 400, "class": 250, "function": 50}
#: Tables written as Python: long, but there is nothing in them to follow.
_TABLES = ("src/tradinglab/core/enums.py",)
_ROOT = Path(__file__).resolve().parent.parent


class Piece(NamedTuple):
    """One module, class or function and its length."""

    lines: int
    kind: str
    where: str


def pieces(root: Path) -> Iterator[Piece]:
    """Yield every module, class and function below *root*."""
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        name = str(path.relative_to(_ROOT))
        if name not in _TABLES:
            yield Piece(text.count("\n"), "module", name)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                kind = "class" if isinstance(node, ast.ClassDef) else "function"
                yield Piece(_length(node), kind, f"{name}:{node.lineno} {node.name}")


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if not isinstance(node, ast.ClassDef) and ast.get_docstring(node) is not None:
        doc = node.body[0]
        lines -= (doc.end_lineno or doc.lineno) - doc.lineno + 1
    return lines


def main() -> int:
    """Print the longest pieces; with ``--check``, fail when one is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="print only what is too long, and fail if anything is")
    parser.add_argument("--top", type=int, default=5, help="how many of each kind to print")
    options = parser.parse_args()
    found = sorted(pieces(_ROOT / "src"), reverse=True)
    too_long = [piece for piece in found if piece.lines > _LIMITS[piece.kind]]
    if options.check:
        for piece in too_long:
            print(f"{piece.kind} of {piece.lines} lines (limit {_LIMITS[piece.kind]}): {piece.where}")
        return 1 if too_long else 0
    for kind, limit in _LIMITS.items():
        rows = [piece for piece in found if piece.kind == kind]
        lengths = sorted(piece.lines for piece in rows)
        print(
            f"{kind}: {len(rows)}, median {lengths[len(rows) // 2]}, p90 {lengths[len(rows) * 9 // 10]}, limit {limit}"
        )
        for piece in rows[: options.top]:
            print(f"  {piece.lines:5} {piece.where}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

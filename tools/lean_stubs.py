"""Read QuantConnect's API out of the package quantconnect-stubs, without importing it."""

from __future__ import annotations

import ast
import importlib.metadata
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_STAR_IMPORT = re.compile(r"^from (QuantConnect[\w.]*) import +\*", re.MULTILINE)
_PROTECTED = re.compile(r"This \w+ is protected")
_WORD_START = re.compile(r"[A-Z][A-Za-z0-9]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class StubClass:
    """One class of LEAN's API.

    Attributes
    ----------
    name, namespace
        Its name and the namespace that it is exported from.
    bases
        Names of its bases, without namespaces and without .NET's own.
    members, protected
        Its own public and its own protected members, in snake case.
    is_enum
        Whether it is an enumeration; its members are then the values.
    """

    name: str
    namespace: str
    bases: tuple[str, ...] = ()
    members: tuple[str, ...] = field(default=())
    protected: tuple[str, ...] = ()
    is_enum: bool = False


def stubs_version() -> str:
    """Return the version of the installed stubs."""
    return importlib.metadata.version("quantconnect-stubs")


def read_stubs() -> dict[str, StubClass]:
    """Return every class that ``from AlgorithmImports import *`` brings, by name."""
    root = Path(str(importlib.metadata.distribution("quantconnect-stubs").locate_file("")))
    star_imports = (root / "AlgorithmImports" / "__init__.pyi").read_text(encoding="utf-8")
    classes: dict[str, StubClass] = {}
    for namespace in _STAR_IMPORT.findall(star_imports):
        path = root.joinpath(*namespace.split("."), "__init__.pyi")
        if path.exists():
            classes.update({found.name: found for found in _classes(path, namespace)})
    return classes


def read_namespaces() -> dict[str, list[str]]:
    """Return the public classes of every namespace of LEAN's and of .NET's that a strategy may import from."""
    root = Path(str(importlib.metadata.distribution("quantconnect-stubs").locate_file("")))
    found: dict[str, list[str]] = {}
    for base in ("QuantConnect", "System"):
        for path in sorted((root / base).rglob("__init__.pyi")):
            nodes = ast.parse(path.read_text(encoding="utf-8")).body
            names = {node.name for node in nodes if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}
            found[".".join(path.parent.relative_to(root).parts)] = sorted(names)
    return found


def _classes(path: Path, namespace: str) -> Iterator[StubClass]:
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield _read_class(node, namespace)


def _read_class(node: ast.ClassDef, namespace: str) -> StubClass:
    bases = [_base_name(base) for base in node.bases]
    members: dict[str, bool] = {}
    for index, item in enumerate(node.body):
        name = _member_name(item)
        if name is None or name.startswith("_"):
            continue
        members.setdefault(name, _is_protected(node.body, index))
    return StubClass(
        name=node.name,
        namespace=namespace,
        bases=tuple(base for base in bases if base),
        members=tuple(sorted(name for name, protected in members.items() if not protected)),
        protected=tuple(sorted(name for name, protected in members.items() if protected)),
        is_enum="IntEnum" in {ast.unparse(base) for base in node.bases},
    )


def _base_name(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript):
        node = node.value
    text = ast.unparse(node)
    if not text.startswith("QuantConnect"):
        return ""
    found = _WORD_START.search(text.rpartition(".")[2])
    return found.group() if found else ""


def _member_name(item: ast.stmt) -> str | None:
    if isinstance(item, (ast.FunctionDef, ast.ClassDef)):
        return item.name
    if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
        return item.target.id
    if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
        return item.targets[0].id
    return None


def _is_protected(body: list[ast.stmt], index: int) -> bool:
    item = body[index]
    if isinstance(item, ast.FunctionDef):
        doc = ast.get_docstring(item) or ""
    else:
        after = body[index + 1] if index + 1 < len(body) else None
        text = after.value if isinstance(after, ast.Expr) else None
        doc = str(text.value) if isinstance(text, ast.Constant) else ""
    return bool(_PROTECTED.search(doc))

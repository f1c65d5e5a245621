"""Plain attribute reads for the algorithms whose files show that they need nothing more.

A class with ``__getattr__`` pays for it at every read of an attribute, on CPython 3.11 to 3.13 five times
the read itself. An author's algorithm needs it for irregular spellings (``SMA``), and to read by one
spelling what it keeps under the other. Its files tell whether it ever does.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType

from tradinglab.algorithm.qc_algorithm import PLAIN_ATTRIBUTES, QCAlgorithm
from tradinglab.core.dual import fold, read_otherwise, resolve, snake_case
from tradinglab.engine.author_files import held_text

#: What reads or writes an attribute whose name is its second argument.
_BY_NAME = frozenset({"getattr", "hasattr", "setattr"})
#: What a program uses to read attributes whose names its text does not show, or to catch what is missing.
_UNSEEN_NAMES = frozenset({"eval", "exec", "vars", "__import__", "NotImplementedError"})
_UNSEEN = frozenset({"attrgetter", "methodcaller", "import_module", "__dict__", "__getattr__", "__getattribute__"})
_OTHERS = ("site-packages", "dist-packages")
_OUR_NAMES = ("tradinglab", "AlgorithmImports")
_MOST_FILES = 200


@contextmanager
def plain_reads(cls: type[QCAlgorithm], folders: Sequence[Path]) -> Iterator[None]:
    """Take ``__getattr__`` from an author's class for as long as it runs, if the files show that nothing needs it.

    The irregular names that they do use are given to the class.
    """
    bases = [base for base in cls.__mro__ if "__getattr__" in vars(base)]
    is_ours = bool(bases) and all(vars(base)["__getattr__"] is read_otherwise for base in bases)
    spellings = spellings_needed(cls, folders) if is_ours else None
    if spellings is None:
        yield
        return
    for base in bases:
        del base.__getattr__  # type: ignore[attr-defined]
    for name, member in spellings.items():
        setattr(cls, name, member)
    try:
        yield
    finally:
        for base in bases:
            base.__getattr__ = read_otherwise  # type: ignore[attr-defined]
        for name in spellings:
            delattr(cls, name)


def spellings_needed(cls: type[QCAlgorithm], folders: Sequence[Path]) -> Mapping[str, FunctionType] | None:
    """Return the irregular names that a strategy's files call the methods of *cls* by; None if that cannot be told."""
    texts = _texts(cls, folders)
    if texts is None:
        return None
    reads, writes = frozenset().union(*(text.reads for text in texts)), {*PLAIN_ATTRIBUTES}
    writes.update(*(text.writes for text in texts))
    needed: dict[str, FunctionType] = {}
    for name in reads.difference(PLAIN_ATTRIBUTES):
        if any(name in vars(base) for base in cls.__mro__):
            continue
        folded = fold(name)
        found = resolve(cls, name) if any(folded in _folded(base) for base in cls.__mro__) else None
        if found is not None:
            member = inspect.getattr_static(cls, found)
            if found in writes or not isinstance(member, FunctionType):
                return None
            needed[name] = member
        elif name[:1].isupper() and snake_case(name) in writes:
            return None
    return needed


def _folded(base: type) -> frozenset[str]:
    members = vars(base)
    # Ours are the same for every strategy, but for what one may have added.
    return _folded_of_ours(base, len(members)) if _is_ours(base.__module__) else frozenset(map(fold, members))


@functools.lru_cache(maxsize=100)
def _folded_of_ours(base: type, count: int) -> frozenset[str]:
    return frozenset(map(fold, vars(base)))


class _Text(ast.NodeVisitor):
    """What the text of one module says of attributes, and what it imports."""

    def __init__(self, path: Path) -> None:
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self.imports: list[tuple[int, str]] = []
        self.is_plain = True
        self._of_classes: list[tuple[str, str]] = []
        self._variables: set[str] = set()
        held = held_text(path)
        self.visit(ast.parse(path.read_text(encoding="utf-8-sig") if held is None else held))
        self.reads.update(name for owner, name in self._of_classes if owner in self._variables)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note an attribute that is read or written."""
        if isinstance(node.ctx, ast.Store):
            self.writes.add(node.attr)
        elif isinstance(node.value, ast.Name) and node.value.id[:1].isupper():
            self._of_classes.append((node.value.id, node.attr))
        else:
            self.reads.add(node.attr)
        if node.attr in _UNSEEN:
            self.is_plain = False
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Note an attribute that is read and written."""
        if isinstance(node.target, ast.Attribute):
            self.reads.add(node.target.attr)
        self.generic_visit(node)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        """Note the attributes that a pattern reads."""
        self.reads.update(node.kwd_attrs)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Note an attribute that is read or written by its name."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        second = node.args[1] if name in _BY_NAME and len(node.args) > 1 else None
        if isinstance(second, ast.Constant) and isinstance(second.value, str):
            (self.writes if name == "setattr" else self.reads).add(second.value)
            for argument in node.args:
                self.visit(argument)
        else:
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """Note what gets at attributes without saying which."""
        if node.id in _BY_NAME or node.id in _UNSEEN_NAMES or node.id in _UNSEEN:
            self.is_plain = False
        if isinstance(node.ctx, ast.Store):
            self._variables.add(node.id)

    def visit_arg(self, node: ast.arg) -> None:
        """Note a variable."""
        self._variables.add(node.arg)

    def visit_Import(self, node: ast.Import) -> None:
        """Note the modules that are imported."""
        self.imports += [(0, alias.name) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Note the module that is imported from; what is imported may be modules too."""
        names = [alias.name for alias in node.names]
        if not (_BY_NAME | _UNSEEN_NAMES | _UNSEEN).isdisjoint(names):
            self.is_plain = False
        module = node.module or ""
        self.imports += [(node.level, module), *((node.level, f"{module}.{name}".strip(".")) for name in names)]


def _texts(cls: type, folders: Sequence[Path]) -> list[_Text] | None:
    """Return what the files say that an author's class and its bases are from, and those that they import."""
    authored = [base for base in cls.__mro__ if base is not object and not _is_ours(base.__module__)]
    queue = [_file_of(base.__module__) for base in authored]
    texts: dict[Path, _Text] = {}
    while queue:
        path = queue.pop()
        if path is None or len(texts) > _MOST_FILES:
            return None
        if path in texts:
            continue
        try:
            text = texts[path] = _text(path, _changed_ns(path))
        except (OSError, ValueError, SyntaxError, RecursionError):
            return None
        if not text.is_plain:
            return None
        queue += _imported(text.imports, path, folders)
    functions = (member for base in authored for member in vars(base).values() if isinstance(member, FunctionType))
    seen = {str(path) for path in texts}
    foreign = (function for function in functions if _resolved(function.__code__.co_filename) not in seen)
    return None if any(function is not read_otherwise for function in foreign) else list(texts.values())


@functools.lru_cache(maxsize=_MOST_FILES)
def _text(path: Path, changed_ns: int) -> _Text:
    return _Text(path)


def _changed_ns(path: Path) -> int:
    return path.stat().st_mtime_ns if held_text(path) is None else 0


def _resolved(path: str) -> str:
    return str(Path(path).resolve())


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in _OUR_NAMES


def _file_of(module: str) -> Path | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file).resolve() if file else None


def _imported(imports: Iterable[tuple[int, str]], path: Path, folders: Sequence[Path]) -> Iterator[Path]:
    """Return the author's own files among what the module at *path* imports."""
    for level, name in imports:
        top = name.partition(".")[0]
        if level == 0 and (top in sys.stdlib_module_names or top in _OUR_NAMES):
            continue
        parts = name.split(".") if name else []
        places = [path.parents[level - 1]] if level else [path.parent, *folders]
        for count in range(0 if level else 1, len(parts) + 1):
            loaded = None if level else _file_of(".".join(parts[:count]))
            if loaded is None:
                yield from _written(place.joinpath(*parts[:count]) for place in places)
            elif loaded.suffix == ".py" and not any(part in _OTHERS for part in loaded.parts):
                yield loaded


def _written(modules: Iterable[Path]) -> Iterator[Path]:
    """Return the files of those modules and packages that there are."""
    for module in modules:
        for file in (module / "__init__.py", module.with_name(f"{module.name}.py")):
            if file.is_file():
                yield file.resolve()

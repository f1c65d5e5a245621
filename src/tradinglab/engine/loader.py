"""From a strategy's file to its class."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from types import ModuleType

from tradinglab.algorithm import imports as algorithm_imports
from tradinglab.algorithm.dotnet import DotNetFinder, FolderFinder
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.engine.author_files import held_text
from tradinglab.engine.errors import StrategyError, StrategyFileError
from tradinglab.engine.time_limit import TimeIsUp
from tradinglab.engine.traces import explain, own_trace

#: The module that a strategy finds in place of LEAN's.
_STAR_IMPORT = "AlgorithmImports"


@contextmanager
def strategy_modules(folders: Iterable[Path]) -> Iterator[None]:
    """Let ``from AlgorithmImports import *`` and a strategy's own modules be found, and forget them after."""
    before = sys.modules.get(_STAR_IMPORT)
    path_before = list(sys.path)
    sys.modules[_STAR_IMPORT] = algorithm_imports
    # What is loaded from now on comes after it. A copy of all names would have a process that was forked own every
    # page that one of them is on.
    last = next(reversed(sys.modules))
    sys.path[:0] = [str(folder) for folder in folders]
    finder = DotNetFinder()
    folder_finder = FolderFinder()
    sys.meta_path.append(folder_finder)
    sys.meta_path.insert(0, finder)  # before the folders of stubs, which are empty modules of the same names
    try:
        yield
    finally:
        sys.path[:] = path_before
        sys.meta_path.remove(finder)
        sys.meta_path.remove(folder_finder)
        fresh = list(takewhile(last.__ne__, reversed(sys.modules)))
        if fresh:
            own = {Path(folder).resolve() for folder in folders}
            # A virtual environment may lie in the strategy's folder: what is in it is not the strategy's.
            others = {Path(entry).resolve() for entry in path_before} - own
        for name in fresh:
            module = sys.modules[name]
            if _is_of(module, own, others) or isinstance(getattr(module, "__loader__", None), DotNetFinder):
                del sys.modules[name]
        if before is None:
            sys.modules.pop(_STAR_IMPORT, None)
        else:
            sys.modules[_STAR_IMPORT] = before


def _is_of(module: ModuleType, own: set[Path], others: set[Path]) -> bool:
    """Say whether the nearest folder around a module that modules are looked for in is one of its strategy's."""
    file = getattr(module, "__file__", None)
    if not file:
        return False
    nearest = next((folder for folder in Path(str(file)).resolve().parents if folder in own or folder in others), None)
    return nearest in own


def load_strategy(path: Path, class_name: str | None = None) -> type[QCAlgorithm]:
    """Return the algorithm class in a file.

    Call it inside :func:`strategy_modules`.

    Raises
    ------
    StrategyFileError
        If there is no such file, it is not Python, or it has no algorithm class, or several and
        *class_name* does not choose.
    StrategyError
        If the file raises while it is read.
    """
    source = _read(path)
    try:
        code = compile(source, str(path), "exec")
    except SyntaxError as problem:
        where = f"{path}, line {problem.lineno}"
        text = (problem.text or "").rstrip()
        raise StrategyFileError(f"{where}: syntax error: {problem.msg}\n    {text}") from None
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules[path.stem] = module
    try:
        exec(code, module.__dict__)
    except (KeyboardInterrupt, TimeIsUp):
        raise
    except BaseException as problem:  # exit() too ends the strategy, not its host
        raise StrategyError(explain(problem), phase="import", time="", trace=own_trace(problem)) from problem
    return choose_class(module, path, class_name)


def _read(path: Path) -> str:
    held = held_text(path)
    if held is not None:
        return held
    if not path.exists():
        raise StrategyFileError(f"there is no file {path}")
    if path.is_dir():
        main = path / "main.py"
        raise StrategyFileError(f"{path} is a folder; give the file" + (f", probably {main}" if main.exists() else ""))
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise StrategyFileError(f"{path} cannot be read: {problem}") from None


def choose_class(module: ModuleType, path: Path, class_name: str | None) -> type[QCAlgorithm]:
    """Return the one algorithm class that a module defines, or the one that is named."""
    found = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, QCAlgorithm) and value.__module__ == module.__name__
    }
    if class_name is not None:
        if class_name not in found:
            known = ", ".join(found) or "none"
            raise StrategyFileError(f"{path} has no algorithm class '{class_name}'; it has: {known}")
        return found[class_name]
    bases = {base for value in found.values() for base in value.__mro__[1:]}
    leaves = [value for value in found.values() if value not in bases]
    if not leaves:
        raise StrategyFileError(
            f"{path} has no algorithm class. Write one that derives from QCAlgorithm: class MyStrategy(QCAlgorithm)."
        )
    if len(leaves) > 1:
        names = ", ".join(value.__name__ for value in leaves)
        raise StrategyFileError(
            f"{path} has several algorithm classes ({names}): keep one of them, or on the command line choose one "
            "with --class NAME"
        )
    return leaves[0]

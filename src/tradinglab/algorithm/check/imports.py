"""Modules that a strategy imports and will not find, or may not use."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections.abc import Iterator, Sequence

from tradinglab.algorithm.check.findings import Finding, Severity
from tradinglab.algorithm.check.members import COVERAGE
from tradinglab.algorithm.check.names import STAR, is_lean_import
from tradinglab.algorithm.check.parsing import SourceFile, module_name
from tradinglab.core.surface import nearest_name

#: What the sandbox refuses, by the module with which it is done.
_REFUSED = {
    **dict.fromkeys(("threading", "_thread", "concurrent"), "start threads"),
    **dict.fromkeys(("multiprocessing", "subprocess", "pty"), "start processes"),
    "asyncio": "run an event loop",
    "ctypes": "call the system",
    **dict.fromkeys(
        (
            "socket", "socketserver", "ssl", "http", "ftplib", "imaplib", "poplib", "smtplib", "telnetlib", "xmlrpc",
            "requests", "urllib3", "aiohttp", "httpx", "websocket", "websockets",
        ),
        "reach the network",
    ),
}  # fmt: skip
_REFUSED_INSIDE = {"urllib.request": "reach the network"}
#: What is found without being a file: the engine brings them.
_BROUGHT = frozenset({STAR, "clr", "System", "QuantConnect", "Newtonsoft"})


#: The folders of LEAN's own models, from which strategies import.
_LEAN_FOLDERS = frozenset({"Alphas", "Execution", "Orders", "Portfolio", "Risk", "Selection"})


def import_findings(files: Sequence[SourceFile], paths: Sequence[str]) -> Iterator[Finding]:
    """Yield the imports that fail, or that lead to what a strategy may not do.

    Parameters
    ----------
    paths
        The paths of all files, also of those that are not Python as they stand.
    """
    modules = {module_name(path): path for path in paths}
    own = {part for name in modules for part in _parents(name)}
    for file in files:
        yield from _Imports(file, own).findings


def _parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    yield from (".".join(parts[:count]) for count in range(1, len(parts) + 1))


class _Imports(ast.NodeVisitor):
    """The imports of one file."""

    def __init__(self, file: SourceFile, own: set[str]) -> None:
        self.findings: list[Finding] = []
        self._file = file
        self._own = own
        self._is_tried = False
        self.visit(file.tree)

    def visit_Try(self, node: ast.Try) -> None:
        """Note that the author reckons with an import that fails."""
        before, self._is_tried = self._is_tried, True
        for statement in node.body:
            self.visit(statement)
        self._is_tried = before
        for part in (node.handlers, node.orelse, node.finalbody):
            for each in part:
                self.visit(each)

    def visit_Import(self, node: ast.Import) -> None:
        """Look at whole modules."""
        for alias in node.names:
            self._look_at(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Look at a module of which names are imported."""
        module = node.module or ""
        if node.level:
            self._look_at_relative(node)
            return
        self._look_at(node, module)
        for alias in node.names:
            if is_lean_import(module, alias.name):
                text = f"{alias.name} exists in LEAN but not yet in TradingLab."
                self.findings.append(self._file.finding(node, Severity.UNSUPPORTED, "unsupported_name", text, COVERAGE))

    def _look_at(self, node: ast.stmt, module: str) -> None:
        top = module.partition(".")[0]
        if top in self._own or top in _BROUGHT:
            return
        done = _REFUSED.get(top) or _REFUSED_INSIDE.get(module)
        if done is not None:
            text = f"A strategy in the sandbox may not {done}, which '{module}' is for."
            self.findings.append(self._file.finding(node, Severity.WARNING, "refused_import", text))
        if top in sys.stdlib_module_names or _is_installed(top):
            return
        if top in _LEAN_FOLDERS:
            text = f"The module '{module}' exists in LEAN but not yet in TradingLab."
            self.findings.append(self._file.finding(node, Severity.UNSUPPORTED, "unsupported_module", text, COVERAGE))
        else:
            severity = Severity.WARNING if self._is_tried else Severity.ERROR
            nearest = nearest_name(top, self._own)
            hint = f"Did you mean '{nearest}'?" if nearest else "Install it where strategies run, or add the file."
            text = f"There is no module '{top}', neither installed nor among the strategy's files."
            self.findings.append(self._file.finding(node, severity, "missing_module", text, hint))

    def _look_at_relative(self, node: ast.ImportFrom) -> None:
        parts = self._file.path.split("/")[: -node.level]
        if node.level > self._file.path.count("/"):
            text = "A file at the top of a strategy is in no package: it cannot import by dots."
            hint = f"from {node.module} import …" if node.module else "import the module by its name"
            self.findings.append(self._file.finding(node, Severity.ERROR, "relative_import", text, hint))
        elif node.module and ".".join([*parts, *node.module.split(".")]) not in self._own:
            text = f"There is no module '{'.' * node.level}{node.module}' among the strategy's files."
            self.findings.append(self._file.finding(node, Severity.ERROR, "missing_module", text))


def _is_installed(top: str) -> bool:
    """Say whether a top-level module can be found; a package's code is not run for that."""
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError, AttributeError):
        return False

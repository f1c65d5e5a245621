"""From the text of a file to its tree, or to what is wrong with it."""

from __future__ import annotations

import ast
import warnings
from dataclasses import dataclass, field
from functools import cached_property

from tradinglab.algorithm.check.findings import Finding, Severity


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file of a strategy."""

    path: str
    text: str
    tree: ast.Module
    lines: tuple[str, ...] = field(repr=False)

    @property
    def module(self) -> str:
        """The name by which the strategy's other files import it."""
        return module_name(self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the tree: walking through it is dearer than keeping them."""
        return tuple(ast.walk(self.tree))

    def finding(
        self, node: ast.AST, severity: Severity, code: str, message: str, suggestion: str = "", *, at_end: bool = False
    ) -> Finding:
        """Return a finding about a node; *at_end* shows where its last name begins."""
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        if (
            at_end
            and isinstance(node, ast.Attribute)
            and node.end_lineno is not None
            and node.end_col_offset is not None
        ):
            line, offset = node.end_lineno, node.end_col_offset - len(node.attr.encode())
        before = self.lines[line - 1].encode()[:offset] if line <= len(self.lines) else b""
        return Finding(
            file=self.path,
            line=line,
            column=len(before.decode("utf-8", "replace")) + 1,
            severity=severity,
            code=code,
            message=message,
            suggestion=suggestion,
        )


def module_name(path: str) -> str:
    """Return the name by which a file is imported: ``lib/a.py`` is ``lib.a``."""
    name = path.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def parse(path: str, text: str) -> tuple[SourceFile | None, list[Finding]]:
    """Return a file with its tree, and what the compiler says of it; no tree if it is not Python.

    The compiler translates, it runs nothing.
    """
    text = text.removeprefix("\ufeff")
    try:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", SyntaxWarning)
            tree = ast.parse(text, path)
            compile(text, path, "exec", dont_inherit=True)
    except SyntaxError as problem:
        return None, [_wrong(path, problem.lineno, problem.offset, "syntax_error", f"Syntax error: {problem.msg}")]
    except ValueError as problem:  # a zero character
        return None, [_wrong(path, 1, 1, "syntax_error", f"This is not Python: {problem}")]
    except (RecursionError, MemoryError):
        return None, [_wrong(path, 1, 1, "too_complex", "The file is nested too deeply to be read; write it flatter.")]
    # The lines of Python's parser; `splitlines` would break at characters that end none.
    lines = tuple(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    found = [
        Finding(
            file=path,
            line=each.lineno,
            column=1,
            severity=Severity.WARNING,
            code="syntax_warning",
            message=f"The compiler warns: {each.message}",
        )
        for each in said
        if issubclass(each.category, SyntaxWarning)
    ]
    return SourceFile(path=path, text=text, tree=tree, lines=lines), found


def _wrong(path: str, line: int | None, column: int | None, code: str, message: str) -> Finding:
    return Finding(
        file=path,
        line=max(1, line or 1),
        column=max(1, column or 1),
        severity=Severity.ERROR,
        code=code,
        message=message,
    )

"""What a compiler says, by file and line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from tradinglab.core.values import dataclass

_MOST_TEXT: Final = 1_000
#: ``main.py:12:5 error: …``, ``main.py(12,5): error CS1002: …``, ``File "main.py", line 12``, ``main.py line 12: …``,
#: ``File: main.py Line: 12 …``
_PLACES: Final = (
    re.compile(r"(?P<file>[\w./-]+\.(?:py|cs|ipynb)):(?P<line>\d+)(?::(?P<column>\d+))?"),
    re.compile(r"(?P<file>[\w./-]+\.(?:py|cs))\((?P<line>\d+),(?P<column>\d+)\)"),
    re.compile(r"File \"(?P<file>[^\"]{1,200}\.(?:py|cs))\", line (?P<line>\d+)"),
    re.compile(r"(?:File:?\s*)?(?P<file>[\w./-]+\.(?:py|cs)),?\s*[Ll]ine:?\s*(?P<line>\d+)(?:,?\s*[Cc]ol\w*:?\s*(?P<column>\d+))?"),
    re.compile(r"[Ll]ine:?\s*(?P<line>\d+)\s+(?:of|in)\s+(?P<file>[\w./-]+\.(?:py|cs))"),
)  # fmt: skip
_NO_PROBLEM: Final = re.compile(r"\b(warning|hint|info)\b\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileProblem:
    """Something that a compiler says; without a file if it does not say where."""

    file: str | None
    line: int | None
    column: int | None
    message: str
    is_warning: bool


def compile_problems(logs: Iterable[str]) -> list[CompileProblem]:
    """Return what a compiler's lines say of places in files, and of the rest what is no good news."""
    return list(_problems(logs))


def compile_message(logs: Iterable[str]) -> str:
    """Return why something could not be compiled, in one text, the first place first."""
    problems = [each for each in compile_problems(logs) if not each.is_warning]
    placed = [each for each in problems if each.file is not None]
    said = [f"{each.file}:{each.line}: {each.message}" for each in placed] or [each.message for each in problems]
    return "; ".join(said[:5]) or "QuantConnect does not say why."


def _problems(logs: Iterable[str]) -> Iterator[CompileProblem]:
    for text in logs:
        for line in text.splitlines():
            words = line.strip()[:_MOST_TEXT]
            if not words or "success" in words.lower():
                continue
            found = next(filter(None, (place.search(words) for place in _PLACES)), None)
            is_warning = _NO_PROBLEM.search(words) is not None
            if found is None:
                yield CompileProblem(file=None, line=None, column=None, message=words, is_warning=is_warning)
                continue
            parts = found.groupdict()
            column = parts.get("column")
            yield CompileProblem(
                file=parts["file"],
                line=int(parts["line"]),
                column=None if column is None else int(column),
                message=_rest(words, found) or words,
                is_warning=is_warning,
            )


def _rest(words: str, found: re.Match[str]) -> str:
    """Return what is said of a place, without the place."""
    rest = words[found.end() :].lstrip(" :,-")
    return rest if rest else words[: found.start()].rstrip(" :,-")

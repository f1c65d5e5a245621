"""Text in pieces: words, numbers, dates, signs, each with its place."""

from __future__ import annotations

import re
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.rules.errors import RulesSyntaxError

_PIECES = re.compile(
    r"""(?P<space>[ \t]+)|(?P<comment>\#[^\n]*)
    |(?P<date>\d{4}-\d{2}-\d{2}\b)|(?P<time>\d{1,2}:\d{2}(?::\d{2})?\b)
    |(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<text>"[^"\n]*")
    |(?P<sign>>=|<=|==|!=|[-+*/<>=(),.%])""",
    re.VERBOSE,
)
END: Final = "end"
LINE: Final = "line"
MOST_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text.

    Attributes
    ----------
    kind
        ``word``, ``number``, ``date``, ``time``, ``text``, ``sign``, ``line`` (the end of a statement) or ``end``.
    line, column
        Where it begins, from one on.
    """

    kind: str
    text: str
    line: int
    column: int

    @property
    def said(self) -> str:
        """What stands there, for a message."""
        if self.kind == END:
            return "the end of the text"
        return "the end of the line" if self.kind == LINE else f"'{self.text}'"


def tokens_of(text: str) -> list[Token]:
    """Return the pieces of a text; a line that is indented goes on with the one before.

    Raises
    ------
    RulesSyntaxError
        If a character belongs to nothing, or the text is too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise RulesSyntaxError(f"the text has {len(text):,} characters; at most {MOST_CHARACTERS:,} are read",
                               line=1, column=1)  # fmt: skip
    found: list[Token] = []
    number = 0
    for number, line in enumerate(text.splitlines(), 1):
        is_new = bool(line) and line[0] not in " \t"
        pieces = _line(line, number)
        if is_new and pieces and found:
            found.append(Token(LINE, "", found[-1].line, found[-1].column + len(found[-1].text)))
        found += pieces
    return [*found, Token(END, "", number + 1, 1)]


def _line(line: str, number: int) -> list[Token]:
    found, at = [], 0
    while at < len(line):
        match = _PIECES.match(line, at)
        if match is None:
            shown = f"'{line[at]}'" if line[at].isprintable() else f"the character U+{ord(line[at]):04X}"
            raise RulesSyntaxError(f"{shown} means nothing here; see docs/rules.md for what may be written",
                                   line=number, column=at + 1)  # fmt: skip
        kind = str(match.lastgroup)
        if kind not in ("space", "comment"):
            found.append(Token(kind, match.group(), number, at + 1))
        at = match.end()
    return found

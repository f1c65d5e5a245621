"""A place in the pieces of a text, and what may be asked of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NoReturn

from tradinglab.core.surface import did_you_mean
from tradinglab.rules.errors import RulesSyntaxError
from tradinglab.rules.expressions import Number, Reference
from tradinglab.rules.text.tokens import END, LINE, Token


class Cursor:
    """Reads pieces one after the other; what does not fit is refused with its place.

    Parameters
    ----------
    tokens
        The pieces.
    parameters, names
        The parameters and named operands that the text has anywhere.
    """

    def __init__(self, tokens: list[Token], parameters: Collection[str], names: Collection[str]) -> None:
        self._tokens = tokens
        self.at = 0
        self.depth = 0
        self.parameters = parameters
        self.names = names

    @property
    def token(self) -> Token:
        """The piece that is next."""
        return self._tokens[self.at]

    def ahead(self, count: int) -> Token:
        """Return a piece that comes later."""
        return self._tokens[min(self.at + count, len(self._tokens) - 1)]

    @property
    def is_over(self) -> bool:
        """Whether the statement ends here."""
        return self.token.kind in (LINE, END)

    def take(self) -> Token:
        """Return the next piece and go on."""
        token = self.token
        if token.kind != END:
            self.at += 1
        return token

    def is_word(self, *words: str) -> bool:
        """Return whether one of some words is next, in any case."""
        return self.token.kind == "word" and self.token.text.lower() in words

    def is_sign(self, *signs: str) -> bool:
        """Return whether one of some signs is next."""
        return self.token.kind == "sign" and self.token.text in signs

    def accept(self, *words: str) -> str:
        """Go past one of some words, and return it; empty if none is next."""
        return self.take().text.lower() if self.is_word(*words) else ""

    def expect(self, *words: str) -> str:
        """Go past one of some words, and return it."""
        return self.accept(*words) or self.fail(" or ".join(f"'{word}'" for word in words), words)

    def expect_sign(self, sign: str) -> None:
        """Go past a sign."""
        if not self.is_sign(sign):
            self.fail(f"'{sign}'")
        self.take()

    def number(self) -> float:
        """Read a number."""
        sign = -1.0 if self.is_sign("-") else 1.0
        if sign < 0:
            self.take()
        if self.token.kind != "number":
            self.fail("a number")
        token = self.take()
        value = sign * float(token.text)
        if abs(value) == float("inf"):
            self.fail_at(token, "the number is too large")
        return value

    def quantity(self) -> Number:
        """Read a number, or a parameter's name."""
        if self.token.kind == "word" and self.token.text in self.parameters:
            return Reference(parameter=self.take().text)
        if self.token.kind == "word":
            self.fail("a number or a parameter", self.parameters)
        return self.number()

    def percent(self) -> Number:
        """Read a number with its percent sign."""
        value = self.quantity()
        self.expect_sign("%")
        return value

    def bars(self) -> Number:
        """Read a number of bars."""
        value = self.quantity()
        self.expect("bars", "bar")
        return value

    def end(self) -> None:
        """Go past the end of the statement."""
        if not self.is_over:
            self.fail("the end of the statement")
        self.take()

    def fail(self, wanted: str, known: Iterable[str] = ()) -> NoReturn:
        """Refuse what is next, and say what is expected."""
        token = self.token
        hint = did_you_mean(token.text, known) if token.kind == "word" else ""
        self.fail_at(token, f"{token.said} stands here; {wanted} is expected{hint}")

    def fail_at(self, token: Token, message: str) -> NoReturn:
        """Refuse the text at a piece."""
        raise RulesSyntaxError(message, line=token.line, column=token.column)

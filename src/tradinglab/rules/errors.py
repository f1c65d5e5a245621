"""What is wrong with rules: where it stands, what stood there, and what to do."""

from __future__ import annotations

from tradinglab.core.errors import TradingLabError


class RulesError(TradingLabError):
    """Base of the errors of rules.

    Attributes
    ----------
    path
        Where in the rules: ``sizing.percent``; empty if it is no single field.
    """

    code = "rules_error"

    def __init__(self, message: str, *, path: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.reason = message


class RulesInvalidError(RulesError):
    """A field of the rules has a value that it cannot have, or two fields contradict each other."""

    code = "rules_invalid"


class RulesSyntaxError(RulesError):
    """The text of rules cannot be read.

    Attributes
    ----------
    line, column
        Where, from one on.
    """

    code = "rules_syntax"

    def __init__(self, message: str, *, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {message}")
        self.line = line
        self.column = column


class RulesDataError(RulesError):
    """The bars that the rules ask for are not there, or cannot be used."""

    code = "rules_data"


class RulesBarsError(RulesDataError):
    """The rules, or their bars, are such that only the engine can carry them out."""

    code = "rules_bars"


class RuinedError(RulesBarsError):
    """An account came to nothing: the engine ends the run there, which a simulation does not."""

    code = "rules_ruined"

    def __init__(self) -> None:
        super().__init__(
            "the account was used up: the engine ends a run there, and a simulation, which goes on, would say what is "
            "not so"
        )


class WindowTooLongError(RulesDataError):
    """Rules look back over more bars than there are.

    Attributes
    ----------
    parameter
        Whose value makes it so, if it is searched; else empty.
    """

    code = "rules_window"

    def __init__(self, message: str, *, path: str, parameter: str = "") -> None:
        super().__init__(message, path=path)
        self.parameter = parameter

"""What can be wrong with a search before it starts."""

from __future__ import annotations

from tradinglab.core.errors import TradingLabError


class SearchError(TradingLabError):
    """A search that cannot be carried out as it was asked for."""

    code = "search"


class SpaceError(SearchError):
    """A space that cannot be searched.

    Attributes
    ----------
    parameter
        Which parameter is wrong; empty if it is the space as a whole.
    part
        What of it: ``min``, ``max``, ``step``, ``values``, ``name``; empty if all of it.
    value
        What was given.
    """

    code = "search_space"

    def __init__(self, message: str, *, parameter: str = "", part: str = "", value: object = "") -> None:
        self.parameter = parameter
        self.part = part
        self.value = value
        super().__init__(message)


class ConstraintError(SpaceError):
    """A constraint between parameters that cannot be read, or means nothing.

    Attributes
    ----------
    column
        Where in the text, counted from 1.
    """

    code = "search_constraint"

    def __init__(self, message: str, *, text: str, column: int) -> None:
        self.column = column
        super().__init__(f"'{text}', column {column}: {message}", part="constraint", value=text)

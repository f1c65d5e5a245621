"""The expressions of rules as data: numbers, operands and conditions.

Each is a frozen model with a ``kind`` that tells it from its siblings. What an operand is worth, and whether a
condition holds, is decided when a bar closes, from that bar and those before it.
"""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

PriceField = Literal["open", "high", "low", "close", "volume"]
Blend = Literal["open", "high", "low", "close", "volume", "average", "median", "typical", "weighted", "seven_bar"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Comparison = Literal[">", ">=", "<", "<=", "==", "!="]
Operator = Literal["+", "-", "*", "/"]

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Lower case letters, digits, underscores.")]
MOST_BARS = 1_000_000
MOST_ARGUMENTS = 12
MOST_PARTS = 64


class Part(BaseModel):
    """Base of all parts of rules: nothing unknown, nothing changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Reference(Part):
    """The value of a parameter, where a number may stand."""

    parameter: Name


Number: TypeAlias = float | Reference


class Constant(Part):
    """A number, or the value of a parameter."""

    kind: Literal["number"] = "number"
    value: Number


class Price(Part):
    """A field of the bar that has just closed."""

    kind: Literal["price"] = "price"
    field: PriceField = "close"


class Indicator(Part):
    """An indicator of the symbol's bars; not a number until it is ready.

    Attributes
    ----------
    name
        As ``tradinglab rules indicators`` lists it: ``SMA``.
    arguments
        Numbers, or the name of a kind of average.
    field
        What of each bar it reads; by default the close.
    line
        Which of its lines, such as ``signal`` of MACD; by default itself.
    """

    kind: Literal["indicator"] = "indicator"
    name: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,29}$")]
    arguments: tuple[Number | str, ...] = Field(default=(), max_length=MOST_ARGUMENTS)
    field: Blend | None = None
    line: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")] | None = None


class Named(Part):
    """An operand that the rules give a name."""

    kind: Literal["name"] = "name"
    name: Name


class Ago(Part):
    """What an operand was worth some bars ago."""

    kind: Literal["ago"] = "ago"
    operand: Operand
    bars: Number


class Extreme(Part):
    """The highest or lowest worth of an operand in the last bars, this one included."""

    kind: Literal["highest", "lowest"]
    operand: Operand
    bars: Number


class Volatility(Part):
    """The yearly volatility of the close: the deviation of the last returns, times the root of the bars in a year."""

    kind: Literal["volatility"] = "volatility"
    bars: Number


class Since(Part):
    """How many bars ago a condition held last; 0 if it holds now, not a number if it never did."""

    kind: Literal["since"] = "since"
    condition: Condition


class Arithmetic(Part):
    """Two operands and what is done with them; a division by zero is not a number."""

    kind: Literal["arithmetic"] = "arithmetic"
    left: Operand
    operator: Operator
    right: Operand


Operand: TypeAlias = Annotated[
    Constant | Price | Indicator | Named | Ago | Extreme | Volatility | Since | Arithmetic,
    Field(discriminator="kind"),
]


class Compare(Part):
    """A comparison; false as long as either side is not a number."""

    kind: Literal["compare"] = "compare"
    left: Operand
    operator: Comparison
    right: Operand


class Cross(Part):
    """Whether one operand has just passed another: beyond it now, and not beyond it one bar ago."""

    kind: Literal["cross"] = "cross"
    left: Operand
    direction: Literal["above", "below"]
    right: Operand


class All(Part):
    """Whether all conditions hold."""

    kind: Literal["all"] = "all"
    conditions: tuple[Condition, ...] = Field(min_length=2, max_length=MOST_PARTS)


class AnyOf(Part):
    """Whether at least one condition holds."""

    kind: Literal["any"] = "any"
    conditions: tuple[Condition, ...] = Field(min_length=2, max_length=MOST_PARTS)


class Not(Part):
    """Whether a condition does not hold."""

    kind: Literal["not"] = "not"
    condition: Condition


class TimeOfDay(Part):
    """Whether the bar closes in a part of the day, in the time of the exchange: ``start`` counts, ``end`` does not."""

    kind: Literal["time"] = "time"
    start: time
    end: time


class DayOfWeek(Part):
    """Whether the bar closes on one of some weekdays, by the calendar of the exchange."""

    kind: Literal["weekday"] = "weekday"
    days: tuple[Weekday, ...] = Field(min_length=1, max_length=7)


Condition: TypeAlias = Annotated[
    Compare | Cross | All | AnyOf | Not | TimeOfDay | DayOfWeek, Field(discriminator="kind")
]
Node: TypeAlias = (
    Constant | Price | Indicator | Named | Ago | Extreme | Volatility | Since | Arithmetic
    | Compare | Cross | All | AnyOf | Not | TimeOfDay | DayOfWeek
)  # fmt: skip

for _model in (Ago, Extreme, Since, Arithmetic, Compare, Cross, All, AnyOf, Not):
    _model.model_rebuild()


def children(node: Node) -> tuple[Node, ...]:
    """Return the operands and conditions that a node is made of."""
    if isinstance(node, (Ago, Extreme)):
        return (node.operand,)
    if isinstance(node, (Since, Not)):
        return (node.condition,)
    if isinstance(node, (Arithmetic, Compare, Cross)):
        return (node.left, node.right)
    if isinstance(node, (All, AnyOf)):
        return node.conditions
    return ()

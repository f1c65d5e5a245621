"""How many bars rules look back over, and whether there are so many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from math import ceil, inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.rules.catalogue import find_indicator
from tradinglab.rules.checks.nodes import walk
from tradinglab.rules.errors import RulesInvalidError, WindowTooLongError
from tradinglab.rules.expressions import (
    Ago,
    Extreme,
    Indicator,
    Named,
    Node,
    Number,
    Reference,
    Since,
    Volatility,
    children,
)
from tradinglab.rules.portfolios import EqualShares
from tradinglab.rules.schema import AtrAway, RiskSize, VolatilitySize, WarmUpBars, WarmUpDays
from tradinglab.rules.warm_ups import A_DAY, warm_up_days

if TYPE_CHECKING:
    from tradinglab.rules.bars import MarketBars
    from tradinglab.rules.schema import Rules


class Span(NamedTuple):
    """Days that rules are carried out over."""

    first: date
    last: date


class Room(NamedTuple):
    """How many bars there are: before the first day that are seen, and from it on."""

    before: int
    since: int
    where: str
    #: Days of the calendar from the first that is seen to the last, if the data say so.
    days: float = inf

    @property
    def bars(self) -> int:
        """All of them."""
        return self.before + self.since


class Window(NamedTuple):
    """Something that is known only after so many bars."""

    path: str
    bars: int


def windows_check(rules: Rules, values: Mapping[str, float], room: Room) -> None:
    """Refuse rules that look back over more bars than there are: what they ask for would never be known.

    Raises
    ------
    WindowTooLongError
        With the path of the first window that is longer, how long it is, and what to do.
    """
    for each in windows_of(rules, values):
        if each.bars > room.bars:
            raise WindowTooLongError(
                f"this is known after {each.bars:,} bars, and there are {room.bars:,} of them {room.where}"
                f"{' with those of the warm-up' if room.before else ''}; choose a shorter window, more days, or "
                f"{'a longer warm-up' if rules.warm_up is not None else 'a warm-up'}",
                path=each.path,
            )
    if isinstance(rules.warm_up, WarmUpBars) and rules.warm_up.bars > room.bars:
        raise WindowTooLongError(
            f"a warm-up of {rules.warm_up.bars:,} bars is longer than the data, which have {room.bars:,} bars "
            f"{room.where} and before; ask for fewer",
            path="warm_up.bars",
        )
    if isinstance(rules.warm_up, WarmUpDays) and rules.warm_up.days > room.days:
        raise WindowTooLongError(
            f"a warm-up of {rules.warm_up.days:,} days is longer than the data, which have {room.days:,.0f} days "
            f"{room.where} and before; ask for fewer",
            path="warm_up.days",
        )


def searched_windows_check(
    rules: Rules, values: Mapping[str, float], searched: Mapping[str, tuple[float, float]], room: Room
) -> None:
    """Refuse a search with values that make rules look back over more bars than there are.

    Parameters
    ----------
    searched
        The smallest and the largest value of each parameter that is searched.

    Raises
    ------
    WindowTooLongError
        With the parameter and its value, if others would do.
    """
    least = {**values, **{name: low for name, (low, _) in searched.items() if name in rules.parameters}}
    windows_check(rules, least, room)
    for name, (_, most) in searched.items():
        try:
            windows_check(rules, {**least, name: most}, room)
        except WindowTooLongError as problem:
            text = f"with {name} = {most:g} {problem.reason}"
            raise WindowTooLongError(text, path=problem.path, parameter=name) from None


def windows_of(rules: Rules, values: Mapping[str, float]) -> Iterator[Window]:
    """Yield what of rules looks back, with the number of bars after which it is known.

    A window of which a number cannot be used is left to the checks of rules.
    """
    known: dict[str, int] = {}
    for path, operand in _expressions(rules):
        yield from _of_expression(rules, operand, path, values, known)
    for field in ("sizing", "stop_loss", "take_profit", "trailing_stop"):
        part = getattr(rules, field)
        if isinstance(part, VolatilitySize):
            yield Window(f"{field}.bars", _count(part.bars, values) + 1)
        elif isinstance(part, (RiskSize, AtrAway)):
            yield Window(f"{field}.period", _count(part.period, values))
    if rules.rebalance is not None and not isinstance(rules.rebalance.weighting, EqualShares):
        yield Window("rebalance.weighting.bars", _count(rules.rebalance.weighting.bars, values) + 1)


def _expressions(rules: Rules) -> Iterator[tuple[str, Node]]:
    yield from ((f"names.{name}", operand) for name, operand in rules.names.items())
    for field in ("enter_long", "exit_long", "enter_short", "exit_short", "rank"):
        found = getattr(rules, field)
        if found is not None:
            yield field, found
    if rules.rebalance is not None:
        yield "rebalance.rank", rules.rebalance.rank


def _of_expression(
    rules: Rules, node: Node, path: str, values: Mapping[str, float], known: dict[str, int]
) -> Iterator[Window]:
    """Yield the windows of an expression, those inside first, so that the shortest part that is too long is named."""
    parts = [
        (where, each) for where, each in walk(node, path) if isinstance(each, (Indicator, Ago, Extreme, Volatility))
    ]
    for where, each in sorted(parts, key=lambda part: -part[0].count(".")):
        yield Window(where, _needed(rules, each, values, known))


def _needed(rules: Rules, node: Node, values: Mapping[str, float], known: dict[str, int]) -> int:
    """Return after how many bars an operand or a condition may be known."""
    if isinstance(node, Named):
        if node.name not in known:
            known[node.name] = 1  # what is made of itself is refused elsewhere
            known[node.name] = _needed(rules, rules.names[node.name], values, known)
        return known[node.name]
    inner = max((_needed(rules, each, values, known) for each in children(node)), default=1)
    if isinstance(node, Indicator):
        return _warm_up(node, values)
    if isinstance(node, Ago):
        return inner + _count(node.bars, values)
    if isinstance(node, Extreme):
        return inner + _count(node.bars, values) - 1
    if isinstance(node, Volatility):
        return _count(node.bars, values) + 1
    return 1 if isinstance(node, Since) else inner


def _warm_up(node: Indicator, values: Mapping[str, float]) -> int:
    kind = find_indicator(node.name)
    given = [each if isinstance(each, str) else _number(each, values) for each in node.arguments]
    try:
        made = kind.make(kind.values(given))
    except RulesInvalidError:
        return 1
    return int(getattr(made, "warm_up_period", 1))


def _number(number: Number, values: Mapping[str, float]) -> float:
    return values[number.parameter] if isinstance(number, Reference) else number


def _count(number: Number, values: Mapping[str, float]) -> int:
    return int(_number(number, values))


# How many bars there are.


def room_of(bars: MarketBars) -> Room:
    """Return how many bars there are of the security that has most, those of the warm-up among them."""
    longest = max(bars.instruments, key=lambda each: len(each.whole))
    since = len(longest)
    portfolio = len(bars.seen_closes[0])
    ends = longest.whole.end_ns
    days = ceil((int(ends[-1]) - int(ends[0])) / DAY_NS) + 1
    return Room(max(len(longest.whole), portfolio) - since, since, "in the data", days)


def room_between(rules: Rules, bars: MarketBars, span: Span) -> Room:
    """Return how many of the bars fall on some days, and how many before them the warm-up sees."""
    before, since = 0, 0
    for each in bars.instruments:
        days = each.whole.local_end_ns - 1
        first, last = (int(np.searchsorted(days, _ns(day))) for day in (span.first, span.last + timedelta(days=1)))
        seen = 0
        if isinstance(rules.warm_up, WarmUpBars):
            seen = min(first, rules.warm_up.bars)
        elif isinstance(rules.warm_up, WarmUpDays):
            seen = first - int(np.searchsorted(days, _ns(span.first) - rules.warm_up.days * DAY_NS))
        if seen + last - first > before + since:
            before, since = seen, last - first
    return Room(before, since, f"from {span.first} to {span.last}")


def room_at_most(rules: Rules, span: Span, covered: Iterable[Span] | None = None) -> Room:
    """Return how many bars there may be at most, by the calendar alone.

    Parameters
    ----------
    covered
        The days of which there are data, if that is known; else there may be data of all.
    """
    begin = span.first - timedelta(days=int(warm_up_days(rules)) + 1) if rules.warm_up is not None else span.first
    parts = [Span(begin, span.last)] if covered is None else list(covered)
    before = sum(_most(rules, max(each.first, begin), min(each.last, span.first - timedelta(days=1))) for each in parts)
    since = sum(_most(rules, max(each.first, span.first), min(each.last, span.last)) for each in parts)
    if isinstance(rules.warm_up, WarmUpBars):
        # Holidays make it go back further than the calendar says.
        before = rules.warm_up.bars if covered is None else min(before + before // 10 + 1, rules.warm_up.bars)
    days = inf
    if covered is not None and isinstance(rules.warm_up, WarmUpDays):
        days = (span.last - max(begin, min((each.first for each in parts), default=begin))).days + 1
    return Room(before, since, f"at most from {span.first} to {span.last}", days)


def _most(rules: Rules, first: date, last: date) -> int:
    days = (last - first).days + 1
    if days <= 0:
        return 0
    if rules.universe[0].type == "equity":
        whole, rest = divmod(days, 7)
        days = whole * 5 + sum((first.weekday() + each) % 7 < 5 for each in range(rest))
        return days * A_DAY[rules.resolution][0]
    return days * A_DAY[rules.resolution][1]


def _ns(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_NS

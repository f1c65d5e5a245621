"""Rules as text, always in the same form: what is read back from it are the same rules."""

from __future__ import annotations

import textwrap
from datetime import time
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.rules.expressions import (
    Ago,
    All,
    AnyOf,
    Arithmetic,
    Compare,
    Constant,
    Cross,
    Extreme,
    Indicator,
    Named,
    Not,
    Price,
    Reference,
    Since,
    TimeOfDay,
    Volatility,
)
from tradinglab.rules.portfolios import BlackLittermanShares, CalmShares, ReturnShares
from tradinglab.rules.schema import (
    AlphaStreamsSlippage,
    AtrAway,
    ConstantSlippage,
    DefaultFees,
    EqualSize,
    FixedFees,
    FixedSize,
    KellySize,
    MarketImpactSlippage,
    PercentAway,
    PercentFees,
    PercentSize,
    RiskSize,
    ValueSize,
    VolatilitySize,
    VolumeSlippage,
    WarmUpBars,
)

if TYPE_CHECKING:
    from tradinglab.rules.expressions import Condition, Number, Operand
    from tradinglab.rules.portfolios import Rebalance
    from tradinglab.rules.schema import Away, Listing, Parameter, Rules, WarmUp

_WIDTH = 92
_TIGHTNESS = {"+": 1, "-": 1, "*": 2, "/": 2}


def number_text(number: Number) -> str:
    """Return a number, or the name of the parameter that stands for it."""
    if isinstance(number, Reference):
        return number.parameter
    return format(Decimal(repr(number)).normalize(), "f") if abs(number) < 1e15 else repr(number)


# Operands and conditions


def operand_text(node: Operand) -> str:
    """Return an operand as text."""
    if isinstance(node, Constant):
        return number_text(node.value)
    if isinstance(node, Price):
        return node.field
    if isinstance(node, Indicator):
        return _indicator(node)
    if isinstance(node, Named):
        return node.name
    if isinstance(node, Ago):
        return f"{_tight(node.operand)} {_bars(node.bars)} ago"
    if isinstance(node, Extreme):
        return f"{node.kind}({operand_text(node.operand)}, {number_text(node.bars)})"
    if isinstance(node, Volatility):
        return f"volatility({number_text(node.bars)})"
    if isinstance(node, Since):
        return f"bars since ({condition_text(node.condition)})"
    return _arithmetic(node)


def _indicator(node: Indicator) -> str:
    arguments = ", ".join(given if isinstance(given, str) else number_text(given) for given in node.arguments)
    line = f".{node.line}" if node.line else ""
    field = f" of {node.field}" if node.field else ""
    return f"{node.name}({arguments}){line}{field}"


def _tight(node: Operand) -> str:
    return f"({operand_text(node)})" if isinstance(node, Arithmetic) else operand_text(node)


def _arithmetic(node: Arithmetic) -> str:
    own = _TIGHTNESS[node.operator]
    left, right = operand_text(node.left), operand_text(node.right)
    if isinstance(node.left, Arithmetic) and _TIGHTNESS[node.left.operator] < own:
        left = f"({left})"
    if isinstance(node.right, Arithmetic) and _TIGHTNESS[node.right.operator] <= own:
        right = f"({right})"
    return f"{left} {node.operator} {right}"


def condition_text(node: Condition) -> str:
    """Return a condition as text."""
    if isinstance(node, Compare):
        return f"{operand_text(node.left)} {node.operator} {operand_text(node.right)}"
    if isinstance(node, Cross):
        return f"{operand_text(node.left)} crosses {node.direction} {operand_text(node.right)}"
    if isinstance(node, (All, AnyOf)):
        word = " and " if isinstance(node, All) else " or "
        return word.join(_inner(each) for each in node.conditions)
    if isinstance(node, Not):
        return f"not ({condition_text(node.condition)})"
    if isinstance(node, TimeOfDay):
        return f"time between {_time(node.start)} and {_time(node.end)}"
    return f"day in {', '.join(node.days)}"


def _inner(node: Condition) -> str:
    return f"({condition_text(node)})" if isinstance(node, (All, AnyOf)) else condition_text(node)


def _time(moment: time) -> str:
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")


def _bars(number: Number) -> str:
    return f"{number_text(number)} {'bar' if number == 1.0 else 'bars'}"


# Statements


def rules_text(rules: Rules) -> str:
    """Return rules as text; what has its default is left out."""
    lines = [f'rules "{rules.name}"', _universe(rules), f"from {rules.start} to {rules.end}"]
    if rules.warm_up is not None:
        lines.append(f"warm up {_span(rules.warm_up)}")
    lines.append(f"cash {number_text(rules.cash)}")
    lines += [_parameter(name, each) for name, each in rules.parameters.items()]
    lines += [f"let {name} = {operand_text(operand)}" for name, operand in rules.names.items()]
    for field in ("enter_long", "exit_long", "enter_short", "exit_short"):
        condition: Condition | None = getattr(rules, field)
        if condition is not None:
            lines.append(f"{field.replace('_', ' ')} when {condition_text(condition)}")
    lines.append(f"size {_size(rules)}" if rules.rebalance is None else _rebalance(rules.rebalance))
    exits = (("stop loss", rules.stop_loss), ("take profit", rules.take_profit), ("trail", rules.trailing_stop))
    lines += [f"{word} {_away(away)}" for word, away in exits if away is not None]
    if rules.time_stop is not None:
        lines.append(f"exit after {_bars(rules.time_stop)}")
    if rules.cool_down != 0.0:
        lines.append(f"wait {_bars(rules.cool_down)} after exit")
    if rules.max_positions is not None:
        lines.append(f"hold at most {number_text(rules.max_positions)} positions")
    if rules.rank is not None:
        lines.append(f"rank by {operand_text(rules.rank)}")
    return "".join(_folded(line) for line in [*lines, *_views(rules), *_limits(rules), *_costs(rules)])


def _views(rules: Rules) -> list[str]:
    lines = []
    if rules.market_weights:
        weights = (f"{_ticker(each.ticker)} {number_text(each.weight)}" for each in rules.market_weights)
        lines.append(f"market weights {', '.join(weights)}")
    for each in rules.views:
        over = "" if each.over is None else f" over {_ticker(each.over)}"
        told = f"{number_text(each.percent)} % a year confidence {number_text(each.confidence)} %"
        lines.append(f"view {_ticker(each.ticker)}{over} {told}")
    return lines


def _limits(rules: Rules) -> list[str]:
    limits, lines = rules.limits, []
    if limits is not None and limits.position_percent is not None:
        lines.append(f"limit position {number_text(limits.position_percent)} %")
    for each in () if limits is None else limits.sectors:
        tickers = ", ".join(_ticker(ticker) for ticker in each.tickers)
        lines.append(f"limit sector {each.name} {number_text(each.percent)} % of {tickers}")
    drawdown = None if limits is None else limits.drawdown
    if drawdown is not None:
        wait = "" if drawdown.wait_bars is None else f" then wait {_bars(drawdown.wait_bars)}"
        lines.append(f"limit drawdown {number_text(drawdown.percent)} %{wait}")
    return lines


def _folded(line: str) -> str:
    """Return a statement with its line ends: what is long goes on in lines that are indented."""
    # No space in a name is a place to break.
    parts = [line] if '"' in line else textwrap.wrap(
        line, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )  # fmt: skip
    return "".join(f"{part}\n" for part in parts)


def _universe(rules: Rules) -> str:
    kind = rules.universe[0].type
    listed = ", ".join(_listing(each) for each in rules.universe)
    return f"universe {'' if kind == 'equity' else kind + ' '}{listed} {rules.resolution}"


def _listing(listing: Listing) -> str:
    ticker = _ticker(listing.ticker)
    return f"{ticker} on {listing.market}" if listing.market else ticker


def _ticker(text: str) -> str:
    plain = text.replace("_", "").isalnum() and not text[0].isdigit()
    return text if plain else f'"{text}"'


def _parameter(name: str, each: Parameter) -> str:
    text = f"parameter {name} = {number_text(each.default)}"
    for word, value in (("from", each.minimum), ("to", each.maximum), ("step", each.step)):
        if value is not None:
            text += f" {word} {number_text(value)}"
    return text


def _span(given: WarmUp) -> str:
    number, word = (given.bars, "bar") if isinstance(given, WarmUpBars) else (given.days, "day")
    return f"{number} {word if number == 1 else word + 's'}"


def _size(rules: Rules) -> str:
    sizing, said = rules.sizing, number_text
    if isinstance(sizing, FixedSize):
        return f"{said(sizing.units)} units"
    if isinstance(sizing, ValueSize):
        return f"{said(sizing.value)} cash"
    if isinstance(sizing, PercentSize):
        return f"{said(sizing.percent)} % of equity"
    if isinstance(sizing, EqualSize):
        return f"equal weight of {said(sizing.percent)} % of equity"
    if isinstance(sizing, VolatilitySize):
        return f"volatility {said(sizing.percent)} % over {_bars(sizing.bars)} at most {said(sizing.most_percent)} %"
    if isinstance(sizing, RiskSize):
        return f"risk {said(sizing.percent)} % per {said(sizing.multiple)} ATR({said(sizing.period)})"
    return _kelly(sizing)


def _rebalance(portfolio: Rebalance) -> str:
    weighting = portfolio.weighting
    weights = "equally"
    if isinstance(weighting, CalmShares):
        weights = f"by volatility over {_bars(weighting.bars)}"
    elif isinstance(weighting, ReturnShares):
        weights = f"by {weighting.kind.replace('_', ' ')} over {_bars(weighting.bars)}"
    elif isinstance(weighting, BlackLittermanShares):
        weights = (
            f"by black litterman over {_bars(weighting.bars)} risk aversion {number_text(weighting.risk_aversion)} "
            f"tau {number_text(weighting.tau)}"
        )
    return (
        f"rebalance {portfolio.schedule} top {number_text(portfolio.top)} by {operand_text(portfolio.rank)} "
        f"weighted {weights} with {number_text(portfolio.percent)} % of equity"
    )


def _kelly(sizing: KellySize) -> str:
    said = number_text
    return (
        f"kelly {said(sizing.percent)} % at most {said(sizing.most_percent)} % "
        f"after {said(sizing.trades)} trades from {said(sizing.start_percent)} %"
    )


def _away(away: Away) -> str:
    rests = " resting" if away.resting else ""
    if isinstance(away, PercentAway):
        return f"{number_text(away.percent)} %{rests}"
    if isinstance(away, AtrAway):
        return f"{number_text(away.multiple)} ATR({number_text(away.period)}){rests}"
    return f"{number_text(away.points)} points{rests}"


def _costs(rules: Rules) -> list[str]:
    lines = []
    fees, slippage = rules.fees, rules.slippage
    if isinstance(fees, PercentFees):
        lines.append(f"fees {number_text(fees.percent)} %")
    elif isinstance(fees, FixedFees):
        lines.append(f"fees {number_text(fees.amount)} per order")
    elif not isinstance(fees, DefaultFees):
        lines.append(f"fees {fees.kind}")
    if isinstance(slippage, ConstantSlippage):
        lines.append(f"slippage {number_text(slippage.percent)} %")
    elif isinstance(slippage, (AlphaStreamsSlippage, MarketImpactSlippage)):
        lines.append(f"slippage {slippage.kind}")
    elif isinstance(slippage, VolumeSlippage):
        lines.append(f"slippage volume limit {number_text(slippage.limit)} impact {number_text(slippage.impact)}")
    if rules.fill == "next_bar_open":
        lines.append("fill at next bar open")
    if rules.leverage != 1.0:
        lines.append(f"leverage {number_text(rules.leverage)}")
    if rules.buffer_percent != 0.25:
        lines.append(f"buffer {number_text(rules.buffer_percent)} %")
    return lines

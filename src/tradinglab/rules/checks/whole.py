"""Checks of rules as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tradinglab.core.surface import did_you_mean
from tradinglab.rules.checks.contradictions import why_never
from tradinglab.rules.checks.nodes import Changing, NodeChecks
from tradinglab.rules.checks.views import check_views, check_views_frame
from tradinglab.rules.errors import RulesInvalidError
from tradinglab.rules.expressions import Part
from tradinglab.rules.portfolios import BY_RETURNS, CalmShares, Limits, Rebalance
from tradinglab.rules.schema import (
    MOST_WARM_UP_DAYS,
    AtrAway,
    BrokerFees,
    MarketImpactSlippage,
    ModelFees,
    Parameter,
    RiskSize,
    Rules,
    VolatilitySize,
    VolumeSlippage,
    WarmUpBars,
)
from tradinglab.rules.tariffs import kinds_of
from tradinglab.rules.warm_ups import warm_up_days
from tradinglab.rules.words import RESERVED

_MOST_PERCENT = 10_000.0
_MOST_LEVERAGE = 100.0
# Instants are nanoseconds since 1970 in 64 bits: 1678 to 2261, from which a warm-up is still taken off.
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
_SIDES = ("long", "short")
#: The numbers of parts of rules: smallest (may it be reached?), largest, and whether they are whole.
_RANGES: dict[str, tuple[float, bool, float, bool]] = {
    "units": (0.0, False, 1e12, False),
    "value": (0.0, False, 1e12, False),
    "percent": (0.0, False, _MOST_PERCENT, False),
    "most_percent": (0.0, False, _MOST_PERCENT, False),
    "start_percent": (0.0, True, _MOST_PERCENT, False),
    "share": (0.0, False, 100.0, False),
    "points": (0.0, False, 1e12, False),
    "multiple": (0.0, False, 1e6, False),
    "amount": (0.0, True, 1e9, False),
    "top": (1.0, True, 500.0, True),
    "trades": (1.0, True, 1e6, True),
    "limit": (0.0, False, 1.0, False),
    "risk_aversion": (0.0, False, 1e6, False),
    "tau": (0.0, False, 100.0, False),
    "impact": (0.0, True, 1e6, False),
}


def parameter_values(rules: Rules, given: Mapping[str, float | str] | None = None) -> dict[str, float]:
    """Return the value of every parameter: what was given, else the default.

    Raises
    ------
    RulesInvalidError
        If the rules have no parameter of a given name, or a value is no finite number.
    """
    values = {name: each.default for name, each in rules.parameters.items()}
    for name, value in (given or {}).items():
        path = f"parameters.{name}"
        if name not in values:
            hint = did_you_mean(name, values) or "; leave it out."
            known = f" It has {', '.join(values)}." if values else " It has none."
            raise RulesInvalidError(f"the rules have no parameter '{name}'{hint}{known}", path=path)
        number = _number_of(value)
        if not abs(number) < float("inf"):
            raise RulesInvalidError(
                f"a number is expected, such as the default {values[name]:g}; it was '{value}'", path=path
            )
        values[name] = number
    return values


def _number_of(value: float | str) -> float:
    """Return what was given as a number; not a number if it is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def asked_values(rules: Rules, given: Mapping[str, float | str]) -> dict[str, float]:
    """Return the value of every parameter of a run that somebody asks for.

    Unlike ``simulate``, which takes any, it keeps to the declared ranges.

    Raises
    ------
    RulesInvalidError
        If a value is no number, unknown, out of its range, or such that the rules cannot be carried out; the path names
        the parameter, if it is one alone.
    """
    values = parameter_values(rules, given)
    for name in given:
        _check_range(name, rules.parameters[name], values[name])
    try:
        check_rules(rules, values)
    except RulesInvalidError as problem:
        alone = _culprit(rules, given, values)
        if alone is None:
            raise
        told = f"parameters.{alone}" if alone else "parameters"
        said = f"with {alone} = {values[alone]:g}" if alone else "with these values"
        raise RulesInvalidError(f"{said} the rules cannot be carried out: {problem}", path=told) from None
    return values


def _check_range(name: str, each: Parameter, value: float) -> None:
    is_below = each.minimum is not None and value < each.minimum
    if is_below or (each.maximum is not None and value > each.maximum):
        least = "" if each.minimum is None else f" from {each.minimum:g}"
        most = "" if each.maximum is None else f" to {each.maximum:g}"
        raise RulesInvalidError(
            f"a number{least}{most} is expected, as the rules declare; it was {value:g}", path=f"parameters.{name}"
        )


def _culprit(rules: Rules, given: Mapping[str, object], values: Mapping[str, float]) -> str | None:
    """Return which value alone is refused, an empty name if only several together are, ``None`` if it is no value."""
    defaults = parameter_values(rules)
    if not _fits(rules, defaults):
        return None
    return next((name for name in given if not _fits(rules, {**defaults, name: values[name]})), "")


def _fits(rules: Rules, values: Mapping[str, float]) -> bool:
    try:
        check_rules(rules, values)
    except RulesInvalidError:
        return False
    return True


def check_rules(rules: Rules, values: Mapping[str, float]) -> None:
    """Refuse rules that contradict themselves or that cannot be carried out, with given parameters.

    Raises
    ------
    RulesInvalidError
        With the path of the field, its value, and what to do.
    """
    _check_frame(rules)
    _check_sides(rules)
    check_views_frame(rules)
    check_values(rules, values)


def check_values(rules: Rules, values: Mapping[str, float], changing: Changing | None = None) -> None:
    """Refuse parameters with which rules that are sound otherwise cannot be carried out.

    Parameters
    ----------
    changing
        Where the parts are kept that depend on parameters, if the rest is known to be sound.
    """
    checks = NodeChecks(rules, values, changing)
    for name, operand in rules.names.items():
        checks.expression(operand, f"names.{name}")
    for field in ("enter_long", "exit_long", "enter_short", "exit_short"):
        condition = getattr(rules, field)
        if condition is not None:
            checks.expression(condition, field)
            why = "" if checks.is_settled(condition, field) else why_never(condition, values)
            if why:
                raise RulesInvalidError(f"this never holds: {why}; change the condition or leave it out", path=field)
    if rules.rank is not None:
        checks.expression(rules.rank, "rank")
    if rules.rebalance is not None:
        checks.expression(rules.rebalance.rank, "rebalance.rank")
    for field in ("sizing", "stop_loss", "take_profit", "trailing_stop", "fees", "slippage", "rebalance"):
        _check_part(getattr(rules, field), field, checks)
    check_views(rules, checks)
    if rules.limits is not None:
        _check_limits(rules.limits, checks)
    _check_numbers(rules, checks)


def _check_frame(rules: Rules) -> None:
    """Check what is traded, and when."""
    for field, day in (("start", rules.start), ("end", rules.end)):
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise RulesInvalidError(f"a day from {_FIRST_DAY} to {_LAST_DAY} is expected; it was {day}", path=field)
    if rules.end < rules.start:
        raise RulesInvalidError(f"the end ({rules.end}) is before the start ({rules.start}); swap them", path="end")
    _check_warm_up(rules)
    kinds = {each.type for each in rules.universe}
    if len(kinds) > 1:
        raise RulesInvalidError(
            f"{' and '.join(sorted(kinds))} do not close at the same times; make one set of rules for each",
            path="universe",
        )
    seen = set()
    for place, each in enumerate(rules.universe):
        if each.ticker.upper() in seen:
            raise RulesInvalidError(f"{each.ticker} is there twice; list it once", path=f"universe.{place}.ticker")
        seen.add(each.ticker.upper())
    if kinds == {"forex"} and rules.resolution == "daily":
        raise RulesInvalidError(
            "orders on daily bars of currencies wait for the market's close, which has no price of its own; choose "
            "hour or minute",
            path="resolution",
        )
    if kinds == {"crypto"} and isinstance(rules.fees, BrokerFees):
        raise RulesInvalidError(
            "Interactive Brokers' fees are for shares and currencies; name an exchange, or give a percentage",
            path="fees",
        )
    if isinstance(rules.fees, ModelFees) and not kinds <= set(kinds_of(rules.fees.kind)):
        known = " and ".join(kinds_of(rules.fees.kind))
        raise RulesInvalidError(
            f"the fees '{rules.fees.kind}' are those of {known}, not of {kinds.pop()}; name other fees", path="fees"
        )
    if kinds == {"forex"} and isinstance(rules.slippage, (VolumeSlippage, MarketImpactSlippage)):
        raise RulesInvalidError("currencies have no volume; give the slippage as a percentage", path="slippage")
    for name, parameter in rules.parameters.items():
        _check_parameter(rules, name, parameter)
    for name in rules.names:
        _check_name(name, f"names.{name}")


def _check_warm_up(rules: Rules) -> None:
    """Check that a warm-up does not go back beyond all data."""
    given, days = rules.warm_up, warm_up_days(rules)
    if isinstance(given, WarmUpBars) and days > MOST_WARM_UP_DAYS:
        raise RulesInvalidError(
            f"{given.bars:,} {rules.resolution} bars take about {days:,.0f} days; a warm-up goes back "
            f"{MOST_WARM_UP_DAYS:,} at most; ask for fewer bars",
            path="warm_up.bars",
        )


def _check_parameter(rules: Rules, name: str, each: Parameter) -> None:
    path = f"parameters.{name}"
    _check_name(name, path)
    if name in rules.names:
        raise RulesInvalidError("an operand has the same name; choose another one", path=path)
    if each.minimum is not None and each.maximum is not None and each.minimum > each.maximum:
        raise RulesInvalidError(
            f"the range is upside down: from {each.minimum:g} to {each.maximum:g}; swap them", path=f"{path}.minimum"
        )
    is_below = each.minimum is not None and each.default < each.minimum
    if is_below or (each.maximum is not None and each.default > each.maximum):
        raise RulesInvalidError(f"the default ({each.default:g}) lies outside of the range", path=f"{path}.default")


def _check_name(name: str, path: str) -> None:
    if name in RESERVED:
        raise RulesInvalidError(f"'{name}' has a meaning of its own in rules; choose another name", path=path)


def _check_sides(rules: Rules) -> None:
    """Check that what is left is entered, and that something is."""
    if rules.rebalance is not None:
        _check_portfolio(rules)
        _check_sectors(rules)
        return
    if rules.limits is not None and (rules.limits.position_percent is not None or rules.limits.sectors):
        raise RulesInvalidError(
            "limits of shares are for portfolios; add 'rebalance …' or leave them out", path="limits"
        )
    if rules.enter_long is None and rules.enter_short is None:
        left = [field for field in ("stop_loss", "take_profit", "trailing_stop", "time_stop", "exit_long", "exit_short")
                if getattr(rules, field) is not None]  # fmt: skip
        if left:
            raise RulesInvalidError("there is nothing to leave: no position is ever entered; add 'enter long when …'",
                                    path=left[0])  # fmt: skip
        raise RulesInvalidError("nothing is ever entered; add 'enter long when …' or 'enter short when …'",
                                path="enter_long")  # fmt: skip
    for side in _SIDES:
        enter, leave = getattr(rules, f"enter_{side}"), getattr(rules, f"exit_{side}")
        if leave is not None and enter is None:
            raise RulesInvalidError(
                f"a {side} position is left but never entered; add 'enter {side} when …' or leave the exit out",
                path=f"exit_{side}",
            )
        if leave is not None and leave == enter:
            raise RulesInvalidError("a position would be entered and left by the same condition; change one",
                                    path=f"exit_{side}")  # fmt: skip
    if rules.enter_long is not None and rules.enter_long == rules.enter_short:
        raise RulesInvalidError("both sides are entered by the same condition; change one", path="enter_short")


def _check_portfolio(rules: Rules) -> None:
    """Check that a portfolio that is put together anew has no other ways in and out."""
    own = type(rules).model_fields
    for field in ("exit_long", "enter_short", "exit_short", "sizing", "stop_loss", "take_profit", "trailing_stop",
                  "time_stop", "cool_down", "max_positions", "rank"):  # fmt: skip
        if getattr(rules, field) != own[field].default:
            raise RulesInvalidError(
                "a portfolio that is rebalanced is entered and left on schedule alone; leave this out, or 'rebalance'",
                path=field,
            )


def _check_sectors(rules: Rules) -> None:
    """Check that sectors are told apart and have securities of the universe."""
    sectors = () if rules.limits is None else rules.limits.sectors
    known = {each.ticker.upper() for each in rules.universe}
    for place, sector in enumerate(sectors):
        path = f"limits.sectors.{place}"
        if sector.name in [each.name for each in sectors[:place]]:
            raise RulesInvalidError(f"'{sector.name}' is there twice; choose another name", path=f"{path}.name")
        for ticker in sector.tickers:
            if ticker.upper() not in known:
                hint = did_you_mean(ticker.upper(), known) or "; name its own"
                raise RulesInvalidError(f"{ticker} is not in the universe{hint}", path=f"{path}.tickers")


def _check_part(part: Part | None, path: str, checks: NodeChecks) -> None:
    if part is None or checks.may_skip(part, path):
        return
    for name in type(part).model_fields:
        if name in _RANGES:
            _in_range(checks.number(getattr(part, name), f"{path}.{name}"), name, f"{path}.{name}")
    if isinstance(part, (RiskSize, AtrAway)):
        checks.bars(part.period, f"{path}.period")
    if isinstance(part, VolatilitySize):
        checks.bars(part.bars, f"{path}.bars", least=2)
    if isinstance(part, Rebalance) and isinstance(part.weighting, (CalmShares, *BY_RETURNS)):
        checks.bars(part.weighting.bars, f"{path}.weighting.bars", least=2)
        _check_part(part.weighting, f"{path}.weighting", checks)


def _check_limits(limits: Limits, checks: NodeChecks) -> None:
    given = [(sector.percent, f"limits.sectors.{place}.percent") for place, sector in enumerate(limits.sectors)]
    if limits.position_percent is not None:
        given.append((limits.position_percent, "limits.position_percent"))
    drawdown = limits.drawdown
    if drawdown is not None:
        given.append((drawdown.percent, "limits.drawdown.percent"))
        if drawdown.wait_bars is not None:
            checks.bars(drawdown.wait_bars, "limits.drawdown.wait_bars")
    if not given:
        raise RulesInvalidError("there is no limit; add one or leave this out", path="limits")
    for number, path in given:
        _in_range(checks.number(number, path), "share", path)


def _in_range(value: float, name: str, path: str) -> None:
    least, may_be_least, most, is_whole = _RANGES[name]
    fits = (
        (value >= least if may_be_least else value > least) and value <= most and (not is_whole or value == int(value))
    )
    if not fits:
        kind = "a whole number" if is_whole else "a number"
        word = "from" if may_be_least else "above"
        raise RulesInvalidError(f"{kind} {word} {least:g} to {most:g} is expected; it was {value:g}", path=path)


def _check_numbers(rules: Rules, checks: NodeChecks) -> None:
    leverage = checks.number(rules.leverage, "leverage")
    if not 0 < leverage <= _MOST_LEVERAGE:
        raise RulesInvalidError(
            f"a number above 0 to {_MOST_LEVERAGE:g} is expected; it was {leverage:g}", path="leverage"
        )
    buffer = checks.number(rules.buffer_percent, "buffer_percent")
    if not 0 <= buffer < 100:
        raise RulesInvalidError(f"0 to less than 100 percent are expected; it was {buffer:g}", path="buffer_percent")
    checks.bars(rules.cool_down, "cool_down", least=0)
    if rules.time_stop is not None:
        checks.bars(rules.time_stop, "time_stop")
    if rules.max_positions is not None:
        most = checks.number(rules.max_positions, "max_positions")
        if most != int(most) or most < 1:
            raise RulesInvalidError(f"a whole number from 1 on is expected; it was {most:g}", path="max_positions")

"""Bars made fit by a policy, with what was done to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.cells import PRICES, SIZES, sides_of
from tradinglab.data.quality.checks import CHECKS, Rule
from tradinglab.data.quality.errors import RejectedBarsError
from tradinglab.data.quality.inspecting import Inspection, inspect_bars
from tradinglab.data.quality.limits import Limits
from tradinglab.data.quality.policy import KEEP, REJECT, Policy
from tradinglab.data.quality.repairs import FLAG, Repairs
from tradinglab.data.quality.report import QualityReport

#: What a repair uncovers is repaired in the next round; what is left after so many is said in the report.
_MOST_ROUNDS: Final = 10


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Bars as a policy makes them.

    Attributes
    ----------
    bars
        Their ``rows`` are the places that they had among those that came in.
    repairs
        Everything that was changed, left out or flagged.
    before, after
        What was found of the bars as they came, and as they are.
    """

    bars: Bars
    repairs: Repairs
    before: QualityReport
    after: QualityReport


def clean(bars: Bars, facts: SeriesFacts, policy: Policy, limits: Limits | None = None, *, name: str = "") -> Cleaned:
    """Return bars without what a policy repairs.

    Parameters
    ----------
    bars
        Numbered from 0 on, in the order in which they came.

    Raises
    ------
    RejectedBarsError
        If something is found that the policy rejects, in the bars as they came or as repairs leave them.
    """
    repairs = Repairs()
    found = inspect_bars(bars, facts, limits, name=name, keeps_rows=True)
    before = found.report
    _reject(before, policy)
    for _ in range(_MOST_ROUNDS):
        done = len(repairs)
        bars = _repair(bars, found, policy, repairs)
        if len(repairs) == done:
            break
        found = inspect_bars(bars, facts, limits, name=name, keeps_rows=True)
        _reject(found.report, policy)
    _flag(bars, found, policy, repairs)
    return Cleaned(bars, _with_places(repairs, bars), before, found.report)


def _reject(report: QualityReport, policy: Policy) -> None:
    codes = tuple(each.code for each in report.findings if policy.action(each.code) == REJECT)
    if codes:
        raise RejectedBarsError(report, codes)


def _repair(bars: Bars, found: Inspection, policy: Policy, repairs: Repairs) -> Bars:
    """Return bars after one round of repairs, in the order of the checks."""
    for code in CHECKS:
        action = policy.action(code)
        if code not in found.marks or action in (REJECT, KEEP):
            continue
        rows, against = found.marks[code]
        rule = Rule(action)
        if rule == Rule.SORT:
            repairs.note(code, rule, "", bars.take(np.isin(bars.rows, rows)), before=_places(bars, rows))
            bars = bars.sorted()
            continue
        which = np.isin(bars.rows, against if rule == Rule.KEEP_LAST else rows)
        if rule in (Rule.CLIP, Rule.ZERO):
            bars = _clip(bars, which, code, repairs) if rule == Rule.CLIP else _zero(bars, which, code, repairs)
        elif which.any():
            repairs.drop(code, rule, bars.take(which))
            bars = bars.take(~which)
    return bars


def _places(bars: Bars, rows: Ints) -> Floats:
    return bars.rows[np.isin(bars.rows, rows)].astype(np.float64)


def _clip(bars: Bars, which: np.ndarray[tuple[int], np.dtype[np.bool_]], code: str, repairs: Repairs) -> Bars:
    """Widen highs and lows until they hold all prices of their bar."""
    values = dict(bars.values)
    for side in sides_of(values):
        prices = np.stack([values[side + name][which] for name in PRICES])
        if not prices.size:
            continue
        for name, bound in (("high", np.fmax.reduce(prices)), ("low", np.fmin.reduce(prices))):
            column = values[side + name]
            now = column[which]
            other = (now != bound) & ~np.isnan(bound)
            if other.any():
                at = np.flatnonzero(which)[other]
                repairs.note(code, Rule.CLIP, side + name, bars.take(at), now[other], bound[other])
                values[side + name] = column.copy()
                values[side + name][at] = bound[other]
    return Bars(bars.times_us, values, bars.rows)


def _zero(bars: Bars, which: np.ndarray[tuple[int], np.dtype[np.bool_]], code: str, repairs: Repairs) -> Bars:
    values = dict(bars.values)
    for name in SIZES:
        if name in values:
            at = np.flatnonzero(which & (values[name] < 0))
            if len(at):
                repairs.note(code, Rule.ZERO, name, bars.take(at), values[name][at], np.zeros(len(at)))
                values[name] = values[name].copy()
                values[name][at] = 0.0
    return Bars(bars.times_us, values, bars.rows)


def _flag(bars: Bars, found: Inspection, policy: Policy, repairs: Repairs) -> None:
    """Note the bars that are kept although something was found of them."""
    for code in CHECKS:
        if code in found.marks and policy.action(code) == KEEP:
            rows = np.unique(found.marks[code][0])
            repairs.note(code, FLAG, "", bars.take(np.isin(bars.rows, rows)))


def _with_places(repairs: Repairs, bars: Bars) -> Repairs:
    """Return repairs in which it is known where bars that were moved are in the end; NaN if they were left out."""
    if not repairs.moved:
        return repairs
    order = np.argsort(bars.rows)
    changes = []
    for each in repairs.changes:
        if each.rule == Rule.SORT:
            at = np.minimum(np.searchsorted(bars.rows[order], each.rows), max(len(bars) - 1, 0))
            place = order[at].astype(np.float64) if len(bars) else np.full(len(each.rows), np.nan)
            if len(bars):
                place[bars.rows[order[at]] != each.rows] = np.nan
            each = replace(each, after=place)
        changes.append(each)
    return Repairs(changes)

"""Bars made fit by a policy, with what was done to them.

Bars are repaired in rounds, block by block, so that a memory is needed that does not grow with them, but with what is
wrong with them alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.data.columns import SIZE_FIELDS, Flags, Ints
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.cells import PRICES, sides_of
from tradinglab.data.quality.checks import CHECKS, Rule
from tradinglab.data.quality.errors import RejectedBarsError
from tradinglab.data.quality.inspecting import Inspection, inspect_pile
from tradinglab.data.quality.limits import Limits
from tradinglab.data.quality.piles import Pile
from tradinglab.data.quality.policy import KEEP, REJECT, Policy
from tradinglab.data.quality.repairs import FLAG, Change, Repairs
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
    done = clean_pile(Pile.of(bars, facts.key.resolution), facts, policy, limits, name=name)
    return Cleaned(done.pile.whole(), done.repairs, done.before, done.after)


@dataclass(frozen=True, slots=True)
class CleanedPile:
    """Bars of a pile as a policy makes them; see :class:`Cleaned`."""

    pile: Pile
    repairs: Repairs
    before: QualityReport
    after: QualityReport


def clean_pile(
    pile: Pile, facts: SeriesFacts, policy: Policy, limits: Limits | None = None, *, name: str = ""
) -> CleanedPile:
    """Return bars without what a policy repairs, as :func:`clean` does; the pile that is given is used up."""
    repairs = Repairs()
    found = inspect_pile(pile, facts, limits, name=name, keeps_rows=True)
    before = found.report
    _reject(before, policy)
    for _ in range(_MOST_ROUNDS):
        done = Repairs()
        repaired = _repair(pile, found, policy, done)
        if not len(done):
            break
        repairs.changes += _joined(done.changes, pile.names)
        pile.remove()
        pile = repaired
        found = inspect_pile(pile, facts, limits, name=name, keeps_rows=True)
        _reject(found.report, policy)
    repairs.changes += _joined(_flags(pile, found, policy).changes, pile.names)
    return CleanedPile(pile, _with_places(repairs, pile), before, found.report)


def _reject(report: QualityReport, policy: Policy) -> None:
    codes = tuple(each.code for each in report.findings if policy.action(each.code) == REJECT)
    if codes:
        raise RejectedBarsError(report, codes)


@dataclass(frozen=True, slots=True)
class _Step:
    """What is done about a check: to the bars of some rows, sorted."""

    code: str
    rule: Rule
    rows: Ints


def _repair(pile: Pile, found: Inspection, policy: Policy, repairs: Repairs) -> Pile:
    """Return bars after one round of repairs, in the order of the checks."""
    steps = []
    for code in CHECKS:
        action = policy.action(code)
        if code in found.marks and action not in (REJECT, KEEP):
            rows, against = found.marks[code]
            steps.append(_Step(code, Rule(action), np.unique(against if action == Rule.KEEP_LAST else rows)))
    if not steps:
        return pile
    if steps[0].rule == Rule.SORT:
        sort = steps.pop(0)
        for bars in pile.blocks():
            moved = bars.take(_which(bars, sort.rows))
            if len(moved):
                repairs.note(sort.code, sort.rule, "", moved, before=moved.rows.astype(np.float64))
        pile = pile.in_order()
    repaired = pile.another()
    for bars in pile.blocks():
        for step in steps:
            bars = _repaired(bars, step, repairs)
        repaired.add(bars)
    return repaired


def _repaired(bars: Bars, step: _Step, repairs: Repairs) -> Bars:
    """Return a block after one step."""
    which = _which(bars, step.rows)
    if not which.any():
        return bars
    if step.rule == Rule.CLIP:
        return _clip(bars, which, step.code, repairs)
    if step.rule == Rule.ZERO:
        return _zero(bars, which, step.code, repairs)
    repairs.drop(step.code, step.rule, bars.take(which))
    return bars.take(~which)


def _which(bars: Bars, rows: Ints) -> Flags:
    """Return which bars of a block are of some rows, which are sorted."""
    if not len(bars):
        return np.zeros(0, np.bool_)
    inside = rows[np.searchsorted(rows, bars.rows.min()) : np.searchsorted(rows, bars.rows.max(), side="right")]
    return np.isin(bars.rows, inside)


def _joined(changes: Sequence[Change], names: Sequence[str]) -> list[Change]:
    """Return the changes of all blocks by check and field, in the order of the checks."""
    codes, fields = list(CHECKS), list(names)
    groups: dict[tuple[int, int], list[Change]] = {}
    for each in changes:
        place = fields.index(each.name) if each.name in fields else -1
        groups.setdefault((codes.index(each.check), place), []).append(each)
    return [
        Change(
            parts[0].check, parts[0].rule, parts[0].name,
            np.concatenate([each.rows for each in parts]), np.concatenate([each.times_us for each in parts]),
            np.concatenate([each.before for each in parts]), np.concatenate([each.after for each in parts]),
        )
        for _, parts in sorted(groups.items(), key=lambda group: group[0])
    ]  # fmt: skip


def _clip(bars: Bars, which: Flags, code: str, repairs: Repairs) -> Bars:
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


def _zero(bars: Bars, which: Flags, code: str, repairs: Repairs) -> Bars:
    values = dict(bars.values)
    for name in SIZE_FIELDS:
        if name in values:
            at = np.flatnonzero(which & (values[name] < 0))
            if len(at):
                repairs.note(code, Rule.ZERO, name, bars.take(at), values[name][at], np.zeros(len(at)))
                values[name] = values[name].copy()
                values[name][at] = 0.0
    return Bars(bars.times_us, values, bars.rows)


def _flags(pile: Pile, found: Inspection, policy: Policy) -> Repairs:
    """Return the bars that are kept although something was found of them."""
    flags = Repairs()
    kept = {code: np.unique(found.marks[code][0]) for code in found.marks if policy.action(code) == KEEP}
    for bars in pile.blocks() if kept else ():
        for code, rows in kept.items():
            flagged = bars.take(_which(bars, rows))
            if len(flagged):
                flags.note(code, FLAG, "", flagged)
    return flags


def _with_places(repairs: Repairs, pile: Pile) -> Repairs:
    """Return repairs in which it is known where bars that were moved are in the end; NaN if they were left out."""
    if not repairs.moved:
        return repairs
    rows = np.unique(np.concatenate([each.rows for each in repairs.changes if each.rule == Rule.SORT]))
    places, count = np.full(len(rows), np.nan), 0
    for bars in pile.blocks():
        at = np.flatnonzero(_which(bars, rows))
        places[np.searchsorted(rows, bars.rows[at])] = count + at
        count += len(bars)
    return Repairs(
        [
            replace(each, after=places[np.searchsorted(rows, each.rows)]) if each.rule == Rule.SORT else each
            for each in repairs.changes
        ]
    )

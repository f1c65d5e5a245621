"""Checks of views and of the market's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.surface import did_you_mean
from tradinglab.rules.errors import RulesInvalidError
from tradinglab.rules.portfolios import BlackLittermanShares

if TYPE_CHECKING:
    from tradinglab.rules.checks.nodes import NodeChecks
    from tradinglab.rules.portfolios import View
    from tradinglab.rules.schema import Rules

_MOST_RETURN = 1_000.0


def check_views_frame(rules: Rules) -> None:
    """Check what views and weights are about, and that somebody asks for them.

    Raises
    ------
    RulesInvalidError
        If no shares follow from them, a security is unknown, or one is there twice.
    """
    is_asked = rules.rebalance is not None and isinstance(rules.rebalance.weighting, BlackLittermanShares)
    for field in ("views", "market_weights"):
        if getattr(rules, field) and not is_asked:
            raise RulesInvalidError(
                "only shares by black litterman heed this; add 'rebalance … weighted by black litterman over 250 bars' "
                "or leave it out",
                path=field,
            )
    known = {each.ticker.upper() for each in rules.universe}
    pairs: dict[frozenset[str], int] = {}
    for place, view in enumerate(rules.views):
        path = f"views.{place}"
        _check_ticker(view.ticker, known, f"{path}.ticker")
        if view.over is not None:
            _check_ticker(view.over, known, f"{path}.over")
            if view.over.upper() == view.ticker.upper():
                raise RulesInvalidError("no security earns more than itself; name another one", path=f"{path}.over")
        before = pairs.setdefault(_securities(view), place)
        if before != place:
            raise RulesInvalidError(
                f"view {before + 1} is about {' and '.join(sorted(_securities(view)))} already, and one of them would "
                "repeat or contradict the other; keep one",
                path=path,
            )
    _check_weights(rules, known)


def _securities(view: View) -> frozenset[str]:
    return frozenset(each.upper() for each in (view.ticker, view.over) if each is not None)


def _check_ticker(ticker: str, known: set[str], path: str) -> None:
    if ticker.upper() not in known:
        hint = did_you_mean(ticker.upper(), known) or "; name one of its own"
        raise RulesInvalidError(f"{ticker} is not in the universe{hint}", path=path)


def _check_weights(rules: Rules, known: set[str]) -> None:
    seen: set[str] = set()
    for place, each in enumerate(rules.market_weights):
        path = f"market_weights.{place}.ticker"
        _check_ticker(each.ticker, known, path)
        if each.ticker.upper() in seen:
            raise RulesInvalidError(f"{each.ticker} is there twice; give it one weight", path=path)
        seen.add(each.ticker.upper())
    missing = [each.ticker for each in rules.universe if each.ticker.upper() not in seen]
    if seen and missing:
        raise RulesInvalidError(
            f"{missing[0]} has no weight; give every security of the universe one, or none of them",
            path="market_weights",
        )


def check_views(rules: Rules, checks: NodeChecks) -> None:
    """Check the numbers of views and weights, and that views that are certain do not contradict each other."""
    certain, at = [], {each.ticker.upper(): place for place, each in enumerate(rules.universe)}
    for place, view in enumerate(rules.views):
        percent = checks.number(view.percent, f"views.{place}.percent")
        if not abs(percent) <= _MOST_RETURN:
            raise RulesInvalidError(
                f"a return a year from {-_MOST_RETURN:g} to {_MOST_RETURN:g} percent is expected; it was {percent:g}",
                path=f"views.{place}.percent",
            )
        confidence = checks.number(view.confidence, f"views.{place}.confidence")
        if not 0 < confidence <= 100:
            raise RulesInvalidError(
                f"a confidence above 0 to 100 percent is expected; it was {confidence:g} (a view of which nothing is "
                "believed is left out)",
                path=f"views.{place}.confidence",
            )
        if confidence == 100:
            row = np.zeros(len(at))
            row[at[view.ticker.upper()]] = 1.0
            if view.over is not None:
                row[at[view.over.upper()]] = -1.0
            certain.append(row)
            if np.linalg.matrix_rank(np.array(certain)) < len(certain):
                raise RulesInvalidError(
                    "this follows from other views that are certain, too, or contradicts them; leave it out, or be "
                    "less than 100 % sure of it",
                    path=f"views.{place}",
                )
    for place, each in enumerate(rules.market_weights):
        weight = checks.number(each.weight, f"market_weights.{place}.weight")
        if not 0 < weight <= 1e15:
            raise RulesInvalidError(
                f"a number above 0 is expected, in any unit; it was {weight:g}", path=f"market_weights.{place}.weight"
            )

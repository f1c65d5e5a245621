"""Simulations of rules, in a process of their own that is limited in memory and time."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from django.conf import settings

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_sources import data_source_ready, data_source_wanted
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.errors import InputError
from tradinglab.server.honesty.holding import hold_out_check
from tradinglab.server.honesty.ledger import Variant, variants_note
from tradinglab.server.honesty.models import Source
from tradinglab.server.honesty.selectors import hold_out_sealed
from tradinglab.server.rules.errors import SimulationBusyError, SimulationFailedError, SimulationLimitError
from tradinglab.server.strategies.checking import rules_read_apart
from tradinglab.server.strategies.files import RULES, content_hash
from tradinglab.server.strategies.limited import BeyondLimitsError, CrashedError, carried_out
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.selectors import strategy_get, version_of_content

_TIMEOUT_S = 60
_PATIENCE_S = 2
#: So many at once in each process of the server.
_places = threading.BoundedSemaphore(2)


def rules_simulate(
    *,
    user: User,
    text: str,
    parameters: Mapping[str, float],
    data: str = SAMPLE,
    points: int = 500,
    strategy: UUID | None = None,
) -> dict[str, Any]:
    """Return what rules come to over the bars of a source: figures, equity and fills.

    Parameters
    ----------
    points
        How many points of the equity are returned at most.
    strategy
        In whose ledger it is noted, and whose sealed days it may not touch; by default the one of the user's that has
        a version of just these rules.

    Raises
    ------
    InputError
        If the rules, a parameter or the source cannot be used, there are no bars, more than are simulated at once, or
        sealed days among them.
    NotFoundError
        If the user has no such strategy.
    SimulationBusyError
        If too many simulations are under way.
    SimulationLimitError
        If it takes too much time or memory.
    SimulationFailedError
        If the simulator itself fails.
    """
    source = data_source_wanted(name=data)
    known = _strategy(user, text) if strategy is None else strategy_get(user=user, strategy_id=strategy)
    if known is not None:
        _check_sealed(known, text)
    inside = data_source_ready(name=source.name).inside
    order = {"text": text, "parameters": dict(parameters), "data": inside, "points": points}
    answer = _apart(order)
    if found := answer.get("finding"):
        where = f"line {found['line']}, column {found['column']}"
        raise InputError("text", None, f"{where}: {found['message']}")
    if refusal := answer.get("refusal"):
        raise InputError(answer["field"], None, refusal.replace(inside, source.name))
    if known is not None:
        _note(user, known, (text, parameters, source.name), answer)
    return answer


def _strategy(user: User, text: str) -> Strategy | None:
    version = version_of_content(user=user, content_hash=content_hash({RULES: text}))
    return None if version is None else version.strategy


def _check_sealed(strategy: Strategy, text: str) -> None:
    if hold_out_sealed(strategy=strategy) is None:
        return
    rules = rules_read_apart(text=text).get("rules")
    if rules is not None:  # what is wrong with others is said soon
        end = date.fromisoformat(rules["end"])
        hold_out_check(strategy=strategy, end=end, field="text", can_clip=False)


def _note(
    user: User, strategy: Strategy, asked: tuple[str, Mapping[str, float], str], answer: Mapping[str, Any]
) -> None:
    text, parameters, data = asked
    equity = answer["equity"]
    first, last = (date.fromisoformat(equity[place]["time"][:10]) if equity else None for place in (0, -1))
    variant = Variant(
        content_hash=content_hash({RULES: text}),
        parameters={name: str(value) for name, value in parameters.items()},
        data=data,
        first_day=first,
        last_day=last,
        sharpe_ratio=answer["figures"].get("sharpe_ratio"),
    )
    variants_note(strategy_id=strategy.pk, by=user, source=Source.SIMULATION, variants=[variant])


def _apart(order: Mapping[str, Any]) -> dict[str, Any]:
    if not _places.acquire(timeout=_PATIENCE_S):
        raise SimulationBusyError("Too many simulations are under way; try again in some seconds.")
    kernels = settings.HOME.kernels
    kernels.mkdir(exist_ok=True)
    try:
        return carried_out(
            "tradinglab.server.rules.simulate_process",
            order,
            timeout_s=_TIMEOUT_S,
            env={"NUMBA_CACHE_DIR": os.fspath(kernels)},
        )
    except BeyondLimitsError:
        raise SimulationLimitError(
            "The simulation takes more time or memory than it may have here. Choose fewer days, fewer securities or "
            "simpler rules, or run a backtest."
        ) from None
    except CrashedError:
        raise SimulationFailedError(
            "The simulation failed, a fault of TradingLab's; the operator finds the reason in the server's log."
        ) from None
    finally:
        _places.release()

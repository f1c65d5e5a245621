"""How many trials are over, and which is best, without looking at all of them each time, whoever is about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.server.installation import Installation

from tradinglab.optimize import Axis, Direction, Objective, Space
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.coordinating import optimization_advance
from tradinglab.server.optimizations.models import Optimization, Trial
from tradinglab.server.optimizations.requests import OptimizationRequest
from tradinglab.server.optimizations.selectors import best_of, counts_of
from tradinglab.server.optimizations.services import optimization_submit
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

_SOURCE = """
from AlgorithmImports import *

class Counted(QCAlgorithm):
    def initialize(self):
        self.get_parameter("n", 0)
"""
_ALL = 60


def _started(strategy: Strategy, most_parallel: int = 4) -> Optimization:
    assert strategy.head is not None
    request = OptimizationRequest(
        version=strategy.head,
        space=Space.of([Axis(name="n", values=tuple(map(str, range(_ALL))))]),
        objective=Objective(figure="sharpe_ratio", direction=Direction.MAX),
        most_parallel=most_parallel,
    )
    run = optimization_submit(owner=strategy.owner, request=request).run
    optimization_advance(run.pk)
    return Optimization.objects.get(pk=run.pk)


@pytest.fixture
def start(owner: User) -> Callable[..., Optimization]:
    strategy = strategy_create(owner=owner, name="Counted", files={"main.py": _SOURCE})
    return lambda **more: _started(strategy, **more)


def _end(trial: Trial, state: str, figure: float | None = None) -> None:
    Backtest.objects.filter(pk=trial.backtest_id).update(sharpe_ratio=figure)
    Run.objects.filter(pk=trial.backtest_id).update(state=state)
    optimization_advance(trial.optimization_id)


def _counted(found: Optimization) -> dict[str, int]:
    """Return what counts say, by looking at every trial."""
    states = Counter(Run.objects.filter(parent=found.pk).values_list("state", flat=True))
    return {
        "queued": states["queued"],
        "running": states["running"],
        "completed": states["completed"],
        "failed": states["failed"] + states["timed_out"],
        "cancelled": states["cancelled"],
    }


@pytest.mark.django_db
def test_counts_and_best_are_those_of_all_trials_whichever_way_they_end(start: Any) -> None:
    found = start()
    states = [RunState.COMPLETED, RunState.FAILED, RunState.COMPLETED, RunState.TIMED_OUT, RunState.CANCELLED]
    figures: dict[UUID, float] = {}
    for number in range(_ALL):
        trial = Trial.objects.get(optimization=found, number=number)
        state = states[number % len(states)]
        figure = float(number * 37 % 53)
        _end(trial, state, figure)
        if state == RunState.COMPLETED:
            figures[trial.backtest_id] = figure
        found.refresh_from_db()
        assert counts_of(optimization=found)._asdict() == _counted(found)
        best = best_of(optimization=found)
        assert best is not None
        assert (best.value, best.backtest) == (max(figures.values()), max(figures, key=lambda key: figures[key]))
    assert found.run.state == RunState.COMPLETED


@pytest.mark.django_db
def test_one_that_ends_costs_the_same_however_many_ended_before(start: Any) -> None:
    found = start()
    costs, looked_at = [], []
    for number in range(_ALL):
        trial = Trial.objects.get(optimization=found, number=number)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            _end(trial, RunState.COMPLETED, float(number))
        costs.append(len(asked))
        looked_at.append(Trial.objects.filter(optimization=found, is_settled=False).count())
    # Those that are under way, and the best so far.
    assert max(looked_at) <= found.most_parallel + 1
    assert max(costs[-20:-5]) <= max(costs[5:20])


@pytest.mark.django_db
def test_if_the_best_is_gone_the_next_best_is_shown(start: Any) -> None:
    found = start()
    for number, figure in enumerate([1.0, 3.0, 2.0]):
        _end(Trial.objects.get(optimization=found, number=number), RunState.COMPLETED, figure)
    Run.objects.get(backtest__trial__number=1).delete()
    found.refresh_from_db()
    best = best_of(optimization=found)
    assert best is not None
    assert best.value == 2.0


_MAKE = f"""
from tests.server.test_optimization_counts import _SOURCE, _started
from tradinglab.server.accounts.models import User
from tradinglab.server.runs.limits import limits_set
from tradinglab.server.strategies.services import strategy_create
user = User.objects.create_user("a@example.com", "a long password 1")
limits_set(user=user, changes={{"most_queued": 1000}})
_started(strategy_create(owner=user, name="Counted", files={{"main.py": _SOURCE}}), most_parallel={_ALL})
print(json.dumps("made"))
"""
#: Whoever ends a trial moves its optimization on, as workers do, all at once.
_END = """
import random
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.optimizations.coordinating import optimization_advance
from tradinglab.server.optimizations.models import Trial
from tradinglab.server.runs.models import Run
found = list(Trial.objects.values_list("backtest_id", "number", "optimization_id"))
random.shuffle(found)
ended = 0
ready()
for run_id, number, parent in found:
    waiting = Run.objects.filter(pk=run_id, state="queued")
    if waiting.update(state="failed" if number % 4 == 0 else "completed"):
        Backtest.objects.filter(pk=run_id).update(sharpe_ratio=number * 7 % 31)
        optimization_advance(parent)
        ended += 1
print(json.dumps(ended))
"""
_SAY = """
from tradinglab.server.optimizations.coordinating import optimization_advance
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.selectors import best_of, counts_of
found = Optimization.objects.get()
optimization_advance(found.pk)
found = Optimization.objects.get()
settled = [found.settled_completed, found.settled_failed, found.settled_cancelled]
counts = counts_of(optimization=found)._asdict()
print(json.dumps([counts, settled, best_of(optimization=found).value, found.run.state]))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def installation(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[Installation]:
    root = Path(__file__).parents[2]
    more = {"TRADINGLAB_LEASE_S": "600", "PYTHONPATH": f"{root / 'src'}:{root}"}
    if request.param == "postgres":
        more["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    made = Installation(tmp_path / "home", more, tables=tables)
    yield made
    made.stop()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_processes_that_end_trials_at_once_count_each_once(installation: Installation) -> None:
    installation.said(_MAKE)
    ended = installation.said_at_once(_END, 3)
    assert sum(ended) == _ALL
    counts, settled, best, state = installation.said(_SAY)
    failed = len(range(0, _ALL, 4))
    assert counts == {"queued": 0, "running": 0, "completed": _ALL - failed, "failed": failed, "cancelled": 0}
    # The best alone is not settled.
    assert settled == [_ALL - failed - 1, failed, 0]
    assert (best, state) == (max(number * 7 % 31 for number in range(_ALL) if number % 4), "completed")

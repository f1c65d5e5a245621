"""Optimizations at QuantConnect, each in other bad weather: what costs money is there once, and its end is known.

``python -m tests.server.cloud.soak --optimizations`` runs its schedules, as `make soak` does.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from uuid import UUID

from tests.quantconnect.faults import PASSING, Seeded
from tests.server.cloud.soak import Outcome
from tests.server.cloud.world import Perils, World, events_of

from tradinglab.server.cloud.models import CloudOptimization
from tradinglab.server.cloud.searches.steps import OPTIMIZATIONS
from tradinglab.server.runs.models import FINAL_STATES, Run

_KIND = "quantconnect_optimization"
_SPACE = [{"name": "cash", "min": "1000", "max": "4000", "step": "1000"}]


def run(seed: int, folder: Path) -> Outcome:
    """Run one schedule, in the database that there is."""
    random = Random(seed)
    kinds = tuple(random.sample(PASSING, random.randint(1, len(PASSING))))
    perils = Perils(
        kill_at_request=random.choice([0.0, 0.02, 0.1]),
        kill_at_write=random.choice([0.0, 0.02]),
        stall=random.choice([0.0, 0.02]),
        another_machine=random.choice([0.0, 0.5, 1.0]),
    )
    schedule = Seeded(seed, random.choice([0.0, 0.05, 0.15, 0.3]), kinds)
    world = World(schedule, random, folder / f"machines-{seed}", perils, flow=OPTIMIZATIONS, kind=_KIND)
    with world:
        world.cloud.list_late_s = 90.0 * random.choice([0, 0.1, 0.9])
        assert world.strategy.head is not None
        body = {"version": str(world.strategy.head.pk), "engine": "quantconnect", "space": _SPACE, "most_parallel": 4}
        answer = world.api.post("/api/v1/optimizations/", body, format="json")
        assert answer.status_code == 202, answer.content
        run_id = UUID(answer.json()["id"])
        if random.random() < 0.2:
            world.after(random.uniform(0, 60), lambda: world.api.post(f"/api/v1/optimizations/{run_id}/cancel/"))
        world.run([run_id])
        ended = Run.objects.get(pk=run_id)
        wrong = [*world.wrong, *_faults_of(world, ended)]
        outcome = Outcome(seed, world.calls, 1, world.kills, world.stalls, wrong=wrong)
        outcome.faults.update(str(fault) for _, fault in schedule.happened)
        code = f" ({ended.error['code']})" if ended.error else ""
        outcome.ends[str(ended.state) + code if ended.is_final else f"no end: {ended.state}"] += 1
        return outcome


def _faults_of(world: World, ended: Run) -> list[str]:
    wrong = [each for each in events_of(ended) if not each.startswith("the steps")]
    row = CloudOptimization.objects.get(pk=ended.pk)
    there = [key for key, each in world.cloud.searches.items() if row.token in each["name"]]
    if len(there) > 1:
        wrong.append(f"{len(there)} optimizations are there")
    if ended.state not in FINAL_STATES:
        wrong.append(f"it is {ended.state}")
    elif ended.state == "completed":
        states = list(Run.objects.filter(parent=ended).values_list("state", flat=True))
        if there != [row.optimization_id] or states != ["completed"] * 4:
            wrong.append(f"there is {there}, ours is {row.optimization_id} with {states}")
    elif ended.state == "failed" and not (ended.error.get("message") and ended.error.get("code")):
        wrong.append("it failed without a reason")
    if Run.objects.filter(parent=ended).exclude(state__in=FINAL_STATES).exists():
        wrong.append("a trial has no end")
    return wrong

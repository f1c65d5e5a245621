"""Each kind of bad weather on the server's whole way to a backtest at QuantConnect, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from typing import TypeAlias
from uuid import UUID

import pytest
from tests.quantconnect.faults import Fault, Script
from tests.server.cloud.world import Killed, World, faults_of

from tradinglab.server.cloud.models import CloudBacktest, CloudProject
from tradinglab.server.runs.models import Run

pytestmark = pytest.mark.django_db
#: What is asked on the way, in this order.
_WAY = (
    "authenticate", "projects/create", "files/read", "files/update", "files/delete", "compile/create", "compile/read",
    "backtests/create", "backtests/read", "backtests/orders/read", "backtests/read/insights", "backtests/read/log",
    "backtests/chart/read",
)  # fmt: skip
_EVERYWHERE = (
    Fault.NO_CONNECTION, Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.RESET_MIDDLE, Fault.STALL_AFTER, Fault.LATE,
    Fault.PAGE_BEFORE, Fault.PAGE_AFTER, Fault.TRUNCATED, Fault.INTERNAL, Fault.TOO_MANY, Fault.TOO_MANY_WAIT,
    Fault.TOO_MANY_DATE, Fault.SLOW_DOWN, Fault.STALE_CLOCK,
)  # fmt: skip
Make: TypeAlias = Callable[..., AbstractContextManager[World]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a world; faults are given by path."""

    def made(faults: dict[str, list[Fault | None]] | None = None, **more: float) -> World:
        return World(Script(faults or {}), Random(1), tmp_path / "machines", **more)  # type: ignore[arg-type]

    return made


def ended(world: World, run_id: UUID | None = None) -> Run:
    """Return a run whose end is known, and of which there is as much as there may be."""
    run_id = run_id or world.submit()
    world.run([run_id])
    assert [*world.wrong, *faults_of(world, run_id)] == []
    return Run.objects.get(pk=run_id)


def there(world: World) -> tuple[int, int, int]:
    """Return how many projects and backtests are there, and how many were ever started."""
    return len(world.cloud.projects), len(world.cloud.backtests), len(world.cloud.started)


@pytest.mark.parametrize("fault", _EVERYWHERE, ids=lambda each: each.name.lower())
def test_whatever_befalls_each_call_of_the_way(make: Make, fault: Fault) -> None:
    with make({path: [fault] for path in _WAY}) as world:
        assert ended(world).state == "completed"
        assert there(world) == (1, 1, 1)


@pytest.mark.parametrize("path", ["projects/create", "files/update", "compile/create", "backtests/create"])
def test_a_refusal_ends_it_with_its_reason(make: Make, path: str) -> None:
    with make({path: [Fault.REFUSED]}) as world:
        run = ended(world)
        assert (run.state, run.error["code"]) == ("failed", "quantconnect_refused")
        assert "not allowed on your plan" in run.error["message"]
        assert world.cloud.started == []


@pytest.mark.parametrize("path", ["backtests/read", "backtests/orders/read", "backtests/chart/read"])
def test_a_refusal_that_passes_loses_nothing_of_what_runs_there(make: Make, path: str) -> None:
    with make({path: [Fault.REFUSED] * 2}) as world:
        assert ended(world).state == "completed"
        assert there(world) == (1, 1, 1)


def test_one_that_does_not_pass_is_told(make: Make) -> None:
    with make({"backtests/read": [Fault.REFUSED] * 50}) as world:
        run = ended(world)
        assert (run.state, run.error["code"]) == ("failed", "quantconnect_refused")
    with make({"backtests/orders/read": [Fault.REFUSED] * 50}) as world:
        run = ended(world)
        assert run.state == "completed"
        shown = world.api.get(f"/api/v1/backtests/{run.pk}/").json()
        assert shown["total_orders"] == 250
        assert "did not hand out orders" in " ".join(each["text"] for each in shown["warnings"])


@pytest.mark.parametrize("path", _WAY)
def test_an_unknown_id_that_is_known_again_costs_nothing(make: Make, path: str) -> None:
    with make({path: [Fault.UNKNOWN_ID]}) as world:
        run = ended(world)
        assert run.state == "completed", run.error
        assert there(world) == (1, 1, 1)


def test_a_wrong_token_ends_it_before_anything_is_there(make: Make) -> None:
    with make() as world:
        world.revoke(is_for_good=True)
        run = ended(world)
        assert (run.state, run.error["code"]) == ("failed", "quantconnect_credentials")
        assert there(world) == (0, 0, 0)


def test_a_token_that_is_revoked_and_given_back_meanwhile(make: Make) -> None:
    with make() as world:
        world.after(10, lambda: world.revoke(is_for_good=False))
        run = ended(world)
        assert (run.state, there(world)) == ("completed", (1, 1, 1))
        assert "waiting" in run.events.values_list("kind", flat=True)


def test_one_that_is_revoked_for_good_ends_when_its_time_is_over(make: Make) -> None:
    with make() as world:
        run_id = world.submit(timeout_s=120)
        world.after(10, lambda: world.revoke(is_for_good=True))
        run = ended(world, run_id)
        assert (run.state, run.error["code"]) == ("timed_out", "time_limit")
        assert "may still run there" in run.error["message"]


def test_it_is_cancelled_though_quantconnect_does_not_answer_any_more(make: Make) -> None:
    with make() as world:
        run_id = world.submit()
        world.after(10, lambda: world.revoke(is_for_good=True))
        world.after(11, lambda: world.cancel(run_id))
        run = ended(world, run_id)
        assert (run.state, run.error["code"]) == ("cancelled", "quantconnect_not_stopped")


@pytest.mark.parametrize("skew_s", [-86_400.0, -61.0, 61.0, 86_400.0])
def test_a_clock_that_is_off(make: Make, skew_s: float) -> None:
    with make(skew_s=skew_s) as world:
        assert (ended(world).state, there(world)) == ("completed", (1, 1, 1))


def test_a_project_that_is_deleted_before_it_is_needed_is_made_anew(make: Make) -> None:
    with make() as world:
        world.cloud.compile_s = 30
        world.after(5, world.delete_projects)
        run = ended(world)
        assert (run.state, there(world)) == ("completed", (1, 1, 1))
        steps = [each.data["step"] for each in run.events.filter(kind="step")]
        assert steps.count("project") == 1


def test_one_that_is_deleted_while_its_creation_is_in_doubt_ends_it(make: Make) -> None:
    with make({"backtests/create": [Fault.RESET_AFTER]}) as world:
        world.befall = lambda: world.delete_projects() if world.cloud.started else None  # type: ignore[method-assign]
        run = ended(world)
        assert (run.state, run.error["code"]) == ("failed", "quantconnect_deleted")


def test_one_that_is_deleted_with_what_runs_in_it_ends_it(make: Make) -> None:
    with make() as world:
        world.cloud.backtest_s = 300
        world.after(60, world.delete_projects)
        run = ended(world)
        assert (run.state, run.error["code"]) == ("failed", "quantconnect_deleted")


def test_a_compile_that_never_ends(make: Make) -> None:
    with make() as world:
        world.cloud.compile_s = 1e9
        run = ended(world)
        assert (run.error["code"], world.cloud.started) == ("compile_timeout", [])
        assert not CloudProject.objects.exclude(held_by=None).exists()


def test_a_backtest_that_fails_in_initialize(make: Make) -> None:
    with make() as world:
        world.cloud.runtime_error = True
        run = ended(world)
        assert (run.error["code"], there(world)) == ("strategy", (1, 1, 1))
        assert "During the algorithm initialization" in run.error["message"]


@pytest.mark.parametrize("late_s", [10.0, 80.0])
def test_statistics_that_arrive_late(make: Make, late_s: float) -> None:
    with make() as world:
        world.cloud.results_late_s = late_s
        assert ended(world).state == "completed"


def test_lists_that_are_late_while_the_answer_to_a_create_is_lost(make: Make) -> None:
    with make({"backtests/create": [Fault.RESET_AFTER], "projects/create": [Fault.STALL_AFTER]}) as world:
        world.cloud.list_late_s = 80
        assert (ended(world).state, there(world)) == ("completed", (1, 1, 1))


@pytest.mark.parametrize("is_another_machine", [False, True])
@pytest.mark.parametrize("path", ["projects/create", "compile/create", "backtests/create", "backtests/read/log"])
def test_a_worker_that_is_killed_when_a_call_was_carried_out(make: Make, path: str, is_another_machine: bool) -> None:
    with make() as world:
        world.perils.another_machine = float(is_another_machine)
        _kill_after(world, path)
        assert (ended(world).state, there(world)) == ("completed", (1, 1, 1))
        assert world.kills == 1


def _kill_after(world: World, path: str) -> None:
    def befall() -> None:
        if world.kills == 0 and any(each == path for each, _ in world.cloud.calls):
            raise Killed

    world.befall = befall  # type: ignore[method-assign]


def test_two_workers_on_two_machines_at_one_create(make: Make) -> None:
    """The first stalls before its request is sent, the second finds nothing and sends its own: one is removed."""
    with make() as world:
        run_id = world.submit()
        world.perils.another_machine = 1.0

        def befall() -> None:
            asked = CloudBacktest.objects.filter(pk=run_id, is_asked=True, backtest_id="").exists()
            if asked and world.stalls == 0 and not world.cloud.started:
                world._stall()

        world.befall = befall  # type: ignore[method-assign]
        run = ended(world, run_id)
        assert (run.state, world.stalls, len(world.cloud.backtests)) == ("completed", 1, 1)


def test_the_fallback_runs_it_here_and_leaves_nothing_there(make: Make) -> None:
    with make({"compile/create": [Fault.PAGE_BEFORE] * 9}) as world:
        run = ended(world, world.submit(fallback="local"))
        assert (run.kind, world.cloud.started) == ("backtest", [])

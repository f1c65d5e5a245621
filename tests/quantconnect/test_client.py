"""The client against a fake that works: both faces, all pages, waiting."""

from __future__ import annotations

import asyncio
import threading

import pytest
from tests.quantconnect.kit import world

from tradinglab.quantconnect.errors import CancelledError, DeadlineError, InvalidRequestError, NotFoundError
from tradinglab.quantconnect.models.backtests import Backtest


def test_account_reads_numbers_that_are_text() -> None:
    client = world().client
    client.account.check()
    assert client.account.read().credit_balance == 12.5
    assert [each.owner_name for each in client.organizations.list()] == ["You"]


def test_whole_way_from_project_to_results() -> None:
    here = world()
    client = here.client
    project = client.projects.create("Momentum", token="run-0001-abcd")
    client.files.put(project.project_id, "main.py", "print(1)\n")
    client.files.create(project.project_id, "alpha/model.py", "x = 1\n")
    build = client.compiling.create(project.project_id)
    assert not build.is_finished
    assert client.compiling.wait(project.project_id, build.compile_id).is_success
    started = client.backtests.create(project.project_id, build.compile_id, "First", parameters={"fast": 3})
    done = client.backtests.wait(project.project_id, started.backtest_id)
    assert (done.statistics["Sharpe Ratio"], done.parameter_set) == ("1.5", {"fast": 3})
    results = client.results
    ids = (project.project_id, started.backtest_id)
    assert [each.id for each in results.orders(*ids)] == [*range(1, 251)]
    assert len(results.insights(*ids)) == 250
    assert len(results.logs(*ids)) == 250
    assert list(results.charts(*ids)["Strategy Equity"].series["Equity"].values) == [[1, 2, 3, 4, 5]]
    assert results.report(*ids) == "<html>fine</html>"
    names = {each.name: each.content for each in client.files.list(project.project_id)}
    assert names["main.py"] == "print(1)\n"
    assert names["alpha/model.py"] == "x = 1\n"


def test_awaiting_face_does_the_same() -> None:
    here = world()

    async def go() -> Backtest:
        async with here.awaiting() as client:
            project = await client.projects.create("Momentum")
            build = await client.compiling.create(project.project_id)
            await client.compiling.wait(project.project_id, build.compile_id)
            started = await client.backtests.create(project.project_id, build.compile_id, "First")
            return await client.backtests.wait(project.project_id, started.backtest_id)

    assert asyncio.run(go()).has_results


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250])
def test_lists_are_read_to_their_end_and_no_further(count: int) -> None:
    here = world(prepare=lambda cloud: setattr(cloud, "order_count", count))
    project, build = here.compiled()
    ids = (project, here.client.backtests.create(project, build, "B").backtest_id)
    assert len(here.client.results.orders(*ids)) == count
    assert len(here.client.results.insights(*ids)) == count
    assert len(here.client.results.logs(*ids)) == count
    assert len(here.client.results.orders(*ids, most=120)) == min(count, 120)


def test_wait_ends_at_its_deadline_and_can_be_taken_up_again_by_ids() -> None:
    here = world(prepare=lambda cloud: setattr(cloud, "backtest_s", 500.0))
    project, build = here.compiled()
    ids = (project, here.client.backtests.create(project, build, "B").backtest_id)
    with pytest.raises(DeadlineError, match="goes on"):
        here.client.backtests.wait(*ids, deadline_s=60)
    assert here.another().backtests.wait(*ids).has_results


def test_wait_can_be_cancelled_by_an_event_and_by_a_function() -> None:
    here = world()
    project, build = here.compiled()
    ids = (project, here.client.backtests.create(project, build, "B").backtest_id)
    event = threading.Event()
    with pytest.raises(CancelledError):
        here.client.backtests.wait(*ids, cancel=event, on_news=lambda news: event.set())
    seen: list[Backtest] = []
    with pytest.raises(CancelledError):
        here.client.backtests.wait(*ids, cancel=lambda: len(seen) == 3, on_news=seen.append)
    assert len(seen) == 3


def test_client_can_be_cancelled_as_a_whole() -> None:
    event = threading.Event()
    client = world().another(cancel=event)
    client.account.check()
    event.set()
    with pytest.raises(CancelledError):
        client.account.check()


def test_backtest_that_fails_ends_the_wait_with_what_it_says() -> None:
    here = world(prepare=lambda cloud: setattr(cloud, "runtime_error", True))
    project, build = here.compiled()
    started = here.client.backtests.create(project, build, "B")
    done = here.client.backtests.wait(project, started.backtest_id)
    assert done.has_failed
    assert "initialization" in done.error


def test_backtest_without_figures_is_not_waited_for_for_ever() -> None:
    here = world(prepare=lambda cloud: setattr(cloud, "results_late_s", 1e9))
    project, build = here.compiled()
    started = here.client.backtests.create(project, build, "B")
    done = here.client.backtests.wait(project, started.backtest_id, results_s=30)
    assert done.is_finished
    assert not done.has_results


def test_project_that_is_deleted_meanwhile_ends_the_wait() -> None:
    here = world()
    project, build = here.compiled()
    started = here.client.backtests.create(project, build, "B")
    with pytest.raises(NotFoundError):
        here.client.backtests.wait(
            project, started.backtest_id, on_news=lambda news: here.cloud.projects.pop(project, None)
        )


def test_what_was_created_just_now_may_not_be_known_everywhere() -> None:
    here = world()
    project, build = here.compiled()
    started = here.client.backtests.create(project, build, "B").backtest_id
    hidden = here.cloud.backtests.pop(started)
    answers = iter(range(3))

    def know() -> bool:
        if next(answers, None) is None:
            here.cloud.backtests[started] = hidden
        return False

    assert here.client.backtests.wait(project, started, cancel=know).has_results
    begin = here.clock.at
    with pytest.raises(NotFoundError):
        here.client.backtests.wait(project, "0" * 32)
    assert here.clock.at - begin < 30


def test_compilation_that_fails_says_so() -> None:
    here = world(prepare=lambda cloud: setattr(cloud, "build_error", True))
    project, build = here.compiled()
    done = here.client.compiling.wait(project, build)
    assert done.has_failed
    assert done.logs == ("main.py line 3: bad",)


def test_files_that_exist_are_not_created_again() -> None:
    here = world()
    project, _ = here.compiled()
    with pytest.raises(InvalidRequestError, match="exists"):
        here.client.files.create(project, "main.py", "x")
    here.client.files.rename(project, "main.py", "other.py")
    with pytest.raises(NotFoundError):
        here.client.files.read(project, "main.py")
    here.client.files.delete(project, "other.py")
    with pytest.raises(NotFoundError):
        here.client.files.delete(project, "other.py")

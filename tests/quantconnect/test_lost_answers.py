"""Creates whose answers get lost: one thing for one wish, or an error that says what is not known."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Fault, Script, faulty_server
from tests.quantconnect.kit import World, world

from tradinglab.quantconnect.client import QuantConnect
from tradinglab.quantconnect.credentials import Credentials
from tradinglab.quantconnect.errors import (
    ConfigurationError,
    InvalidRequestError,
    NoSpareNodeError,
    NotFoundError,
    OutcomeUnknownError,
)
from tradinglab.quantconnect.settings import LostAnswers, Settings
from tradinglab.quantconnect.shared import Shared

_CREATE = "backtests/create"
_AFTER = [
    Fault.RESET_AFTER, Fault.STALL_AFTER, Fault.PAGE_AFTER, Fault.TRUNCATED, Fault.EMPTY, Fault.INTERNAL,
]  # fmt: skip
_BEFORE = [Fault.RESET_BEFORE, Fault.STALL_BEFORE, Fault.PAGE_BEFORE]
_NOT_DONE = [
    Fault.NO_CONNECTION, Fault.SLOW_DOWN, Fault.TOO_MANY, Fault.TOO_MANY_WAIT, Fault.TOO_MANY_DATE, Fault.STALE_CLOCK,
]  # fmt: skip


def _started(here: World) -> str:
    project, build = here.compiled()
    backtest = here.client.backtests.create(project, build, "B")
    assert here.client.backtests.wait(project, backtest.backtest_id).has_results
    return backtest.backtest_id


@pytest.mark.parametrize("fault", _AFTER)
@pytest.mark.parametrize("late_s", [0.0, 30.0])
def test_backtest_whose_answer_was_lost_is_found_and_not_started_again(fault: Fault, late_s: float) -> None:
    here = world({_CREATE: [fault]}, prepare=lambda cloud: setattr(cloud, "list_late_s", late_s))
    assert here.cloud.started == [_started(here)]
    assert here.paths().count(_CREATE) == 1


@pytest.mark.parametrize("fault", _BEFORE)
def test_backtest_that_is_not_there_after_all_that_looking_is_started(fault: Fault) -> None:
    here = world({_CREATE: [fault]})
    assert here.cloud.started == [_started(here)]
    assert here.clock.at - 1_700_000_000 > here.client.exchange.settings.lost_answers.look_for_s


@pytest.mark.parametrize("fault", _NOT_DONE)
def test_what_was_surely_not_carried_out_is_repeated_without_looking(fault: Fault) -> None:
    here = world({_CREATE: [fault]})
    assert here.cloud.started == [_started(here)]
    assert "backtests/list" not in here.paths()


def test_backtest_that_appears_after_it_was_started_again_leaves_one() -> None:
    """The list may be later than anybody would wait: then there are two for a while, and one in the end."""
    rule = Settings(lost_answers=LostAnswers(look_for_s=10.0))
    here = world({_CREATE: [Fault.RESET_AFTER]}, rule, prepare=lambda cloud: setattr(cloud, "list_late_s", 40.0))
    project, build = here.compiled()
    kept = here.client.backtests.create(project, build, "B", token="run-0001-abcd")
    assert len(here.cloud.started) == 2
    here.clock.at += 60
    left = here.client.backtests.sweep(project, "run-0001-abcd")
    assert left is not None
    assert list(here.cloud.backtests) == [left.backtest_id]
    assert kept.backtest_id in here.cloud.started


def test_list_that_cannot_be_read_leaves_the_outcome_unknown() -> None:
    here = world({_CREATE: [Fault.RESET_AFTER], "backtests/list": [Fault.PAGE_BEFORE] * 500})
    project, build = here.compiled()
    with pytest.raises(OutcomeUnknownError) as caught:
        here.client.backtests.create(project, build, "B")
    assert caught.value.is_uncertain
    assert caught.value.project_id == project
    assert caught.value.token
    assert caught.value.token in str(caught.value)
    here.transport.calm()
    here.clock.at += 600
    # What the error says is enough to find it when the weather is better.
    found = here.another().backtests.find(project, caught.value.token)
    assert [each.backtest_id for each in found] == here.cloud.started


def test_busy_nodes_start_nothing_and_are_no_mystery() -> None:
    here = world(prepare=lambda cloud: setattr(cloud, "nodes", 0))
    project, build = here.compiled()
    with pytest.raises(NoSpareNodeError) as caught:
        here.client.backtests.create(project, build, "B")
    assert caught.value.retryable
    assert not caught.value.is_uncertain
    assert here.cloud.started == []


def test_lost_backtest_that_takes_the_only_node_is_found() -> None:
    """The list is so late that the backtest is asked for again, and refused because of itself."""
    rule = Settings(lost_answers=LostAnswers(look_for_s=5.0))

    def prepare(cloud: FakeCloud) -> None:
        cloud.nodes, cloud.list_late_s, cloud.backtest_s = 1, 8.0, 500.0

    here = world({_CREATE: [Fault.RESET_AFTER]}, rule, prepare)
    project, build = here.compiled()
    kept = here.client.backtests.create(project, build, "B").backtest_id
    assert here.cloud.started == [kept]


def test_refusal_is_told_as_it_is() -> None:
    here = world()
    project, _ = here.compiled()
    with pytest.raises(NotFoundError) as caught:
        here.client.backtests.create(project, "nothing", "B")
    assert not caught.value.is_uncertain


@pytest.mark.parametrize("fault", [*_AFTER, *_BEFORE, *_NOT_DONE])
def test_projects_are_created_once(fault: Fault) -> None:
    here = world({"projects/create": [fault]}, prepare=lambda cloud: setattr(cloud, "list_late_s", 20.0))
    project = here.client.projects.create("Mine")
    assert list(here.cloud.projects) == [project.project_id]


def test_token_is_matched_as_a_word() -> None:
    here = world()
    project, build = here.compiled()
    one = here.client.backtests.create(project, build, "B", token="run-0001-abcd")
    other = here.client.backtests.create(project, build, "B", token="run-0001-abcdef")
    assert one.backtest_id != other.backtest_id
    assert [each.backtest_id for each in here.client.backtests.find(project, "run-0001-abcd")] == [one.backtest_id]


@pytest.mark.parametrize("token", ["", "short", "with space", "ends-with-hyphen-", "x" * 65, "ümlaute-1234"])
def test_tokens_that_names_cannot_hold_are_refused(token: str) -> None:
    here = world()
    with pytest.raises(ConfigurationError, match="letters, digits and hyphens"):
        here.client.projects.create("Mine", token=token)


def test_retry_of_nobody_knows_what_is_refused() -> None:
    here = world()
    with pytest.raises(ConfigurationError, match="needs the token"):
        here.client.projects.create("Mine", is_retry=True)


def test_token_of_what_was_deleted_creates_nothing() -> None:
    here = world()
    project = here.client.projects.create("Mine", token="project-0001").project_id
    here.client.projects.delete(project)
    with pytest.raises(NotFoundError):
        here.another().projects.create("Mine", token="project-0001")
    assert not here.cloud.projects


def test_same_token_is_the_same_backtest_for_another_client() -> None:
    here = world(prepare=lambda cloud: setattr(cloud, "list_late_s", 1e9))
    project, build = here.compiled()
    one = here.client.backtests.create(project, build, "B", token="run-0001-abcd")
    other = here.another().backtests.create(project, build, "B", token="run-0001-abcd")
    assert one.backtest_id == other.backtest_id
    assert len(here.cloud.started) == 1


def test_process_that_died_after_sending_leaves_word_for_the_next(tmp_path: Path) -> None:
    here = world({_CREATE: [Fault.RESET_AFTER]}, prepare=lambda cloud: setattr(cloud, "list_late_s", 30.0))
    shared = Shared.in_folder(tmp_path, here.clock.monotonic)
    project, build = here.compiled()

    class Killed(BaseException):
        pass

    def die() -> bool:
        if here.cloud.started:
            raise Killed
        return False

    def client(cancel: Callable[[], bool] | None = None) -> QuantConnect:
        credentials = Credentials(USER_ID, TOKEN)
        return QuantConnect(
            credentials, shared=shared, clock=here.clock, transport=here.transport, random=Random(1), cancel=cancel
        )

    with pytest.raises(Killed):
        client(die).backtests.create(project, build, "B", token="run-0001-abcd")
    assert len(here.cloud.started) == 1
    found = client().backtests.create(project, build, "B", token="run-0001-abcd")
    assert here.cloud.started == [found.backtest_id]


def test_retry_looks_for_what_an_earlier_caller_may_have_started() -> None:
    here = world(prepare=lambda cloud: setattr(cloud, "list_late_s", 30.0))
    project, build = here.compiled()
    here.cloud.do_backtests_create({"projectId": project, "compileId": build, "backtestName": "B run-0001-abcd"})
    made = here.client.backtests.create(project, build, "B", token="run-0001-abcd", is_retry=True)
    assert here.cloud.started == [made.backtest_id]


def test_cancelled_while_looking_leaves_the_outcome_unknown() -> None:
    here = world({_CREATE: [Fault.RESET_AFTER]}, prepare=lambda cloud: setattr(cloud, "list_late_s", 60.0))
    project, build = here.compiled()
    client = here.another(cancel=lambda: bool(here.cloud.started) and here.clock.at > 1_700_000_010)
    with pytest.raises(OutcomeUnknownError, match="was created"):
        client.backtests.create(project, build, "B")


def test_patch_is_not_applied_twice() -> None:
    here = world({"files/patch": [Fault.RESET_AFTER]})
    project, _ = here.compiled()
    with pytest.raises(OutcomeUnknownError, match="read the files"):
        here.client.files.patch(project, "+x\n")
    assert here.cloud.projects[project]["files"]["main.py"].count("+x") == 1
    refused = world({"files/patch": [Fault.NO_CONNECTION, Fault.TOO_MANY]})
    project, _ = refused.compiled()
    refused.client.files.patch(project, "+x\n")
    assert refused.cloud.projects[project]["files"]["main.py"].count("+x") == 1


@pytest.mark.parametrize("fault", [*_AFTER, *_BEFORE, *_NOT_DONE])
def test_changes_of_files_come_to_the_same_when_answers_are_lost(fault: Fault) -> None:
    paths = ("files/create", "files/update", "files/delete", "backtests/delete", "projects/delete")
    here = world({path: [fault] for path in paths})
    client = here.client
    project, build = here.compiled()
    files = here.cloud.projects[project]["files"]
    client.files.create(project, "a.py", "a = 1\n")
    client.files.rename(project, "a.py", "b.py")
    client.files.put(project, "c.py", "c = 1\n")
    client.files.delete(project, "b.py")
    assert files.get("c.py") == "c = 1\n"
    assert not {"a.py", "b.py"} & set(files)
    backtest = here.client.backtests.create(project, build, "B")
    client.backtests.delete(project, backtest.backtest_id)
    client.projects.delete(project)
    assert not here.cloud.backtests
    assert not here.cloud.projects


def test_refusal_for_good_ends_the_call() -> None:
    here = world({"files/update": [Fault.REFUSED]})
    project, _ = here.compiled()
    with pytest.raises(InvalidRequestError, match="not allowed on your plan"):
        here.client.files.update(project, "main.py", "x")
    assert here.paths().count("files/update") == 0


@pytest.mark.parametrize("fault", [*_AFTER, *_BEFORE, *_NOT_DONE])
def test_awaiting_face_starts_nothing_twice_either(fault: Fault) -> None:
    here = world({_CREATE: [fault]}, prepare=lambda cloud: setattr(cloud, "list_late_s", 30.0))
    project, build = here.compiled()

    async def go() -> str:
        async with here.awaiting() as client:
            return (await client.backtests.create(project, build, "B")).backtest_id

    assert here.cloud.started == [asyncio.run(go())]


_PROCESS = """
import sys
from pathlib import Path
from tradinglab.quantconnect import Credentials, LostAnswers, QuantConnect, Settings, Shared

base_url, folder, user_id, token, project, build = sys.argv[1:]
settings = Settings(base_url=base_url, lost_answers=LostAnswers(look_for_s=4, first_look_s=0.1, most_look_s=0.3))
with QuantConnect(Credentials(user_id, token), settings, shared=Shared.in_folder(Path(folder))) as client:
    print(client.backtests.create(int(project), build, "B", token="run-0001-abcd").backtest_id)
"""


def test_process_that_is_killed_while_it_waits_for_the_answer_leaves_one_backtest(tmp_path: Path) -> None:
    cloud = FakeCloud(time.time)
    cloud.list_late_s = 2.0
    project = cloud.do_projects_create({"name": "Test", "language": "Py"})["projects"][0]["projectId"]
    build = cloud.do_compile_create({"projectId": project})["compileId"]
    with faulty_server(cloud, Script({_CREATE: [Fault.STALL_AFTER]}), stall_s=60) as base_url:
        arguments = [base_url, str(tmp_path), USER_ID, TOKEN, str(project), build]
        command = [sys.executable, "-c", _PROCESS, *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as first:
            while not cloud.started:
                assert first.poll() is None
                time.sleep(0.02)
            first.kill()
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert cloud.started == [told.strip()]


def test_two_at_once_over_a_wire_start_one(tmp_path: Path) -> None:
    """Claims are files here: each client might as well be a process of its own."""
    cloud = FakeCloud(time.time)
    cloud.list_late_s = 1.0
    project = cloud.do_projects_create({"name": "Test", "language": "Py"})["projects"][0]["projectId"]
    build = cloud.do_compile_create({"projectId": project})["compileId"]
    rule = LostAnswers(look_for_s=3.0, first_look_s=0.1, most_look_s=0.3)
    barrier = threading.Barrier(4)
    with faulty_server(cloud, Script({_CREATE: [Fault.RESET_AFTER]})) as base_url:

        def start(number: int) -> str:
            settings = Settings(base_url=base_url, lost_answers=rule)
            with QuantConnect(Credentials(USER_ID, TOKEN), settings, shared=Shared.in_folder(tmp_path)) as client:
                barrier.wait()
                return client.backtests.create(project, build, "B", token="run-0001-abcd").backtest_id

        with ThreadPoolExecutor(4) as pool:
            ids = set(pool.map(start, range(4)))
    assert [*ids] == cloud.started

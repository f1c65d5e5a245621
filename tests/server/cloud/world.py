"""The server's whole way to a backtest at QuantConnect on a clock that costs no time: weather, users, killed workers.

The request is posted to the API; steps are claimed and taken as the poller does, one worker after the other. A worker
that is killed leaves its claim behind, which ends when nobody renews it; one that stalls finds that another went on.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Self
from unittest import mock
from uuid import UUID, uuid4

import httpx2
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient
from tests.quantconnect.clock import VirtualClock
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import FaultyTransport, Schedule
from tests.server.conftest import QUICK

from tradinglab.quantconnect import QuantConnect, Shared
from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.services import api_key_create
from tradinglab.server.cloud import remote, work
from tradinglab.server.cloud.models import CloudAccount, CloudBacktest, CloudOptimization, CloudProject
from tradinglab.server.cloud.stepping import Flow
from tradinglab.server.cloud.steps import BACKTESTS
from tradinglab.server.runs.models import FINAL_STATES, Run
from tradinglab.server.sealing import seal
from tradinglab.server.strategies.services import strategy_create

#: What a run is that is carried out at QuantConnect.
KIND = "quantconnect_backtest"
_MOST_STEPS = 4000


class Killed(BaseException):
    """The worker's process is gone."""


class MachineClock(VirtualClock):
    """Has the whole process go by it: what a worker's machine believes the time to be."""

    def __init__(self, skew_s: float) -> None:
        self._at = 0.0
        self._traveller: Any = None
        #: Called when time has passed.
        self.passed: Callable[[], None] = lambda: None
        super().__init__()
        self.skew_s = skew_s

    @property
    def at(self) -> float:  # type: ignore[override]
        """The true time."""
        return self._at

    @at.setter
    def at(self, value: float) -> None:
        self._at = value
        if self._traveller is not None:
            self._traveller.move_to(self.now())
            self.passed()

    @contextmanager
    def rules(self) -> Iterator[None]:
        """Have every clock of this process show the machine's time, and stand still between waits."""
        with time_machine.travel(datetime.fromtimestamp(self.now(), UTC), tick=False) as traveller:
            self._traveller = traveller
            try:
                yield
            finally:
                self._traveller = None


@dataclass
class Perils:
    """What befalls workers; shares of requests, or of statements that write."""

    kill_at_request: float = 0.0
    kill_at_write: float = 0.0
    stall: float = 0.0
    #: Who takes over is on another machine, and knows nothing of the claims of the first.
    another_machine: float = 0.0


class Line(FaultyTransport):
    """The wire of whoever is at work, who may be killed, or stall, before a request is sent or after its answer."""

    def __init__(self, world: World, schedule: Schedule) -> None:
        super().__init__(world.cloud, schedule, world.clock)
        self.world = world

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        world, is_before = self.world, self.world.random.random() < 0.5
        world.calls += 1
        if is_before:
            world.befall()
        answer = super().handle_request(request)
        if not is_before:
            world.befall()
        return answer


@dataclass
class World:
    """A QuantConnect, a user with an account there, and workers.

    Parameters
    ----------
    schedule
        What befalls the calls.
    random
        Whatever else is left to chance.
    folder
        Where the machines' shared notes are.
    perils
        What befalls workers.
    skew_s
        What this machine's clock is off.
    """

    schedule: Schedule
    random: Random
    folder: Path
    perils: Perils = field(default_factory=Perils)
    skew_s: float = 0.0
    #: What is carried out there, and the kind of its runs.
    flow: Flow[Any] = BACKTESTS
    kind: str = KIND
    calls: int = 0
    kills: int = 0
    stalls: int = 0
    wrong: list[str] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.clock = MachineClock(self.skew_s)
        self.cloud = FakeCloud(self.clock.true_time)
        self.line = Line(self, self.schedule)
        #: What happens when the time comes: when, and what.
        self.later: list[tuple[float, Callable[[], None]]] = []
        self._held: list[tuple[UUID, int]] = []
        self._renewed_at = 0.0
        self._machine = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        enter = self._stack.enter_context
        enter(self.clock.rules())
        self.clock.passed = self._passed
        client = partial(QuantConnect, clock=self.clock, transport=self.line, random=self.random)
        enter(mock.patch.object(remote, "QuantConnect", client))
        enter(mock.patch.object(remote, "shared_by_all", self._shared))
        enter(mock.patch.object(work, "time", SimpleNamespace(monotonic=self.clock.monotonic)))
        enter(connection.execute_wrapper(self._execute))
        self._stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.user = User.objects.create_user(f"{uuid4().hex}@example.com", "a long password 1", role="admin")
        key = api_key_create(user=self.user, name="soak", scopes=("read", "run"), by=self.user.scopes)
        self.api = APIClient(raise_request_exception=False)
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {key.token}")
        self.account = CloudAccount.objects.create(user=self.user, remote_user=USER_ID, sealed_token=seal(TOKEN))
        self.strategy = strategy_create(owner=self.user, name="Quick", files={"main.py": QUICK})
        return self

    def __exit__(self, *problem: object) -> None:
        self._stack.close()

    def _shared(self, folder: Path, redis_url: str | None) -> Shared:
        return Shared.in_folder(self.folder / str(self._machine), self.clock.monotonic)

    # What a user does

    def submit(self, **more: object) -> UUID:
        """Ask for a backtest."""
        assert self.strategy.head is not None
        body = {"version": str(self.strategy.head.pk), "engine": "quantconnect", **more}
        answer = self.api.post("/api/v1/backtests/", body, format="json")
        assert answer.status_code == 202, answer.content
        return UUID(answer.json()["id"])

    def cancel(self, run_id: UUID) -> None:
        """Ask for a run to be stopped."""
        answer = self.api.post(f"/api/v1/backtests/{run_id}/cancel/")
        assert answer.status_code in (202, 409), answer.content

    def after(self, seconds: float, happen: Callable[[], None]) -> None:
        """Have something happen when so much time has passed."""
        self.later.append((self.clock.at + seconds, happen))

    # What happens at QuantConnect

    def delete_projects(self) -> None:
        """Somebody deletes all projects there, with what is in them."""
        self.cloud.projects.clear()
        self.cloud.backtests.clear()
        self.told["a project is deleted there"] += 1

    def revoke(self, *, is_for_good: bool) -> None:
        """The token is no longer accepted; perhaps it is again in an hour."""
        self.told["the token is revoked"] += 1
        self.cloud.answer = lambda path, headers, body: self.cloud.bad_hash()  # type: ignore[method-assign]
        if not is_for_good:
            self.after(3600.0, lambda: self.cloud.__dict__.pop("answer", None))

    # What befalls workers

    def befall(self) -> None:
        """Kill the worker that is at it, or have it stall until another has gone on."""
        if not self._held:
            return
        chance = self.random.random()
        if chance < self.perils.kill_at_request:
            raise Killed
        if chance < self.perils.kill_at_request + self.perils.stall and len(self._held) == 1:
            self._stall()

    def _stall(self) -> None:
        self.stalls += 1
        (held,) = self._held
        machine, self._held = self._machine, []
        self.clock.at += settings.ENVIRONMENT.lease_s + 1.0
        self._swap_machines()
        for _ in range(self.random.randint(1, 4)):
            if not self.step(held[0]):
                self.clock.at += self.random.uniform(1.0, 30.0)
        self._held, self._machine = [held], machine

    def _swap_machines(self) -> None:
        if self.random.random() < self.perils.another_machine:
            self._machine += 1

    def _execute(self, execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        is_write = sql.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE")
        dies = bool(self._held) and is_write and self.random.random() < self.perils.kill_at_write
        if dies and self.random.random() < 0.5:
            raise Killed
        result = execute(sql, parameters, many, context)
        if dies:
            raise Killed
        return result

    def _passed(self) -> None:
        """Give the signs of life that the worker's poller gives while a step is taken."""
        if self._held and self.clock.at - self._renewed_at >= settings.ENVIRONMENT.lease_s / 4:
            self._renewed_at = self.clock.at
            held, self._held = self._held, []
            for run_id, fence in held:
                work.work_renew(run_id=run_id, rows=self.flow.rows, fence=fence)
            self._held = held

    # Work

    def step(self, run_id: UUID) -> bool:
        """Take a run's next step as a worker does, if it is due; return whether it was."""
        fence = self.flow.claim(run_id)
        if fence is None:
            return False
        self._held.append((run_id, fence))
        self._renewed_at = self.clock.at
        try:
            self.flow.carry_out(run_id, fence)
        except Killed:
            self.kills += 1
            self._swap_machines()
        except Exception as error:
            self.wrong.append(f"a step ended with {type(error).__name__}: {error}")
        finally:
            self._held.remove((run_id, fence))
        return True

    def run(self, run_ids: list[UUID]) -> None:
        """Take steps until all runs have their outcome; what is to happen meanwhile happens."""
        for _ in range(_MOST_STEPS):
            self._happen()
            left = (
                Run.objects.filter(pk__in=run_ids, kind=self.kind)
                .exclude(state__in=FINAL_STATES)
                .order_by("created_at")
            )
            if not (pending := list(left.values_list("pk", "cancel_requested_at"))):
                return
            self.random.shuffle(pending)
            rows = {row.pk: row for row in self.flow.rows.objects.filter(pk__in=run_ids)}
            due = [pk for pk, wish in pending if pk not in rows or wish is not None or _due(rows[pk]) <= timezone.now()]
            if not [pk for pk in due if self.step(pk)]:
                self._wait([_due(row) for row in rows.values() if row.pk in dict(pending)])
        self.wrong.append("it never came to its end")

    def _happen(self) -> None:
        due = [each for each in self.later if each[0] <= self.clock.at]
        self.later = [each for each in self.later if each[0] > self.clock.at]
        for _, happen in sorted(due, key=lambda each: each[0]):
            happen()

    def _wait(self, times: list[datetime]) -> None:
        """Let time pass until somebody may go on, or something happens."""
        now = timezone.now()
        seconds = max(0.2, (min([*times, now + timedelta(seconds=60)]) - now).total_seconds() + 0.01)
        if self.later:
            seconds = min(seconds, max(0.01, min(at for at, _ in self.later) - self.clock.at))
        self.clock.at += seconds


def _due(row: CloudBacktest | CloudOptimization) -> datetime:
    return max(row.next_at, row.busy_until or row.next_at)


# The law


def faults_of(world: World, run_id: UUID) -> list[str]:
    """Return what is not as it has to be of a run that should be over; nothing, if all is well."""
    run = Run.objects.get(pk=run_id)
    row = CloudBacktest.objects.filter(pk=run_id).first()
    there = [] if row is None else [k for k, each in world.cloud.backtests.items() if row.token in each["name"]]
    wrong = [*events_of(run)]
    if run.kind != KIND:
        return wrong + ([f"it is run here, and {there} there"] if there else [])
    if not run.is_final:
        return [*wrong, f"it is {run.state}"]
    if len(there) > 1:
        wrong.append(f"{len(there)} backtests are there")
    if run.state == "completed":
        wrong += _completed(world, run, row, there)
    elif run.state == "cancelled":
        if there and not run.error:
            wrong.append("it was cancelled, and is still there")
    elif not run.error.get("message") or not run.error.get("code"):
        wrong.append(f"it {run.state} without a reason")
    elif run.error["code"] == "server":
        wrong.append("the server failed")
    elif there and row is not None and row.backtest_id and row.backtest_id not in there:
        wrong.append(f"ours is {row.backtest_id}, there is {there}")
    if CloudProject.objects.filter(held_by=run).exclude(held_by__state__in=FINAL_STATES).exists():
        wrong.append("it still holds the project")
    tokens = CloudProject.objects.filter(account=world.account).values_list("token", flat=True)
    projects = [number for number, each in world.cloud.projects.items() if any(map(each["name"].count, tokens))]
    if len(projects) > 1:
        wrong.append(f"{len(projects)} projects are there")
    return wrong


def _completed(world: World, run: Run, row: CloudBacktest | None, there: list[str]) -> Iterator[str]:
    shown = world.api.get(f"/api/v1/backtests/{run.pk}/").json()
    # What had been handed out whole may be deleted there afterwards.
    is_deleted = bool(world.told["a project is deleted there"]) and not there
    if row is None or (row.backtest_id not in world.cloud.started if is_deleted else there != [row.backtest_id]):
        yield f"there is {there}, ours is {row and row.backtest_id}"
    count = world.cloud.order_count
    got = shown["sharpe_ratio"], shown["total_orders"], shown["statistics"].get("Sharpe Ratio"), shown["progress"]
    if got != (1.5, count, "1.5", 1.0):
        yield f"the figures are {got}"
    # What was refused again and again is left out, and that is said.
    left = " ".join(each["text"] for each in shown["warnings"] if "did not hand out" in each["text"])
    lines = len(world.api.get(f"/api/v1/backtests/{run.pk}/log/?limit=1000").json()["results"])
    if lines != (0 if "the log:" in left else count):
        yield f"{lines} lines of the log"
    orders = world.api.get(f"/api/v1/backtests/{run.pk}/orders/?limit=1").json()["total"]
    if orders != (0 if "orders:" in left else count):
        yield f"{orders} orders"


def events_of(run: Run) -> Iterator[str]:
    events = list(run.events.order_by("sequence"))
    kinds = [each.kind for each in events]
    if [each.sequence for each in events] != list(range(1, len(events) + 1)):
        yield f"the numbers of the events are {[each.sequence for each in events]}"
    if kinds[:1] != ["queued"] or kinds.count("queued") != 1:
        yield f"the events are {kinds}"
    if run.is_final and (kinds[-1:] != ["finished"] or kinds.count("finished") != 1):
        yield f"the events end with {kinds[-3:]}"
    if kinds.count("started") > 1:
        yield "it was started more than once"
    done = [each.data["fraction"] for each in events if each.kind == "progress"]
    if done != sorted(set(done)):
        yield f"the progress is {done}"
    steps = [each.data["step"] for each in events if each.kind == "step"]
    ways = {
        "": ("files",), "files": ("compile",), "compile": ("compiling",), "compiling": ("start",),
        "start": ("running",), "running": ("results",), "project": ("files",),
    }  # fmt: skip
    last = ""
    for step in steps:
        if step not in (*ways[last], "project") or (step == "project" and last in ("running", "results", "project")):
            yield f"the steps are {steps}"
            break
        last = step

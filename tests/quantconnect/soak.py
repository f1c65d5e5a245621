"""The way from a project to a backtest's results, again and again, each time in other bad weather.

``python -m tests.quantconnect.soak --schedules 1000`` runs it, as `make soak` does. A schedule follows from its number
alone: which faults befall which calls, how late lists are, how wrong a clock is, when the process is killed.
Whoever is killed, or is told of something that may pass, starts again with what was stored, as a server's job would.
Afterwards each schedule has to have

- started one backtest and created one project, never a second one, unless lists were later than the client looks: then
  none but one may be left,
- come to know the backtest's end and all pages of what it came to, or ended with an error that says what is not known.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import httpx2
from tests.quantconnect.clock import VirtualClock
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import PASSING, Fault, FaultyTransport, Seeded

from tradinglab.quantconnect.client import QuantConnect
from tradinglab.quantconnect.credentials import Credentials
from tradinglab.quantconnect.errors import OutcomeUnknownError, QuantConnectError
from tradinglab.quantconnect.settings import LostAnswers, Settings
from tradinglab.quantconnect.shared import Shared

_PROJECT, _BACKTEST = "project-of-the-soak", "backtest-of-the-soak"
_LIVES = 400


class Killed(BaseException):
    """The process is gone."""


class DeadlyTransport(FaultyTransport):
    """A line on which the client's process is killed now and then, after the request was carried out."""

    def __init__(self, cloud: FakeCloud, schedule: Seeded, clock: VirtualClock, random: Random, share: float) -> None:
        super().__init__(cloud, schedule, clock)
        self._random = random
        self._share = share

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return super().handle_request(request)
        finally:
            if self._random.random() < self._share:
                raise Killed


@dataclass
class Job:
    """What is stored of the way, so that it can be taken up again."""

    project_id: int | None = None
    compile_id: str | None = None
    backtest_id: str | None = None
    end: str = ""
    orders: int = 0
    insights: int = 0
    logs: int = 0
    is_over: bool = False

    def go_on(self, client: QuantConnect) -> None:
        """Go on from where it was left."""
        if self.project_id is None:
            self.project_id = client.projects.create("Soak", token=_PROJECT).project_id
        project_id = self.project_id
        if self.compile_id is None:
            client.files.put(project_id, "main.py", "x = 1\n")
            client.files.put(project_id, "alpha/model.py", "y = 2\n")
            self.compile_id = client.compiling.create(project_id).compile_id
        client.compiling.wait(project_id, self.compile_id)
        if self.backtest_id is None:
            made = client.backtests.create(project_id, self.compile_id, "Soak", token=_BACKTEST)
            self.backtest_id = made.backtest_id
        ids = (project_id, self.backtest_id)
        self.end = self.end or client.backtests.wait(*ids).status
        self.orders = self.orders or len(client.results.orders(*ids))
        self.insights = self.insights or len(client.results.insights(*ids))
        self.logs = self.logs or len(client.results.logs(*ids))
        client.results.charts(*ids)
        self.is_over = True


@dataclass
class Outcome:
    """What became of a schedule; `wrong` should be empty."""

    seed: int
    error: QuantConnectError | None = None
    lives: int = 1
    calls: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def run(seed: int) -> Outcome:
    """Run one schedule."""
    random = Random(seed)
    clock = VirtualClock()
    clock.skew_s = random.choice([0.0, 0.0, -3000.0, 50.0, 86_400.0])
    cloud = FakeCloud(clock.true_time)
    is_very_late = random.random() < 0.1
    look = LostAnswers()
    cloud.list_late_s = look.look_for_s * (random.uniform(1.1, 4.0) if is_very_late else random.choice([0, 0.1, 0.9]))
    cloud.results_late_s = random.choice([0.0, 5.0, 40.0])
    cloud.nodes = random.choice([1, 100])
    kinds = tuple(random.sample(PASSING, random.randint(1, len(PASSING)))) + (Fault.REFUSED,) * (random.random() < 0.2)
    schedule = Seeded(seed, random.choice([0.0, 0.05, 0.15, 0.3, 0.5]), kinds)
    transport = DeadlyTransport(cloud, schedule, clock, random, random.choice([0.0, 0.0, 0.02, 0.1]))
    shared = Shared.in_process(clock.monotonic)
    outcome, job = Outcome(seed), Job()

    def client() -> QuantConnect:
        settings = Settings(lost_answers=look)
        credentials = Credentials(USER_ID, TOKEN)
        return QuantConnect(
            credentials, settings, shared=shared, clock=clock, transport=transport, random=Random(random.random())
        )

    while outcome.lives < _LIVES:
        try:
            job.go_on(client())
            outcome.error = None
            break
        except Killed:
            outcome.lives += 1
        except QuantConnectError as error:
            outcome.error = error
            if not (error.retryable or isinstance(error, OutcomeUnknownError) or getattr(error, "is_garbled", False)):
                break
            outcome.lives += 1
            clock.at += random.uniform(10, 300)
    outcome.calls = len(transport.requests)
    outcome.faults.update(fault for _, fault in schedule.happened)
    if is_very_late and job.backtest_id is not None and job.project_id is not None:
        transport.calm()
        transport._share = 0.0
        clock.at += 1000
        client().backtests.sweep(job.project_id, _BACKTEST, keep=job.backtest_id)
        client().projects.sweep(_PROJECT, keep=job.project_id)
    outcome.wrong = [*_wrong(cloud, job, outcome.error, is_very_late=is_very_late)]
    return outcome


def _wrong(cloud: FakeCloud, job: Job, error: QuantConnectError | None, *, is_very_late: bool) -> list[str]:
    wrong = []
    if not is_very_late and len(cloud.started) > 1:
        wrong.append(f"{len(cloud.started)} backtests were started")
    if not is_very_late and len(cloud.projects) > 1:
        wrong.append(f"{len(cloud.projects)} projects were created")
    if error is None and job.is_over and job.project_id is not None:
        if [*cloud.backtests] != [job.backtest_id]:
            wrong.append(f"the backtests are {[*cloud.backtests]}, ours is {job.backtest_id}")
        if [*cloud.projects] != [job.project_id]:
            wrong.append(f"the projects are {[*cloud.projects]}, ours is {job.project_id}")
        if (job.orders, job.insights, job.logs) != (cloud.order_count,) * 3:
            wrong.append(f"{job.orders} orders, {job.insights} insights, {job.logs} lines were read")
        if job.end != "Completed.":
            wrong.append(f"the end is {job.end!r}")
        files = cloud.projects[job.project_id]["files"]
        if (files["main.py"], files.get("alpha/model.py")) != ("x = 1\n", "y = 2\n"):
            wrong.append("the files are not what was sent")
    elif error is None:
        wrong.append("it never came to its end")
    elif (
        cloud.started
        and job.backtest_id is None
        and (error.path or "").startswith("backtests/")
        and not error.is_uncertain
    ):
        wrong.append(f"a backtest was started, and the error does not say that it may have been: {error}")
    return wrong


def main() -> int:
    """Run schedules and say what became of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--schedules", type=int, default=1000, help="how many (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the first one's number (default: %(default)s)")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    calls, lives, faults = 0, 0, Counter[Fault]()
    ends: Counter[str] = Counter()
    wrong: list[Outcome] = []
    for seed in range(options.first, options.first + options.schedules):
        outcome = run(seed)
        calls, lives = calls + outcome.calls, lives + outcome.lives
        faults += outcome.faults
        ends[type(outcome.error).__name__ if outcome.error else "finished"] += 1
        if outcome.wrong:
            wrong.append(outcome)
    print(f"{options.schedules} schedules, {calls} calls, {lives} processes, {faults.total()} faults")
    for fault, count in faults.most_common():
        print(f"  {count:7}  {fault}")
    for end, count in ends.most_common():
        print(f"  {count:7}  {end}")
    for each in wrong:
        print(f"WRONG: schedule {each.seed}: {'; '.join(each.wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

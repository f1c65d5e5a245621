"""Every endpoint of the API, from the list of addresses: strangers, other users, and keys that may do too little.

A new endpoint is tested without anybody naming it. Two things must be told here: how a new kind of placeholder is
filled (``_MAKE``), and what is not as elsewhere: public, everybody's, or of a scope that the method does not say.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from datetime import time as clock_time
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Script, faulty_server
from tests.server.conftest import set_environment

from tradinglab.optimize import Axis, Direction, Objective, Space
from tradinglab.optimize.walk_forward import WalkForwardPlan
from tradinglab.server.accounts.invitations import invitation_create
from tradinglab.server.accounts.models import ApiKey, Role, Scope, User
from tradinglab.server.accounts.quantconnect_tokens import quantconnect_token_create
from tradinglab.server.accounts.services import api_key_create
from tradinglab.server.accounts.sign_ins import sign_in_create
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.backtests.verifying import backtest_verify
from tradinglab.server.cloud.live.services import cloud_follow
from tradinglab.server.cloud.models import CloudAccount
from tradinglab.server.data_jobs.models import DataJobItem
from tradinglab.server.data_jobs.requests import DownloadRequest, Subjects
from tradinglab.server.data_jobs.schedules import schedule_create
from tradinglab.server.data_jobs.services import data_job_submit
from tradinglab.server.data_jobs.targets import target_get
from tradinglab.server.data_jobs.uploads import upload_create
from tradinglab.server.datasets.models import WatchList
from tradinglab.server.datasets.selectors import instrument_list, series_list
from tradinglab.server.datasets.services import watch_list_add, watch_list_create
from tradinglab.server.examinations.models import Examination
from tradinglab.server.examinations.services import ExaminationRequest, examination_submit
from tradinglab.server.honesty.models import HoldOut
from tradinglab.server.live.models import DeploymentSeries
from tradinglab.server.live.services import DeploymentRequest, deployment_create
from tradinglab.server.optimizations.requests import OptimizationRequest
from tradinglab.server.optimizations.services import optimization_submit
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.sealing import seal
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create
from tradinglab.server.walk_forwards.requests import WalkForwardRequest
from tradinglab.server.walk_forwards.services import walk_forward_submit

pytestmark = pytest.mark.django_db
_METHODS = ("get", "post", "put", "patch", "delete")
_PLACEHOLDER = re.compile(r"<[^>]+>")

#: Nobody need be logged in.
_PUBLIC = {
    "GET /api/docs/",
    "GET /api/schema/",
    "POST /api/v1/auth/token/",
    "POST /api/v1/auth/token/refresh/",
    "POST /api/v1/auth/token/revoke/",
    "POST /api/v1/auth/sign-up/",
    "POST /api/v1/auth/verify-email/",
    "POST /api/v1/auth/password-reset/",
    "POST /api/v1/auth/password-reset/confirm/",
}
#: What is there is every user's.
_EVERYBODYS = ("/api/v1/strategies/templates/", "/api/v1/data-sources/", "/api/v1/instruments/", "/api/v1/catalogue/")
#: For people who logged in: no key will do.
_PERSONAL = ("/api/v1/account/",)
#: For admins.
_ADMINS = ("/api/v1/users/", "/api/v1/invitations/")
#: What admins alone change, and everybody reads of his own.
_ADMINS_CHANGE = ("/api/v1/data-jobs/", "/api/v1/data-uploads/", "/api/v1/data-schedules/")
#: Scopes other than ``read`` to read and ``run`` for all else.
_SCOPES = {
    "POST /api/v1/api-keys/": Scope.READ,
    "DELETE /api/v1/api-keys/<int:key_id>/": Scope.READ,
    "GET /api/v1/users/<int:user_id>/run-limits/": Scope.READ,
    "POST /api/v1/quantconnect-tokens/": Scope.READ,
    "DELETE /api/v1/quantconnect-tokens/<int:quantconnect_id>/": Scope.READ,
    "POST /api/v1/quantconnect/live/<int:project_id>/stop/": Scope.TRADE,
    "POST /api/v1/quantconnect/live/<int:project_id>/liquidate/": Scope.TRADE,
    "POST /api/v1/quantconnect/live/<int:project_id>/follow/": Scope.TRADE,
    "POST /api/v1/quantconnect/live/deployments/": Scope.TRADE,
    "POST /api/v1/quantconnect/live/deployments/<uuid:remote_deployment_id>/stop/": Scope.TRADE,
    "POST /api/v1/quantconnect/live/deployments/<uuid:remote_deployment_id>/liquidate/": Scope.TRADE,
    "POST /api/v1/quantconnect/live/deployments/<uuid:remote_deployment_id>/commands/": Scope.TRADE,
    "POST /api/v1/ws-tickets/": Scope.READ,
    "POST /api/v1/strategies/check/": Scope.READ,
    "POST /api/v1/analytics/": Scope.READ,
    "POST /api/v1/rules/check/": Scope.READ,
    "POST /api/v1/rules/generate/": Scope.READ,
}


class Operation(NamedTuple):
    """A method at an address."""

    method: str
    pattern: str

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.pattern}"

    @property
    def scope(self) -> str:
        writes = Scope.TRADE if "/deployments/" in self.pattern else Scope.RUN
        if self.pattern.startswith(_ADMINS_CHANGE):
            writes = Scope.ADMIN
        usual = Scope.READ if self.method == "get" else writes
        return _SCOPES.get(self.name, Scope.ADMIN if self.pattern.startswith(_ADMINS) else usual)

    def call(self, client: APIClient, things: Things) -> Any:
        return client.generic(self.method.upper(), things.path(self.pattern), b"{}", "application/json")


class Things:
    """What one user has, made when a placeholder asks for it."""

    def __init__(self, owner: User, settings: Any) -> None:
        self.owner = owner
        self.settings = settings
        self.made: dict[str, Any] = {}
        self.servers = ExitStack()

    def path(self, pattern: str) -> str:
        return _PLACEHOLDER.sub(lambda found: str(self.value(found[0])), pattern)

    def value(self, placeholder: str) -> object:
        assert placeholder in _MAKE, f"tell tests/server/test_every_endpoint.py how to make something for {placeholder}"
        if placeholder not in self.made:
            self.made[placeholder] = _MAKE[placeholder](self)
        return self.made[placeholder]

    @property
    def strategy(self) -> Strategy:
        return Strategy.objects.get(pk=self.value("<uuid:strategy_id>"))

    def make_strategy(self) -> object:
        source = "def x(algorithm):\n    return algorithm.get_parameter('x')\n"
        return strategy_create(owner=self.owner, name="Theirs", files={"main.py": source}).pk

    def make_run(self) -> object:
        assert self.strategy.head is not None
        return backtest_submit(owner=self.owner, request=BacktestRequest(version=self.strategy.head)).run.pk

    def make_verification(self) -> object:
        test = Backtest.objects.get(pk=self.value("<uuid:run_id>"))
        test.run.state = "completed"
        return backtest_verify(test=test).run.pk

    def examine(self, kind: Examination.Kind = Examination.Kind.DOCTOR) -> object:
        test = Backtest.objects.get(pk=self.value("<uuid:run_id>"))
        test.run.state = "completed"
        return examination_submit(test=test, request=ExaminationRequest(kind=kind)).run.pk

    def make_optimization(self) -> object:
        assert self.strategy.head is not None
        space = Space.of([Axis(name="x", values=("1", "2"))])
        objective = Objective(figure="sharpe_ratio", direction=Direction.MAX)
        request = OptimizationRequest(version=self.strategy.head, space=space, objective=objective)
        return optimization_submit(owner=self.owner, request=request).run.pk

    def make_walk_forward(self) -> object:
        assert self.strategy.head is not None
        space = Space.of([Axis(name="x", values=("1", "2"))])
        objective = Objective(figure="sharpe_ratio", direction=Direction.MAX)
        search = OptimizationRequest(version=self.strategy.head, space=space, objective=objective)
        request = WalkForwardRequest(search=search, plan=WalkForwardPlan(train=1000, test=1000))
        return walk_forward_submit(owner=self.owner, request=request).run.pk

    def make_hold_out(self) -> object:
        first, last = date(2090, 1, 1), date(2090, 12, 31)
        # As it is stored: a strategy with runs under way, such as others here have made, is not sealed.
        return HoldOut.objects.create(
            strategy=self.strategy, sealed_by=self.owner, first_day=first, last_day=last
        ).pk  # fmt: skip

    def make_deployment(self) -> object:
        assert self.strategy.head is not None
        made, _ = deployment_create(owner=self.owner, request=DeploymentRequest(version=self.strategy.head))
        DeploymentSeries.objects.create(deployment=made, chart="sample", name="x")
        return made.pk

    def make_key(self) -> object:
        return api_key_create(user=self.owner, name="theirs", scopes=["read"], by=self.owner.scopes).key.pk

    def make_quantconnect_token(self) -> object:
        return quantconnect_token_create(user=self.owner, name="theirs", by=self.owner.scopes, scopes=["read"]).row.pk

    def make_remote_project(self) -> object:
        """Make something at QuantConnect, where the stranger has nothing at all."""
        account = CloudAccount(user=self.owner, remote_user=USER_ID, sealed_token=seal(TOKEN))
        CloudAccount.objects.bulk_create([account], ignore_conflicts=True)
        fake = FakeCloud(time.time)
        self.servers.enter_context(_serving(fake, self.settings))
        project = fake.do_projects_create({"name": "Theirs", "language": "Py"})["projects"][0]["projectId"]
        compiled = fake.do_compile_create({"projectId": project})["compileId"]
        body = {"projectId": project, "compileId": compiled, "backtestName": "Theirs"}
        backtest = fake.do_backtests_create(body)["backtest"]["backtestId"]
        fake.deploy(project)
        self.made |= {"<str:compile_id>": compiled, "<str:backtest_id>": backtest}
        return project

    def make_remote_deployment(self) -> object:
        project = self.value("<int:project_id>")
        return cloud_follow(user=self.owner, project_id=int(str(project)))[0].pk

    def make_watch_list(self) -> object:
        made = watch_list_create(owner=self.owner, name="Theirs")
        watch_list_add(watch_list=made, instrument=instrument_list().get(pk=self.value("<int:instrument_id>")))
        return made.pk

    def make_data_job(self) -> object:
        subjects, target = Subjects(symbols=["AAA"]), target_get(name="local")
        request = DownloadRequest(target=target, subjects=subjects, sources=["yahoo"], resolution="daily")
        return data_job_submit(owner=self.owner, request=request).run.pk

    def make_data_job_item(self) -> object:
        return DataJobItem.objects.get(job=self.value("<uuid:data_job_id>")).pk

    def make_upload(self) -> object:
        return upload_create(owner=self.owner, name="theirs.csv", stream=BytesIO(b"time,open\n")).pk

    def make_schedule(self) -> object:
        listed = WatchList.objects.get(pk=self.value("<uuid:watch_list_id>"))
        values = {"name": "Theirs", "watch_list": listed, "target": "local", "resolution": "daily", "at": clock_time(6)}
        return schedule_create(owner=self.owner, values={**values, "time_zone": "UTC"}).pk

    def make_version(self) -> object:
        assert self.strategy.head is not None
        return self.strategy.head.content_hash


_MAKE: dict[str, Callable[[Things], object]] = {
    "<int:key_id>": Things.make_key,
    "<int:quantconnect_id>": Things.make_quantconnect_token,
    "<int:user_id>": lambda things: things.owner.pk,
    "<int:invitation_id>": lambda things: invitation_create(by=things.owner, role="viewer").invitation.pk,
    "<uuid:strategy_id>": Things.make_strategy,
    "<slug:content_hash>": Things.make_version,
    "<slug:template>": lambda _: "demo",
    "<uuid:run_id>": Things.make_run,
    "<uuid:optimization_id>": Things.make_optimization,
    "<int:number>": lambda _: 0,
    "<uuid:walk_forward_id>": Things.make_walk_forward,
    "<uuid:hold_out_id>": Things.make_hold_out,
    "<int:instrument_id>": lambda _: instrument_list().order_by("pk")[0].pk,
    "<int:series_id>": lambda _: series_list().order_by("pk")[0].pk,
    "<uuid:watch_list_id>": Things.make_watch_list,
    "<uuid:data_job_id>": Things.make_data_job,
    "<int:item_id>": Things.make_data_job_item,
    "<uuid:upload_id>": Things.make_upload,
    "<uuid:schedule_id>": Things.make_schedule,
    "<uuid:deployment_id>": Things.make_deployment,
    "<uuid:verification_id>": Things.make_verification,
    "<uuid:examination_id>": Things.examine,
    "<str:artefact>": lambda _: "result.json",
    "<path:chart>": lambda _: "Strategy Equity",
    "<str:name>": lambda _: "sample",
    "<int:project_id>": Things.make_remote_project,
    "<uuid:remote_deployment_id>": Things.make_remote_deployment,
    # Made with their project.
    "<str:compile_id>": lambda things: things.made["<str:compile_id>"],
    "<str:backtest_id>": lambda things: things.made["<str:backtest_id>"],
}


@contextmanager
def _serving(fake: FakeCloud, settings: Any) -> Iterator[None]:
    with faulty_server(fake, Script({})) as url:
        set_environment(settings, quantconnect_url=url)
        yield


# What speaks as QuantConnect does has a test of its own: tests/server/qcapi/test_every_endpoint.py.
def _operations(patterns: list[Any], before: str = "/") -> Iterator[Operation]:
    for each in patterns:
        where = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _operations(each.url_patterns, where)
        elif where.startswith("/api/") and not where.startswith("/api/v2/"):
            assert isinstance(each, URLPattern)
            view = getattr(each.callback, "cls", None)
            assert view is not None, f"{where} is no view of the REST framework"
            yield from (Operation(method, where) for method in _METHODS if hasattr(view, method))


EVERY = list(_operations(get_resolver().url_patterns))
GUARDED = [each for each in EVERY if each.name not in _PUBLIC]
KEYED = [each for each in GUARDED if not each.pattern.startswith(_PERSONAL)]
OWNED = [each for each in GUARDED if "<" in each.pattern and not each.pattern.startswith(_EVERYBODYS)]
LISTS = [
    each
    for each in GUARDED
    if each.method == "get" and "<" not in each.pattern and not each.pattern.startswith(_EVERYBODYS)
]


def _names(operation: Operation) -> str:
    return operation.name


@pytest.fixture
def theirs(owner: User, settings: Any) -> Iterator[Things]:
    set_environment(settings, backend_url="http://testserver")  # an invitation is a link to it
    things = Things(owner, settings)
    with things.servers:
        yield things


@pytest.fixture
def stranger(db: None) -> User:
    return User.objects.create_user("stranger@example.com", "a long password 2", role=Role.TRADER)


def with_key(user: User, scopes: set[str]) -> APIClient:
    client = APIClient(raise_request_exception=False)
    token = api_key_create(user=user, name="test", scopes=scopes, by=user.scopes).token
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_the_lists_name_what_there_is() -> None:
    names = {each.name for each in EVERY}
    assert len(EVERY) > 50
    assert names >= _PUBLIC | set(_SCOPES)
    assert set(_MAKE) == {found for each in EVERY for found in _PLACEHOLDER.findall(each.pattern)}


@pytest.mark.parametrize("operation", GUARDED, ids=_names)
def test_nobody_is_let_in_without_saying_who(operation: Operation, theirs: Things) -> None:
    answer = operation.call(APIClient(), theirs)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("operation", [each for each in EVERY if each not in GUARDED], ids=_names)
def test_what_is_public_asks_nobody(operation: Operation, theirs: Things) -> None:
    assert operation.call(APIClient(), theirs).status_code in (200, 400)


@pytest.mark.parametrize("operation", OWNED, ids=_names)
def test_what_is_another_users_is_not_there(operation: Operation, theirs: Things, stranger: User) -> None:
    """The stranger may do all but administrate; a thing that there is not answers just the same."""
    client = with_key(stranger, set(stranger.scopes))
    before = theirs.path(operation.pattern), _state(theirs)
    answer = operation.call(client, theirs)
    assert answer.status_code == (403 if operation.scope == Scope.ADMIN else 404), answer.content
    assert (theirs.path(operation.pattern), _state(theirs)) == before


def _state(things: Things) -> list[Any]:
    rows: list[Any] = list(ApiKey.objects.filter(user=things.owner).values())
    return rows + list(Strategy.objects.values()) + list(User.objects.filter(pk=things.owner.pk).values())


@pytest.mark.parametrize("operation", [each for each in OWNED if each.method == "get"], ids=_names)
def test_the_owner_finds_it_there(operation: Operation, theirs: Things) -> None:
    if "<uuid:run_id>" in operation.pattern:
        theirs.made["<uuid:strategy_id>"] = _quick(theirs.owner)
        run_carry_out(run_id=theirs.value("<uuid:run_id>"), worker="a")  # type: ignore[arg-type]
        for kind in Examination.Kind:
            theirs.examine(kind)
    # 202: it is there, and goes on; 409: it has not come to what is asked for.
    assert operation.call(with_key(theirs.owner, set(theirs.owner.scopes)), theirs).status_code in (200, 202, 400, 409)


def _quick(owner: User) -> object:
    from tests.server.conftest import QUICK

    return strategy_create(owner=owner, name="Quick", files={"main.py": QUICK}).pk


@pytest.mark.parametrize("operation", KEYED, ids=_names)
def test_each_scope_is_needed_and_enough(operation: Operation, theirs: Things) -> None:
    without = with_key(theirs.owner, set(Scope.values) - {operation.scope})
    assert (operation.call(without, theirs).status_code, operation.scope) == (403, operation.scope)
    assert operation.call(with_key(theirs.owner, {operation.scope}), theirs).status_code not in (401, 403)


@pytest.mark.parametrize("operation", [each for each in GUARDED if each not in KEYED], ids=_names)
def test_accounts_are_for_people_not_for_keys(operation: Operation, theirs: Things) -> None:
    assert operation.call(with_key(theirs.owner, set(Scope.values)), theirs).status_code == 403
    person = APIClient()
    person.credentials(HTTP_AUTHORIZATION=f"Bearer {sign_in_create(user=theirs.owner).access}")
    assert operation.call(person, theirs).status_code not in (401, 403)


@pytest.mark.parametrize("operation", LISTS, ids=_names)
def test_lists_show_nothing_of_others(operation: Operation, theirs: Things, stranger: User) -> None:
    secret = strategy_create(owner=theirs.owner, name="unheard-of", files={"main.py": "x = 1\n"}, tags=["unheard-of"])
    assert secret.head is not None
    backtest_submit(owner=theirs.owner, request=BacktestRequest(version=secret.head, name="unheard-of"))
    api_key_create(user=theirs.owner, name="unheard-of", scopes=["read"], by=theirs.owner.scopes)
    answer = operation.call(with_key(stranger, set(stranger.scopes)), theirs)
    assert answer.status_code in (200, 400, 403, 404)
    assert "unheard-of" not in answer.content.decode()
    assert theirs.owner.email not in answer.content.decode()

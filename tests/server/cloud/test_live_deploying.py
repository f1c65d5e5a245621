"""Deploying to QuantConnect: once, whatever becomes of answers and workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from django.apps import apps
from django.utils import timezone
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud
from tests.quantconnect.faults import PASSING, Fault, Schedule, Script, Seeded, faulty_server
from tests.server.cloud.live_driving import DEPLOYMENTS, age, deploy, following, kinds, step, told, until
from tests.server.conftest import set_environment

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.cloud.live import steps
from tradinglab.server.cloud.live.models import CloudDeployment, LiveProject
from tradinglab.server.cloud.live.polling import deployment_step
from tradinglab.server.cloud.models import CloudAccount
from tradinglab.server.strategies.models import Strategy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("impatient")]
_SECRET = "s3cr3t-of-the-brokerage"
_KRAKEN = {
    "id": "KrakenBrokerage", "kraken-api-key": "key-of-the-brokerage", "kraken-api-secret": _SECRET,
    "kraken-verification-tier": "Pro",
}  # fmt: skip


def test_a_version_is_deployed_in_a_project_of_its_strategys(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud
) -> None:
    row = following(deploy(trader, momentum, parameters={"fast": 3}), cloud)
    assert (row.step, row.status, row.deploy_id) == ("follow", "Running", cloud.live_started[0])
    (project,) = cloud.projects.values()
    assert project["name"].startswith("TradingLab/Live/Momentum tl-")
    assert set(project["files"]) == {"main.py"}
    (body,) = [body for path, body in cloud.calls if path == "live/create"]
    assert (body["brokerage"], body["parameters"]) == ({"id": "QuantConnectBrokerage"}, {"fast": "3"})
    assert body["dataProviders"] == {"QuantConnectBrokerage": {"id": "QuantConnectBrokerage"}}
    steps = [data["step"] for _, data in told(row, "step")]
    assert steps == ["files", "compile", "compiling", "start", "follow"]
    assert kinds(row)[0] == "queued"
    shown = trader.get(f"{DEPLOYMENTS}{row.pk}/").json()
    assert (shown["status"], shown["environment"], shown["project_id"]) == ("Running", "paper", row.remote_project)
    noted = AuditEntry.objects.filter(action__startswith="quantconnect_deployment").values_list("action", flat=True)
    assert set(noted) == {"quantconnect_deployment.requested", "quantconnect_deployment.started"}


def test_the_same_request_under_the_same_key_deploys_once(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud
) -> None:
    assert momentum.head is not None
    body = {"version": str(momentum.head.pk)}
    first, again = (trader.post(DEPLOYMENTS, body, format="json", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    other = trader.post(DEPLOYMENTS, {**body, "name": "x"}, format="json", headers={"Idempotency-Key": "k"})
    assert other.status_code == 422
    assert CloudDeployment.objects.count() == 1


def _everything_stored() -> str:
    """Return all that the database holds, as text."""
    models = [each for each in apps.get_models() if each._meta.managed]
    return "\n".join(str(row) for model in models for row in model._base_manager.values_list())


def test_a_brokerages_settings_are_sent_and_kept_nowhere(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    row = deploy(trader, momentum, brokerage=_KRAKEN, data_providers={"KrakenBrokerage": {}})
    assert row.environment == "live"
    assert row.sealed_settings
    assert _SECRET not in _everything_stored()
    row = following(row, cloud)
    (body,) = [body for path, body in cloud.calls if path == "live/create"]
    assert body["brokerage"] == _KRAKEN
    assert body["dataProviders"] == {"KrakenBrokerage": _KRAKEN}
    assert row.sealed_settings == ""
    shown = trader.get(f"{DEPLOYMENTS}{row.pk}/").content + trader.get(f"{DEPLOYMENTS}{row.pk}/events/").content
    for secret in (_SECRET, "key-of-the-brokerage"):
        assert secret not in _everything_stored()
        assert secret.encode() not in shown
        assert secret not in caplog.text


def test_whom_quantconnect_notifies_is_as_secret(trader: APIClient, momentum: Strategy, cloud: FakeCloud) -> None:
    wanted = {"events": ["orderEvent"], "targets": [{"type": "telegram", "id": "1", "token": _SECRET}]}
    row = deploy(trader, momentum, notification=wanted)
    assert _SECRET not in _everything_stored()
    row = following(row, cloud)
    assert next(body for path, body in cloud.calls if path == "live/create")["notification"] == wanted
    assert _SECRET not in _everything_stored()


@pytest.mark.parametrize(
    ("notification", "field"),
    [({"event": []}, "notification"), ({"targets": {"type": "email"}}, "notification.targets")],
)
def test_a_notification_that_quantconnect_does_not_know_is_refused(
    trader: APIClient, momentum: Strategy, notification: dict[str, Any], field: str
) -> None:
    assert momentum.head is not None
    body = {"version": str(momentum.head.pk), "notification": notification}
    answer = trader.post(DEPLOYMENTS, body, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("field", ["brokerage", "data_providers", "notification"])
def test_a_secret_in_the_wrong_place_is_not_repeated(trader: APIClient, momentum: Strategy, field: str) -> None:
    assert momentum.head is not None
    answer = trader.post(DEPLOYMENTS, {"version": str(momentum.head.pk), field: _SECRET}, format="json")
    assert (answer.status_code, _SECRET.encode() in answer.content) == (400, False)
    if field == "data_providers":
        body = {"version": str(momentum.head.pk), field: {"PolygonDataFeed": _SECRET}}
        answer = trader.post(DEPLOYMENTS, body, format="json")
        assert (answer.status_code, _SECRET.encode() in answer.content) == (400, False)


def test_one_that_nobody_knows_of_is_stopped_as_soon_as_it_shows(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, faults: Script
) -> None:
    faults._faults["live/create"] = [Fault.RESET_BEFORE]
    row = until(deploy(trader, momentum), cloud, lambda each: each.is_asked)
    trader.post(f"{DEPLOYMENTS}{row.pk}/stop/")
    step(row)
    assert row.step == "start"
    cloud.deploy(row.remote_project or 0, quantity=0)
    until(row, cloud, lambda each: each.is_ended)
    assert cloud.deployments[row.remote_project or 0]["status"] == "Stopped"


def test_a_refusal_that_repeats_a_secret_is_kept_without_it(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.quantconnect.fake import Refused

    def refuse(body: Any) -> NoReturn:
        raise Refused(f"The secret '{body['brokerage']['kraken-api-secret']}' is wrong.")

    monkeypatch.setattr(cloud, "do_live_create", refuse)
    row = following(deploy(trader, momentum, brokerage=_KRAKEN), cloud)
    assert (row.step, row.status, row.error["code"]) == ("over", "DeployError", "quantconnect_refused")
    assert "The secret '***' is wrong." in row.message
    assert row.sealed_settings == ""
    assert _SECRET not in _everything_stored()
    assert kinds(row)[-2:] == ["alert", "finished"]


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"brokerage": {"id": "KrakenBrokerag"}}, "brokerage.id", "Did you mean 'KrakenBrokerage'"),
        ({"brokerage": {}}, "brokerage.id", "Known are QuantConnectBrokerage"),
        ({"brokerage": {**_KRAKEN, "kraken-api-secret": ""}}, "brokerage.kraken-api-secret", "needs"),
        ({"brokerage": {**_KRAKEN, "kraken-api-secre": _SECRET}}, "brokerage.kraken-api-secre", "Did you mean"),
        ({"brokerage": {**_KRAKEN, "kraken-api-key": [_SECRET]}}, "brokerage.kraken-api-key", "Write a text"),
        ({"brokerage": {**_KRAKEN, "kraken-verification-tier": "x"}}, "brokerage.kraken-verification-tier", "Choose"),
        ({"brokerage": {**_KRAKEN, "cash": []}}, "brokerage.cash", "no such setting"),
        ({"brokerage": {"id": "BinanceBrokerage"}}, "brokerage.binance-exchange-name", "BinanceUS"),
        (
            {"brokerage": {"id": "BinanceBrokerage", "binance-exchange-name": "BinanceUS", "binance-api-key": _SECRET}},
            "brokerage.binance-api-key", "binanceus-api-key",
        ),
        (
            {"brokerage": {
                "id": "TastytradeBrokerage", "tastytrade-account-number": "x", "tastytrade-refresh-token": "t",
            }},
            "brokerage.tastytrade-account-number", "whole number",
        ),
        ({"brokerage": {"id": "QuantConnectBrokerage", "cash": [{"currency": "usd", "amount": 1}]}},
         "brokerage.cash.currency", "USD"),
        ({"brokerage": {"id": "QuantConnectBrokerage", "cash": [{"currency": "USD", "amount": "1"}]}},
         "brokerage.cash.amount", "number"),
        ({"brokerage": {"id": "QuantConnectBrokerage", "holdings": [{"symbol": "SPY"}]}},
         "brokerage.holdings.symbolId", "SPY R735QTJ8XC9X"),
        ({"data_providers": {"Polygon": {}}}, "data_providers", "PolygonDataFeed"),
        ({"data_providers": {"PolygonDataFeed": {}}}, "data_providers.PolygonDataFeed.polygon-api-key", "needs"),
        (
            {
                "brokerage": {
                    "id": "TradierBrokerage", "tradier-account-id": "1", "tradier-access-token": _SECRET,
                    "tradier-environment": "paper",
                },
                "data_providers": {"TradierBrokerage": {}},
            },
            "data_providers.TradierBrokerage", "paper",
        ),
    ],
)  # fmt: skip
def test_what_a_brokerage_lacks_is_named_before_anything_is_sent(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, body: dict[str, Any], field: str, said: str
) -> None:
    assert momentum.head is not None
    answer = trader.post(DEPLOYMENTS, {"version": str(momentum.head.pk), **body}, format="json")
    assert answer.status_code == 400
    (problem,) = answer.json()["errors"]
    assert problem["field"] == field
    assert said in problem["message"]
    assert _SECRET.encode() not in answer.content
    assert not CloudDeployment.objects.exists()
    assert cloud.calls == []


def test_who_may_not_trade_deploys_nothing(api: APIClient, account: CloudAccount, momentum: Strategy) -> None:
    assert momentum.head is not None
    body = {"version": str(momentum.head.pk)}
    assert api.post(DEPLOYMENTS, body, format="json").status_code == 403


def test_without_an_account_nothing_is_deployed(
    owner: User, client_of: Callable[..., APIClient], momentum: Strategy
) -> None:
    assert momentum.head is not None
    trader = client_of(owner, scopes=("read", "trade"))
    answer = trader.post(DEPLOYMENTS, {"version": str(momentum.head.pk)}, format="json")
    assert (answer.status_code, "credentials" in answer.json()["detail"]) == (404, True)


_LOST = [
    Fault.RESET_AFTER, Fault.STALL_AFTER, Fault.PAGE_AFTER, Fault.TRUNCATED, Fault.EMPTY, Fault.INTERNAL,
]  # fmt: skip


@pytest.mark.parametrize("fault", _LOST)
@pytest.mark.parametrize("faults", [Script({})])
def test_a_lost_answer_starts_no_second_one(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, faults: Script, fault: Fault
) -> None:
    faults._faults["live/create"] = [fault]
    row = following(deploy(trader, momentum), cloud)
    assert (row.step, [row.deploy_id]) == ("follow", cloud.live_started)
    assert sum(path == "live/create" for path, _ in cloud.calls) == 1


@pytest.mark.parametrize("fault", [Fault.TOO_MANY, Fault.TOO_MANY_WAIT, Fault.SLOW_DOWN])
@pytest.mark.parametrize("path", ["projects/create", "compile/create", "live/create", "projects/nodes/read"])
def test_too_many_requests_are_waited_for(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, faults: Script, fault: Fault, path: str
) -> None:
    faults._faults[path] = [fault, fault, fault]
    row = following(deploy(trader, momentum), cloud)
    assert [row.deploy_id] == cloud.live_started
    assert "waiting" in kinds(row)
    assert row.waiting_for == ""


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.PAGE_BEFORE])
def test_what_nobody_knows_is_never_asked_for_again(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, faults: Script, fault: Fault
) -> None:
    faults._faults["live/create"] = [fault]
    row = until(deploy(trader, momentum), cloud, lambda each: each.is_asked)
    for _ in range(3):
        age(row, step_at=timedelta(minutes=5))
        step(row)
    assert cloud.live_started == []
    assert sum(path == "live/create" for path, _ in cloud.calls) == 0
    ((_, alert),) = told(row, "alert")
    assert alert["code"] == "outcome_unknown"
    # It shows after all: then it is this one.
    cloud.deploy(row.remote_project or 0, quantity=0)
    step(row)
    assert (row.step, row.alert) == ("follow", "")
    assert ("recovered", {"code": "outcome_unknown"}) in told(row)


def test_what_stays_unknown_ends_and_its_project_is_not_used_again(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, faults: Script
) -> None:
    faults._faults["live/create"] = [Fault.RESET_BEFORE]
    row = until(deploy(trader, momentum), cloud, lambda each: each.is_asked)
    age(row, step_at=timedelta(hours=25))
    step(row)
    assert (row.step, row.error["code"]) == ("over", "quantconnect_outcome_unknown")
    again = following(deploy(trader, momentum), cloud)
    assert [again.deploy_id] == cloud.live_started
    assert again.remote_project != row.remote_project


class Weather:
    """Where the faults come from, which may be others later."""

    def __init__(self) -> None:
        self.schedule: Schedule = Script({})

    def next(self, path: str) -> Fault | None:
        return self.schedule.next(path)


@pytest.fixture
def weather(settings: Any, account: CloudAccount, cloud: FakeCloud) -> Iterator[Weather]:
    """Have the account's QuantConnect be reached through this weather."""
    made = Weather()
    with faulty_server(cloud, made, stall_s=1.0) as url:
        set_environment(settings, quantconnect_url=url)
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_whatever_the_weather_at_most_one_is_started_and_its_end_is_known(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, weather: Weather, seed: int
) -> None:
    row = deploy(trader, momentum)
    weather.schedule = Seeded(seed, 0.3, PASSING)
    for _ in range(60):
        for each in cloud.compiles.values():
            each["at"] -= 15
        if step(row).step == "follow":
            break
    weather.schedule = Script({})
    if row.step == "follow":
        assert [row.deploy_id] == cloud.live_started
    else:
        # Its one request was lost on the way there: nobody knows, and nobody sends it again.
        assert (row.step, row.is_asked, cloud.live_started) == ("start", True, [])
    assert sum(path == "live/create" for path, _ in cloud.calls) == len(cloud.live_started)
    assert len(cloud.projects) == 1


class _Killed(BaseException):
    """The worker is no more."""


def _kill(*_: Any, **__: Any) -> NoReturn:
    raise _Killed


def _lease_over(row: CloudDeployment) -> None:
    past = timezone.now() - timedelta(minutes=1)
    CloudDeployment.objects.filter(pk=row.pk).update(busy_until=past, next_at=past)


@pytest.mark.parametrize(
    "dies_in", ["live_project_hold", "live_files_send", "_node", "_started", "newest_in", "compile_message"]
)
def test_a_worker_that_is_killed_is_followed_by_another(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    row = deploy(trader, momentum)
    with monkeypatch.context() as patched:
        patched.setattr(steps, dies_in, _kill)
        for _ in range(8):
            for each in cloud.compiles.values():
                each["at"] -= 15
            try:
                CloudDeployment.objects.filter(pk=row.pk).update(next_at=timezone.now())
                deployment_step(row.pk)
            except _Killed:
                _lease_over(row)
    row = following(row, cloud)
    assert [row.deploy_id] == cloud.live_started
    assert len(cloud.projects) == 1
    sequences = list(row.events.order_by("sequence").values_list("sequence", flat=True))
    assert sequences == list(range(1, len(sequences) + 1))


def test_one_that_was_killed_between_the_note_and_the_request_does_not_send_it(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = until(deploy(trader, momentum), cloud, lambda each: each.step == "compiling")
    monkeypatch.setattr("tradinglab.quantconnect.resources.live.Live.create", _kill)
    with pytest.raises(_Killed):
        until(row, cloud, lambda each: False)
    monkeypatch.undo()
    _lease_over(row)
    step(row)
    assert cloud.live_started == []
    assert row.is_asked


def test_who_lost_the_claim_writes_nothing(trader: APIClient, momentum: Strategy, cloud: FakeCloud) -> None:
    from tradinglab.server.cloud.live.work import live_claim, live_get

    row = until(deploy(trader, momentum), cloud, lambda each: each.step == "compiling")
    CloudDeployment.objects.filter(pk=row.pk).update(next_at=timezone.now())
    fence = live_claim(deployment_id=row.pk)
    assert fence is not None
    assert live_claim(deployment_id=row.pk) is None
    slow = live_get(deployment_id=row.pk, fence=fence)
    _lease_over(row)
    following(row, cloud)
    assert slow is not None
    from tradinglab.server.cloud.work import WorkLost

    with pytest.raises(WorkLost):
        slow.keep(is_asked=True)
    assert len(cloud.live_started) == 1


def test_what_cannot_be_compiled_says_where(trader: APIClient, momentum: Strategy, cloud: FakeCloud) -> None:
    cloud.build_error = True
    row = following(deploy(trader, momentum), cloud)
    assert (row.status, row.error["code"]) == ("DeployError", "compile_error")
    assert "main.py:3" in row.message
    assert trader.get(f"{DEPLOYMENTS}{row.pk}/events/").json()["is_final"] is True


def test_busy_nodes_are_waited_for_and_none_is_told(trader: APIClient, momentum: Strategy, cloud: FakeCloud) -> None:
    cloud.live_nodes = 1
    other = int(cloud.do_projects_create({"name": "Other", "language": "Py"})["projects"][0]["projectId"])
    cloud.deploy(other)
    row = until(deploy(trader, momentum), cloud, lambda each: bool(each.waiting_for))
    assert "L-MICRO 0 (Ann)" in row.waiting_for
    cloud.do_live_update_stop({"projectId": other})
    assert following(row, cloud).step == "follow"
    cloud.live_nodes = 0
    refused = following(deploy(trader, momentum), cloud)
    assert refused.error["code"] == "quantconnect_no_live_node"


def test_a_project_that_was_deleted_there_is_made_again(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud
) -> None:
    row = until(deploy(trader, momentum), cloud, lambda each: each.step == "compiling")
    first = row.remote_project
    cloud.projects.clear()
    row = following(row, cloud)
    assert (row.step, [row.deploy_id]) == ("follow", cloud.live_started)
    assert row.remote_project != first


def test_one_that_is_stopped_before_it_is_there_is_never_started(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud
) -> None:
    row = until(deploy(trader, momentum), cloud, lambda each: each.step == "compiling")
    assert trader.post(f"{DEPLOYMENTS}{row.pk}/stop/").status_code == 202
    row = following(row, cloud)
    assert (row.step, row.status, row.sealed_settings, cloud.live_started) == ("over", "Stopped", "", [])


def test_a_strategy_that_trades_twice_has_two_projects_and_afterwards_uses_them_again(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud
) -> None:
    one, two = (following(deploy(trader, momentum), cloud) for _ in range(2))
    assert one.remote_project != two.remote_project
    cloud.do_live_update_stop({"projectId": one.remote_project})
    step(one)
    assert (one.is_ended, one.step) == (True, "follow")
    three = following(deploy(trader, momentum), cloud)
    assert three.remote_project == one.remote_project
    assert len(cloud.projects) == LiveProject.objects.count() == 2
    one = step(one)
    assert (one.is_superseded, one.step, one.status) == (True, "over", "Stopped")
    assert three.deploy_id != one.deploy_id
    assert len(cloud.live_started) == 3


def test_what_somebody_deployed_by_hand_in_the_project_is_left_alone(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud
) -> None:
    row = until(deploy(trader, momentum), cloud, lambda each: each.step == "compiling")
    cloud.deploy(row.remote_project or 0)
    row = following(row, cloud)
    assert row.error["code"] == "quantconnect_deployed_already"
    assert cloud.live_started == []


def test_credentials_that_are_not_accepted_end_it_before_anything_is_there(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, account: CloudAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud, "_is_signed", lambda headers: False)
    row = following(deploy(trader, momentum), cloud)
    assert row.error["code"] == "quantconnect_credentials"
    account.refresh_from_db()
    assert account.problem


def test_as_many_are_under_way_as_may_be(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, settings: Any
) -> None:
    set_environment(settings, user_deployments=1)
    deploy(trader, momentum)
    assert momentum.head is not None
    answer = trader.post(DEPLOYMENTS, {"version": str(momentum.head.pk)}, format="json")
    assert (answer.status_code, answer.json()["limit"]) == (429, 1)


def test_what_can_be_deployed_with_is_listed(trader: APIClient) -> None:
    shown = trader.get("/api/v1/quantconnect/live/brokerages/").json()
    kraken = next(each for each in shown["brokerages"] if each["id"] == "KrakenBrokerage")
    (form,) = kraken["forms"]
    assert [each["name"] for each in form["settings"] if each["is_secret"]] == ["kraken-api-key", "kraken-api-secret"]
    assert "PolygonDataFeed" in [each["name"] for each in shown["data_providers"]]

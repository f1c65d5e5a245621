"""Following deployments at QuantConnect: each change one event, once; silence and its end are told."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any, NoReturn

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud
from tests.quantconnect.faults import Fault, Script
from tests.server.cloud.live_driving import DEPLOYMENTS, HERE, age, deploy, following, kinds, step, told

from tradinglab.server.accounts.models import AuditEntry
from tradinglab.server.cloud.holding import Holder, carry_out
from tradinglab.server.cloud.live import moving
from tradinglab.server.cloud.live.looking import windows
from tradinglab.server.cloud.live.models import CloudDeployment, Liquidation, LiveStep
from tradinglab.server.cloud.live.polling import advance, deployment_step, deployments_due
from tradinglab.server.cloud.live.work import LiveWork, live_claim, live_get
from tradinglab.server.cloud.models import CloudAccount
from tradinglab.server.sealing import seal
from tradinglab.server.strategies.models import Strategy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("impatient")]


@pytest.fixture
def row(trader: APIClient, momentum: Strategy, cloud: FakeCloud) -> CloudDeployment:
    """A deployment that is there, and was looked at once."""
    return step(following(deploy(trader, momentum), cloud))


@pytest.fixture
def there(row: CloudDeployment, cloud: FakeCloud) -> dict[str, Any]:
    assert row.remote_project is not None
    return cloud.deployments[row.remote_project]


def _order(number: int, status: int, *fills: str) -> dict[str, Any]:
    events = [{"orderId": number, "status": each, "fillQuantity": 1.0} for each in fills]
    return {"id": number, "status": status, "quantity": 1.0, "symbol": {"value": "SPY"}, "events": events}


def test_nothing_new_is_no_event(row: CloudDeployment) -> None:
    before = told(row)
    assert [kind for kind, _ in before][-2:] == ["equity", "portfolio"]
    step(row)
    step(row)
    assert told(row) == before


def test_each_change_is_one_event(row: CloudDeployment, there: dict[str, Any]) -> None:
    known = row.last_sequence
    there |= {"equity": 1010.0, "quantity": 5, "status": "History"}
    there["lines"] += ["one", "two"]
    there["insights"].append({"id": "a", "direction": "up"})
    there["orders"].append(_order(1, 1, "submitted"))
    step(row)
    new = [each for each in told(row) if each[0] != "queued"][known - 1 :]
    assert [kind for kind, _ in new] == ["log", "order", "insight", "equity", "portfolio", "status"]
    by_kind = dict(new)
    assert by_kind["log"] == {"lines": ["one", "two"]}
    assert by_kind["order"]["is_new"] is True
    assert [each["status"] for each in by_kind["order"]["events"]] == ["submitted"]
    assert (by_kind["equity"], by_kind["status"]["status"]) == ({"equity": 1010.0}, "History")
    assert by_kind["portfolio"]["holdings"]["SPY R735QTJ8XC9X"]["quantity"] == 5
    assert (row.equity, row.status, row.order_count, row.line_count) == (1010.0, "History", 1, 2)


def test_an_order_is_told_of_until_it_is_done(row: CloudDeployment, there: dict[str, Any]) -> None:
    there["orders"] = [_order(1, 1, "submitted"), _order(2, 3, "filled"), _order(3, 1)]
    step(row)
    there["orders"][0] = _order(1, 2, "submitted", "partiallyFilled")
    step(row)
    there["orders"][0] = _order(1, 3, "submitted", "partiallyFilled", "filled")
    there["orders"] += [_order(each, 3, "filled") for each in range(4, 260)]
    step(row)
    step(row)
    seen = [(data["order"]["id"], data["order"]["status"]) for _, data in told(row, "order")]
    assert seen[:5] == [(1, 1), (2, 3), (3, 1), (1, 2), (1, 3)]
    assert len(seen) == 4 + 1 + 256
    assert [len(data["events"]) for _, data in told(row, "order")][:5] == [1, 1, 0, 1, 1]
    assert (row.order_count, list(row.open_orders)) == (259, ["3"])


def test_a_look_that_is_broken_off_comes_once_all_the_same(
    row: CloudDeployment, there: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The worker is no more."""

    there["lines"] += [f"line {number}" for number in range(450)]
    there["orders"] += [_order(1, 3, "filled")]
    recorded = LiveWork.record

    def die_after(self: LiveWork, told: Any, changes: Any) -> NoReturn:
        recorded(self, told, changes)
        raise Killed

    for dies in (die_after, lambda *_: (_ for _ in ()).throw(Killed)):
        monkeypatch.setattr(LiveWork, "record", dies)
        with pytest.raises(Killed):
            step(row)
        monkeypatch.setattr(LiveWork, "record", recorded)
        CloudDeployment.objects.filter(pk=row.pk).update(busy_until=None)
    step(row)
    lines = [line for _, data in told(row, "log") for line in data["lines"]]
    assert lines == there["lines"]
    assert len(told(row, "order")) == 1
    sequences = list(row.events.values_list("sequence", flat=True))
    assert sequences == list(range(1, row.last_sequence + 1))


def test_two_workers_never_look_at_the_same_one(row: CloudDeployment, cloud: FakeCloud) -> None:
    age(row, next_at=timedelta(hours=1))
    assert deployments_due(10) == [row.pk]
    fence = live_claim(deployment_id=row.pk)
    assert fence is not None
    asked = len(cloud.calls)
    assert deployments_due(10) == []
    assert deployment_step(row.pk) is False
    advance(Holder(1))
    assert len(cloud.calls) == asked
    assert live_get(deployment_id=row.pk, fence=fence - 1) is None


def _broken_off(row: CloudDeployment, monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> CloudDeployment:
    """Take steps that break off here, each as soon as it is due, up to *most* or the end."""

    def break_off(*given: object) -> NoReturn:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(moving, name, break_off)
        for _ in range(most):
            CloudDeployment.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(seconds=1))
            fence = live_claim(deployment_id=row.pk)
            if fence is None:
                break
            carry_out(row.pk, moving.DEPLOYMENTS, fence)
    row.refresh_from_db()
    return row


def test_a_fault_of_our_own_is_waited_for_ever_longer_and_told_as_silence(
    row: CloudDeployment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It trades there: however long it lasts, it is not given up."""
    row = _broken_off(row, monkeypatch, "follow", 1)
    assert (row.alert, row.failures, row.busy_until) == ("", 1, None)
    assert 1 < (row.next_at - timezone.now()).total_seconds() < 3
    row.liquidation, row.liquidate_until = Liquidation.UNDER_WAY, timezone.now()
    row.save()
    age(row, reported_at=timedelta(minutes=6))
    row = _broken_off(row, monkeypatch, "follow", 25)
    assert row.step == LiveStep.FOLLOW
    assert 50 < (row.next_at - timezone.now()).total_seconds() < 61
    assert [data["code"] for kind, data in told(row, "alert")].count("silent") == 1
    assert "this server's log" in row.waiting_for
    assert (row.liquidation, "ZeroDivisionError" in row.liquidation_note) == (Liquidation.NOT_FLAT, True)
    assert caplog.text.count("Traceback") == 26
    step(row)
    assert (row.alert, row.failures, kinds(row).count("recovered")) == ("", 0, 1)


def test_what_is_not_there_yet_is_given_up_if_its_step_always_breaks_off_here(
    trader: APIClient, momentum: Strategy, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = _broken_off(deploy(trader, momentum), monkeypatch, "client_of", 40)
    assert (row.step, row.status, row.error["code"], row.failures) == (LiveStep.OVER, "DeployError", "server", 20)
    assert "'project'" in row.message
    assert cloud.live_started == []


def test_silence_is_told_once_and_so_is_its_end(row: CloudDeployment, faults: Script, there: dict[str, Any]) -> None:
    faults._faults["live/read"] = [Fault.PAGE_BEFORE] * 6
    step(row)
    assert "alert" not in kinds(row)
    age(row, reported_at=timedelta(minutes=6))
    step(row)
    step(row)
    ((_, alert),) = told(row, "alert")
    assert alert["code"] == "silent"
    assert (row.alert, row.failures) == ("silent", 3)
    step(row)
    step(row)
    ((_, recovered),) = told(row, "recovered")
    assert recovered["code"] == "silent"
    assert recovered["after_s"] > 300
    assert (row.alert, row.failures, row.waiting_for) == ("", 0, "")


@pytest.mark.parametrize(
    "fault",
    [Fault.RESET_BEFORE, Fault.PAGE_BEFORE, Fault.TRUNCATED, Fault.EMPTY, Fault.TOO_MANY, Fault.SLOW_DOWN],
)
@pytest.mark.parametrize("path", ["live/read", "live/orders/read", "live/portfolio/read", "live/logs/read"])
def test_bad_weather_costs_no_event(
    row: CloudDeployment, there: dict[str, Any], faults: Script, fault: Fault, path: str
) -> None:
    there["lines"] += ["one"]
    there["orders"] += [_order(1, 3, "filled")]
    faults._faults[path] = [fault, fault, fault, None]
    for _ in range(5):
        step(row)
    assert [data for _, data in told(row, "log")] == [{"lines": ["one"]}]
    assert len(told(row, "order")) == 1


def test_one_whose_figures_never_move_is_told_of(row: CloudDeployment, there: dict[str, Any]) -> None:
    age(row, changed_at=timedelta(days=5))
    step(row)
    step(row)
    ((_, alert),) = told(row, "alert")
    assert alert["code"] == row.alert == "unchanged"
    there["equity"] = 1001.0
    step(row)
    assert told(row, "recovered")[0][1]["code"] == "unchanged"
    assert row.alert == ""


def test_what_ends_there_is_told_and_late_lines_too(row: CloudDeployment, there: dict[str, Any]) -> None:
    there |= {"status": "Runtime Error", "stopped": "2026-11-20 10:00:00", "error": "It divided by zero."}
    step(row)
    assert (row.is_ended, row.step, row.status) == (True, "follow", "Runtime Error")
    assert dict(told(row, "alert"))["alert"] == {"code": "failed", "message": "It divided by zero."}
    there["lines"] += ["a late line"]
    step(row)
    age(row, step_at=timedelta(minutes=11))
    step(row)
    assert row.step == "over"
    assert kinds(row)[-2:] == ["log", "finished"]
    assert told(row, "finished")[0][1]["error"]["message"] == "It divided by zero."
    assert kinds(row).count("alert") == 1
    assert deployment_step(row.pk) is False


def test_one_that_was_deleted_there_is_over(row: CloudDeployment, cloud: FakeCloud) -> None:
    cloud.projects.clear()
    cloud.deployments.clear()
    for _ in range(2):
        step(row)
    assert row.step == "follow"
    step(row)
    assert (row.step, row.status, row.error["code"]) == ("over", "Deleted", "quantconnect_deleted")
    assert [kind for kind in kinds(row) if kind in ("alert", "finished")] == ["alert", "finished"]


def test_one_whose_project_was_deleted_is_followed_as_long_as_it_is_listed(
    row: CloudDeployment, cloud: FakeCloud, there: dict[str, Any]
) -> None:
    cloud.projects.clear()
    for _ in range(4):
        step(row)
    assert (row.step, row.status) == ("follow", "Running")
    there |= {"status": "Stopped", "stopped": "2026-11-20 10:00:00"}
    assert step(row).is_ended


def test_credentials_that_are_no_longer_accepted_are_told_and_new_ones_go_on(
    row: CloudDeployment, cloud: FakeCloud, account: CloudAccount, there: dict[str, Any]
) -> None:
    sealed = account.sealed_token
    CloudAccount.objects.update(sealed_token=seal("another"))
    age(row, reported_at=timedelta(minutes=6))
    step(row)
    assert (row.step, row.alert) == ("follow", "silent")
    assert CloudAccount.objects.get().problem
    CloudAccount.objects.update(sealed_token=sealed)
    there["equity"] = 1.0
    assert (step(row).alert, row.equity) == ("", 1.0)


def test_a_token_that_no_key_opens_keeps_it_waiting(row: CloudDeployment, account: CloudAccount) -> None:
    CloudAccount.objects.update(sealed_token="nothing")
    step(row)
    assert row.step == "follow"
    assert "keys" in row.waiting_for


def test_removed_credentials_take_deployments_along_which_the_audit_log_names(
    api: APIClient, trader: APIClient, row: CloudDeployment, momentum: Strategy, cloud: FakeCloud
) -> None:
    waiting = deploy(trader, momentum, name="Waits")
    assert api.delete("/api/v1/quantconnect/credentials/").status_code == 204
    assert not CloudDeployment.objects.exists()
    assert trader.get(f"{DEPLOYMENTS}{row.pk}/").status_code == 404
    noted = AuditEntry.objects.filter(action="quantconnect_deployment.forgotten")
    found = {each.target_id: each.details for each in noted}
    assert (found[str(row.pk)]["deploy_id"], found[str(row.pk)]["trades_on"]) == (row.deploy_id, True)
    assert found[str(waiting.pk)]["trades_on"] is False
    assert cloud.deployments[row.remote_project or 0]["status"] == "Running"


def test_what_was_deployed_elsewhere_is_followed(trader: APIClient, cloud: FakeCloud, account: CloudAccount) -> None:
    project = int(cloud.do_projects_create({"name": "By hand", "language": "Py"})["projects"][0]["projectId"])
    assert trader.post(f"{HERE}{project}/follow/").status_code == 404
    cloud.deploy(project)
    made = trader.post(f"{HERE}{project}/follow/")
    again = trader.post(f"{HERE}{project}/follow/")
    assert (made.status_code, again.status_code, made.json()["id"]) == (201, 200, again.json()["id"])
    row = step(CloudDeployment.objects.get())
    assert (row.name, row.version, row.status) == ("By hand", None, "Running")
    assert "portfolio" in kinds(row)
    assert AuditEntry.objects.filter(action="quantconnect_deployment.followed").exists()
    shown = trader.get(DEPLOYMENTS).json()["results"]
    assert [(each["version"], each["strategy"]) for each in shown] == [(None, None)]
    cloud.do_live_update_stop({"projectId": project})
    step(row)
    CloudDeployment.objects.all().delete()
    assert trader.post(f"{HERE}{project}/follow/").status_code == 409


def test_a_second_deployment_in_the_project_takes_the_place_of_the_first(
    trader: APIClient, row: CloudDeployment, cloud: FakeCloud
) -> None:
    assert row.remote_project is not None
    cloud.deploy(row.remote_project)
    for _ in range(3):
        step(row)
    assert (row.step, row.status, row.is_superseded) == ("over", "Deleted", True)
    # Money: the other one is not this one's to stop.
    assert trader.post(f"{DEPLOYMENTS}{row.pk}/stop/").status_code == 202
    assert cloud.deployments[row.remote_project]["status"] == "Running"


@given(st.sets(st.integers(0, 1000)))
def test_windows_hold_every_place_and_are_no_longer_than_allowed(places: set[int]) -> None:
    found = list(windows(sorted(places)))
    inside = {place for first, most in found for place in range(first, first + most)}
    assert places <= inside
    assert all(1 <= most <= 100 for _, most in found)
    assert all(one + most <= two for (one, most), (two, _) in pairwise(found))

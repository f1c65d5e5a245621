"""Stopping, liquidating and commanding deployments at QuantConnect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient
from tests.quantconnect.fake import FakeCloud, Refused
from tests.quantconnect.faults import Fault, Script
from tests.server.cloud.live_driving import DEPLOYMENTS, age, deploy, following, kinds, step, told

from tradinglab.server.accounts.models import AuditEntry
from tradinglab.server.cloud.live.models import CloudDeployment
from tradinglab.server.cloud.live.polling import deployments_due
from tradinglab.server.strategies.models import Strategy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("impatient")]
_NAME = "Momentum on paper"


@pytest.fixture
def row(trader: APIClient, momentum: Strategy, cloud: FakeCloud) -> CloudDeployment:
    """A deployment that is there and holds something."""
    row = following(deploy(trader, momentum, name=_NAME), cloud)
    cloud.deployments[row.remote_project or 0]["quantity"] = 10
    return step(row)


@pytest.fixture
def there(row: CloudDeployment, cloud: FakeCloud) -> dict[str, Any]:
    return cloud.deployments[row.remote_project or 0]


def _post(trader: APIClient, row: CloudDeployment, what: str, **body: Any) -> Any:
    answer = trader.post(f"{DEPLOYMENTS}{row.pk}/{what}/", body, format="json")
    row.refresh_from_db()
    return answer


def _told_again(row: CloudDeployment) -> CloudDeployment:
    """Take a look half a minute after QuantConnect was told."""
    if row.liquidate_told_at is not None:
        age(row, liquidate_told_at=timedelta(seconds=31))
    return step(row)


def _actions() -> list[str]:
    found = AuditEntry.objects.filter(action__startswith="quantconnect_deployment").order_by("pk")
    return [each.removeprefix("quantconnect_deployment.") for each in found.values_list("action", flat=True)]


def test_stopping_keeps_what_is_held(trader: APIClient, row: CloudDeployment, there: dict[str, Any]) -> None:
    assert _post(trader, row, "stop").status_code == 202
    assert deployments_due(1) == [row.pk]
    step(row)
    step(row)
    assert (row.is_ended, row.status, there["quantity"]) == (True, "Stopped", 10)
    assert [kind for kind in kinds(row) if kind.startswith("stop")] == ["stop_requested"]
    again = _post(trader, row, "stop")
    assert (again.status_code, again.json()["status"]) == (202, "Stopped")
    assert _actions() == ["requested", "started", "stopped"]


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.PAGE_BEFORE, Fault.TOO_MANY, Fault.TRUNCATED])
def test_a_stop_that_is_not_answered_is_told_again(
    trader: APIClient, row: CloudDeployment, faults: Script, fault: Fault, there: dict[str, Any]
) -> None:
    faults._faults["live/update/stop"] = [fault] * 5
    _post(trader, row, "stop")
    for _ in range(6):
        step(row)
    assert (row.is_ended, there["status"]) == (True, "Stopped")


def test_without_its_name_nothing_is_sold(trader: APIClient, row: CloudDeployment, cloud: FakeCloud) -> None:
    for body in ({"confirm": "Momentum"}, {"confirm": _NAME.lower()}, {}):
        answer = _post(trader, row, "liquidate", **body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "confirm")
    step(row)
    assert "live/update/liquidate" not in [path for path, _ in cloud.calls]
    assert row.liquidation == "none"


def test_liquidating_is_repeated_until_it_is_flat(
    trader: APIClient, row: CloudDeployment, there: dict[str, Any]
) -> None:
    there["unwilling"] = 2
    shown = _post(trader, row, "liquidate", confirm=_NAME).json()
    assert (shown["liquidation"], shown["liquidate_told"]) == ("under_way", 0)
    for _ in range(2):
        _told_again(row)
    # It was told a moment ago.
    step(row)
    assert row.liquidate_told == 2
    for _ in range(2):
        _told_again(row)
    assert (row.liquidation, row.liquidate_told, row.status, row.liquidation_note) == ("flat", 3, "Liquidated", "")
    outcomes = [data["outcome"] for _, data in told(row, "liquidation")]
    assert outcomes == ["told", "told", "told", "flat"]
    assert _actions() == ["requested", "started", "liquidation_asked", "liquidated"]
    assert "alert" not in kinds(row)


def test_a_refusal_is_the_reason(
    trader: APIClient, row: CloudDeployment, cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(body: Any) -> Any:
        raise Refused("The brokerage is not connected.")

    monkeypatch.setattr(cloud, "do_live_update_liquidate", refuse)
    _post(trader, row, "liquidate", confirm=_NAME)
    step(row)
    age(row, liquidate_until=timedelta(hours=1))
    step(row)
    assert row.liquidation == "not_flat"
    assert "10 SPY R735QTJ8XC9X" in row.liquidation_note
    assert "The brokerage is not connected" in row.liquidation_note
    assert told(row, "alert")[0][1]["code"] == "not_flat"
    assert _actions()[-1] == "not_flat"
    # It goes on being followed, and may be liquidated again.
    assert row.step == "follow"
    monkeypatch.undo()
    assert _post(trader, row, "liquidate", confirm=_NAME).status_code == 202
    step(row)
    assert step(row).liquidation == "flat"


def test_orders_that_wait_for_the_market_are_the_reason(
    trader: APIClient, row: CloudDeployment, there: dict[str, Any]
) -> None:
    there["unwilling"] = 100
    there["orders"].append({"id": 7, "status": 1, "quantity": -10.0, "symbol": {"value": "SPY"}})
    _post(trader, row, "liquidate", confirm=_NAME, lasts_s=60)
    step(row)
    age(row, liquidate_until=timedelta(hours=1))
    step(row)
    assert row.liquidation == "not_flat"
    assert "order 7 of -10 SPY" in row.liquidation_note
    assert "market may be closed" in row.liquidation_note


def test_one_that_ends_and_still_holds_something_says_so(
    trader: APIClient, row: CloudDeployment, there: dict[str, Any]
) -> None:
    _post(trader, row, "liquidate", confirm=_NAME)
    there |= {"status": "Stopped", "stopped": "2026-11-20 10:00:00"}
    step(row)
    assert (row.is_ended, row.liquidation, row.liquidate_told) == (True, "not_flat", 0)
    assert "10 SPY R735QTJ8XC9X" in row.liquidation_note
    assert "sell at the brokerage" in row.liquidation_note
    assert told(row, "alert")[0][1]["code"] == "not_flat"
    assert _actions()[-1] == "not_flat"


def test_what_is_shown_just_after_the_end_may_be_of_before(
    trader: APIClient, row: CloudDeployment, there: dict[str, Any]
) -> None:
    there["unwilling"] = 1
    _post(trader, row, "liquidate", confirm=_NAME)
    step(row)
    there |= {"status": "Liquidated", "stopped": "2026-11-20 10:00:00"}
    step(row)
    assert (row.is_ended, row.liquidation, row.liquidate_told) == (True, "under_way", 1)
    there["quantity"] = 0
    assert step(row).liquidation == "flat"


def test_what_is_still_held_when_the_portfolio_must_be_new_is_told_before_the_deadline(
    trader: APIClient, row: CloudDeployment, there: dict[str, Any]
) -> None:
    there["unwilling"] = 1
    _post(trader, row, "liquidate", confirm=_NAME, lasts_s=100_000)
    step(row)
    there |= {"status": "RuntimeError", "stopped": "2026-11-20 10:00:00"}
    step(row)
    age(row, liquidate_told_at=timedelta(minutes=11))
    step(row)
    assert row.liquidation == "not_flat"
    assert "10 SPY R735QTJ8XC9X" in row.liquidation_note


def test_a_deadline_that_passes_while_nobody_answers_is_told(
    trader: APIClient, row: CloudDeployment, faults: Script
) -> None:
    _post(trader, row, "liquidate", confirm=_NAME)
    age(row, liquidate_until=timedelta(hours=1))
    faults._faults["live/read"] = [Fault.PAGE_BEFORE] * 2
    step(row)
    assert row.liquidation == "not_flat"
    assert "not known" in row.liquidation_note


def test_one_that_was_deleted_there_meanwhile_is_not_flat(
    trader: APIClient, row: CloudDeployment, cloud: FakeCloud
) -> None:
    _post(trader, row, "liquidate", confirm=_NAME)
    cloud.projects.clear()
    cloud.deployments.clear()
    for _ in range(3):
        step(row)
    assert (row.step, row.liquidation, row.status) == ("over", "not_flat", "Deleted")


@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.STALL_AFTER, Fault.TOO_MANY, Fault.PAGE_BEFORE])
def test_bad_weather_delays_it(
    trader: APIClient, row: CloudDeployment, faults: Script, fault: Fault, there: dict[str, Any]
) -> None:
    faults._faults["live/update/liquidate"] = [fault] * 3
    _post(trader, row, "liquidate", confirm=_NAME)
    for _ in range(6):
        _told_again(row)
    assert (row.liquidation, there["quantity"]) == ("flat", 0)


def test_a_stop_breaks_it_off(trader: APIClient, row: CloudDeployment, there: dict[str, Any]) -> None:
    there["unwilling"] = 100
    _post(trader, row, "liquidate", confirm=_NAME)
    step(row)
    _post(trader, row, "stop")
    assert (row.liquidation, "stopped" in row.liquidation_note) == ("not_flat", True)
    assert _post(trader, row, "liquidate", confirm=_NAME).status_code == 409
    step(row)
    step(row)
    assert (row.is_ended, there["status"], there["quantity"]) == (True, "Stopped", 10)


def test_what_is_not_there_or_over_is_neither_liquidated_nor_commanded(
    trader: APIClient, row: CloudDeployment, momentum: Strategy, cloud: FakeCloud
) -> None:
    early = deploy(trader, momentum)
    for what, body in (("liquidate", {"confirm": "Momentum"}), ("commands", {"command": {"x": 1}})):
        assert _post(trader, early, what, **body).status_code == 409
    cloud.do_live_update_stop({"projectId": row.remote_project})
    step(row)
    assert _post(trader, row, "liquidate", confirm=_NAME).status_code == 409
    assert _post(trader, row, "commands", command={"x": 1}).status_code == 409


def test_a_command_is_sent_once(trader: APIClient, row: CloudDeployment, there: dict[str, Any]) -> None:
    assert _post(trader, row, "commands", command={"$type": "Buy", "n": 1}).status_code == 204
    assert there["commands"] == [{"$type": "Buy", "n": 1}]
    assert told(row, "command") == [("command", {"command": {"$type": "Buy", "n": 1}, "outcome": "sent"})]
    assert _post(trader, row, "commands", command={"text": "x" * 17_000}).status_code == 400
    assert _actions()[-1] == "commanded"


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_AFTER])
def test_a_command_whose_answer_is_lost_is_not_repeated(
    trader: APIClient, row: CloudDeployment, faults: Script, fault: Fault, there: dict[str, Any]
) -> None:
    faults._faults["live/commands/create"] = [fault]
    answer = _post(trader, row, "commands", command={"n": 1})
    assert (answer.status_code, answer.json()["code"]) == (502, "quantconnect_outcome_unknown")
    assert len(there["commands"]) == (fault is Fault.RESET_AFTER)
    assert told(row, "command")[0][1]["outcome"] == "unknown"


def test_who_may_not_trade_does_none_of_it(api: APIClient, row: CloudDeployment, cloud: FakeCloud) -> None:
    for what in ("stop", "liquidate", "commands"):
        body = {"confirm": _NAME} if what == "liquidate" else {"command": {"x": 1}}
        assert _post(api, row, what, **body).status_code == 403
    assert cloud.deployments[row.remote_project or 0]["status"] == "Running"

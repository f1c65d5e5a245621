"""The events of deployments at QuantConnect: streamed and sent as those of runs are, to whom they belong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient
from tests.server.cloud.live_driving import DEPLOYMENTS, deploy, step

from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.live.models import CloudDeployment
from tradinglab.server.cloud.live.streaming import CloudDeploymentConsumer, CloudDeploymentReader
from tradinglab.server.errors import NotFoundError
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.streams.reading import Reader
from tradinglab.server.streams.standing import Standing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("impatient")]


@pytest.fixture
def row(trader: APIClient, momentum: Strategy) -> CloudDeployment:
    """One with three events, that is over: it was stopped before it was there."""
    row = deploy(trader, momentum)
    trader.post(f"{DEPLOYMENTS}{row.pk}/stop/")
    return step(row)


def test_the_stream_ends_with_the_last_event(row: CloudDeployment) -> None:
    reader = CloudDeploymentReader(row.pk)
    assert (row.step, reader.tail(), reader.end()) == ("over", 3, 3)
    assert not reader.read(after=2, limit=1).is_over  # the page was full: there may be more
    assert reader.read(after=3, limit=1).is_over
    kinds = [each.kind for each in reader.stored(after=0, upto=3, limit=9)]
    assert kinds == ["queued", "stop_requested", "finished"]


def test_a_browser_is_told_not_to_come_back(trader: APIClient, row: CloudDeployment) -> None:
    where = f"{DEPLOYMENTS}{row.pk}/events/"
    headers = {"Accept": "text/event-stream", "Last-Event-ID": "3"}
    assert trader.get(where, headers=headers).status_code == 204
    answer: Any = trader.get(where, headers={**headers, "Last-Event-ID": "2"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")


def test_anothers_does_not_exist(row: CloudDeployment, other: User, client_of: Callable[..., APIClient]) -> None:
    def reader(user_id: int, deployment_id: object) -> Reader:
        consumer = CloudDeploymentConsumer()
        consumer.scope = {"url_route": {"kwargs": {"remote_deployment_id": deployment_id}}}
        return consumer.reader(Standing(user_id=user_id))

    assert reader(row.owner_id, row.pk).key == ("run", str(row.pk))
    for user_id, deployment_id in ((other.pk, row.pk), (row.owner_id, uuid4())):
        with pytest.raises(NotFoundError):
            reader(user_id, deployment_id)
    for headers in ({}, {"Accept": "text/event-stream"}):
        assert client_of(other).get(f"{DEPLOYMENTS}{row.pk}/events/", headers=headers).status_code == 404

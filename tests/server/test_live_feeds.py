"""Deployments whose bars come by a feed of the server: a strategy in the sandbox, without a network, hears them."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from tests.feeds.kit import values

from tradinglab.core.clock import MINUTE_NS, SECOND_NS
from tradinglab.core.enums import SecurityType, TickType
from tradinglab.data.columns import BarColumns
from tradinglab.data.feeds.protocol import Delivery, DeliveryKind, Notice, NoticeKind, Received, Series
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError
from tradinglab.server.live.feeding import Feeder
from tradinglab.server.live.lease import live_claim_next
from tradinglab.server.live.models import Deployment, DeploymentEvent, DeploymentLine, Status
from tradinglab.server.live.recording import Recorder
from tradinglab.server.live.selectors import record_list
from tradinglab.server.live.services import DeploymentRequest, deployment_create, deployment_stop
from tradinglab.server.live.supervision import Supervisor
from tradinglab.server.strategies.models import StrategyVersion
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db

STRATEGY = """
from AlgorithmImports import *

class Fed(QCAlgorithm):
    def initialize(self):
        self.set_account_currency("USDT")
        self.set_cash(100000)
        self.set_benchmark(lambda time: 1)
        self.one = self.add_crypto("BTCUSDT", Resolution.MINUTE, Market.BINANCE).symbol
        self.log("past " + " ".join(f"{each.open:g}" for each in self.history[TradeBar](self.one, 3)))

    def on_data(self, data):
        self.log(f"bar {self.securities[self.one].open:g}")
        if not self.portfolio.invested and not self.transactions.orders_count:
            self.market_order(self.one, 1)
"""


class Beating:
    """Three bars of the past, then a bar whenever somebody looks, a little later than the last."""

    name = "poll:yahoo"

    def __init__(self) -> None:
        self._new: list[Series] = []
        self._series: list[Series] = []
        self._price, self._next_s = 100.0, 0.0
        self.closed = False
        self.settled_ns = time.time_ns()

    def refusal(self, series: Series) -> str:
        if series.symbol.security_type == SecurityType.CRYPTO and series.tick_type == TickType.TRADE:
            return ""
        return f"The feed 'poll:yahoo' does not bring {series}. It has crypto: minute."

    def subscribe(self, series: Series, since_ns: int) -> None:
        self._new.append(series)

    def unsubscribe(self, series: Series) -> None:
        self._series = [each for each in self._series if each != series]

    def receive(self, timeout_s: float) -> list[Received]:
        found: list[Received] = []
        for each in self._new:
            now = time.time_ns() // MINUTE_NS * MINUTE_NS
            past = _bars(each, [now - back * MINUTE_NS for back in (4, 3, 2)], [95.0, 96.0, 97.0])
            found += [_notice(NoticeKind.CONNECTED, "The source answers."), Delivery(each, DeliveryKind.HISTORY, past)]
            self._series.append(each)
        self._new = []
        if time.monotonic() >= self._next_s:
            self._next_s, self._price = time.monotonic() + 0.5, self._price + 1
            start = time.time_ns() - MINUTE_NS
            found += [Delivery(each, DeliveryKind.LIVE, _bars(each, [start], [self._price])) for each in self._series]
            self.settled_ns = start + MINUTE_NS + 1
        return found

    def close(self) -> None:
        self.closed = True


def _bars(series: Series, starts: list[int], prices: list[float]) -> BarColumns:
    times = np.array(starts, np.int64)
    return BarColumns(series.tick_type, times, times + MINUTE_NS, values(prices))


def _notice(kind: NoticeKind, text: str) -> Notice:
    return Notice(kind=kind, text=text, at_ns=time.time_ns())


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch) -> Beating:
    made = Beating()
    monkeypatch.setattr("tradinglab.server.live.feeding.open_feed", lambda spec: made)
    return made


def version(owner: User, script: str = STRATEGY) -> StrategyVersion:
    head = strategy_create(owner=owner, name="fed", files={"main.py": script}).head
    assert head is not None
    return head


def carry_out(
    owner: User, script: str = STRATEGY, action: Callable[[Deployment], bool] = lambda row: False
) -> Deployment:
    request = DeploymentRequest(version=version(owner, script), data="poll:yahoo")
    made, _ = deployment_create(owner=owner, request=request)
    until = time.monotonic() + 60

    def act() -> bool:
        made.refresh_from_db()
        return action(made) or time.monotonic() > until

    lease = live_claim_next(process="test")
    assert lease is not None
    Supervisor(lease, act).carry_out()
    made.refresh_from_db()
    return made


def test_a_strategy_trades_on_what_its_feed_brings(owner: User, feed: Beating) -> None:
    def stop(row: Deployment) -> bool:
        if row.portfolio.get("holdings") and row.stop_requested_at is None:
            deployment_stop(deployment=row, actor=owner)
        return False

    done = carry_out(owner, action=stop)
    assert done.status == Status.STOPPED, done.error
    lines = [each.text for each in DeploymentLine.objects.filter(deployment=done)]
    assert any(" past 9" in each and each.endswith("97") for each in lines), lines
    prices = [float(each.rpartition(" ")[2]) for each in lines if " bar 1" in each]
    assert prices == sorted(set(prices))
    (order,) = [each.data for each in record_list(deployment=done, kind="order")]
    assert order["status"] == 3
    assert order["price"] - 0.5 in prices
    assert "Feed: The source answers." in lines
    assert done.feed["status"] == "connected"
    assert done.feed["counts"]["connected"] >= 1
    told = [each.data for each in DeploymentEvent.objects.filter(deployment=done, kind="feed")]
    assert {"kind", "text", "at", "data"} <= told[0].keys()
    assert feed.closed


def test_a_strategy_that_wants_what_the_feed_does_not_offer_is_not_deployed(owner: User, feed: Beating) -> None:
    script = STRATEGY.replace('self.add_crypto("BTCUSDT", Resolution.MINUTE, Market.BINANCE)', 'self.add_equity("IBM")')
    done = carry_out(owner, script)
    assert done.status == Status.DEPLOY_ERROR
    assert "does not bring IBM (equity, usa, minute, trade). It has crypto: minute." in done.message


@pytest.mark.parametrize(
    ("data", "start", "field", "text"),
    [
        ("poll:nosuch", None, "data", "no such source"),
        ("poll:alpaca", None, "data", "environment"),
        ("poll:", None, "data", "names no source"),
        ("exchange:coinbase", None, "data", "tells no bars as they change"),
        ("exchange:nosuch", None, "data", "no such source"),
        ("ftp:here", None, "data", "is no feed"),
        ("replay:nosuch", None, "data", "no data source 'nosuch'"),
        ("poll:yahoo", datetime(2024, 3, 1, tzinfo=UTC), "start", "bars of the present"),
    ],
)
def test_feeds_that_there_are_not(
    owner: User, data: str, start: datetime | None, field: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ALPACA_API_KEY_ID", raising=False)
    monkeypatch.delenv("APCA_API_KEY_ID", raising=False)
    with pytest.raises(InputError, match=text) as caught:
        deployment_create(owner=owner, request=DeploymentRequest(version=version(owner), data=data, start_at=start))
    assert caught.value.field == field


def test_a_source_that_is_named_as_a_replay_is_replayed(owner: User) -> None:
    request = DeploymentRequest(version=version(owner), data="replay:sample", start_at=datetime(2012, 1, 9, tzinfo=UTC))
    assert deployment_create(owner=owner, request=request)[0].data == "replay:sample"


@pytest.mark.parametrize(
    "value",
    [{}, {"series": ["x"], "since": 1}, {"series": ["IBM R735QTJ8XC9X", "IBM", "MINUTE", "TRADE"], "since": "x"}, 5,
     {"series": ["IBM R735QTJ8XC9X", "IBM", "YEARLY", "TRADE"], "since": 1}, {"series": None, "since": 1}],
)  # fmt: skip
def test_a_process_that_subscribes_to_nonsense_is_not_listened_to(value: Any) -> None:
    with pytest.raises(BadAnswerError):
        Feeder(Beating()).heard([("subscribe", value)])


def test_a_strategy_cannot_say_how_its_feed_is() -> None:
    told: list[tuple[str, Any]] = [
        ("feed", {"kind": "connected", "text": "all is well", "time": 1, "data": {}}), ("feed", "x"), ("log", "a"),
        ("feed", {"kind": "refused", "text": "no", "time": 1, "data": {}}),
    ]  # fmt: skip
    assert [kind for kind, _ in Feeder(Beating()).heard(told)] == ["log", "feed"]


@pytest.mark.parametrize("value", [1, {}, {"kind": "x"}, {"kind": "x", "text": "y", "time": "z", "data": {}},
                                   {"kind": "x", "text": "y", "time": SECOND_NS, "data": 7}])  # fmt: skip
def test_a_notice_of_another_form_is_refused(owner: User, value: Any) -> None:
    deployment_create(owner=owner, request=DeploymentRequest(version=version(owner)))
    lease = live_claim_next(process="one")
    assert lease is not None
    with pytest.raises(BadAnswerError):
        Recorder(lease).store([("feed", value)])

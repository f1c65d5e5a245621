"""Backtests side by side."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from rest_framework.test import APIClient

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.runs.deletion import run_delete
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create, version_save

pytestmark = pytest.mark.django_db
COMPARE = "/api/v1/backtests/compare/"
SHARE = """
from AlgorithmImports import *

class Share(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 12, 31)
        self.set_cash(100000)
        self.symbol = self.add_equity("AAPL", Resolution.DAILY).symbol

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings(self.symbol, float(self.get_parameter("share", "1")))
"""


@pytest.fixture
def share(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Share", files={"main.py": SHARE})


@pytest.fixture
def ran(owner: User, share: Strategy) -> Callable[..., Backtest]:
    def run(carry_out: bool = True, **wishes: Any) -> Backtest:
        assert share.head is not None
        run = backtest_submit(owner=owner, request=BacktestRequest(version=share.head, **wishes)).run
        if carry_out:
            run_carry_out(run_id=run.pk, worker="a")
        return Backtest.objects.select_related("run").get(pk=run.pk)

    return run


def compare(api: APIClient, *tests: Backtest, query: str = "") -> Any:
    answer = api.get(f"{COMPARE}?ids={','.join(str(test.pk) for test in tests)}{query}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def series(api: APIClient, test: Backtest) -> dict[str, float]:
    found = api.get(f"/api/v1/backtests/{test.pk}/equity/").json()
    return dict(zip(found["time"], found["equity"], strict=True))


def test_equity_on_one_grid(api: APIClient, ran: Callable[..., Backtest]) -> None:
    whole = ran(parameters={"share": "1"})
    late = ran(parameters={"share": "0.5"}, start=date(2010, 6, 1), end=date(2010, 9, 30))
    found = compare(api, whole, late, query="&points=5000")
    times, (first, second) = found["equity"]["time"], found["equity"]["lines"]
    assert times == sorted(set(times))
    ours, theirs = series(api, whole), series(api, late)
    assert times == sorted({*ours, *theirs})
    begun, ended = min(theirs), max(theirs)
    known = sorted(ours)
    for place, time in enumerate(times):
        assert first["equity"][place] == ours[max(each for each in known if each <= time)]
        if begun <= time <= ended:
            assert second["equity"][place] == theirs[max(each for each in theirs if each <= time)]
        else:
            assert second["equity"][place] is second["normalised"][place] is second["drawdown"][place] is None
    # Both are one when the later run began.
    place = times.index(begun)
    assert first["normalised"][place] == second["normalised"][place] == 1
    assert first["normalised"][-1] == pytest.approx(first["equity"][-1] / first["equity"][place])
    assert (first["id"], second["id"], found["base"]) == (str(whole.pk), str(late.pk), str(whole.pk))
    assert any(
        "different days: 2010-01-04 to 2010-12-31; 2010-06-01 to 2010-09-30" in each for each in found["warnings"]
    )


def test_few_points_keep_ends_and_extremes(api: APIClient, ran: Callable[..., Backtest]) -> None:
    tests = [ran(parameters={"share": share}) for share in ("1", "0.2")]
    every, few = compare(api, *tests, query="&points=5000"), compare(api, *tests, query="&points=50")
    assert len(few["equity"]["time"]) <= 50 < len(every["equity"]["time"])
    for full, thin in zip(every["equity"]["lines"], few["equity"]["lines"], strict=True):
        assert (min(full["equity"]), max(full["equity"])) == (min(thin["equity"]), max(thin["equity"]))
        assert (full["equity"][0], full["equity"][-1]) == (thin["equity"][0], thin["equity"][-1])


def test_figures_parameters_code_and_correlation(
    api: APIClient, ran: Callable[..., Backtest], share: Strategy, owner: User
) -> None:
    first = ran(parameters={"share": "1", "same": "x"})
    version_save(strategy=share, author=owner, files={"main.py": SHARE + "# more\n", "note.md": "hello\n"})
    second = ran(parameters={"share": "0.5", "same": "x", "own": "1"})
    found = compare(api, first, second)
    figures = {each["name"]: each for each in found["figures"]}
    profit = figures["net_profit"]
    assert profit["values"] == [first.net_profit, second.net_profit]
    assert profit["deltas"] == [0, pytest.approx((second.net_profit or 0) - (first.net_profit or 0))]
    assert profit["best"] == [str(first.pk)]
    assert figures["drawdown"]["best"] == [str(second.pk)]
    assert figures["beta"]["best"] == figures["start_equity"]["best"] == figures["total_trades"]["best"] == []
    assert {each["name"]: (each["values"], each["is_same"]) for each in found["parameters"]} == {
        "own": ([None, "1"], False),
        "same": (["x", "x"], True),
        "share": (["1", "0.5"], False),
    }
    (code,) = found["code"]
    assert code["id"] == str(second.pk)
    assert [(each["path"], each["change"]) for each in code["files"]] == [("main.py", "changed"), ("note.md", "added")]
    assert "+# more" in code["files"][0]["unified"]
    correlation = np.array(found["correlation"])
    assert correlation.shape == (2, 2)
    assert np.diag(correlation) == pytest.approx([1, 1])
    # Half of the money in the same share moves with it.
    assert correlation[0, 1] == correlation[1, 0] > 0.99
    assert found["warnings"] == []


def test_days_apart(api: APIClient, ran: Callable[..., Backtest]) -> None:
    early = ran(start=date(2010, 1, 4), end=date(2010, 2, 26))
    late = ran(start=date(2010, 6, 1), end=date(2010, 7, 30))
    found = compare(api, early, late)
    assert "no day in common" in found["warnings"][0]
    assert found["correlation"] == [[pytest.approx(1), None], [None, pytest.approx(1)]]
    starts = [next(value for value in line["normalised"] if value is not None) for line in found["equity"]["lines"]]
    assert starts == [1, 1]


def test_what_cannot_be_compared(
    api: APIClient, ran: Callable[..., Backtest], other: User, client_of: Callable[..., APIClient]
) -> None:
    test, waiting, deleted = ran(), ran(carry_out=False), ran()

    def refusal(ids: list[object], client: APIClient = api, query: str = "") -> tuple[int, str]:
        answer = client.get(f"{COMPARE}?ids={','.join(map(str, ids))}{query}")
        return answer.status_code, json.loads(answer.content)["detail"]

    run_delete(run=deleted.run)
    status, text = refusal([test.pk, waiting.pk])
    assert status == 409
    assert f"{waiting.pk} is queued" in text
    for missing in (deleted.pk, uuid4()):
        status, text = refusal([test.pk, missing])
        assert status == 404
        assert str(missing) in text
    assert refusal([test.pk, waiting.pk], client_of(other))[0] == 404
    assert refusal([test.pk, test.pk])[0] == 400
    for ids in ([test.pk], ["x", test.pk], [], [uuid4() for _ in range(9)]):
        status, text = refusal(ids)
        assert status == 400
        assert "ids" in text
    assert refusal([test.pk, waiting.pk], query="&points=49")[0] == 400
    assert refusal([test.pk, waiting.pk], query="&point=50")[0] == 400
    assert api.get(COMPARE).status_code == 400
    assert APIClient().get(COMPARE).status_code == 401

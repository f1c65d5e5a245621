"""The page that shows backtests side by side, and what leads to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.figures import Unit
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import BacktestRequest, backtest_annotate, backtest_submit
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.web.comparing import figure_text
from tradinglab.server.web.line_charts import line_chart

pytestmark = pytest.mark.django_db
PAGE = "/compare/"


@pytest.fixture
def pages(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def ran(owner: User, strategy: Strategy) -> Callable[..., Backtest]:
    def run(name: str, cash: str = "1000", carry_out: bool = True) -> Backtest:
        assert strategy.head is not None
        request = BacktestRequest(version=strategy.head, name=name, parameters={"cash": cash})
        run = backtest_submit(owner=owner, request=request).run
        if carry_out:
            run_carry_out(run_id=run.pk, worker="a")
        return Backtest.objects.get(pk=run.pk)

    return run


def test_two_runs_side_by_side(pages: Client, ran: Callable[..., Backtest]) -> None:
    first, second = ran("Small", "1000"), ran("<script>alert(1)</script>", "90000")
    answer = pages.get(PAGE, {"ids": [first.pk, second.pk]})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count("<path ") == 4
    assert "<script" not in page
    assert "style=" not in page
    assert "&lt;script&gt;" in page
    assert "different amounts of money" in page
    assert re.search(r"<th>cash</th><td class=\"number\">1000</td>\s*<td class=\"number\">90000</td>", page)
    assert "The same as the first." in page
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert pages.get(PAGE, {"ids": f"{first.pk},{second.pk}"}).status_code == 200


def test_what_the_page_cannot_show(pages: Client, ran: Callable[..., Backtest], other: User) -> None:
    test, waiting = ran("done"), ran("waiting", carry_out=False)
    for ids in ([], [test.pk], ["x", test.pk], [test.pk, test.pk]):
        answer = pages.get(PAGE, {"ids": ids})
        assert answer.status_code == 400
        assert "Choose two" in answer.content.decode()
    answer = pages.get(PAGE, {"ids": [test.pk, waiting.pk]})
    assert answer.status_code == 409
    assert "queued" in answer.content.decode()
    assert pages.get(PAGE, {"ids": [test.pk, uuid4()]}).status_code == 404
    pages.force_login(other)
    assert pages.get(PAGE, {"ids": [test.pk, waiting.pk]}).status_code == 404
    pages.logout()
    assert pages.get(PAGE).status_code == 302
    assert pages.post(PAGE).status_code in (302, 405)


def test_the_list_leads_there(pages: Client, ran: Callable[..., Backtest]) -> None:
    test, waiting = ran("done"), ran("waiting", carry_out=False)
    backtest_annotate(test=test, notes="See <b>that</b>.", tags=["best"], is_starred=True)
    page = pages.get("/").content.decode()
    assert f'name="ids" value="{test.pk}"' in page
    assert f'value="{waiting.pk}"' not in page
    assert page.count("★") == 1
    assert '<span class="tag">best</span>' in page
    page = pages.get(reverse("backtest-page", args=[test.pk])).content.decode()
    assert "★" in page
    assert "See &lt;b&gt;that&lt;/b&gt;." in page


def test_what_its_owner_says_is_stored(pages: Client, ran: Callable[..., Backtest], owner: User, other: User) -> None:
    test = ran("old")
    form = reverse("backtest-annotate-page", args=[test.pk])
    said = {"name": "new", "tags": "a, b ,, a", "notes": "one\r\ntwo", "is_starred": "on"}
    assert pages.post(form, said).status_code == 302
    test = Backtest.objects.get(pk=test.pk)
    assert (test.name, test.tags, test.notes, test.is_starred) == ("new", ["a", "b"], "one\ntwo", True)
    assert pages.post(form, said | {"tags": "x" * 51}).status_code == 400
    assert pages.post(form, said | {"name": "x" * 201}).status_code == 400
    assert 'value="a, b"' in pages.get(reverse("backtest-page", args=[test.pk])).content.decode()
    assert pages.get(form).status_code == 405
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(owner)
    assert careful.post(form, {"name": "forged"}).status_code == 403
    pages.force_login(other)
    assert pages.post(form, said).status_code == 404
    pages.logout()
    assert pages.post(form, {"name": "nobody"}).status_code == 302
    User.objects.filter(pk=owner.pk).update(role="viewer")
    pages.force_login(User.objects.get(pk=owner.pk))
    assert pages.post(form, {"name": "viewer"}).status_code == 403
    assert "<textarea" not in pages.get(reverse("backtest-page", args=[test.pk])).content.decode()
    assert Backtest.objects.get(pk=test.pk).name == "new"


def test_lines_by_hand() -> None:
    times = ["2010-01-01T00:00:00Z", "2010-01-02T00:00:00Z", "2010-01-03T00:00:00Z", "2010-01-05T00:00:00Z"]
    chart = line_chart(times, [[1, 2, None, 1.5], [None, None, None, None]], label="plain", include=1.0)
    # The lowest is included as it is, the highest has a twenty-fifth of the range above it.
    assert chart.paths[0] == "M0.0 1000.0L250.0 38.5M1000.0 519.2"
    assert chart.paths[1] == ""
    assert [each.text for each in chart.across] == ["1 Jan", "2 Jan", "3 Jan", "4 Jan"]
    assert [each.at for each in chart.across] == ["0.00", "25.00", "50.00", "75.00"]
    assert chart.down[0].at == "100.00"


@pytest.mark.parametrize(
    ("value", "unit", "signed", "text"),
    [
        (None, Unit.RATIO, False, "–"),
        (0.12345, Unit.FRACTION, False, "12.35 %"),
        (-0.1, Unit.FRACTION, True, "-10.00 pp"),
        (1234567.891, Unit.AMOUNT, False, "1,234,567.89"),
        (12, Unit.COUNT, True, "+12"),
        (1.23456, Unit.RATIO, True, "+1.235"),
    ],
)
def test_figures_as_people_read_them(value: float | None, unit: Unit, signed: bool, text: str) -> None:
    assert figure_text(value, unit, signed=signed) == text

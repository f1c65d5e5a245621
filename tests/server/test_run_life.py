"""Leases, fences, cancelling and reaping: every run gets one outcome."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.server.conftest import QUICK

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.errors import ConflictError, IdempotencyKeyReusedError, InputError
from tradinglab.server.runs.lease import LeaseLost, lease_claim, lease_event, lease_finish, lease_renew
from tradinglab.server.runs.models import IdempotencyKey, Run, RunState
from tradinglab.server.runs.reaping import runs_reap
from tradinglab.server.runs.services import run_cancel
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(owner: User, strategy: Strategy) -> Run:
    assert strategy.head is not None
    return backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run


def expire(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def kinds(run: Run) -> list[str]:
    events = list(run.events.all())
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    return [event.kind for event in events]


def test_a_backtest_runs_to_its_figures(run: Run, settings: Any) -> None:
    assert run_carry_out(run_id=run.pk, worker="a")
    run.refresh_from_db()
    assert (run.state, run.error, run.progress) == ("completed", {}, 1.0)
    test = Backtest.objects.get(run=run)
    assert test.total_orders == 1
    assert test.statistics["Total Orders"] == "1"
    assert test.end_equity is not None
    assert test.net_profit == pytest.approx(test.end_equity / 100_000 - 1)
    assert {each.name for each in run.artefacts.all()} == {
        "result.json", "report.html", "statistics.json", "charts.json", "equity.parquet", "days.parquet",
        "positions.parquet", "orders.parquet", "order_events.parquet", "trades.parquet", "insights.parquet",
        "charts.parquet", "log.parquet",
    }  # fmt: skip
    assert kinds(run)[:2] == ["queued", "started"]
    assert kinds(run)[-1] == "finished"
    assert not list(Path(settings.HOME.work).iterdir())


def test_the_same_figures_come_from_the_engine_itself(run: Run, tmp_path: Path) -> None:
    from tradinglab import backtest

    run_carry_out(run_id=run.pk, worker="a")
    (tmp_path / "main.py").write_text(QUICK)
    assert Backtest.objects.get(run=run).statistics == backtest(tmp_path / "main.py").statistics


def test_of_two_claims_one_gets_the_run(run: Run) -> None:
    assert lease_claim(run_id=run.pk, worker="a") is not None
    assert lease_claim(run_id=run.pk, worker="b") is None


def test_a_second_delivery_does_nothing(run: Run) -> None:
    assert run_carry_out(run_id=run.pk, worker="a")
    before = kinds(run)
    assert not run_carry_out(run_id=run.pk, worker="b")
    assert kinds(run) == before


def test_a_lost_run_is_taken_over_and_its_first_worker_can_write_nothing(run: Run) -> None:
    first = lease_claim(run_id=run.pk, worker="a")
    assert first is not None
    expire(run)
    assert (runs_reap(), runs_reap()) == ([run.pk], [])
    second = lease_claim(run_id=run.pk, worker="b")
    assert second is not None
    assert second.fence == first.fence + 1
    with pytest.raises(LeaseLost):
        lease_renew(lease=first)
    with pytest.raises(LeaseLost):
        lease_event(lease=first, kind="progress", data={})
    with pytest.raises(LeaseLost):
        lease_finish(lease=first, state=RunState.FAILED)
    lease_finish(lease=second, state=RunState.COMPLETED)
    with pytest.raises(LeaseLost):
        lease_finish(lease=second, state=RunState.FAILED)
    run.refresh_from_db()
    assert run.state == RunState.COMPLETED
    assert kinds(run) == ["queued", "started", "started", "finished"]


def test_a_run_that_is_lost_too_often_fails(run: Run, settings: Any) -> None:
    for _ in range(settings.RUN_MOST_ATTEMPTS):
        assert lease_claim(run_id=run.pk, worker="a") is not None
        expire(run)
    assert lease_claim(run_id=run.pk, worker="a") is None
    assert runs_reap() == []
    run.refresh_from_db()
    assert (run.state, run.error_code) == ("failed", "worker_lost")
    assert kinds(run).count("finished") == 1


def test_the_reaper_leaves_a_run_whose_worker_lives(run: Run) -> None:
    lease_claim(run_id=run.pk, worker="a")
    assert runs_reap() == []


def test_the_reaper_finds_what_the_queue_forgot_once_a_while(run: Run) -> None:
    assert runs_reap() == [run.pk]
    assert runs_reap() == []
    Run.objects.filter(pk=run.pk).update(enqueued_at=timezone.now() - timedelta(minutes=5))
    assert runs_reap() == [run.pk]


def test_a_waiting_run_is_cancelled_at_once(run: Run) -> None:
    assert run_cancel(run=run).state == "cancelled"
    assert lease_claim(run_id=run.pk, worker="a") is None
    assert kinds(run) == ["queued", "finished"]
    assert run_cancel(run=run).state == "cancelled"
    assert kinds(run) == ["queued", "finished"]


def test_a_run_under_way_hears_that_it_is_cancelled(run: Run) -> None:
    lease = lease_claim(run_id=run.pk, worker="a")
    assert lease is not None
    assert not lease_renew(lease=lease)
    run_cancel(run=run)
    assert lease_renew(lease=lease)


def test_a_cancelled_run_whose_worker_is_lost_is_cancelled(run: Run) -> None:
    lease_claim(run_id=run.pk, worker="a")
    run_cancel(run=run)
    expire(run)
    assert runs_reap() == []
    run.refresh_from_db()
    assert run.state == "cancelled"


def test_a_finished_run_cannot_be_cancelled(run: Run) -> None:
    lease = lease_claim(run_id=run.pk, worker="a")
    assert lease is not None
    lease_finish(lease=lease, state=RunState.COMPLETED)
    with pytest.raises(ConflictError, match="completed"):
        run_cancel(run=run)


def test_a_strategy_that_fails_says_where(owner: User, settings: Any) -> None:
    text = QUICK.replace("self.debug", "raise ValueError('no luck in ' + __file__)\n        self.debug")
    strategy = strategy_create(owner=owner, name="Bad", files={"main.py": text})
    assert strategy.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head)).run
    run_carry_out(run_id=run.pk, worker="a")
    run.refresh_from_db()
    assert (run.state, run.error_code) == ("failed", "strategy")
    assert "no luck in main.py" in run.error["message"]
    assert "line 10" in run.error["trace"]
    assert str(settings.HOME.folder) not in str(run.error)


class TestIdempotency:
    @staticmethod
    def submit(owner: User, strategy: Strategy, key: str | None, **changes: Any) -> Any:
        assert strategy.head is not None
        return backtest_submit(
            owner=owner, request=BacktestRequest(version=strategy.head, **changes), idempotency_key=key
        )

    def test_replay(self, owner: User, strategy: Strategy) -> None:
        first, second = (self.submit(owner, strategy, "k") for _ in range(2))
        assert (first.is_new, second.is_new) == (True, False)
        assert first.run.pk == second.run.pk
        assert Run.objects.count() == 1

    def test_without_a_key_each_is_a_run(self, owner: User, strategy: Strategy) -> None:
        assert self.submit(owner, strategy, None).run.pk != self.submit(owner, strategy, None).run.pk

    def test_same_key_with_another_request(self, owner: User, strategy: Strategy) -> None:
        self.submit(owner, strategy, "k")
        with pytest.raises(IdempotencyKeyReusedError):
            self.submit(owner, strategy, "k", name="another")

    def test_other_user(self, owner: User, other: User, strategy: Strategy) -> None:
        theirs = strategy_create(owner=other, name="Theirs", files={"main.py": QUICK})
        assert self.submit(owner, strategy, "k").run.pk != self.submit(other, theirs, "k").run.pk

    def test_replay_after_a_refusal(self, owner: User, strategy: Strategy) -> None:
        from datetime import date

        with pytest.raises(InputError):
            self.submit(owner, strategy, "k", start=date(2011, 1, 1), end=date(2010, 1, 1))
        assert self.submit(owner, strategy, "k", start=date(2010, 1, 1), end=date(2011, 1, 1)).is_new

    def test_expiry(self, owner: User, strategy: Strategy) -> None:
        first = self.submit(owner, strategy, "k").run
        IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
        assert self.submit(owner, strategy, "k").run.pk != first.pk

    def test_two_at_once(self, owner: User, strategy: Strategy, monkeypatch: pytest.MonkeyPatch) -> None:
        from tradinglab.server.runs import services

        first = self.submit(owner, strategy, "k").run
        real, calls = services._known, []

        def blind_at_first(*args: Any) -> Run | None:
            calls.append(args)
            return None if len(calls) == 1 else real(*args)

        monkeypatch.setattr(services, "_known", blind_at_first)
        second = self.submit(owner, strategy, "k")
        assert (second.run.pk, second.is_new) == (first.pk, False)
        assert Run.objects.count() == 1

"""Grades of the catalogue's series: judged in the background, kept until the bars change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.derivation import Action
from tradinglab.data.quality import QualityReport
from tradinglab.data.quality.checking import check_source
from tradinglab.data.source import open_source
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.server.datasets import judging
from tradinglab.server.datasets.judging import series_judge_changed
from tradinglab.server.datasets.models import CatalogueSeries
from tradinglab.server.datasets.refreshing import catalogue_refresh

pytestmark = pytest.mark.django_db
V1 = "/api/v1/catalogue"
KEY = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.MINUTE, TickType.TRADE)
MINUTE_US = 60_000_000
#: Monday to Friday, a week without a holiday.
WEEK = [date(2024, 1, 8) + timedelta(days=day) for day in range(5)]


def sessions(days: list[date], left_out: int = 0) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Minutes from half past nine to four in New York, but for some in the middle of the last day."""
    opens = [int(datetime(each.year, each.month, each.day, 14, 30, tzinfo=UTC).timestamp() * 1e6) for each in days]
    times = np.concatenate([at + np.arange(390) * MINUTE_US for at in opens])
    first = len(times) - 200
    return np.delete(times, np.arange(first, first + left_out))


def write(folder: Path, times: Any, key: SeriesKey = KEY) -> BarStore:
    closes = 50 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.0005, len(times)))).round(4)
    opens = np.append(closes[:1], closes[:-1])
    values = {"open": opens, "close": closes, "high": np.maximum(opens, closes), "low": np.minimum(opens, closes)}
    store = BarStore(folder)
    store.write(key, times, {**values, "volume": np.full(len(times), 100.0)}, [Origin("x")], on_conflict="replace")
    return store


def listed(api: APIClient, more: str = "") -> dict[str, Any]:
    (found,) = api.get(f"{V1}/?source=local{more}").json()["results"]
    assert isinstance(found, dict)
    return found


def test_minutes_that_are_missing_count_and_no_request_reads_bars(
    api: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten of five sessions' 1,950 minutes are missing: 100 (1 - 10 / 1950) = 99.487 %, which is a B."""
    write(settings.HOME.bars, sessions(WEEK, left_out=10))
    catalogue_refresh(seconds=30)
    assert (listed(api)["quality"], listed(api)["missing_bars"]) == (None, None)
    assert api.get(f"{V1}/{listed(api)['id']}/quality/").status_code == 404
    assert series_judge_changed(seconds=30) >= 1
    monkeypatch.setattr(judging, "check_series", None)
    found = listed(api, "&quality=B&quality=C")
    assert (found["quality"], found["missing_bars"], found["quality_is_current"]) == ("B", 10, True)
    assert found["quality_percent"] == pytest.approx(99.487, abs=0.001)
    assert api.get(f"{V1}/?source=local&quality=A").json()["results"] == []
    told = api.get(f"{V1}/{found['id']}/").json()
    assert told["expected_bars"] == 1950
    assert told["quality_counts"] == [{"check": "missing_bars", "severity": "warning", "count": 10}]
    report = api.get(f"{V1}/{found['id']}/quality/").json()
    assert (report["grade"], report["missing"], report["is_current"]) == ("B", 10, True)
    (gap,) = report["findings"]
    assert gap["examples"][0]["time"] == "2024-01-12 17:40:00 UTC", "190 minutes after the open"
    page = api.get(f"{V1}/{found['id']}/quality/page/")
    assert page["Content-Type"] == "text/html"
    assert "missing_bars" in page.content.decode()
    assert str(settings.HOME.bars) not in page.content.decode()


def test_only_what_has_changed_is_judged_again(api: APIClient, settings: Any) -> None:
    write(settings.HOME.bars, sessions(WEEK))
    catalogue_refresh(seconds=30)
    series_judge_changed(seconds=30)
    assert listed(api)["quality"] == "A"
    assert series_judge_changed(seconds=30) == 0
    write(settings.HOME.bars, sessions([date(2024, 1, 17)], left_out=100))
    catalogue_refresh(seconds=30)
    assert (listed(api)["quality"], listed(api)["quality_is_current"]) == ("A", False), "as it was, and it says so"
    assert series_judge_changed(seconds=30) == 1
    assert listed(api)["quality"] != "A"


def test_a_split_that_prices_do_not_show_is_found_when_it_is_noted(api: APIClient, settings: Any) -> None:
    store = write(settings.HOME.bars, sessions(WEEK))
    catalogue_refresh(seconds=30)
    series_judge_changed(seconds=30)
    split = Action(day_of_date(WEEK[3]), Decimal(0), Decimal("0.5"))
    store.add_actions(KEY.security_type, KEY.market, KEY.ticker, [split], source="somebody")
    catalogue_refresh(seconds=30)
    assert series_judge_changed(seconds=30) == 1
    assert (listed(api)["quality"], listed(api)["quality_percent"]) == ("F", 0)


def test_it_is_judged_at_once_when_it_is_asked_for(
    api: APIClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(settings.HOME.bars, sessions(WEEK))
    catalogue_refresh(seconds=30)
    where = f"{V1}/{listed(api)['id']}/quality/"
    assert api.post(where).json()["grade"] == "A"
    monkeypatch.setattr(judging, "MOST_AT_ONCE", 1949)
    answer = api.post(where)
    assert (answer.status_code, "in the background" in answer.json()["detail"]) == (409, True)
    made_up = api.get(f"{V1}/?source=sample&is_synthetic=true").json()["results"][0]
    assert api.post(f"{V1}/{made_up['id']}/quality/").status_code == 409


def test_bars_that_cannot_be_read_are_told_and_tried_later(api: APIClient, settings: Any) -> None:
    write(settings.HOME.bars, sessions(WEEK))
    catalogue_refresh(seconds=30)
    (path,) = settings.HOME.bars.rglob("*.parquet")
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    series_judge_changed(seconds=30)
    row = listed(api)
    told = api.get(f"{V1}/{row['id']}/").json()
    assert (row["quality"], row["quality_is_current"]) == (None, False)
    assert "could not be judged" in told["quality_problem"]
    assert str(settings.HOME.bars) not in told["quality_problem"]
    path.write_bytes(whole)
    assert series_judge_changed(seconds=30) == 0, "not at once"
    CatalogueSeries.objects.update(quality_held_until=None)
    assert series_judge_changed(seconds=30) == 1
    assert (listed(api)["quality"], api.get(f"{V1}/{row['id']}/").json()["quality_problem"]) == ("A", "")


def test_a_report_is_read_back_as_it_was(tmp_path: Path) -> None:
    write(tmp_path / "bars", sessions(WEEK, left_out=30))
    (report,) = check_source(open_source(f"store:{tmp_path / 'bars'}"))
    again = QualityReport.from_json(report.to_json(), KEY)
    assert again.to_json() == report.to_json()
    assert list(again.lines()) == list(report.lines())

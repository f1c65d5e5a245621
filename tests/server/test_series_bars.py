"""Bars, splits and dividends of a series, its last bar, and answers that are kept of them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from rest_framework.test import APIClient
from tests.server.conftest import private_redis, set_environment
from tests.server.test_datasets import KEY, WEEKS, write

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.derivation import Action
from tradinglab.data.freshness import expected_bar
from tradinglab.data.store import BarStore, Origin, SeriesKey
from tradinglab.server.accounts.models import User
from tradinglab.server.datasets import quotes
from tradinglab.server.datasets.refreshing import catalogue_refresh
from tradinglab.server.ops import kept_answers
from tradinglab.server.ops.kept_answers import ProcessAnswers, RedisAnswers, kept_answer
from tradinglab.server.ops.requests import REGISTRY

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
#: The worked example of docs/data.md, on five sessions in a row.
DAYS = [date(2024, 1, 8) + timedelta(days=each) for each in range(5)]
CLOSES = [100.0, 102.0, 101.0, 104.0, 53.0]


@pytest.fixture(autouse=True)
def _nothing_is_kept() -> Iterator[None]:
    kept_answers._place.cache_clear()
    yield
    kept_answers._place.cache_clear()


@pytest.fixture
def example(settings: Any) -> BarStore:
    store = BarStore(settings.HOME.bars)
    _write(store, CLOSES)
    actions = [Action(day_of_date(DAYS[2]), Decimal(1)), Action(day_of_date(DAYS[4]), split_factor=Decimal("0.5"))]
    store.add_actions(SecurityType.EQUITY, "usa", "ABC", actions, source="test")
    catalogue_refresh(seconds=30)
    return store


def _write(store: BarStore, closes: list[float]) -> None:
    moments = [datetime(each.year, each.month, each.day, 5, tzinfo=UTC) for each in DAYS]
    times = np.array([int(each.timestamp()) * 1_000_000 for each in moments])
    values = {name: np.array(closes) for name in KEY.fields}
    store.write(KEY, times, values, [Origin("test", "ab" * 32)], on_conflict="replace")


def series(api: APIClient, query: str = "source=local") -> int:
    return int(api.get(f"{V1}/catalogue/?{query}").json()["results"][0]["id"])


def looks(found: str, kind: str = "bars") -> float:
    return REGISTRY.get_sample_value("tradinglab_kept_answers_looks_total", {"kind": kind, "found": found}) or 0.0


@pytest.mark.usefixtures("example")
class TestBars:
    @pytest.mark.parametrize(
        ("view", "closes"),
        [
            ("raw", [100, 102, 101, 104, 53]),
            ("split_adjusted", [50, 51, 50.5, 52, 53]),
            ("adjusted", [49.51, 50.50, 50.50, 52, 53]),
            ("total_return", [50, 51, 51.5, 53, 54]),
        ],
    )
    def test_views_are_those_of_the_documentation(self, api: APIClient, view: str, closes: list[float]) -> None:
        found = api.get(f"{V1}/catalogue/{series(api)}/bars/?view={view}").json()
        assert found["close"] == pytest.approx(closes, abs=0.005)
        assert found["time"][0] == "2024-01-08T05:00:00Z"
        assert (found["view"], found["count"], found["next"]) == (view, 5, None)

    def test_pages_follow_one_another(self, api: APIClient) -> None:
        where, closes, following = f"{V1}/catalogue/{series(api)}/bars/", [], "2024-01-01"
        for _ in range(3):
            page = api.get(f"{where}?limit=2&from={following}").json()
            closes += page["close"]
            following = page["next"]
        assert closes == CLOSES
        assert following is None

    def test_a_range_and_other_forms(self, api: APIClient) -> None:
        where = f"{V1}/catalogue/{series(api)}/bars/?from=2024-01-09&to=2024-01-10"
        assert api.get(where).json()["close"] == [102, 101]
        lines = api.get(f"{where}&format=csv").content.decode().splitlines()
        assert lines[0] == "time,open,high,low,close,volume"
        assert lines[1].startswith("2024-01-09T05:00:00Z,102.0,")
        table = pl.read_parquet(io.BytesIO(api.get(where, HTTP_ACCEPT="application/vnd.apache.parquet").content))
        assert table["close"].to_list() == [102, 101]

    def test_thinned_bars_keep_the_ends_and_the_extremes(self, api: APIClient) -> None:
        where = f"{V1}/catalogue/{series(api)}/bars/?points=4&method=min_max"
        assert api.get(where).json()["close"] == [100, 101, 104, 53]

    def test_splits_and_dividends(self, api: APIClient) -> None:
        assert api.get(f"{V1}/catalogue/{series(api)}/actions/").json() == [
            {"day": "2024-01-10", "kind": "dividend", "amount": "1.00", "split_factor": None},
            {"day": "2024-01-12", "kind": "split", "amount": None, "split_factor": "0.5"},
        ]

    def test_of_a_folder_of_leans(self, api: APIClient) -> None:
        number = series(api, "source=sample&ticker=AAPL&resolution=daily")
        found = api.get(f"{V1}/catalogue/{number}/bars/?from=2012-12-31&to=2012-12-31").json()
        assert found["count"] == 1
        splits = [each for each in api.get(f"{V1}/catalogue/{number}/actions/").json() if each["kind"] == "split"]
        # Apple split two for one on 2000-06-21 and 2005-02-28 (and later, which its factors tell as well).
        assert [each["day"] for each in splits][:2] == ["2000-06-21", "2005-02-28"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("view=upside_down", "view"),
            ("from=2024-01-10&to=2024-01-08", "to"),
            ("from=yesterday", "from"),
            ("limit=2&points=3", "limit"),
            ("limit=0", "limit"),
            ("points=1", "points"),
            ("method=guess", "method"),
            ("format=xml", "format"),
            ("until=2024-01-01", "until"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, api: APIClient, query: str, field: str) -> None:
        answer = api.get(f"{V1}/catalogue/{series(api)}/bars/?{query}")
        assert answer.status_code == 400, answer.content
        assert [each["field"] for each in answer.json()["errors"]] == [field]

    def test_too_many_bars_are_refused(self, api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tradinglab.server.datasets.bars.MOST_BARS", 3)
        answer = api.get(f"{V1}/catalogue/{series(api)}/bars/?points=3")
        assert answer.status_code == 400
        assert "shorter range" in answer.json()["errors"][0]["message"]
        assert api.get(f"{V1}/catalogue/{series(api)}/bars/?limit=4").json()["count"] == 4

    def test_strangers_see_nothing(self, client_of: Callable[..., APIClient], other: User) -> None:
        number = series(client_of(other))  # data are every user's
        for where in (f"catalogue/{number}/bars/", f"catalogue/{number}/actions/", "quotes/?symbols=ABC"):
            assert client_of(other, ("read",)).get(f"{V1}/{where}").status_code == 200
            assert APIClient().get(f"{V1}/{where}").status_code == 401
        assert client_of(other).get(f"{V1}/catalogue/{10**12}/bars/").status_code == 404

    def test_files_that_are_gone_are_told_without_their_place(
        self, api: APIClient, settings: Any, example: BarStore
    ) -> None:
        where = f"{V1}/catalogue/{series(api)}/bars/"
        for path in Path(settings.HOME.bars).rglob("*.parquet"):
            path.unlink()
        answer = api.get(where)
        assert answer.status_code == 409
        assert str(settings.HOME.bars) not in answer.content.decode()


class TestKept:
    def test_a_second_look_reads_nothing_and_a_change_is_seen_at_once(
        self, api: APIClient, example: BarStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        where = f"{V1}/catalogue/{series(api)}/bars/?view=adjusted"
        misses, hits = looks("no"), looks("yes")
        first = api.get(where)
        assert (looks("no"), looks("yes")) == (misses + 1, hits)
        with monkeypatch.context() as patch:
            patch.setattr("tradinglab.server.datasets.bars._made", lambda *_: pytest.fail("it is kept"))
            again = api.get(where)
            assert api.get(where, HTTP_IF_NONE_MATCH=first.headers["ETag"]).status_code == 304
        assert again.content == first.content
        assert (looks("no"), looks("yes")) == (misses + 1, hits + 1)
        _write(example, [*CLOSES[:4], 54.0])
        changed = api.get(where, HTTP_IF_NONE_MATCH=first.headers["ETag"])
        assert (changed.status_code, changed.json()["close"][-1]) == (200, 54)
        # A dividend changes the prices of a view, though no bar is another.
        example.add_actions(
            SecurityType.EQUITY, "usa", "ABC", [Action(day_of_date(DAYS[3]), Decimal(2))], source="test"
        )
        assert api.get(where).json()["close"][0] < changed.json()["close"][0]

    def test_what_changes_while_it_is_read_is_not_kept(
        self, api: APIClient, example: BarStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from tradinglab.server.datasets import bars

        made = bars._made

        def slowly(*asked: Any) -> bytes:
            found = made(*asked)
            monkeypatch.setattr(bars, "_made", made)
            _write(example, [*CLOSES[:4], 55.0])
            return found

        monkeypatch.setattr(bars, "_made", slowly)
        where = f"{V1}/catalogue/{series(api)}/bars/"
        assert api.get(where).status_code == 409
        assert api.get(where).json()["close"][-1] == 55

    @pytest.mark.parametrize("with_redis", [False, True])
    def test_room_is_bounded_and_the_oldest_goes(self, settings: Any, with_redis: bool) -> None:
        def check() -> None:
            set_environment(settings, kept_answers_mb=1)
            made: list[str] = []

            def answer(key: str) -> bytes | None:
                def make() -> bytes:
                    made.append(key)
                    return key.encode() * (100_000 // len(key))

                return kept_answer(kind="test", key=key, make=make)

            for number in range(10):
                answer(f"a{number}")
            answer("a0")  # which is used, and stays
            answer("a10")
            assert made == [f"a{number}" for number in range(11)]
            answer("a0")
            answer("a1")
            assert made[11:] == ["a1"]
            assert kept_answer(kind="test", key="none", make=lambda: None) is None

        if not with_redis:
            check()
            return
        with private_redis() as url:
            set_environment(settings, redis_url=url)
            check()
            place = kept_answers._place(url, 1)
            assert isinstance(place, RedisAnswers)
            held = [place._redis.strlen(each) for each in place._redis.scan_iter("tradinglab:kept-answers:a:*")]
            assert sum(held) <= 1 << 20
            assert int(place._redis.get("tradinglab:kept-answers:total")) == sum(held)
            # Another process finds it there.
            kept_answers._place.cache_clear()
            assert kept_answers._place(url, 1).get("a1") is not None
        place = kept_answers._place(url, 1)
        assert place.get("a1") is None, "a Redis that is away fails nobody"
        place.put("b", b"x")
        assert place.get("b") == b"x"

    @given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 60)), max_size=40))
    @limits(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_never_more_than_there_is_room_for(self, steps: list[tuple[str, int]]) -> None:
        place, last = ProcessAnswers(100), dict[str, int]()
        for key, size in steps:
            place.put(key, bytes(size))
            last[key] = size
            held = {name: place.get(name) for name in last}
            assert sum(len(each) for each in held.values() if each is not None) == place.size <= 100
            assert all(each is None or len(each) == last[name] for name, each in held.items())


_PRICES = st.lists(st.floats(1, 1000, allow_nan=False), min_size=5, max_size=5)


@limits(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(closes=_PRICES, points=st.integers(2, 6), view=st.sampled_from(["split_adjusted", "adjusted", "total_return"]))
def test_thinned_views_are_bars_of_the_stores_view(
    api: APIClient, example: BarStore, closes: list[float], points: int, view: str
) -> None:
    _write(example, closes)
    times, values = example.read(KEY, view=DataNormalizationMode[view.upper()])
    wanted = dict(zip(times.tolist(), values["close"].tolist(), strict=True))
    found = api.get(f"{V1}/catalogue/{series(api)}/bars/?points={points}&view={view}").json()
    moments = [int(datetime.fromisoformat(each).timestamp()) * 1_000_000 for each in found["time"]]
    assert [wanted[each] for each in moments] == found["close"]
    assert len(moments) == min(points, 5)
    assert (moments[0], moments[-1]) == (times[0], times[-1])


class TestQuotes:
    @pytest.fixture(autouse=True)
    def _bars(self, settings: Any) -> None:
        write(settings.HOME.bars, WEEKS)  # until Friday, 2024-01-19
        catalogue_refresh(seconds=30)

    @pytest.fixture
    def at(self, api: APIClient, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
        def ask(moment: str, query: str = "symbols=ABC") -> dict[str, Any]:
            now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
            monkeypatch.setattr("tradinglab.server.datasets.api.quotes.timezone.now", lambda: now)
            (found,) = api.get(f"{V1}/quotes/?{query}").json()
            return dict(found)

        return ask

    @pytest.mark.parametrize(
        ("moment", "is_stale", "expected"),
        [
            ("2024-01-19T21:00:00", False, "2024-01-19T21:00:00Z"),  # four o'clock in New York
            ("2024-01-22T20:59:00", False, "2024-01-19T21:00:00Z"),  # over the weekend, and until Monday's close
            ("2024-01-22T21:00:00", True, "2024-01-22T21:00:00Z"),
            ("2024-07-04T15:00:00", True, "2024-07-03T17:00:00Z"),  # the day before the holiday closes at one
        ],
    )
    def test_staleness_goes_by_the_calendar(
        self, at: Callable[..., dict[str, Any]], moment: str, is_stale: bool, expected: str
    ) -> None:
        found = at(moment)
        assert (found["price"], found["as_of"]) == (10.0, "2024-01-19T21:00:00Z")
        assert (found["is_stale"], found["expected_as_of"]) == (is_stale, expected)
        assert found["reason"]
        assert found["age_s"] == (datetime.fromisoformat(moment) - datetime(2024, 1, 19, 21)).total_seconds()

    def test_finer_bars_come_first_and_a_silence_in_the_session_is_stale(
        self, at: Callable[..., dict[str, Any]], settings: Any
    ) -> None:
        key = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.MINUTE, TickType.TRADE)
        start = int(datetime(2024, 1, 19, 15, 30, tzinfo=UTC).timestamp()) * 1_000_000
        times = start + np.arange(30) * 60_000_000
        values = {name: np.arange(30) + 20.0 for name in key.fields}
        BarStore(settings.HOME.bars).write(key, times, values, [Origin("test", "cd" * 32)])
        catalogue_refresh(seconds=30)
        found = at("2024-01-19T16:00:59")
        assert (found["resolution"], found["price"], found["is_stale"]) == ("minute", 49.0, False)
        assert found["as_of"] == found["expected_as_of"] == "2024-01-19T16:00:00Z"
        late = at("2024-01-19T16:20:00")
        assert late["is_stale"]
        assert "20 minutes" in late["reason"]
        assert at("2024-01-19T16:20:00", "symbols=ABC&resolution=daily")["price"] == 10.0

    def test_a_watch_list_is_its_owners(self, api: APIClient, client_of: Callable[..., APIClient], other: User) -> None:
        number = api.get(f"{V1}/instruments/?ticker=ABC").json()["results"][0]["id"]
        made = api.post(f"{V1}/watch-lists/", {"name": "Mine", "instruments": [number]}, format="json").json()
        assert [each["ticker"] for each in api.get(f"{V1}/quotes/?watch_list={made['id']}").json()] == ["ABC"]
        assert client_of(other).get(f"{V1}/quotes/?watch_list={made['id']}").status_code == 404

    @pytest.mark.parametrize(
        ("query", "field", "said"),
        [
            ("", "symbols", "either"),
            ("symbols=NOPE", "symbols", "no such instrument"),
            ("symbols=,", "symbols", "1 to 200"),
            ("symbols=ABC&data=nowhere", "data", "no data source"),
            ("symbols=ABC&resolution=tick", "resolution", "tick"),
            ("symbols=ABC&sybmol=x", "sybmol", ""),
        ],
    )
    def test_what_cannot_be_asked_is_refused(self, api: APIClient, query: str, field: str, said: str) -> None:
        answer = api.get(f"{V1}/quotes/?{query}")
        assert answer.status_code == 400, answer.content
        assert [each["field"] for each in answer.json()["errors"]] == [field]
        assert said.lower() in str(answer.json()["errors"]).lower()

    def test_who_asks_for_too_many_is_told(self, api: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(quotes, "MOST_QUOTES", 0)
        answer = api.get(f"{V1}/quotes/?symbols=ABC")
        assert answer.status_code == 400
        assert re.search("at most 0", answer.content.decode())


@pytest.mark.parametrize(
    ("resolution", "moment", "end"),
    [
        (Resolution.HOUR, "2024-01-19T15:10:00", "2024-01-19T15:00:00"),  # the hour from half past nine ends at ten
        (Resolution.MINUTE, "2024-01-19T14:30:30", "2024-01-18T21:00:00"),  # the first minute is not over
        (Resolution.MINUTE, "2024-11-29T19:00:00", "2024-11-29T18:00:00"),  # after Thanksgiving it closes at one
        (Resolution.DAILY, "2024-01-16T12:00:00", "2024-01-12T21:00:00"),  # Monday was a holiday
    ],
)
def test_the_last_bar_that_there_can_be(resolution: Resolution, moment: str, end: str) -> None:
    hours = MarketHoursDatabase.default().get_exchange_hours("usa", "SPY", SecurityType.EQUITY)
    now = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * 1_000_000_000
    found = expected_bar(hours, SecurityType.EQUITY, resolution, now)
    assert found is not None
    assert datetime.fromtimestamp(found.end_ns / 1e9, UTC).replace(tzinfo=None).isoformat() == end

"""Instruments, watch-lists, and the catalogue of the data sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data import inventory
from tradinglab.data.store import BarStore, Description, Origin, SeriesKey
from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.datasets import refreshing
from tradinglab.server.datasets.models import CatalogueSeries, CatalogueSource, Instrument
from tradinglab.server.datasets.refreshing import catalogue_refresh
from tradinglab.server.datasets.services import MOST_ENTRIES, MOST_LISTS

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
KEY = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.DAILY, TickType.TRADE)
#: 2024-01-15 was Martin Luther King's day: no session.
WEEKS = [date(2024, 1, 8) + timedelta(days=day) for day in (0, 1, 2, 3, 4, 8, 9, 10, 11)]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The places that were read, in the order in which they were."""
    found: list[str] = []
    read = inventory.holdings

    def noted(source: Any, place: Any) -> Any:
        found.append(place.name)
        return read(source, place)

    monkeypatch.setattr(refreshing, "holdings", noted)
    return found


def write(folder: Path, days: list[date], key: SeriesKey = KEY, name: str = "/secret/folder/abc.csv") -> BarStore:
    """Store bars that begin at New York's midnight, in winter."""
    store = BarStore(folder)
    times = np.array([int(datetime(each.year, each.month, each.day, 5, tzinfo=UTC).timestamp()) for each in days])
    values = {field: np.full(len(days), 10.0) for field in key.fields}
    store.write(key, times * 1_000_000, values, [Origin(name, "ab" * 32)])
    return store


def refresh(name: str = "local") -> refreshing.Refreshed:
    return next(each for each in catalogue_refresh(seconds=30) if each.source == name)


def only(answer: Any) -> dict[str, Any]:
    (found,) = answer.json()["results"]
    assert isinstance(found, dict)
    return found


class TestCatalogue:
    def test_what_the_sample_has(self, api: APIClient) -> None:
        found = only(api.get(f"{V1}/catalogue/?source=sample&ticker=aapl&resolution=daily"))
        # From the documentation of the sample, and its file: a row for each session but none is missing.
        assert (found["first_day"], found["last_day"]) == ("2000-03-01", "2013-03-01")
        assert (found["is_synthetic"], found["quality"], found["missing_days"]) == (False, None, 0)
        made_up = only(api.get(f"{V1}/catalogue/?source=sample&ticker=AAPL&resolution=minute"))
        assert (made_up["is_synthetic"], made_up["size"]) == (True, None)

    def test_a_store_with_a_gap(self, api: APIClient, settings: Any) -> None:
        days = [each for each in WEEKS if each not in (date(2024, 1, 10), date(2024, 1, 11), date(2024, 1, 17))]
        write(settings.HOME.bars, days)
        listed = only(api.get(f"{V1}/catalogue/?source=local"))
        assert (listed["first_day"], listed["last_day"], listed["bars"]) == ("2024-01-08", "2024-01-19", 6)
        assert listed["first_at"] == "2024-01-08T05:00:00Z"
        assert listed["missing_days"] == 3
        answer = api.get(f"{V1}/catalogue/{listed['id']}/")
        found = answer.json()
        assert found["gaps"] == [
            {"first_day": "2024-01-10", "last_day": "2024-01-11", "days": 2},
            {"first_day": "2024-01-17", "last_day": "2024-01-17", "days": 1},
        ]
        assert found["origins"] == [{"name": "abc.csv", "sha256": "ab" * 32}]
        assert "secret" not in answer.content.decode()
        assert [each["ticker"] for each in api.get(f"{V1}/catalogue/?has_gaps=true").json()["results"]] == ["ABC"]

    def test_a_fund_is_known_by_what_a_source_has_told(self, api: APIClient, settings: Any) -> None:
        write(settings.HOME.bars, WEEKS, SeriesKey(KEY.security_type, "usa", "PLAIN", KEY.resolution, KEY.tick_type))
        store = write(settings.HOME.bars, WEEKS)
        said = Description(kind="etf", name="ABC Trust", currency="USD", exchange="PCX", source="yahoo")
        assert store.describe(KEY.security_type, "usa", "ABC", said)
        assert not store.describe(KEY.security_type, "usa", "ABC", replace(said, name="", source="other"))
        refresh()
        fund = only(api.get(f"{V1}/instruments/?source=local&kind=etf&kind=fund"))
        assert (fund["ticker"], fund["kind"], fund["security_type"]) == ("ABC", "etf", "equity")
        assert (fund["name"], fund["exchange"]) == ("ABC Trust", "PCX")
        assert only(api.get(f"{V1}/instruments/?source=local&kind=equity"))["ticker"] == "PLAIN"

    def test_only_what_has_changed_is_read(self, settings: Any, reads: list[str]) -> None:
        others = [SeriesKey(KEY.security_type, "usa", f"T{at}", KEY.resolution, KEY.tick_type) for at in range(5)]
        for key in (KEY, *others):
            write(settings.HOME.bars, WEEKS[:5], key)
        assert refresh().read == 6
        before = CatalogueSeries.objects.get(ticker="ABC")
        reads.clear()
        assert refresh().read == 0
        assert reads == []
        write(settings.HOME.bars, WEEKS[5:])
        assert (refresh().read, reads) == (1, ["equity/usa/daily/trade/abc"])
        after = CatalogueSeries.objects.get(ticker="ABC")
        assert after.pk == before.pk
        assert (before.bars, after.bars) == (5, 9)
        assert (before.generation, after.generation) == (1, 2)
        assert before.content != after.content
        assert after.missing_days == 0

    def test_a_list_reads_no_bars(self, api: APIClient, settings: Any, reads: list[str]) -> None:
        write(settings.HOME.bars, WEEKS)
        api.get(f"{V1}/catalogue/")
        reads.clear()
        write(settings.HOME.bars, WEEKS, SeriesKey(*(KEY.security_type, "usa", "NEW", KEY.resolution, KEY.tick_type)))
        tickers = {each["ticker"] for each in api.get(f"{V1}/catalogue/?source=local").json()["results"]}
        assert (tickers, reads) == ({"ABC"}, [])
        done = {each["source"]: each for each in api.post(f"{V1}/catalogue/refresh/").json()}
        assert (done["local"]["read"], done["sample"]["read"]) == (1, 0)
        tickers = {each["ticker"] for each in api.get(f"{V1}/catalogue/?source=local").json()["results"]}
        assert tickers == {"ABC", "NEW"}

    def test_a_refresh_without_time_goes_on_where_it_was(self, settings: Any, reads: list[str]) -> None:
        write(settings.HOME.bars, WEEKS)
        assert not any(each.is_complete for each in catalogue_refresh(seconds=-1))
        assert reads == []
        assert not CatalogueSource.objects.get(name="local").is_complete
        assert refresh().is_complete
        assert CatalogueSource.objects.get(name="local").is_complete

    def test_a_series_that_is_removed_is_gone(self, api: APIClient, settings: Any) -> None:
        folder = settings.HOME.bars / "equity/usa/daily/trade/abc"
        write(settings.HOME.bars, WEEKS)
        refresh()
        assert Instrument.objects.filter(ticker="ABC").exists()
        for each in folder.iterdir():
            each.unlink()
        folder.rmdir()
        assert refresh().removed == 1
        assert api.get(f"{V1}/catalogue/?source=local").json()["results"] == []
        assert not Instrument.objects.filter(ticker="ABC").exists()

    def test_what_is_watched_stays_without_bars(self, api: APIClient, settings: Any) -> None:
        write(settings.HOME.bars, WEEKS)
        refresh()
        body = {"name": "Mine", "instruments": [Instrument.objects.get(ticker="ABC").pk]}
        assert api.post(f"{V1}/watch-lists/", body, "json").status_code == 201
        for each in sorted(settings.HOME.bars.rglob("*"), reverse=True):
            each.rmdir() if each.is_dir() else each.unlink()
        catalogue_refresh(seconds=30)
        assert not CatalogueSeries.objects.filter(ticker="ABC").exists()
        (listed,) = api.get(f"{V1}/watch-lists/").json()["results"]
        assert [each["ticker"] for each in listed["instruments"]] == ["ABC"]

    def test_a_broken_series_leaves_the_others(self, api: APIClient, settings: Any) -> None:
        broken = SeriesKey(KEY.security_type, "usa", "BAD", KEY.resolution, KEY.tick_type)
        for key in (KEY, broken):
            write(settings.HOME.bars, WEEKS, key)
        (settings.HOME.bars / "equity/usa/daily/trade/bad/manifest.json").write_text("{")
        assert refresh().unreadable == ["equity/usa/daily/trade/bad"]
        sources = {each["name"]: each for each in api.get(f"{V1}/catalogue/sources/").json()}
        assert sources["local"]["unreadable"] == ["equity/usa/daily/trade/bad"]
        assert (sources["local"]["series"], sources["local"]["bars"]) == (1, 9)

    def test_a_source_that_went_away_is_told_without_its_folder(
        self, api: APIClient, settings: Any, tmp_path: Path
    ) -> None:
        named = settings.ENVIRONMENT.model_copy(update={"named_data": f"us=lean:{tmp_path}/gone"})
        settings.ENVIRONMENT = named
        answer = api.get(f"{V1}/catalogue/sources/")
        assert [each["problem"] != "" for each in answer.json()] == [False, True]
        assert str(tmp_path) not in answer.content.decode()

    def test_who_refreshes_holds_the_source(self, settings: Any, reads: list[str]) -> None:
        write(settings.HOME.bars, WEEKS)
        later = timezone.now() + timedelta(minutes=1)
        CatalogueSource.objects.create(name="local", held_until=later)
        done = refresh()
        assert (done.read, done.is_complete) == (0, False)
        CatalogueSource.objects.update(held_until=timezone.now() - timedelta(seconds=1))
        assert refresh().read == 1

    def test_a_name_that_is_another_folders_now(self, settings: Any, tmp_path: Path) -> None:
        for ticker in ("ONE", "TWO"):
            write(tmp_path / ticker, WEEKS, SeriesKey(KEY.security_type, "usa", ticker, KEY.resolution, KEY.tick_type))
            named = settings.ENVIRONMENT.model_copy(update={"named_data": f"us=store:{tmp_path / ticker}"})
            settings.ENVIRONMENT = named
            refresh("us")
            tickers = CatalogueSeries.objects.filter(source__name="us").values_list("ticker", flat=True)
            assert list(tickers) == [ticker]

    @pytest.mark.parametrize(
        ("asked", "field"),
        [("has_gaps=maybe", "has_gaps"), ("until=yesterday", "until"), ("resolution=weekly", "resolution"),
         ("source=a%00b", "source"), ("nope=1", "nope"), ("page_size=0", "page_size")],
    )  # fmt: skip
    def test_what_cannot_be_asked(self, asked: str, field: str, api: APIClient) -> None:
        answer = api.get(f"{V1}/catalogue/?{asked}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == field

    @pytest.mark.parametrize(
        ("asked", "choices"),
        [("catalogue/?resolution=weekly", "tick, second, minute, hour, daily."), ("backtests/?state=gone", "queued, "),
         ("catalogue/?quality=A&quality=Z", "A, "), ("optimizations/?engine=moon", "local, ")],
    )  # fmt: skip
    def test_choices_are_told(self, asked: str, choices: str, api: APIClient) -> None:
        answer = api.get(f"{V1}/{asked}")
        assert answer.status_code == 400
        assert f"Choose one of {choices}" in answer.json()["errors"][0]["message"]

    def test_a_refresh_takes_nothing(self, api: APIClient) -> None:
        answer = api.post(f"{V1}/catalogue/refresh/", {"source": "local"}, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "source")

    def test_filters(self, api: APIClient, settings: Any) -> None:
        write(settings.HOME.bars, WEEKS)
        refresh()

        def tickers(asked: str) -> set[str]:
            return {each["ticker"] for each in api.get(f"{V1}/catalogue/?page_size=200&{asked}").json()["results"]}

        assert tickers("until=2024-01-19") == {"ABC"}
        assert tickers("until=2024-01-20") == set()
        assert "ABC" not in tickers("behind=2024-01-19")
        assert {"AAPL", "IBM"} <= tickers("behind=2024-01-19&security_type=equity")
        assert tickers("security_type=forex") == {"EURUSD", "GBPUSD"}
        assert api.get(f"{V1}/catalogue/{10**30}/").status_code == 404


def lean_folder(folder: Path) -> Path:
    """A LEAN folder with one equity that was called OLD until 2013-06-28, NEW since, with two days of minutes."""
    for name, content in {
        "equity/usa/map_files/new.csv": "20130102,old,N\n20130628,old,N\n20501231,new,Q\n",
        "equity/usa/factor_files/new.csv": "20130102,1,1,0\n20501231,1,1,0\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    for ticker, days in {"old": ("20130627", "20130628"), "new": ("20130701", "20130703")}.items():
        for day in days:
            path = folder / f"equity/usa/minute/{ticker}/{day}_trade.zip"
            path.parent.mkdir(parents=True, exist_ok=True)
            with ZipFile(path, "w") as archive:
                archive.writestr(f"{day}_{ticker}_minute_trade.csv", "34200000,10,10,10,10,1\n")
    return folder


class TestInstruments:
    def test_a_share_of_the_sample(self, api: APIClient) -> None:
        listed = only(api.get(f"{V1}/instruments/?ticker=aapl"))
        assert (listed["security_type"], listed["market"], listed["currency"]) == ("equity", "usa", "USD")
        found = api.get(f"{V1}/instruments/{listed['id']}/").json()
        assert (found["tick_size"], found["lot_size"], found["time_zone"]) == ("0.01", "1", "America/New_York")
        regular = {(each["day"], each["opens"], each["closes"]) for each in found["hours"] if each["state"] == "market"}
        weekdays = ("monday", "tuesday", "wednesday", "thursday", "friday")
        assert regular == {(day, "09:30:00", "16:00:00") for day in weekdays}
        assert {each["resolution"] for each in found["series"]} == {"daily", "hour", "minute"}

    def test_a_coin_is_open_around_the_clock(self, api: APIClient) -> None:
        listed = only(api.get(f"{V1}/instruments/?search=BTC&security_type=crypto"))
        found = api.get(f"{V1}/instruments/{listed['id']}/").json()
        assert found["currency"] == "USD"
        assert {(each["opens"], each["closes"]) for each in found["hours"]} == {("00:00:00", "24:00:00")}
        assert len(found["hours"]) == 7

    def test_a_share_that_was_renamed_is_one_instrument(self, api: APIClient, settings: Any, tmp_path: Path) -> None:
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(
            update={"named_data": f"us=lean:{lean_folder(tmp_path / 'lean')}"}
        )
        for asked in ("search=OLD", "search=ne", "ticker=NEW"):
            listed = only(api.get(f"{V1}/instruments/?source=us&{asked}"))
            assert listed["ticker"] == "NEW"
        found = api.get(f"{V1}/instruments/{listed['id']}/").json()
        assert found["aliases"] == [
            {"ticker": "OLD", "first_day": "2013-01-02", "last_day": "2013-06-28"},
            {"ticker": "NEW", "first_day": "2013-06-29", "last_day": None},
        ]
        assert (found["first_day"], found["last_day"]) == ("2013-01-02", None)
        spans = {
            each["ticker"]: (each["first_day"], each["last_day"], each["missing_days"]) for each in found["series"]
        }
        # 2013-07-02 was a Tuesday.
        assert spans == {"OLD": ("2013-06-27", "2013-06-28", 0), "NEW": ("2013-07-01", "2013-07-03", 1)}
        assert only(api.get(f"{V1}/catalogue/?source=us&has_gaps=true"))["ticker"] == "NEW"

    def test_what_cannot_be_asked(self, api: APIClient) -> None:
        for asked, field in {"security_type=share": "security_type", "nope=1": "nope", "search=a%00": "search"}.items():
            answer = api.get(f"{V1}/instruments/?{asked}")
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
        assert api.get(f"{V1}/instruments/{10**30}/").status_code == 404
        assert only(api.get(f"{V1}/instruments/?page_size=1"))["ticker"] == "AAPL"


class TestWatchLists:
    @pytest.fixture
    def ids(self, api: APIClient) -> dict[str, int]:
        answer = api.get(f"{V1}/instruments/?security_type=equity")
        return {each["ticker"]: each["id"] for each in answer.json()["results"]}

    def test_a_list_and_what_is_on_it(self, api: APIClient, ids: dict[str, int], owner: User) -> None:
        body = {"name": "Shares", "instruments": [ids["MSFT"], ids["AAPL"]]}
        made = api.post(f"{V1}/watch-lists/", body, "json")
        assert made.status_code == 201
        where = made.headers["Location"]
        assert [each["ticker"] for each in api.get(where).json()["instruments"]] == ["MSFT", "AAPL"]
        assert api.post(f"{where}instruments/", {"ticker": "ibm"}, "json").status_code == 201
        assert api.post(f"{where}instruments/", {"instrument": ids["IBM"]}, "json").status_code == 200
        assert api.delete(f"{where}instruments/{ids['MSFT']}/").status_code == 204
        assert api.delete(f"{where}instruments/{ids['MSFT']}/").status_code == 404
        assert [each["ticker"] for each in api.get(where).json()["instruments"]] == ["AAPL", "IBM"]
        changed = api.patch(where, {"name": "Two", "instruments": [ids["IBM"], ids["AAPL"]]}, "json").json()
        assert (changed["name"], [each["ticker"] for each in changed["instruments"]]) == ("Two", ["IBM", "AAPL"])
        assert api.patch(where, {"description": "mine"}, "json").json()["instruments"] == changed["instruments"]
        assert api.delete(where).status_code == 204
        assert api.get(where).status_code == 404
        noted = AuditEntry.objects.filter(actor=owner, action__startswith="watch_list.").order_by("pk")
        assert [each.action for each in noted] == ["watch_list.created", "watch_list.deleted"]

    def test_lists_are_their_owners(
        self, api: APIClient, other: User, client_of: Callable[..., APIClient], ids: dict[str, int]
    ) -> None:
        where = api.post(f"{V1}/watch-lists/", {"name": "Mine"}, "json").headers["Location"]
        stranger = client_of(other)
        assert stranger.get(f"{V1}/watch-lists/").json()["results"] == []
        assert stranger.patch(where, {"name": "Theirs"}, "json").status_code == 404
        assert stranger.post(f"{where}instruments/", {"ticker": "AAPL"}, "json").status_code == 404
        assert stranger.delete(where).status_code == 404
        # Names are each user's own.
        assert stranger.post(f"{V1}/watch-lists/", {"name": "Mine"}, "json").status_code == 201
        assert api.get(where).json()["name"] == "Mine"

    @pytest.mark.parametrize(
        ("body", "field"),
        [({}, "name"), ({"name": ""}, "name"), ({"name": "a\u202eb"}, "name"), ({"name": "Taken"}, "name"),
         ({"name": "x" * 201}, "name"), ({"name": "A", "instruments": [999_999]}, "instruments"),
         ({"name": "A", "instruments": "AAPL"}, "instruments"), ({"name": "A", "nope": 1}, "nope"),
         ({"name": "A", "instruments": list(range(1, MOST_ENTRIES + 2))}, "instruments")],
    )  # fmt: skip
    def test_what_no_list_can_be(self, body: dict[str, Any], field: str, api: APIClient) -> None:
        assert api.post(f"{V1}/watch-lists/", {"name": "Taken"}, "json").status_code == 201
        answer = api.post(f"{V1}/watch-lists/", body, "json")
        assert answer.status_code == 400, answer.content
        assert answer.json()["errors"][0]["field"].partition(".")[0] == field

    def test_an_instrument_twice(self, api: APIClient, ids: dict[str, int]) -> None:
        body = {"name": "A", "instruments": [ids["AAPL"], ids["IBM"], ids["AAPL"]]}
        answer = api.post(f"{V1}/watch-lists/", body, "json")
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert (error["field"], error["value"]) == ("instruments", ids["AAPL"])
        assert api.get(f"{V1}/watch-lists/").json()["results"] == []

    @pytest.mark.parametrize("body", [{}, {"ticker": "NONE"}, {"ticker": "AAPL", "market": "nowhere"}])
    def test_what_cannot_be_put_on_a_list(self, body: dict[str, Any], api: APIClient) -> None:
        where = api.post(f"{V1}/watch-lists/", {"name": "A"}, "json").headers["Location"]
        answer = api.post(f"{where}instruments/", body, "json")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == ("ticker" if body else "instrument")

    def test_a_ticker_that_several_have(self, api: APIClient, settings: Any) -> None:
        key = SeriesKey(SecurityType.EQUITY, "india", "AAPL", Resolution.DAILY, TickType.TRADE)
        write(settings.HOME.bars, WEEKS, key)
        where = api.post(f"{V1}/watch-lists/", {"name": "A"}, "json").headers["Location"]
        answer = api.post(f"{where}instruments/", {"ticker": "AAPL"}, "json")
        assert answer.status_code == 400
        assert "equity at usa" in answer.json()["detail"]
        assert api.post(f"{where}instruments/", {"ticker": "AAPL", "market": "usa"}, "json").status_code == 201

    def test_limits(self, api: APIClient, monkeypatch: pytest.MonkeyPatch, ids: dict[str, int]) -> None:
        assert (MOST_LISTS, MOST_ENTRIES) == (100, 1000)
        monkeypatch.setattr("tradinglab.server.datasets.services.MOST_LISTS", 1)
        monkeypatch.setattr("tradinglab.server.datasets.services.MOST_ENTRIES", 1)
        where = api.post(f"{V1}/watch-lists/", {"name": "A", "instruments": [ids["IBM"]]}, "json").headers["Location"]
        for path, body in ((f"{V1}/watch-lists/", {"name": "B"}), (f"{where}instruments/", {"ticker": "AAPL"})):
            answer = api.post(path, body, "json")
            assert answer.status_code == 429
            assert (answer.json()["limit"], answer.json()["current"]) == (1, 1)

"""The bars of a series as they are asked for: a view, a range, thinned or a page; made once of the same content."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import numpy as np
import polars as pl
from rest_framework.renderers import JSONRenderer

import tradinglab
from tradinglab.core.clock import DAY_NS, date_of_day, day_of_date
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.core.errors import TradingLabError
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.symbol import Symbol
from tradinglab.data.adjust import normalize
from tradinglab.data.columns import BarColumns, join_columns
from tradinglab.data.factors import FactorTable
from tradinglab.data.inventory import content_mark
from tradinglab.data.source import DataSource, open_source
from tradinglab.server.backtests.data_sources import data_source_get
from tradinglab.server.backtests.exports import as_columns, as_csv, as_parquet
from tradinglab.server.backtests.results import thinned
from tradinglab.server.datasets.models import CatalogueSeries
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.ops.kept_answers import kept_answer

_log = logging.getLogger(__name__)
#: Raised when the same content is to be answered otherwise.
_VERSION: Final = "1"
#: So many bars one request reads at most; others are asked for in several.
MOST_BARS: Final = 1_000_000
_YEAR_NS: Final = 366 * DAY_NS
#: So far after the last day that the catalogue knows: it follows the sources some minutes behind.
_AHEAD_NS: Final = 30 * DAY_NS
_FIRST_NS: Final = int(np.datetime64("1900-01-01", "ns").astype(np.int64))
Form = Literal["json", "csv", "parquet"]
VIEWS: Final = {
    "raw": DataNormalizationMode.RAW,
    "split_adjusted": DataNormalizationMode.SPLIT_ADJUSTED,
    "adjusted": DataNormalizationMode.ADJUSTED,
    "total_return": DataNormalizationMode.TOTAL_RETURN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BarsAsked:
    """Which bars are wanted, and how.

    Attributes
    ----------
    view
        In which prices: one of `VIEWS`.
    since, until
        Bars that start from the one instant on and before the other.
    points, method
        At most so many bars that look like all of them; ``None`` for all.
    limit
        At most so many bars, from the first on; ``None`` for all.
    """

    view: str = "raw"
    since: datetime | None = None
    until: datetime | None = None
    points: int | None = None
    method: str = "lttb"
    limit: int | None = None
    form: Form = "json"


class SeriesBars:
    """A series of the catalogue that is open to be read.

    Raises
    ------
    ConflictError
        If it cannot be read now.
    """

    def __init__(self, row: CatalogueSeries) -> None:
        self._row = row
        with _readable(row):
            self.source: DataSource = open_source(data_source_get(name=row.source.name).spec)
            kind, market = SecurityType[row.instrument.security_type.upper()], row.instrument.market
            self.symbol: Symbol = self.source.resolve_symbol(row.ticker, kind, market, day_of_date(row.last_day))
            self._resolution = Resolution[row.resolution.upper()]
            self._tick_type = TickType[row.tick_type.upper()]
            entry = self.source.market_hours.try_get_entry(market, row.ticker, kind)
            self.known_hours = None if entry is None else entry.exchange_hours
            self.hours = self.known_hours or SecurityExchangeHours.always_open("UTC")
            self.factors: FactorTable | None = self.source.factors(self.symbol)

    def content(self) -> str:
        """Return a hash that is another one whenever the bars, or their splits and dividends, are others."""
        row = self._row
        tickers = {row.ticker, *row.instrument.aliases.values_list("ticker", flat=True)}
        with _readable(row):
            mark = content_mark(self.source, self.symbol, self._resolution, self._tick_type, row.place, tickers)
        # Read anew: they may have changed since the series was opened.
        factors = self.source.factors(self.symbol)
        rows = [] if factors is None else [str(each) for each in factors.rows]
        days = [row.first_day.isoformat(), row.last_day.isoformat()]
        told = [_VERSION, tradinglab.__version__, row.source.spec_hash, row.pk, days, mark, rows]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def table(self, asked: BarsAsked) -> tuple[pl.DataFrame, datetime | None]:
        """Return the bars that are asked for, in order, and when the next one starts, if that was one too many.

        Raises
        ------
        InputError
            If they are too many for one request.
        ConflictError
            If they cannot be read now.
        """
        with _readable(self._row):
            bars = self._bars(asked)
            mode = VIEWS[asked.view]
            if self._tick_type == TickType.OPEN_INTEREST:
                mode = DataNormalizationMode.RAW
            first_day = day_of_date(self._row.first_day)
            bars = normalize(bars, self.factors, mode, self.hours.time_zone, first_day=first_day)
        table = pl.DataFrame({"time": bars.time_ns // 1_000, **bars.values})
        table = table.with_columns(pl.col("time").cast(pl.Datetime("us")))
        following = None
        if asked.limit is not None and table.height > asked.limit:
            following = table["time"][asked.limit].replace(tzinfo=UTC)
            table = table.head(asked.limit)
        if asked.points is not None:
            by = next(name for name in ("close", "bid_close", "value", table.columns[-1]) if name in table.columns)
            table = thinned(table, points=asked.points, method=asked.method, by=by)
        return table, following

    def _bars(self, asked: BarsAsked) -> BarColumns:
        """Return raw bars, at most one more than the limit; years are read one after another."""
        first = int(self.hours.time_zone.utc_ns(day_of_date(self._row.first_day) * DAY_NS)) - DAY_NS
        last = int(self.hours.time_zone.utc_ns(day_of_date(self._row.last_day) * DAY_NS)) + _AHEAD_NS
        start_ns = first if asked.since is None else max(first, _ns(asked.since))
        end_ns = last if asked.until is None else min(last, _ns(asked.until))
        found, count = BarColumns.empty(self._tick_type), 0
        while start_ns < end_ns and (asked.limit is None or count <= asked.limit):
            part = self.source.bars(
                self.symbol, self._resolution, self._tick_type, start_ns, min(end_ns, start_ns + _YEAR_NS)
            )
            found, count = (part if not count else join_columns(found, part)), count + len(part)
            if asked.limit is None and count > MOST_BARS:
                text = f"These are more than {MOST_BARS:,} bars; ask for a shorter range, or page by page with 'limit'."
                raise InputError("from", None if asked.since is None else asked.since.isoformat(), text)
            start_ns += _YEAR_NS
        return found if asked.limit is None else found.take(slice(asked.limit + 1))


def bars_key(series: SeriesBars, asked: BarsAsked) -> str:
    """Return a hash over the content of a series and what is asked of it: the ETag of the answer."""
    told = {name: str(value) for name, value in asdict(asked).items()}
    return hashlib.sha256(json.dumps([series.content(), told], sort_keys=True).encode()).hexdigest()


def bars_answer(series: SeriesBars, asked: BarsAsked, key: str) -> bytes:
    """Return the bars in the form that is asked for; of the same content they are made once.

    Raises
    ------
    InputError
        If they are too many for one request.
    ConflictError
        If they cannot be read now, or change all the time.
    """
    made = kept_answer(kind="bars", key=key, make=lambda: _unchanged(series, asked, key))
    if made is None:
        raise ConflictError("The series was written while it was read. Ask again.")
    return made


def _unchanged(series: SeriesBars, asked: BarsAsked, key: str) -> bytes | None:
    """Return an answer that is of the content that its key says; ``None`` if that has changed meanwhile."""
    made = _made(series, asked)
    return made if bars_key(series, asked) == key else None


def _made(series: SeriesBars, asked: BarsAsked) -> bytes:
    table, following = series.table(asked)
    if asked.form == "csv":
        return as_csv(table)
    if asked.form == "parquet":
        return as_parquet(table)
    head: dict[str, Any] = {
        "view": asked.view,
        "count": table.height,
        "next": None if following is None else following.isoformat().replace("+00:00", "Z"),
    }
    rendered: bytes = JSONRenderer().render({**head, **as_columns(table)})
    return rendered


def series_actions(row: CatalogueSeries) -> list[dict[str, Any]]:
    """Return the splits and dividends of a series, as its factors have them, by their days.

    Raises
    ------
    ConflictError
        If they cannot be read now.
    """
    series = SeriesBars(row)
    table = series.factors
    if table is None or not table.rows:
        return []
    span = np.arange(table.rows[0].day, max(day_of_date(row.last_day), table.rows[0].day) + 8)
    days = [int(day) for day in span if series.hours.is_day_open(int(day))]
    found: list[dict[str, Any]] = [
        {"day": date_of_day(each.day), "kind": "dividend", "amount": f"{each.distribution:f}", "split_factor": None}
        for each in table.dividends(days)
    ]
    found += [
        {"day": date_of_day(each.day), "kind": "split", "amount": None, "split_factor": f"{each.split_factor:f}"}
        for each in table.splits(days)
        if each.day is not None
    ]
    return sorted(found, key=lambda each: (each["day"], each["kind"]))


def _ns(moment: datetime) -> int:
    """Return an instant in nanoseconds, no further away than any bar."""
    return max(_FIRST_NS, int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1_000_000) * 1_000)


@contextmanager
def _readable(row: CatalogueSeries) -> Iterator[None]:
    """Tell of files that cannot be read without telling where they are."""
    try:
        yield
    except (ConflictError, InputError):
        raise
    except (TradingLabError, OSError) as error:
        _log.error("%s of the data source %s cannot be read: %s", row, row.source.name, error)
        text = f"{row} of '{row.source.name}' cannot be read now; the operator finds the reason in the server's log."
        raise ConflictError(text) from error

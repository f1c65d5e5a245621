"""The last bar of instruments, and whether it is the last one that there could be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.data.freshness import freshness
from tradinglab.server.datasets.bars import BarsAsked, SeriesBars, bars_key
from tradinglab.server.datasets.models import CatalogueSeries, Instrument
from tradinglab.server.datasets.selectors import series_list
from tradinglab.server.errors import InputError
from tradinglab.server.ops.kept_answers import kept_answer

MOST_QUOTES: Final = 200
_RESOLUTIONS: Final = ("second", "minute", "hour", "daily")
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The last bar of an instrument.

    Attributes
    ----------
    as_of
        When the bar ended; of a day, when the session closed.
    expected_as_of
        The same of the bar that there could be; ``None`` if nobody knows the market's hours.
    is_stale
        Whether there could be a later one; ``None`` if nobody knows.
    reason
        Why that is so.
    """

    instrument: Instrument
    series: CatalogueSeries | None
    price: float | None = None
    bar: Mapping[str, float | None] | None = None
    bar_at: datetime | None = None
    as_of: datetime | None = None
    age_s: float | None = None
    expected_as_of: datetime | None = None
    is_stale: bool | None = None
    reason: str = ""


def quotes_of(
    *, instruments: Sequence[Instrument], data: str | None = None, resolution: str | None = None, now: datetime
) -> list[Quote]:
    """Return the last bar of each instrument, of the series that reaches furthest, real ones first.

    Parameters
    ----------
    data, resolution
        Only of this data source, or of this resolution.

    Raises
    ------
    InputError
        If they are too many for one request.
    ConflictError
        If a series cannot be read now.
    """
    if len(instruments) > MOST_QUOTES:
        text = f"These are {len(instruments):,} instruments; one request shows at most {MOST_QUOTES}: ask for parts."
        raise InputError("symbols", len(instruments), text)
    found = series_list().filter(instrument__in=instruments, resolution__in=_RESOLUTIONS)
    found = found if data is None else found.filter(source__name=data)
    found = found if resolution is None else found.filter(resolution=resolution)
    best: dict[int, CatalogueSeries] = {}
    for each in found.exclude(tick_type="open_interest"):
        known = best.get(each.instrument_id)
        if known is None or _rank(each) > _rank(known):
            best[each.instrument_id] = each
    return [_quote(each, best.get(each.pk), now) for each in instruments]


def _rank(series: CatalogueSeries) -> tuple[bool, Any, bool, int, int]:
    fineness = -_RESOLUTIONS.index(series.resolution)
    return not series.is_synthetic, series.last_day, series.tick_type == "trade", fineness, -series.pk


def _quote(instrument: Instrument, series: CatalogueSeries | None, now: datetime) -> Quote:
    if series is None:
        text = "No data source has such bars of it. 'tradinglab data download' and imports bring some."
        return Quote(instrument=instrument, series=None, is_stale=None, reason=text)
    opened = SeriesBars(series)
    last = _last_bar(opened, series)
    if last is None:
        text = "The series has no bar any more; the catalogue follows within five minutes."
        return Quote(instrument=instrument, series=series, reason=text)
    bar_at = datetime.fromisoformat(last["time"])
    told = freshness(
        opened.known_hours,
        SecurityType[instrument.security_type.upper()],
        Resolution[series.resolution.upper()],
        _ns(bar_at),
        _ns(now),
        last_listed=instrument.last_day,
    )
    as_of = _moment(told.last.end_ns)
    values = {name: value for name, value in last.items() if name != "time"}
    return Quote(
        instrument=instrument,
        series=series,
        price=_price(values),
        bar=values,
        bar_at=bar_at,
        as_of=as_of,
        age_s=max(0.0, (now - as_of).total_seconds()),
        expected_as_of=None if told.expected is None else _moment(told.expected.end_ns),
        is_stale=told.is_stale,
        reason=told.reason,
    )


def _last_bar(opened: SeriesBars, series: CatalogueSeries) -> dict[str, Any] | None:
    """Return the last bar as JSON knows it; of the same content it is read once."""
    since = datetime(series.last_day.year, series.last_day.month, series.last_day.day, tzinfo=UTC) - _A_DAY
    asked = BarsAsked(since=since)

    def make() -> bytes:
        table, _ = opened.table(asked)
        if not table.height:
            return b"null"
        row = table.row(table.height - 1, named=True)
        told = {name: None if value != value else value for name, value in row.items() if name != "time"}
        return json.dumps({"time": row["time"].replace(tzinfo=UTC).isoformat(), **told}).encode()

    kept = kept_answer(kind="last_bar", key=f"last-{bars_key(opened, asked)}", make=make)
    found: dict[str, Any] | None = json.loads(kept or b"null")
    return found


def _price(bar: Mapping[str, float | None]) -> float | None:
    """Return the close; of quotes the middle of bid and ask, or the side that there is."""
    if "close" in bar:
        return bar["close"]
    sides = [side for side in (bar.get("bid_close"), bar.get("ask_close")) if side is not None]
    return sum(sides) / len(sides) if sides else None


def _ns(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1_000


def _moment(utc_ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc_ns // 1_000)

"""CSV and Parquet files into a bar store: recognised, checked, merged, and nothing in silence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import numpy as np

from tradinglab.core.clock import UTC_ZONE, zone
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.columns import Ints
from tradinglab.data.errors import DataImportError
from tradinglab.data.periods import PERIODS
from tradinglab.data.store.actions import ACTION_FIELDS, StoredFactors, store_factors
from tradinglab.data.store.bar_store import BarStore, Stored
from tradinglab.data.store.files import Origin
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.report import ImportReport
from tradinglab.data.store.rows import FileReader, Rows, in_order
from tradinglab.data.store.sessions import session_notes
from tradinglab.data.store.tables import read_blocks, sha256_of

_US = 1_000
_HOUR_US = 3_600_000_000
_FOREX_MARKETS = ("oanda", "fxcm", "dukascopy")
_CRYPTO_MARKETS = (
    "binance", "binanceus", "bitfinex", "bitstamp", "bybit", "coinbase", "dydx", "ftx", "ftxus", "kraken", "poloniex",
)  # fmt: skip


def import_files(
    paths: Sequence[Path],
    symbol: str,
    resolution: Resolution,
    market: str,
    store: Path | str,
    options: ImportOptions | None = None,
) -> ImportReport:
    """Import files of bars of one symbol into a store, which is made if need be.

    Parameters
    ----------
    paths
        CSV (plain or gzip) or Parquet files.
    symbol
        The ticker.
    resolution
        How long the bars are: a second, a minute, an hour or a day.
    market
        ``usa``, ``oanda``, ``coinbase`` and so on.
    store
        The store's folder, or ``s3://bucket/prefix``.

    Raises
    ------
    DataImportError
        If columns or times are not recognised, or bars do not fit the resolution or contradict each other.
    MalformedDataError
        If a row is wrong, naming file, line, field and value.
    StoreError
        If the store holds other bars of the same times.
    """
    options = options or ImportOptions()
    if not paths:
        raise DataImportError("There are no files to import.")
    if resolution == Resolution.TICK:
        raise DataImportError("Ticks cannot be imported, only bars: second, minute, hour or daily.")
    _check_zone(options.time_zone)
    kind = options.security_type if options.security_type is not None else type_of_market(market)
    key = SeriesKey(kind, market.lower(), symbol.upper(), resolution, options.tick_type)
    entry = MarketHoursDatabase.default().get_entry(key.market, key.ticker, kind)
    target = BarStore(store)
    readers = [FileReader(path, key, options, entry.data_time_zone) for path in dict.fromkeys(paths)]
    rows, repeated, notes = in_order({reader.path: _read(reader) for reader in readers}, key)
    _check_spacing(rows.times_us, key)
    origins = [Origin(reader.path.name, sha256_of(reader.path)) for reader in readers]
    stored = target.write(key, rows.times_us, rows.values, origins, on_conflict=options.on_conflict)
    extra = {name: rows.values[name] for name in ACTION_FIELDS if name in rows.values}
    factors = StoredFactors(0, 0)
    if extra:
        factors = store_factors(target, key, entry.data_time_zone, rows.times_us, rows.values["close"], extra)
    return _report(readers, rows, repeated, notes, stored, factors, entry.exchange_hours)


def _report(
    readers: Sequence[FileReader],
    rows: Rows,
    repeated: int,
    notes: list[str],
    stored: Stored,
    factors: StoredFactors,
    hours: SecurityExchangeHours,
) -> ImportReport:
    first, exchange_zone, dropped = readers[0], hours.time_zone, sum(reader.dropped for reader in readers)
    local_ns = exchange_zone.local_ns_array(rows.times_us * _US)
    return ImportReport(
        series=first.key,
        rows=len(rows.lines) + repeated + dropped,
        bars=len(rows.lines),
        added=stored.added,
        known=stored.known,
        first=exchange_zone.datetime(int(rows.times_us[0]) * _US),
        last=exchange_zone.datetime(int(rows.times_us[-1]) * _US),
        columns=first.columns,
        time_form=first.time_form,
        time_zone=first.time_zone,
        repeated=repeated,
        dropped=dropped,
        dividends=factors.dividends,
        splits=factors.splits,
        notes=[
            *(note for reader in readers for note in reader.notes),
            *notes,
            *session_notes(local_ns, first.key.resolution, hours),
        ],
        written=tuple(file.path for file in stored.files),
    )


def _check_zone(name: str | None) -> None:
    try:
        zone(name or UTC_ZONE)
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise DataImportError(f"There is no time zone '{name}'. Give a name such as America/New_York.") from problem


def type_of_market(market: str) -> SecurityType:
    """Return what is usually traded on a market."""
    if market.lower() in _FOREX_MARKETS:
        return SecurityType.FOREX
    return SecurityType.CRYPTO if market.lower() in _CRYPTO_MARKETS else SecurityType.EQUITY


def _read(reader: FileReader) -> Rows:
    """Return all rows of a file."""
    blocks = [reader.read(block) for block in read_blocks(reader.path, reader.options.tick_type)]
    if not any(len(block.lines) for block in blocks):
        raise DataImportError(f"{reader.path} has no rows of bars.")
    return Rows(
        np.concatenate([block.times_us for block in blocks]),
        {name: np.concatenate([block.values[name] for block in blocks]) for name in blocks[0].values},
        np.concatenate([block.lines for block in blocks]),
    )


def _check_spacing(times_us: Ints, key: SeriesKey) -> None:
    """Refuse bars that are nearer to each other, or all farther apart, than their resolution says."""
    if len(times_us) < 3:
        return
    period = PERIODS[key.resolution] // _US
    shortest = int(np.diff(times_us).min())
    # A day may have 23 hours.
    if shortest < period - (_HOUR_US if key.resolution == Resolution.DAILY else 0):
        raise DataImportError(
            f"The bars are {shortest / 1e6:g} s apart; bars of the resolution {key.resolution.name.lower()} "
            f"are at least {period / 1e6:g} s apart. {_resolution_hint(shortest)}"
        )
    if key.resolution != Resolution.DAILY and shortest > period:
        raise DataImportError(
            f"The bars are at least {shortest / 1e6:g} s apart, those of the resolution {key.resolution.name.lower()} "
            f"{period / 1e6:g} s. {_resolution_hint(shortest)}"
        )


def _resolution_hint(shortest_us: int) -> str:
    """Return which resolution bars seem to have that are so far apart."""
    # A day may have 23 hours.
    if shortest_us >= PERIODS[Resolution.DAILY] // _US - _HOUR_US:
        return "They are bars of days: give --resolution daily."
    for resolution in (Resolution.HOUR, Resolution.MINUTE, Resolution.SECOND):
        if shortest_us == PERIODS[resolution] // _US:
            return f"Give their own: --resolution {resolution.name.lower()}."
    return "Bars of other lengths than a second, a minute, an hour or a day cannot be stored."

"""CSV and Parquet files into a bar store: recognised, checked, merged, and nothing in silence.

Files of any size are imported in bounded memory. They are read a block at a time; what is right goes to the disk,
sorted by series and year (:mod:`.staging`). When every row has been looked at, each year is sorted, checked as a whole
and against the store, and only then is written. A journal tells what is done, so that an import that was stopped goes
on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from tradinglab.core.enums import Resolution
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.errors import DataError, DataImportError
from tradinglab.data.ingest.journal import Journal, clear, name_of, workplace
from tradinglab.data.ingest.reading import read_files
from tradinglab.data.ingest.settling import Settled, Settler
from tradinglab.data.ingest.staging import Staging
from tradinglab.data.ingest.watching import ImportCancelledError, ImportProgress, Watch, full_disk_told
from tradinglab.data.store.actions import ACTION_FIELDS, may_have_actions
from tradinglab.data.store.bar_store import BarStore
from tradinglab.data.store.files import Origin
from tradinglab.data.store.layout import SeriesKey, folder_of
from tradinglab.data.store.markets import type_of_market
from tradinglab.data.store.options import ImportOptions, check_zone
from tradinglab.data.store.refusals import check_is_file
from tradinglab.data.store.report import ImportReport
from tradinglab.data.store.rows import FileReader, order_notes
from tradinglab.data.store.tables import sha256_of

_US = 1_000
_ANY = "ANY"


def import_files(
    paths: Sequence[Path],
    symbol: str,
    resolution: Resolution,
    market: str,
    store: Path | str,
    options: ImportOptions | None = None,
    *,
    progress: Callable[[ImportProgress], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> ImportReport:
    """Import files of bars of one symbol into a store, which is made if need be.

    Parameters
    ----------
    paths
        CSV (plain or packed: ``.gz``, ``.zip``, ``.zst``) or Parquet files, of any size.
    symbol
        The ticker.
    resolution
        How long the bars are: a second, a minute, an hour or a day.
    market
        ``usa``, ``oanda``, ``coinbase`` and so on.
    store
        The store's folder, or ``s3://bucket/prefix``.
    progress
        Called now and then.
    is_cancelled
        Asked now and then; the same call goes on where it was when it became true, or the program was killed.

    Raises
    ------
    DataImportError
        If columns or times are not recognised, bars do not fit the resolution or contradict each other, or the disk
        is full.
    ImportCancelledError
        If *is_cancelled* says so.
    MalformedDataError
        If a row is wrong, naming file, line, field and value.
    StoreError
        If the store holds other bars of the same times.
    """
    return import_tables(
        paths, resolution, market, store, options, symbol=symbol, progress=progress, is_cancelled=is_cancelled
    )[0]


def import_tables(
    paths: Sequence[Path],
    resolution: Resolution,
    market: str,
    store: Path | str,
    options: ImportOptions | None = None,
    *,
    symbol: str | None = None,
    progress: Callable[[ImportProgress], None] | None = None,
    is_cancelled: Callable[[], bool] | None = None,
) -> list[ImportReport]:
    """Import files of bars of many symbols, which a column names, or of the one that is given; return a report of each.

    Parameters and errors are those of :func:`import_files`.
    """
    options = options or ImportOptions()
    paths = list(dict.fromkeys(paths))
    if not paths:
        raise DataImportError("There are no files to import.")
    if resolution == Resolution.TICK:
        raise DataImportError("Ticks cannot be imported, only bars: second, minute, hour or daily.")
    check_zone(options.time_zone)
    for path in paths:
        check_is_file(path)
    kind = options.security_type if options.security_type is not None else type_of_market(market)
    key = SeriesKey(kind, market.lower(), (_ANY if symbol is None else symbol).upper(), resolution, options.tick_type)
    folder_of(key)  # what can be no folder's name is refused before anything is read
    entry = MarketHoursDatabase.default().get_entry(key.market, key.ticker, kind)
    tickers: dict[str, int] | None = {} if symbol is None else None
    readers = [FileReader(path, key, options, entry.data_time_zone, tickers=tickers) for path in paths]
    target = BarStore(store)
    name = name_of(paths, [str(key), str(symbol)], options)
    with full_disk_told(target.folder), workplace(target.place, name) as folder:
        return _run(readers, folder, target, Watch(progress, is_cancelled))


def _run(readers: Sequence[FileReader], folder: Path, target: BarStore, watch: Watch) -> list[ImportReport]:
    """Read, check and write, from where the journal says."""
    key = readers[0].key
    fields = [*key.fields, *(ACTION_FIELDS if may_have_actions(key) else ())]
    staging, journal = Staging(folder, fields, key.resolution), Journal(folder)
    with ExitStack() as ending:
        pool = ending.enter_context(ThreadPoolExecutor(1))
        hashes = pool.map(sha256_of, [reader.path for reader in readers])
        try:
            if not journal.restore(readers, staging):
                staging, journal = Staging(folder, fields, key.resolution), Journal(folder)
                for path in folder.glob("*.rows"):
                    path.unlink()
            read_files(readers, staging, journal, watch)
            settler = Settler(readers, staging, target, watch)
            found = settler.check(journal)
            if not found:
                raise DataImportError(f"{readers[0].path} has no rows of bars that could be taken.")
            origins = [Origin(reader.path.name, sha256) for reader, sha256 in zip(readers, hashes, strict=True)]
            settler.write(found, journal, origins)
        except (DataError, OSError) as problem:
            pool.shutdown(wait=False, cancel_futures=True)
            # The same files would be refused for the same reason; what filled the disk is in the way.
            if not isinstance(problem, ImportCancelledError) and not journal.written:
                clear(folder)
            raise
    clear(folder)
    reports = [_report(readers, one, staging) for one in found]
    some = [reader for reader in readers if reader.tickers is not None and reader.dropped_of[-1]]
    reports[0].notes.extend(map(_nameless, some))
    return reports


def _nameless(reader: FileReader) -> str:
    name, column = reader.path.name, reader.columns["symbol"]
    return f"{reader.dropped_of[-1]:,} rows of {name} were left out: their {column} is no ticker"


def _report(readers: Sequence[FileReader], one: Settled, staging: Staging) -> ImportReport:
    first, zone_ = readers[0], one.entry.exchange_hours.time_zone
    order = staging.orders[one.number]
    dropped = sum(reader.dropped if reader.tickers is None else reader.dropped_of[one.number] for reader in readers)
    return ImportReport(
        series=one.key,
        rows=one.bars + one.repeated + dropped,
        bars=one.bars,
        added=one.added,
        known=one.known,
        first=zone_.datetime(one.first_us * _US),
        last=zone_.datetime(one.last_us * _US),
        columns=first.columns,
        time_form=first.time_form,
        time_zone=first.time_zone,
        repeated=one.repeated,
        dropped=dropped,
        dividends=one.factors.dividends,
        splits=one.factors.splits,
        notes=[
            *(note for reader in readers for note in reader.notes),
            *order_notes(is_back=order.is_back, is_forward=order.is_forward),
            *one.tally.notes(),
        ],
        written=tuple(Path(file) for file in one.files),
    )

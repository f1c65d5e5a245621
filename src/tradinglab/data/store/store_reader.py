"""A store as its readers know it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from tradinglab.core.enums import DataNormalizationMode, SecurityType
from tradinglab.data.columns import Ints
from tradinglab.data.errors import MalformedDataError, StoreError
from tradinglab.data.factors import FactorTable
from tradinglab.data.store import keeping
from tradinglab.data.store.commits import FIRST_US, LAST_US, checked, load
from tradinglab.data.store.descriptions import Description, read_description
from tradinglab.data.store.factor_book import ActionRecord, FactorVersion, load_book, read_table
from tradinglab.data.store.files import BarFile, Origin, content_hash, read_bar_files
from tradinglab.data.store.layout import (
    FORMAT,
    KNOWN_FORMATS,
    MANIFEST,
    MARKER,
    SeriesKey,
    factor_name,
    find_series,
    folder_of,
    listing_name,
)
from tradinglab.data.store.manifest import At, Manifest, Slice
from tradinglab.data.store.merging import Bars, order_of
from tradinglab.data.store.places import open_place
from tradinglab.data.store.restating import Restatement, read_restatement
from tradinglab.data.store.side_by_side import each_of
from tradinglab.data.store.views import check_view, viewed

_RAW = DataNormalizationMode.RAW
_MOST_READS = 5
_Read = TypeVar("_Read")


class StoreReader:
    """What is in a store.

    Parameters
    ----------
    where
        The store's folder, or ``s3://bucket/prefix``.

    Raises
    ------
    StoreError
        If it is a store of another format, or holds something else.
    """

    def __init__(self, where: Path | str) -> None:
        self.place = open_place(where)
        self._manifests: dict[str, tuple[str, Manifest]] = {}
        self._is_marked = False
        marker = self.place.document(MARKER)
        if marker is None:
            if self.place.is_empty():
                return
            # A first writer begins with the marker: it may be there by now.
            marker = self.place.document(MARKER)
            if marker is None:
                raise StoreError(f"{self.place.name} is not a bar store: it has no {MARKER} and is not empty.")
        version = None
        with suppress(ValueError, TypeError, KeyError):
            version = json.loads(marker.content)["format"]
        if version not in KNOWN_FORMATS:
            known = f"this TradingLab knows format {FORMAT}"
            raise StoreError(f"{self.place.name} is a bar store of format {version}; {known}.")
        self._is_marked = version == FORMAT

    @property
    def folder(self) -> Path:
        """The store's folder; of one in a bucket, the folder of the copies."""
        return self.place.root

    # What there is.

    def series(self) -> list[SeriesKey]:
        """Return what there are bars of."""
        return list(find_series(self.place.series_folders()))

    def has(self, key: SeriesKey) -> bool:
        """Return whether there are bars of a series."""
        return bool(self.manifest(key).slices)

    def manifest(self, key: SeriesKey) -> Manifest:
        """Return the state of a series: its generation, its slices, and those of before that are kept.

        Raises
        ------
        MalformedDataError
            If it cannot be read.
        """
        folder = folder_of(key)
        tag = self.place.tag(f"{folder}/{MANIFEST}")
        known = self._manifests.get(folder)
        if known is not None and known[0] == tag:
            return known[1]
        loaded = load(self.place, folder)
        if loaded.tag is not None:
            self._manifests[folder] = loaded.tag, loaded.manifest
        return loaded.manifest

    def files(self, key: SeriesKey) -> list[BarFile]:
        """Return the files of a series and what the manifest says of them."""
        return [self._bar_file(key, each) for each in self.manifest(key).slices]

    def slices(self, key: SeriesKey) -> dict[str, str]:
        """Return the sha256 over the bars of each file, by what it holds: ``equity/usa/minute/trade/spy/2013``."""
        folder = folder_of(key)
        return {f"{folder}/{each.period}": each.sha256 for each in self.manifest(key).slices}

    def restatements(self, key: SeriesKey) -> list[Restatement]:
        """Return which stored bars were replaced by others, what they were before, when, and where the new are from."""
        return [read_restatement(self.place, key, each) for each in self.manifest(key).restatements]

    def pins(self) -> dict[str, list[str]]:
        """Return the hashes of slices that each pin keeps."""
        return keeping.pins(self.place)

    def pinned(self, name: str) -> dict[str, str]:
        """Return the hashes that a pin keeps, by what they are of, as :meth:`slices` does.

        Raises
        ------
        StoreError
            If there is no such pin.
        """
        return keeping.read_pin(self.place, name)

    # Reading.

    def read(
        self,
        key: SeriesKey,
        start_us: int = FIRST_US,
        end_us: int = LAST_US,
        *,
        view: DataNormalizationMode = _RAW,
        at: At | Mapping[str, str] | None = None,
        factors_at: str | None = None,
    ) -> Bars:
        """Return times (microseconds UTC) and values of the bars that start in ``[start_us, end_us)``.

        Parameters
        ----------
        view
            ``RAW`` prices as they were traded, or ``SPLIT_ADJUSTED``, ``ADJUSTED`` (for dividends too), or
            ``TOTAL_RETURN`` (splits taken out, dividends added from the series' first bar on).
        at
            An earlier state: its generation, the hashes of its slices, or what :meth:`slices` returned then.
        factors_at
            The sha256 of the factors to use; the present ones by default.

        Raises
        ------
        MalformedDataError
            If a file is broken.
        StoreError
            If what was asked for is not kept any more.
        """
        check_view(view)
        if isinstance(at, Mapping):
            folder = folder_of(key)
            at = [sha256 for name, sha256 in at.items() if name.rpartition("/")[0] == folder]
        slices, bars = self._read_whole(key, at, partial(self._read_slices, key, start_us=start_us, end_us=end_us))
        if view == _RAW or not slices:
            return bars
        table = self.factors(key.security_type, key.market, key.ticker, factors_at)
        return viewed(key, bars, table, view, min(each.first_us for each in slices))

    def times(self, key: SeriesKey, start_us: int = FIRST_US, end_us: int = LAST_US) -> Ints:
        """Return the starts (microseconds UTC) in ``[start_us, end_us)`` of the bars of all files, in order.

        Nothing else is read.

        Where the file of a day and that of its year hold bars of the same time, it is there twice.

        Raises
        ------
        MalformedDataError
            If a file is broken.
        """

        def read(slices: Sequence[Slice]) -> Ints:
            inside = [each for each in slices if each.first_us < end_us and each.last_us >= start_us]
            return read_bar_files([self._path(key, each) for each in inside], (), start_us, end_us)[0]

        return np.sort(self._read_whole(key, None, read)[1])

    def read_many(
        self, keys: Iterable[SeriesKey], start_us: int = FIRST_US, end_us: int = LAST_US
    ) -> dict[SeriesKey, Bars]:
        """Return the raw bars of many series, which are read side by side."""
        return each_of(list(keys), lambda key: self.read(key, start_us, end_us))

    def verify(self, key: SeriesKey) -> list[BarFile]:
        """Return the files of a series, past ones included, whose bars are not those that were written."""
        manifest = self.manifest(key)
        damaged = []
        for each in (*manifest.slices, *manifest.past):
            with suppress(MalformedDataError, FileNotFoundError):
                path = self._path(key, each)
                if content_hash(*read_bar_files([path], key.fields, FIRST_US, LAST_US)) == each.sha256:
                    continue
            damaged.append(self._bar_file(key, each))
        return damaged

    def factors(
        self, security_type: SecurityType, market: str, ticker: str, at: str | None = None
    ) -> FactorTable | None:
        """Return the factors of a ticker, if there are any; or those with the sha256 *at*."""
        return read_table(self.place, factor_name(security_type, market, ticker), at)

    def factor_versions(self, security_type: SecurityType, market: str, ticker: str) -> tuple[FactorVersion, ...]:
        """Return the tables of factors that a ticker had; the last one counts."""
        return load_book(self.place, factor_name(security_type, market, ticker))[0].versions

    def actions(self, security_type: SecurityType, market: str, ticker: str) -> tuple[ActionRecord, ...]:
        """Return all that was ever said of splits and dividends of a ticker, in the order in which it was."""
        return load_book(self.place, factor_name(security_type, market, ticker))[0].records

    def described(self, security_type: SecurityType, market: str, ticker: str) -> Description | None:
        """Return what sources have said of a security, if any has said something."""
        return read_description(self.place, listing_name(security_type, market, ticker))

    # Inside.

    def _read_whole(
        self, key: SeriesKey, at: At | None, read: Callable[[Sequence[Slice]], _Read]
    ) -> tuple[Sequence[Slice], _Read]:
        """Return the slices of a state and what is read of them, all of one state."""
        for attempt in range(_MOST_READS):
            slices = self.manifest(key).chosen(at, str(key))
            try:
                return slices, read(slices)
            except FileNotFoundError as problem:
                # Compacted and collected since the manifest was read: the next one names what is there.
                self._manifests.pop(folder_of(key), None)
                if attempt == _MOST_READS - 1:
                    path = str(problem.filename or key)
                    raise MalformedDataError(path, "The manifest names the file, and it is not there.") from problem
        raise AssertionError("unreachable")

    def _read_slices(
        self, key: SeriesKey, slices: Sequence[Slice], start_us: int = FIRST_US, end_us: int = LAST_US
    ) -> Bars:
        inside = [each for each in slices if each.first_us < end_us and each.last_us >= start_us]
        paths = [self._path(key, each) for each in sorted(inside, key=lambda each: each.order)]
        times, values = read_bar_files(paths, key.fields, start_us, end_us)
        if len(paths) > 1 and not (times[1:] > times[:-1]).all():
            order = order_of(key, times)
            times, values = times[order], {name: column[order] for name, column in values.items()}
        return times, values

    def _path(self, key: SeriesKey, one: Slice) -> Path:
        """Return the file of a slice; of a bucket, a copy that was checked."""
        return self.place.file(f"{folder_of(key)}/{one.file}", checked(one.sha256, key.fields))

    def _bar_file(self, key: SeriesKey, one: Slice) -> BarFile:
        path = self.place.root / folder_of(key) / one.file
        return BarFile(path, one.origins, one.sha256, one.rows, one.first_us, one.last_us)


def iter_origins(files: Sequence[BarFile]) -> Iterator[Origin]:
    """Yield the origins of files."""
    for file in files:
        yield from file.origins

"""Bars of many symbols in files, and how they get in and out."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

from tradinglab.core.clock import date_of_day
from tradinglab.core.enums import SecurityType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Ints
from tradinglab.data.derivation import Action
from tradinglab.data.errors import StoreError
from tradinglab.data.factors import FactorTable
from tradinglab.data.store import derived_factors, keeping
from tradinglab.data.store.commits import commit, load
from tradinglab.data.store.descriptions import Description, write_description
from tradinglab.data.store.factor_book import load_book
from tradinglab.data.store.files import BarFile, Origin, Values
from tradinglab.data.store.full_disk import full_disk_named
from tradinglab.data.store.layout import FORMAT, MARKER, SeriesKey, folder_of, listing_name
from tradinglab.data.store.manifest import Slice
from tradinglab.data.store.merging import DAY_US, check_bars, chosen
from tradinglab.data.store.options import OnConflict
from tradinglab.data.store.plans import AppendPlan, CompactPlan, Plan, WritePlan
from tradinglab.data.store.side_by_side import each_of
from tradinglab.data.store.store_reader import StoreReader

#: How long past slices are kept at least: no reader takes longer.
GRACE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stored:
    """What writing did: files written, bars that are new, bars that were there already."""

    files: tuple[BarFile, ...]
    added: int
    known: int


class BarStore(StoreReader):
    """Bars of many symbols, in a folder or a bucket.

    Any number of programs may read and write one store at once: each sees every series in one whole state.

    Parameters
    ----------
    where
        The store's folder, or ``s3://bucket/prefix``; made, with its marker, when the first bars are written.

    Raises
    ------
    StoreError
        If it is a store of another format, or holds something else.
    """

    # Writing.

    def write(
        self,
        key: SeriesKey,
        times_us: Ints,
        values: Values,
        origins: Sequence[Origin],
        *,
        on_conflict: OnConflict = "error",
        source: str = "",
        is_whole: bool = False,
    ) -> Stored:
        """Merge bars into the files of their years.

        Parameters
        ----------
        times_us, values
            Bars in order of time; no two at once, but ticks.
        on_conflict
            What to do where other bars of the same time are stored: ``error``, ``replace`` them or ``keep`` them.
            What was replaced is told by :meth:`restatements`.
        source
            The data source by its short name, where it is to be known which bars are from which.
        is_whole
            Whether these are all bars of their years (UTC), so that others that are stored of these go.

        Raises
        ------
        StoreError
            If a bar is wrong, bars are out of order, they conflict with those stored, or others write all the time.
        """
        check_bars(key, times_us, values)
        self.mark()
        bars, read = chosen(key, times_us, values), partial(self._read_slices, key)
        plan = WritePlan(key, read, bars, origins, on_conflict, source, is_whole=is_whole)
        written = self._commit(key, plan)
        if written:
            derived_factors.follow(self, key, int(times_us[0]))
        return Stored(tuple(written), plan.added, len(times_us) - plan.added)

    def append_day(
        self, key: SeriesKey, times_us: Ints, values: Values, origin: Origin, *, source: str = ""
    ) -> BarFile:
        """Write the bars of one day (UTC) to a small file of their own; where they meet older ones, they count.

        Bars of the day that were appended before stay, and what was replaced is told by :meth:`restatements`.

        Raises
        ------
        StoreError
            If a bar is wrong, bars are out of order, or they are of several days.
        """
        check_bars(key, times_us, values)
        days = times_us // DAY_US
        if days[0] != days[-1]:
            raise StoreError(
                f"Bars of {key} to append must be of one day; they were of {date_of_day(int(days[0]))} "
                f"to {date_of_day(int(days[-1]))}."
            )
        self.mark()
        plan = AppendPlan(key, partial(self._read_slices, key), chosen(key, times_us, values), origin, source)
        written = self._commit(key, plan)
        if written:
            derived_factors.follow(self, key, int(times_us[0]))
            return written[0]
        return next(each for each in self.files(key) if each.first_us <= times_us[0] <= each.last_us)

    def append_days(
        self, bars: Mapping[SeriesKey, tuple[Ints, Values]], origin: Origin, *, source: str = ""
    ) -> dict[SeriesKey, BarFile]:
        """Append the bars of one day of many series, side by side: the disk is waited for by all of them together.

        Each series is in its new state or in its old one. If some fail, the others are written, and the first error
        is raised.
        """
        return each_of(list(bars), lambda key: self.append_day(key, *bars[key], origin, source=source))

    def compact(self, key: SeriesKey) -> int:
        """Merge the files of single days into those of their years; return how many there were.

        Readers go on meanwhile, with the state that they have or with the new one.
        """
        plan = CompactPlan(key, partial(self._read_slices, key))
        self._commit(key, plan)
        return plan.count

    def maintain(self, *, most_days: int = 20, grace: timedelta = GRACE, keep: Collection[str] = ()) -> tuple[int, int]:
        """Compact every series with more than so many files of days, and collect; return how many files each took away.

        This is what to run in the background, once a day or so.
        """
        merged = sum(
            self.compact(key)
            for key in self.series()
            if sum(each.is_day for each in self.manifest(key).slices) > most_days
        )
        return merged, len(self.collect(grace=grace, keep=keep))

    # Keeping.

    def pin(self, name: str, slices: Mapping[str, str]) -> None:
        """Keep slices until :meth:`unpin`, even if the bars are restated.

        Parameters
        ----------
        name
            Of the run, say, that needs them. A pin of that name is replaced.
        slices
            What :meth:`slices` returned, or the manifest of a run names.

        Raises
        ------
        StoreError
            If one is not there any more; nothing is pinned then.
        """
        keeping.write_pin(self.place, name, slices)
        gone = [what for what, sha256 in slices.items() if not self._is_kept(what, sha256)]
        if gone:
            keeping.remove_pin(self.place, name)
            raise StoreError(f"{gone[0]} ({slices[gone[0]][:12]}…) is not in {self.place.name} any more.")

    def unpin(self, name: str) -> None:
        """Take a pin away, if there is one."""
        keeping.remove_pin(self.place, name)

    def collect(self, *, grace: timedelta = GRACE, keep: Collection[str] = ()) -> list[Slice]:
        """Remove past slices that no pin keeps; return them.

        Parameters
        ----------
        grace
            How long past slices are kept anyway: longer than any reader takes.
        keep
            Hashes of slices to be kept beside those that are pinned.
        """
        # Read once: there may be many series, and many pins.
        needed = keeping.pinned(self.place).union(keep)
        return [gone for key in self.series() for gone in keeping.collect(self.place, folder_of(key), grace, needed)]

    def _is_kept(self, what: str, sha256: str) -> bool:
        folder = what.rpartition("/")[0]
        if folder.endswith("/factors"):
            versions = load_book(self.place, what)[0].versions
            return any(each.sha256 == sha256 for each in versions)
        manifest = load(self.place, folder).manifest
        return any(each.sha256 == sha256 and not each.is_condemned for each in (*manifest.slices, *manifest.past))

    # Splits and dividends.

    def add_actions(
        self,
        security_type: SecurityType,
        market: str,
        ticker: str,
        actions: Sequence[Action],
        *,
        source: str,
        span: tuple[int, int] | None = None,
    ) -> int:
        """Note splits and dividends, make the factors anew, and return how many entries are new.

        Parameters
        ----------
        actions
            On their ex-dates, in days since 1970; one a day. An entry of a day that has one counts instead of it.
        source
            Who says so.
        span
            First and last day of which *actions* has everything: what was noted there and is missing is retracted.

        Raises
        ------
        StoreError
            If a dividend or a ratio cannot be.
        """
        self.mark()
        return derived_factors.add(self, security_type, market, ticker, actions, source, span)

    def write_factors(self, security_type: SecurityType, market: str, ticker: str, table: FactorTable) -> Path:
        """Let a table be the factors of a ticker, in place of those that there are."""
        self.mark()
        return derived_factors.give(self, security_type, market, ticker, table)

    def describe(self, security_type: SecurityType, market: str, ticker: str, told: Description) -> bool:
        """Note what a source says of a security; return whether that is news."""
        self.mark()
        return write_description(self.place, listing_name(security_type, market, ticker), told)

    # Inside.

    def mark(self) -> None:
        """Put the marker into a place that is to be a store; whoever writes anything does so first."""
        if self._is_marked:
            return
        with full_disk_named(self.place.name, f"{MARKER} and what was to follow"), self.place.lock(MARKER):
            known = self.place.document(MARKER)
            content = json.dumps({"format": FORMAT}).encode() + b"\n"
            if known is None or known.content != content:
                # Whoever was faster has written the same.
                self.place.swap(MARKER, content, None if known is None else known.tag)
        self._is_marked = True

    def _commit(self, key: SeriesKey, plan: Plan) -> list[BarFile]:
        _, new = commit(self.place, folder_of(key), plan)
        return [self._bar_file(key, each) for each in new]

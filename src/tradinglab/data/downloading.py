"""Downloads into a bar store: what is missing is asked for, checked, stored, and noted.

A download may be stopped between any two of its steps; the next one asks for what is missing then.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final, Literal

import numpy as np

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Flags, Floats, Ints
from tradinglab.data.download_notes import StoreLedger
from tradinglab.data.errors import StoreError
from tradinglab.data.periods import PERIODS
from tradinglab.data.sources.policy import Given, fetch_by_order
from tradinglab.data.sources.protocol import Downloader, Fetched, SeriesKey, SeriesMeta
from tradinglab.data.sources.resume import Answered, Ledger, merged, missing
from tradinglab.data.sources.shaping import starts_of_days
from tradinglab.data.store import BarStore, Description
from tradinglab.data.store.checks import wrong_rows

_US: Final = 1_000
_FIRST_DAY: Final = date(1800, 1, 1)
_LAST_DAY: Final = date(2199, 12, 31)
#: So long ago a source has published what it publishes of a day.
_SETTLED_S: Final = 7 * 86_400
_MAY_BE_NEGATIVE: Final = (SecurityType.CFD, SecurityType.FUTURE, SecurityType.INDEX)
#: What sources call a kind of security that is traded as a share.
_KINDS: Final = {"ETF": "etf", "MUTUALFUND": "fund", "EQUITY": "equity"}
OnRestated = Literal["keep", "replace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Restated:
    """Bars that a source now gives otherwise than they are stored.

    Attributes
    ----------
    count
        How many of the part.
    first_us, stored_close, new_close
        The first of them.
    """

    source: str
    count: int
    first_us: int
    stored_close: float
    new_close: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadStep:
    """A part of a download that was stored, or that nobody gave.

    Attributes
    ----------
    given
        The range, who gave it and who did not.
    added, known
        Bars that are new, and bars that were stored before.
    left_out
        Bars that cannot be: a high below the low, a price that is not positive.
    """

    given: Given
    added: int = 0
    known: int = 0
    left_out: int = 0
    actions: int = 0
    restated: Restated | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class DownloadReport:
    """What a download did.

    Attributes
    ----------
    answered
        The ranges of those that were asked for that are answered now, each with its source.
    failed
        Ranges that no source gave, each with the reasons.
    """

    series: SeriesKey
    start_us: int
    end_us: int
    added: int = 0
    known: int = 0
    left_out: int = 0
    actions: int = 0
    answered: list[Answered] = field(default_factory=list)
    failed: list[Given] = field(default_factory=list)
    restated: list[Restated] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, step: DownloadStep) -> None:
        """Count a step in."""
        self.added += step.added
        self.known += step.known
        self.left_out += step.left_out
        self.actions += step.actions
        self.restated += [step.restated] if step.restated is not None else []
        self.notes += [note for note in step.notes if note not in self.notes]
        if step.given.fetched is None:
            self.failed.append(step.given)


def range_of_days(key: SeriesKey, first: date, last: date) -> tuple[int, int]:
    """Return the instants at which the first of some days begins and the last one ends, in the market's zone.

    Days of which there can be no bars, before 1800 and after 2199, are left out: instants do not reach all of them.
    """
    first, last = (min(max(day, _FIRST_DAY), _LAST_DAY) for day in (first, last))
    days = np.array([day_of_date(first), day_of_date(last) + 1], np.int64)
    start_us, end_us = starts_of_days(key, days).tolist()
    return int(start_us), int(end_us)


def download(
    key: SeriesKey,
    start_us: int,
    end_us: int,
    *,
    store: BarStore,
    ledger: Ledger | None = None,
    sources: Sequence[str],
    open_source: Callable[[str], Downloader],
    on_restated: OnRestated = "keep",
    refresh: bool = False,
    progress: Callable[[DownloadReport, DownloadStep], None] | None = None,
) -> DownloadReport:
    """Download what a store lacks of a range, and return what was done.

    Parameters
    ----------
    ledger
        Where it is noted what was answered; by default in the store.
    sources, open_source
        Who is asked, in order (`Policy.sources_for`), and who returns the source of a name (`OpenSources`); the caller
        closes it.
    on_restated
        What to do with bars that are stored otherwise: keep them (and say so), or replace them.
    refresh
        Whether to ask again for what was answered.
    """
    report = DownloadReport(key, start_us, end_us)
    ledger = StoreLedger(store) if ledger is None else ledger
    for step in download_steps(
        key,
        start_us,
        end_us,
        store=store,
        ledger=ledger,
        sources=sources,
        open_source=open_source,
        on_restated=on_restated,
        refresh=refresh,
    ):
        report.take(step)
        if progress is not None:
            progress(report, step)
    report.answered = [_within(each, report, store) for each in merged(ledger.read(key)) if _meets(each, report)]
    return report


def _meets(answer: Answered, report: DownloadReport) -> bool:
    return answer.start_us < report.end_us and answer.end_us > report.start_us


def _within(answer: Answered, report: DownloadReport, store: BarStore) -> Answered:
    """Return what of an answer lies in the range that was asked for."""
    first, last = max(answer.start_us, report.start_us), min(answer.end_us, report.end_us)
    if (first, last) == (answer.start_us, answer.end_us):
        return answer
    bars = len(store.read(report.series, first, last)[0]) if answer.bars and store.has(report.series) else 0
    return replace(answer, start_us=first, end_us=last, bars=bars)


def download_steps(
    key: SeriesKey,
    start_us: int,
    end_us: int,
    *,
    store: BarStore,
    ledger: Ledger | None = None,
    sources: Sequence[str],
    open_source: Callable[[str], Downloader],
    on_restated: OnRestated = "keep",
    refresh: bool = False,
) -> Iterator[DownloadStep]:
    """Download what a store lacks of a range; yield each part when it is stored and noted."""
    ledger = StoreLedger(store) if ledger is None else ledger
    answered = [] if refresh else ledger.read(key)
    if not store.has(key):
        # Somebody has deleted the bars: what was answered has to be asked for again.
        answered = [each for each in answered if not each.bars]
    for first, last in missing(answered, start_us, end_us):
        for given in fetch_by_order(key, first, last, sources, open_source):
            if given.fetched is None:
                yield DownloadStep(given=given)
                continue
            step = _store(key, given, store, on_restated)
            answer = Answered.of(given, step.added + step.known, step.notes)
            answer = replace(answer, end_us=min(answer.end_us, _settled_us(given.fetched)))
            if answer.start_us < answer.end_us:
                ledger.add(key, answer)
            yield step


def _settled_us(fetched: Fetched) -> int:
    """Return until when a part will not be answered otherwise any more.

    What is missing at its end may be published later: yesterday's bar tomorrow, the last quarter of an hour soon.
    """
    settled_us = int((time.time() - _SETTLED_S) * 1e6)
    if fetched.is_empty:
        return settled_us
    if fetched.key.resolution == Resolution.DAILY:
        return fetched.end_us
    return max(settled_us, int(fetched.times_us[-1]) + PERIODS[fetched.key.resolution] // _US)


def _store(key: SeriesKey, given: Given, store: BarStore, on_restated: OnRestated) -> DownloadStep:
    fetched = given.fetched
    assert fetched is not None
    times, values, notes = fetched.times_us, dict(fetched.values), list(fetched.notes)
    bad = np.zeros(len(times), np.bool_)
    if len(times):
        bad, problems = wrong_rows(values, allow_negative=key.security_type in _MAY_BE_NEGATIVE)
        for problem in problems:
            when = np.datetime64(int(times[problem.row]), "us")
            notes.append(
                f"{problem.count} bars of {given.source} were left out, the first at {when} UTC: field "
                f"'{problem.field}' was {values[problem.field][problem.row]:g}. {problem.text}"
            )
        times, values = times[~bad], {name: column[~bad] for name, column in values.items()}
    left_out = int(bad.sum())
    if not len(times):
        return DownloadStep(given=given, left_out=left_out, notes=tuple(notes))
    _describe(key, store, given.source, fetched.meta)
    restated = _restated(key, given, store, times, values)
    stored = store.write(key, times, values, [fetched.origin], on_conflict=on_restated, source=given.source)
    actions, more = _store_actions(key, store, given)
    notes += more
    return DownloadStep(
        given=given,
        added=stored.added,
        known=stored.known,
        left_out=left_out,
        actions=actions,
        restated=restated,
        notes=tuple(notes),
    )


def _restated(key: SeriesKey, given: Given, store: BarStore, times: Ints, values: dict[str, Floats]) -> Restated | None:
    """Return what a source says otherwise than it is stored."""
    if not store.has(key):
        return None
    old_times, old_values = store.read(key, int(times[0]), int(times[-1]) + 1)
    shared, new_rows, old_rows = np.intersect1d(times, old_times, assume_unique=True, return_indices=True)
    differs: Flags = np.zeros(len(shared), np.bool_)
    for name in key.fields:
        new, old = values[name][new_rows], old_values[name][old_rows]
        differs |= (new != old) & ~(np.isnan(new) & np.isnan(old))
    if not differs.any():
        return None
    at = int(np.flatnonzero(differs)[0])
    return Restated(
        source=given.source,
        count=int(differs.sum()),
        first_us=int(shared[at]),
        stored_close=float(old_values["close"][old_rows[at]]),
        new_close=float(values["close"][new_rows[at]]),
    )


def _describe(key: SeriesKey, store: BarStore, source: str, meta: SeriesMeta) -> None:
    """Note what a source says of the security: that a share is one of a fund, say, which its bars do not tell."""
    kind = _KINDS.get(meta.instrument.upper(), "")
    told = Description(kind=kind, name=meta.name, currency=meta.currency, exchange=meta.exchange, source=source)
    if kind or meta.name:
        store.describe(key.security_type, key.market, key.ticker, told)


def _store_actions(key: SeriesKey, store: BarStore, given: Given) -> tuple[int, list[str]]:
    """Note splits and dividends in the store; return how many entries are new, and what a user should know."""
    actions = () if given.fetched is None else given.fetched.actions
    if not actions or key.security_type != SecurityType.EQUITY or key.tick_type != TickType.TRADE:
        return 0, []
    try:
        return store.add_actions(key.security_type, key.market, key.ticker, actions, source=given.source), []
    except StoreError as problem:
        return 0, [f"Splits and dividends of {given.source} are not stored. {problem}"]

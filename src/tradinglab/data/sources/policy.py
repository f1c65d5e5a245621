"""Which source is asked for what, and who is asked next when it does not answer.

For each range it is recorded who gave its bars, and why those before him in the order did not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.errors import CoreError
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.values import dataclass
from tradinglab.data.sources.errors import FetchCancelledError, SourceError, SourceSettingError
from tradinglab.data.sources.protocol import Downloader, Fetched, SeriesKey, nothing
from tradinglab.data.sources.shaping import data_zone, day_text, days_of, starts_of_days

_US: Final = 1_000
_EMPTY: Final = "empty"
#: Days after which every market has opened again.
_LONGEST_BREAK: Final = 40
_MOST_REASONS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Sources in the order in which they are asked, for a kind of security and a resolution; None: for any."""

    sources: tuple[str, ...]
    security_type: SecurityType | None = None
    resolution: Resolution | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules; the first that fits a series counts."""

    rules: tuple[Rule, ...]

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Return the policy that a text says: ``yahoo,alpha_vantage``, or one with words for what is asked of whom.

        ``minute: alpaca, yahoo; crypto: binance, coinbase; yahoo`` says that minutes are asked of Alpaca and then of
        Yahoo, coins of two exchanges, all else of Yahoo. Before the colon stand a kind of security, a resolution, or
        both (``crypto minute``). Whether there are such sources is not looked at.

        Raises
        ------
        SourceSettingError
            If a word before a colon means nothing, or no source is named.
        """
        rules = [each for each in text.split(";") if each.strip()]
        return cls(tuple(_rule(each) for each in rules or [""]))

    @property
    def sources(self) -> tuple[str, ...]:
        """Everyone who may be asked, in the order in which the rules name them."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.sources))

    def sources_for(self, key: SeriesKey) -> tuple[str, ...]:
        """Return who is asked for a series, in order.

        Raises
        ------
        SourceSettingError
            If no rule fits.
        """
        for rule in self.rules:
            if rule.security_type in (None, key.security_type) and rule.resolution in (None, key.resolution):
                return rule.sources
        raise SourceSettingError("policy", f"No rule says who is asked for {key}.", symbol=key.ticker)


def _rule(text: str) -> Rule:
    before, colon, after = text.rpartition(":")
    names = tuple(dict.fromkeys(name.strip().lower().replace("-", "_") for name in after.split(",") if name.strip()))
    if not names:
        raise SourceSettingError("policy", f"'{text.strip()}' names no source; write it like yahoo,alpha_vantage.")
    words = before.upper().split()
    kinds = [SecurityType[each] for each in words if each in SecurityType.__members__]
    resolutions = [Resolution[each] for each in words if each in Resolution.__members__]
    if len(kinds) > 1 or len(resolutions) > 1 or len(kinds) + len(resolutions) != len(words) or (colon and not words):
        raise SourceSettingError(
            "policy",
            f"Before the colon stand a kind of security and a resolution, as in 'equity minute: yahoo'; it was "
            f"'{before.strip()}'.",
        )
    kind, resolution = (*kinds, None)[0], (*resolutions, None)[0]
    return Rule(sources=names, security_type=kind, resolution=resolution)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A source that did not give the bars of a range, and why.

    Attributes
    ----------
    code
        The code of the error, or ``empty``.
    wait_s
        Seconds until it makes sense to ask it again, if it said so.
    """

    source: str
    code: str
    reason: str
    wait_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A range, who gave its bars, and who was asked before.

    Attributes
    ----------
    fetched
        The bars; empty if no source has any of the range. None if sources failed: the range is still to be asked for.
    """

    start_us: int
    end_us: int
    source: str
    passed: tuple[Passed, ...]
    fetched: Fetched | None


def fetch_by_order(
    key: SeriesKey,
    start_us: int,
    end_us: int,
    sources: Sequence[str],
    open_source: Callable[[str], Downloader],
) -> Iterator[Given]:
    """Yield the parts of a range; what a source refuses, fails to give or has no bars of is asked of the next one.

    A range that has no session of the market is not asked of others when the first has no bars of it. Parts come in
    order of time for each source, but the ranges that later sources give come after those of the first.

    Parameters
    ----------
    sources
        Their names, in the order in which they are asked.
    open_source
        Returns the source of a name; called when it is asked first. It may raise a `SourceError`.
    """
    if not sources:
        raise SourceSettingError("policy", "There is no source to ask: name at least one.", symbol=key.ticker)
    open_ranges: list[_Open] = [_Open(start_us, end_us, (), None)]
    for name in dict.fromkeys(sources):
        waiting, open_ranges = _joined(key, open_ranges), []
        for each in waiting:
            for given in _ask(key, each, name, open_source):
                if isinstance(given, _Open):
                    open_ranges.append(given)
                else:
                    yield given
    for each in _joined(key, open_ranges):
        # An empty answer of one source is an answer; a failure of all is none.
        source = each.empty.origin.name.partition(":")[0] if each.empty is not None else ""
        has_failed = any(one.code != _EMPTY and one.code != "source_not_served" for one in each.passed)
        fetched = None if has_failed else each.empty
        yield Given(start_us=each.start_us, end_us=each.end_us, source=source, passed=each.passed, fetched=fetched)


@dataclass(frozen=True, slots=True)
class _Open:
    """A range without bars so far, why, and the last empty answer."""

    start_us: int
    end_us: int
    passed: tuple[Passed, ...]
    empty: Fetched | None


def _joined(key: SeriesKey, ranges: Sequence[_Open]) -> list[_Open]:
    """Return ranges in order of time, those as one that follow one another and were refused by the same sources."""
    found: list[_Open] = []
    for each in sorted(ranges, key=lambda one: one.start_us):
        last = found[-1] if found else None
        codes = [(one.source, one.code) for one in each.passed]
        is_next = last is not None and last.end_us == each.start_us
        if last is None or not is_next or codes != [(one.source, one.code) for one in last.passed]:
            found.append(each)
            continue
        pairs = zip(last.passed, each.passed, strict=True)
        passed = tuple(replace(one, reason=_both(one.reason, other.reason)) for one, other in pairs)
        empty = each.empty
        if last.empty is not None and each.empty is not None:
            why = "; ".join(one.reason for one in passed)
            empty = nothing(key, last.start_us, each.end_us, each.empty.meta, last.empty.origin, why)
        found[-1] = _Open(last.start_us, each.end_us, passed, empty)
    return found


def _both(one: str, other: str) -> str:
    """Return two reasons as one, which does not grow with the number of parts."""
    return one if other in one or one.count(";") >= _MOST_REASONS else f"{one}; {other}"


def _ask(key: SeriesKey, range_: _Open, name: str, open_source: Callable[[str], Downloader]) -> Iterator[Given | _Open]:
    """Yield what a source gives of a range, and what it does not."""
    at = range_.start_us
    try:
        for fetched in open_source(name).fetch(key, at, range_.end_us):
            at = fetched.end_us
            if fetched.is_empty and _has_session(key, fetched.start_us, fetched.end_us):
                why = "; ".join(fetched.notes) or "it has no bars of this range"
                passed = (*range_.passed, Passed(source=name, code=_EMPTY, reason=why))
                yield _Open(fetched.start_us, fetched.end_us, passed, fetched)
                continue
            inner, gaps = _without_edges(key, fetched)
            for gap in gaps:
                reason = f"it has no bars from {day_text(gap.start_us)} to {day_text(gap.end_us - 1)}"
                yield _Open(
                    gap.start_us,
                    gap.end_us,
                    (*range_.passed, Passed(source=name, code=_EMPTY, reason=reason)),
                    gap,
                )
            yield Given(
                start_us=inner.start_us,
                end_us=inner.end_us,
                source=name,
                passed=range_.passed,
                fetched=inner,
            )
    except FetchCancelledError:
        raise
    except SourceError as error:
        passed = (*range_.passed, Passed(source=name, code=error.code, reason=error.reason, wait_s=error.wait_s))
        yield _Open(at, range_.end_us, passed, range_.empty)


def _without_edges(key: SeriesKey, fetched: Fetched) -> tuple[Fetched, list[Fetched]]:
    """Return a part from the first day with bars to the last, and the ranges before and after that have sessions."""
    if fetched.is_empty:
        return fetched, []
    first, last = days_of(fetched.times_us[[0, -1]], data_zone(key)).tolist()
    begins, ends = starts_of_days(key, np.array([first, last + 1], np.int64)).tolist()
    gaps = []
    if begins > fetched.start_us and _has_session(key, fetched.start_us, begins, whole=True):
        gaps.append((fetched.start_us, begins))
        fetched = replace(fetched, start_us=begins)
    if ends < fetched.end_us and _has_session(key, ends, fetched.end_us, whole=True):
        gaps.append((ends, fetched.end_us))
        fetched = replace(fetched, end_us=ends)
    return fetched, [
        nothing(key, start_us, end_us, fetched.meta, fetched.origin, f"{day_text(start_us)}: no bars")
        for start_us, end_us in gaps
    ]


def _has_session(key: SeriesKey, start_us: int, end_us: int, *, whole: bool = False) -> bool:
    """Return whether a range has a trading day of the market; of a market whose days are not known, it may.

    *whole* counts only days that begin in the range, and end in it unless bars are days.
    """
    try:
        entry = MarketHoursDatabase.default().get_entry(key.market, key.ticker, key.security_type)
    except CoreError:
        return True
    zone = entry.data_time_zone
    first, last = (zone.local_ns(us * _US) // DAY_NS for us in (start_us, end_us - 1))
    if whole:
        first += zone.utc_ns(first * DAY_NS) // _US < start_us
        last -= key.resolution != Resolution.DAILY and zone.utc_ns((last + 1) * DAY_NS) // _US > end_us
    hours = entry.exchange_hours
    return any(hours.is_day_open(day, True) for day in range(first, min(last, first + _LONGEST_BREAK) + 1))

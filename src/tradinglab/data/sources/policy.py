"""Which source is asked for what, and who is asked next when it does not answer.

For each range it is recorded who gave its bars, and why those before him in the order did not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tradinglab.core.clock import DAY_NS
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.errors import CoreError
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.values import dataclass
from tradinglab.data.sources.errors import FetchCancelledError, SourceError, SourceSettingError
from tradinglab.data.sources.protocol import Downloader, Fetched, SeriesKey

_US: Final = 1_000
_EMPTY: Final = "empty"


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
        waiting, open_ranges = open_ranges, []
        for each in waiting:
            for given in _ask(key, each, name, open_source):
                if isinstance(given, _Open):
                    open_ranges.append(given)
                else:
                    yield given
    for each in open_ranges:
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
            yield Given(
                start_us=fetched.start_us,
                end_us=fetched.end_us,
                source=name,
                passed=range_.passed,
                fetched=fetched,
            )
    except FetchCancelledError:
        raise
    except SourceError as error:
        passed = (*range_.passed, Passed(source=name, code=error.code, reason=error.reason, wait_s=error.wait_s))
        yield _Open(at, range_.end_us, passed, range_.empty)


def _has_session(key: SeriesKey, start_us: int, end_us: int) -> bool:
    """Return whether a range has a trading day of the market; of a market whose days are not known, it may."""
    try:
        entry = MarketHoursDatabase.default().get_entry(key.market, key.ticker, key.security_type)
    except CoreError:
        return True
    hours = entry.exchange_hours
    first, last = (hours.time_zone.local_ns(us * _US) // DAY_NS for us in (start_us, end_us - 1))
    return any(hours.is_day_open(day, True) for day in range(first, min(last, first + 40) + 1))

"""Look-ahead: orders that were decided by bars which had not ended yet.

The strategy is run again on data that ends at an instant. What it asked for by then must be what it asked for on all of
the data: an honest strategy cannot tell the two apart.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from itertools import zip_longest

from tradinglab.core.clock import from_ns
from tradinglab.core.values import dataclass
from tradinglab.data.source import DataSource
from tradinglab.doctor.asked import Asked, Watch
from tradinglab.doctor.cutting import CutSource
from tradinglab.doctor.examined import Examined
from tradinglab.doctor.findings import Finding, FindingCode, Severity
from tradinglab.doctor.terms import Terms
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.engine.loop import Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The first thing that two runs asked for differently; ``None`` where one of them asked for nothing more."""

    whole: Asked | None
    cut: Asked | None

    @property
    def utc_ns(self) -> int:
        """When the runs part."""
        return min(each.utc_ns for each in (self.whole, self.cut) if each is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    """What a strategy asked for when it was run again, and the last instant that this run came to."""

    asked: Sequence[Asked]
    reached_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of one cut.

    Attributes
    ----------
    difference
        Where the run on cut data parts from the one on all of it; ``None`` if it does not.
    count
        How many of the things that were asked for could be compared.
    """

    cut_ns: int
    difference: Difference | None
    count: int


class _Enough(Exception):
    """The run is past the cut: what comes now is not compared."""


def look_ahead(run: Examined, terms: Terms, cuts: int) -> list[Finding]:
    """Return a finding for what a strategy asked for otherwise when it could not see ahead.

    Parameters
    ----------
    cuts
        At how many instants the data is cut; they are spread over the days on which the strategy asked for something.
    """
    asked = run.watched.asked
    compared = [
        compare_cut(asked, ask_again(terms, CutSource(run.source, cut_ns), cut_ns), cut_ns)
        for cut_ns in cut_points(asked, cuts)
    ]
    if all(each.difference is None for each in compared):
        return []
    again = ask_again(terms, run.source, None).asked
    return [cut_finding(run, compared, again)]


def compare_cut(asked: Sequence[Asked], again: AskedAgain, cut_ns: int) -> Compared:
    """Compare what was asked for on all data with what was asked for on data that ends at an instant."""
    # Where bars are not repeated until the end, the clock stands still before the cut.
    until_ns = min(cut_ns, again.reached_ns)
    return Compared(
        cut_ns=cut_ns,
        difference=first_difference(asked, again.asked, until_ns),
        count=len(_until(asked, until_ns)),
    )


def cut_finding(run: Examined, compared: Sequence[Compared], again: Sequence[Asked]) -> Finding:
    """Return what it means that a cut made a difference.

    Parameters
    ----------
    again
        What the strategy asked for in a further run on all of the data: if that differs, too, no cut tells anything.
    """
    apart = first_difference(run.watched.asked, again, None)
    return _look_ahead(run, compared) if apart is None else _not_repeatable(run, apart)


def cut_points(asked: Sequence[Asked], count: int) -> list[int]:
    """Return up to *count* instants at which something was asked for, spread among these.

    What is asked for at the cut itself tells of the shortest look ahead: by one bar. Every other cut is one instant
    later than even spaces would have it: where buying and selling take turns, one of both may well show nothing.
    """
    instants = sorted({each.utc_ns for each in asked})
    count = min(count, len(instants))
    has_room = 2 * count <= len(instants)
    places = ((2 * place + 1) * len(instants) // (2 * count) + has_room * (place % 2) for place in range(count))
    return [instants[min(place, len(instants) - 1)] for place in places]


def first_difference(whole: Sequence[Asked], cut: Sequence[Asked], until_ns: int | None) -> Difference | None:
    """Return where two runs part by an instant (``None``: at all)."""
    pairs = zip_longest(_until(whole, until_ns), _until(cut, until_ns))
    return next((Difference(whole=a, cut=b) for a, b in pairs if a is None or b is None or a.key != b.key), None)


def _until(asked: Sequence[Asked], until_ns: int | None) -> list[Asked]:
    return [each for each in asked if until_ns is None or each.utc_ns <= until_ns]


def ask_again(terms: Terms, source: DataSource, cut_ns: int | None) -> AskedAgain:
    """Run a strategy again, until it is past a cut, and return what it asked for; how it ends is no matter.

    Raises
    ------
    TimeLimitError
        If the run did not come back in time.
    """
    watch = Watch()

    def stop(progress: Progress) -> None:
        if cut_ns is not None and progress.utc_ns > cut_ns:
            raise _Enough

    # Stopped past the cut, or a strategy that does not bear that the data ends: what it asked for by then counts.
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        # What is said of data that ends, or a second time, is nobody's concern.
        warnings.simplefilter("ignore")
        try:
            terms.run(source, journal=watch, on_progress=stop)
        except TimeLimitError:
            raise
        except StrategyError:
            return AskedAgain(asked=watch.asked, reached_ns=watch.reached_ns)
    return AskedAgain(asked=watch.asked, reached_ns=watch.reached_ns)


def _look_ahead(run: Examined, compared: Sequence[Compared]) -> Finding:
    found = [(each.cut_ns, each.difference) for each in compared if each.difference is not None]
    cut_ns, first = min(found, key=lambda each: each[1].utc_ns)
    one = first.whole or first.cut
    assert one is not None
    day = f"{from_ns(cut_ns):%Y-%m-%d %H:%M} UTC"
    if first.cut is None:
        how = f"{one} at {from_ns(one.utc_ns):%Y-%m-%d %H:%M} UTC is missing when the data ends at {day}"
    elif first.whole is None:
        how = f"{one} at {from_ns(one.utc_ns):%Y-%m-%d %H:%M} UTC appears only when the data ends at {day}"
    else:
        how = f"{first.whole} at {from_ns(first.whole.utc_ns):%Y-%m-%d %H:%M} UTC becomes {first.cut}"
        if first.cut.utc_ns != first.whole.utc_ns:
            how += f" at {from_ns(first.cut.utc_ns):%Y-%m-%d %H:%M} UTC"
        how += f" when the data ends at {day}"
    return Finding(
        code=FindingCode.LOOK_AHEAD,
        severity=Severity.ERROR,
        sentence=f"The strategy sees the future: {how}. {len(found)} of {len(compared)} cuts changed what it had done "
        "before.",
        advice="Decide only by what on_data, history and the indicators give at that moment. Look for bars that are "
        "read whole, for prices of the day that is not over, and for figures that are worked out over all of the data.",
        evidence={
            "cuts": float(len(compared)),
            "cuts_that_differ": float(len(found)),
            "cut": from_ns(cut_ns).isoformat() + "Z",
            "asked_with_all_data": str(first.whole or "nothing"),
            "asked_with_cut_data": str(first.cut or "nothing"),
            "compared": float(sum(each.count for each in compared)),
        },
        place=run.place(one.of, first.utc_ns),
    )


def _not_repeatable(run: Examined, first: Difference) -> Finding:
    one = first.whole or first.cut
    assert one is not None
    return Finding(
        code=FindingCode.NOT_REPEATABLE,
        severity=Severity.ERROR,
        sentence=f"Two runs on the same data and the same seed differ: {first.whole or 'nothing'} became "
        f"{first.cut or 'nothing'}. Whether the strategy sees the future cannot be told.",
        advice="Take lots from random or numpy.random, which --seed sets; keep nothing between runs in files, in "
        "modules or on the class; do not decide by the clock of the machine.",
        evidence={"asked_first": str(first.whole or "nothing"), "asked_again": str(first.cut or "nothing")},
        place=run.place(one.of, first.utc_ns),
    )

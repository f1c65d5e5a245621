"""Every check of bars: its code, how bad what it finds is, what to do about it, and how it may be repaired.

Prices are never invented: a repair leaves out, puts in order, or makes a bar's own high and low hold its own open
and close.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tradinglab.core.values import dataclass


class Severity(StrEnum):
    """How bad a finding is."""

    #: A backtest on these bars is wrong.
    ERROR = "error"
    #: To be looked at: it may be as it was, or not.
    WARNING = "warning"
    #: To be known.
    INFO = "info"


class Rule(StrEnum):
    """By what a finding is repaired."""

    #: Leave the bars out.
    DROP = "drop"
    #: Put the bars in order of time.
    SORT = "sort"
    #: Of bars of one time, keep the one that came first.
    KEEP_FIRST = "keep_first"
    #: Of bars of one time, keep the one that came last.
    KEEP_LAST = "keep_last"
    #: Raise the high and lower the low until they hold all four prices of the bar.
    CLIP = "clip"
    #: Set the size to 0.
    ZERO = "zero"


@dataclass(frozen=True, slots=True)
class Check:
    """What is looked for.

    Attributes
    ----------
    title
        What is found, in a few words, of many.
    one, many
        The sentence of one finding and of several, with ``{n}`` for how many.
    advice
        What to do.
    rules
        The repairs that there are; none: it can only be rejected, or kept and flagged.
    is_systematic
        Whether it is wrong with the series as a whole, not with some of its bars.
    """

    code: str
    severity: Severity
    title: str
    one: str
    many: str
    advice: str
    rules: tuple[Rule, ...] = ()
    is_systematic: bool = False


_E, _W, _I = Severity.ERROR, Severity.WARNING, Severity.INFO
_ALL: Final = (
    Check("bad_time", _E, "times that cannot be read",
          "1 row has a time that cannot be read.", "{n} rows have times that cannot be read.",
          "Correct the rows, or name the form with --time-format.", (Rule.DROP,)),
    Check("unsorted", _W, "rows out of order",
          "1 row is earlier than one before it.", "{n} rows are earlier than ones before them.",
          "Sort them by time (rule sort); if a file was joined of several, look for times of mixed zones.",
          (Rule.SORT,)),
    Check("duplicate", _W, "rows twice",
          "1 row repeats another.", "{n} rows repeat others.",
          "Leave the repetitions out (rule keep_first).", (Rule.KEEP_FIRST,)),
    Check("conflicting_duplicate", _E, "rows of one time that differ",
          "1 row says something else than another of the same time.",
          "{n} rows say something else than others of the same time.",
          "Find out which is right: keep_first or keep_last; bars of two symbols or lengths in one file look so, too.",
          (Rule.KEEP_FIRST, Rule.KEEP_LAST)),
    Check("doubled_hour", _E, "the hour that clocks repeat, twice at the same times",
          "1 row of the hour that clocks repeat in autumn has the time of another.",
          "{n} rows of the hour that clocks repeat in autumn have the times of others.",
          "The file has times of a clock that is set back. Ask for a file in UTC; nothing else tells the two hours "
          "apart.", (Rule.KEEP_FIRST, Rule.KEEP_LAST)),
    Check("not_finite", _E, "values missing or not numbers",
          "1 value is missing, NaN or infinite.", "{n} values are missing, NaN or infinite.",
          "Leave the bars out (rule drop); a price that is not there is not made up.", (Rule.DROP,)),
    Check("non_positive", _E, "prices of zero or less",
          "1 price is zero or negative.", "{n} prices are zero or negative.",
          "Leave the bars out (rule drop), or ask the source again.", (Rule.DROP,)),
    Check("negative_size", _E, "negative volumes or sizes",
          "1 size is negative.", "{n} sizes are negative.",
          "Set them to 0 (rule zero), or leave the bars out (rule drop).", (Rule.ZERO, Rule.DROP)),
    Check("high_below_low", _E, "highs below lows",
          "1 bar has its high below its low.", "{n} bars have their highs below their lows.",
          "Look whether columns are mixed up; else clip the bars to their own prices (rule clip) or leave them out.",
          (Rule.CLIP, Rule.DROP)),
    Check("outside_range", _E, "opens or closes outside of low and high",
          "1 bar has its open or close outside of its low and high.",
          "{n} bars have opens or closes outside of their lows and highs.",
          "Clip them (rule clip: high and low are widened), or leave them out (rule drop).", (Rule.CLIP, Rule.DROP)),
    Check("crossed_quote", _W, "bids above asks",
          "1 bar closes with its bid above its ask.", "{n} bars close with their bids above their asks.",
          "Now and then that is real; often, bid and ask are mixed up.", (Rule.DROP,)),
    Check("off_grid", _W, "bars that begin between two periods",
          "1 bar does not begin when a bar of its length does.", "{n} bars do not begin when bars of their length do.",
          "Look whether the resolution is the right one; ticks and odd bars cannot be stored as bars.", (Rule.DROP,)),
    Check("wrong_length", _E, "bars farther apart than they are long",
          "No two bars are as near to each other as bars of this length can be.",
          "No two bars are as near to each other as bars of this length can be.",
          "Give the length that they have: --resolution hour, daily, …", is_systematic=True),
    Check("outside_hours", _W, "bars while the market is closed",
          "1 bar lies outside of the market's hours.", "{n} bars lie outside of the market's hours.",
          "Look at the time zone (--time-zone) and the market; else leave them out (rule drop).", (Rule.DROP,)),
    Check("at_close", _I, "bars that begin at the close",
          "1 bar begins when the market closes.", "{n} bars begin when the market closes.",
          "Nothing: the last trades of a session are often told so. Leave them out (rule drop) if they disturb.",
          (Rule.DROP,)),
    Check("after_early_close", _W, "bars after an early close",
          "1 bar lies after an early close.", "{n} bars lie after early closes.",
          "Leave them out (rule drop): the source filled the afternoon of a short day.", (Rule.DROP,)),
    Check("missing_sessions", _W, "sessions without any bar",
          "1 session has no bars.", "{n} sessions have no bars.",
          "Download or import them; a strategy sees an old price meanwhile. If trading was halted, keep and flag."),
    Check("missing_bars", _W, "bars missing inside of sessions",
          "1 bar is missing inside of a session.", "{n} bars are missing inside of sessions.",
          "Ask the source again for these times."),
    Check("sparse", _I, "minutes without a trade",
          "1 time without a bar is what little trading explains.",
          "{n} times without bars are what little trading explains.",
          "Nothing: who trades it cannot rely on a price every minute."),
    Check("missing_hour", _W, "an hour lost where clocks are set forward",
          "1 bar is missing: exactly the hour that clocks skip in spring.",
          "{n} bars are missing: exactly the hour that clocks skip in spring.",
          "The file was made with times of a clock that is set forward. Ask for a file in UTC."),
    Check("wrong_time_zone", _E, "sessions at other hours than the market's",
          "Sessions lie at other hours than the market's.", "Sessions lie at other hours than the market's.",
          "Import again with the zone of the file's times: --time-zone.", is_systematic=True),
    Check("no_daylight_saving", _E, "sessions an hour off in summer only",
          "Sessions lie an hour off while clocks are on summer time, and right in winter.",
          "Sessions lie an hour off while clocks are on summer time, and right in winter.",
          "The times are of a clock that does not know summer time. Import again with a zone of a fixed offset, such "
          "as --time-zone Etc/GMT+5 for New York's winter time.", is_systematic=True),
    Check("end_labels", _E, "bars labelled with their ends",
          "Bars are labelled with their ends: the first comes one period late, the last one begins at the close.",
          "Bars are labelled with their ends: the first comes one period late, the last one begins at the close.",
          "Import again with --stamp end: as they are, a strategy sees each bar one period late.", is_systematic=True),
    Check("day_labels", _E, "days labelled with another day",
          "Days are labelled with the next day or the one before.",
          "Days are labelled with the next day or the one before.",
          "Look at the time zone: midnight in one zone is another day in the next (--time-zone).", is_systematic=True),
    Check("outlier", _W, "prices that jump away and come back",
          "1 price jumps away from those around it and comes back.",
          "{n} prices jump away from those around them and come back.",
          "Compare with another source; leave the bars out (rule drop) if it does not have them.", (Rule.DROP,)),
    Check("split_without_action", _W, "jumps like a split's, and no split",
          "1 price jumps as in a split, and there is no split on that day.",
          "{n} prices jump as in splits, and there are no splits on these days.",
          "Give the store its splits (a column 'split', or a download); else a strategy sees a crash."),
    Check("split_not_in_prices", _E, "splits without a jump in prices",
          "1 split is not seen in prices: they are adjusted already.",
          "{n} splits are not seen in prices: they are adjusted already.",
          "Import raw prices, or leave the splits away: as they are, prices are adjusted twice.", is_systematic=True),
    Check("stale", _W, "the same bar again and again",
          "1 bar repeats the one before it, in a long row.", "{n} bars repeat the ones before them, in long rows.",
          "The source filled a gap with its last bar; leave them out (rule drop).", (Rule.DROP,)),
    Check("zero_volume", _W, "long rows without volume",
          "1 bar has no volume, in a long row.", "{n} bars have no volume, in long rows.",
          "If nothing was traded, such bars are made up; leave them out (rule drop) or keep and flag.", (Rule.DROP,)),
    Check("no_volume", _I, "no volume at all",
          "No bar has a volume.", "No bar has a volume.",
          "Volume is not known: models that fill by volume, and VWAP, have nothing to go by."),
    Check("before_listing", _E, "bars before the listing",
          "1 bar is from before the listing.", "{n} bars are from before the listing.",
          "They are of another security with this ticker; leave them out (rule drop).", (Rule.DROP,)),
    Check("after_delisting", _E, "bars after the delisting",
          "1 bar is from after the delisting.", "{n} bars are from after the delisting.",
          "They are of another security with this ticker; leave them out (rule drop).", (Rule.DROP,)),
    Check("in_future", _E, "bars that have not happened",
          "1 bar begins in the future.", "{n} bars begin in the future.",
          "Look at the form of dates (day and month) and the time zone; leave them out (rule drop).", (Rule.DROP,)),
)  # fmt: skip

#: All checks by their codes, in the order in which they are told and repaired.
CHECKS: Final = {check.code: check for check in _ALL}

"""Daily bars against the market's calendar."""

from __future__ import annotations

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Flags, Ints
from tradinglab.data.quality.bars import Bars, SeriesFacts
from tradinglab.data.quality.collecting import Collector
from tradinglab.data.quality.old_years import first_known_day, had_sessions
from tradinglab.data.quality.presence import Presence, day_example, months_of
from tradinglab.data.quality.sessions import day_shares

_US = 1_000
#: From so many of the days on which a market is closed on, and so few after a shift by a day, labels are wrong.
_MOST_RIGHT, _LEAST_RIGHT = 0.9, 0.99
_FEWEST = 10


@dataclass(slots=True)
class DailyCoverage:
    """Compares the days of bars with those on which the market is open."""

    facts: SeriesFacts
    found: Collector
    _bars: list[Bars] = field(default_factory=list)

    def feed(self, bars: Bars) -> None:
        """Take the next bars, in order of time and none twice."""
        names = [name for name in bars.values if name.endswith("close")][:1]
        self._bars.append(Bars(bars.times_us, {name: bars.values[name] for name in names}, bars.rows))

    def finish(self) -> Presence:
        """Note days that are missing or on which the market is closed; return how much there is."""
        parts = [each for each in self._bars if len(each)]
        if not parts:
            return Presence()
        bars = parts[0]
        for each in parts[1:]:
            bars = bars.joined(each)
        zone = self.facts.hours.data_time_zone
        local = zone.local_ns_array(bars.times_us * _US)
        days = local // DAY_NS
        span = np.arange(int(days.min()), int(days.max()) + 1)
        wanted, allowed = self._open_days(span)
        have = np.zeros(len(span), np.int64)
        have[days - span[0]] = 1
        presence = Presence(
            expected=int(wanted.sum()), months=months_of(span, have * allowed, np.maximum(wanted, have * allowed))
        )
        shift = self._shift(days, span, allowed)
        if shift:
            self.found.note("day_labels", 1, [])
            word = "a day late" if shift < 0 else "a day early"
            presence.details["day_labels"] = f"They are {word}."
            return presence
        closed = ~allowed[days - span[0]]
        self.found.mark("outside_hours", closed, bars)
        self.found.mark("off_grid", (local % DAY_NS != 0) & ~closed, bars)
        missing = span[wanted & (have == 0)]
        at = zone.utc_ns_array(missing * DAY_NS) // _US
        examples = [
            day_example(day, time, "no bar") for day, time in zip(missing[:99].tolist(), at[:99].tolist(), strict=True)
        ]
        self.found.note("missing_sessions", len(missing), examples)
        presence.missing = len(missing)
        return presence

    def _open_days(self, span: Ints) -> tuple[Flags, Flags]:
        """Return on which days there has to be a bar, and on which there may be one.

        A day of which the market is open for less than half, such as a Sunday of currencies, may have one.
        """
        lengths, longest = day_shares(self.facts, span)
        allowed = lengths > 0
        known = first_known_day(self.facts)
        old = span < known if known is not None else np.zeros(len(span), np.bool_)
        if old.any():
            had = had_sessions(self.facts, span[old])
            if had is None:  # what is not known is neither missing nor wrong
                return allowed & ~old, allowed | old
            allowed[old] = had
        if self.facts.has_volume:  # markets of shares and coins: a short session is a session
            return allowed, allowed
        dates = span.astype("datetime64[D]").astype(str)
        quiet = np.isin([date[5:] for date in dates], ("12-24", "12-25", "12-31", "01-01"))
        return (lengths * 2 >= longest) & ~quiet & allowed, allowed

    def _shift(self, days: Ints, span: Ints, allowed: Flags) -> int:
        """Return by how many days labels are to be moved so that they fit, 0 if they fit or nothing does."""
        if len(days) < _FEWEST or allowed.all():
            return 0
        if allowed[days - span[0]].mean() >= _MOST_RIGHT:
            return 0
        for shift in (-1, 1):
            moved = np.arange(int(span[0]) + shift, int(span[-1]) + shift + 1)
            if self._open_days(moved)[1][days - span[0]].mean() >= _LEAST_RIGHT:
                return shift
        return 0

"""Whether fills could have been had: on bars that were there, with volume enough, in data without holes."""

from __future__ import annotations

from typing import Final

from tradinglab.core.clock import DAY_NS, MINUTE_NS, SECOND_NS
from tradinglab.core.symbol import Symbol
from tradinglab.doctor.examined import Examined
from tradinglab.doctor.facts import Traded, TradedBars
from tradinglab.doctor.findings import Finding, FindingCode, Severity, counted

#: A fill above this share of its bar's volume moves the price by more than any slippage that is set.
LARGE_SHARE: Final = 0.05
#: How many bars before and after a fill are looked at.
_AROUND = 5
#: A session may be without bars for this long: thin markets are. Of bars of an hour, one may be missing.
_QUIET_NS = 30 * MINUTE_NS
_STALE_WORDS = "stale price"


def stale_fills(run: Examined) -> list[Finding]:
    """Find fills at a price that is older than one bar: there was no bar at that time."""
    stale = [
        (fill, bars)
        for fill, bars in run.traded()
        if _STALE_WORDS in fill.message.lower() or (bars.row_at(fill.utc_ns) is None and _is_old(bars, fill.utc_ns))
    ]
    if not stale:
        return []
    fill, bars = stale[0]
    row = bars.row_before(fill.utc_ns)
    age_s = 0.0 if row is None else (fill.utc_ns - int(bars.columns.end_ns[row])) / SECOND_NS
    return [
        Finding(
            code=FindingCode.STALE_FILLS,
            severity=Severity.WARNING,
            sentence=f"{len(stale):,} of {counted(len(run.fills), 'fill')} took a price that was no longer current; "
            f"the first, of {fill.symbol.value}, one that was {age_s / 60:,.0f} minutes old.",
            advice="Do not order where there is no bar: ask whether the slice has one. Take a finer resolution, or "
            "data without holes.",
            evidence={"fills": float(len(stale)), "of": float(len(run.fills)), "age_seconds": age_s},
            place=run.place(fill.symbol.value, fill.utc_ns),
        )
    ]


def _is_old(bars: TradedBars, utc_ns: int) -> bool:
    row = bars.row_before(utc_ns)
    return row is None or utc_ns - int(bars.columns.end_ns[row]) > bars.span_ns


def large_fills(run: Traded) -> list[Finding]:
    """Find fills above a share of the volume of the bar that filled them."""
    large, worst, worst_share, known = 0, None, 0.0, 0
    for fill, bars in run.traded():
        volumes = bars.columns.values.get("volume")
        row = bars.row_at(fill.utc_ns)
        # Forex and made-up bars have no volume at all: nothing can be said of them.
        if volumes is None or row is None or not volumes.any():
            continue
        known += 1
        volume = float(volumes[row])
        share = abs(fill.fill_quantity) / volume if volume else float("inf")
        large += share > LARGE_SHARE
        if share > worst_share:
            worst, worst_share = fill, share
    if not large or worst is None:
        return []
    told = f"{worst_share:.0%} of it" if worst_share != float("inf") else "in a bar without any volume"
    return [
        Finding(
            code=FindingCode.LARGE_FILLS,
            severity=Severity.WARNING,
            sentence=f"{large:,} of {counted(known, 'fill')} took more than {LARGE_SHARE:.0%} of their bar's volume, "
            f"the largest, of {worst.symbol.value}, {told}.",
            advice="Such orders move the price. Trade less, spread orders over bars, or set VolumeShareSlippageModel "
            "and see what is left.",
            evidence={
                "fills": float(large),
                "of": float(known),
                "largest_share": worst_share if worst_share != float("inf") else "no volume",
                "quantity": abs(worst.fill_quantity),
            },
            place=run.place(worst.symbol.value, worst.utc_ns),
        )
    ]


def data_gaps(run: Examined) -> list[Finding]:
    """Find holes in the bars around fills: sessions, or a stretch of a session, without any bar."""
    seen: set[tuple[Symbol, int]] = set()
    longest: tuple[int, TradedBars, int] | None = None
    for fill, bars in run.traded():
        row = bars.row_at(fill.utc_ns)
        row = bars.row_before(fill.utc_ns) if row is None else row
        if row is None:
            continue
        for each in range(max(row - _AROUND, 0), min(row + _AROUND, len(bars.columns) - 1)):
            if (bars.symbol, each) in seen:
                continue
            missing = _missing(bars, each)
            if not missing:
                continue
            seen.add((bars.symbol, each))
            if longest is None or missing > longest[0]:
                longest = (missing, bars, each)
    if longest is None:
        return []
    missing, bars, row = longest
    unit = "session" if bars.span_ns >= DAY_NS else "bar"
    return [
        Finding(
            code=FindingCode.DATA_GAPS,
            severity=Severity.WARNING,
            sentence=f"The data has {counted(len(seen), 'gap')} within {_AROUND} bars of a fill; the longest, of "
            f"{bars.symbol.value}, lacks {counted(missing, unit)}.",
            advice="Fill the holes in the data, or keep the strategy from trading next to them: prices jump over them.",
            evidence={"gaps": float(len(seen)), f"missing_{unit}s": float(missing)},
            place=run.place(bars.symbol.value, int(bars.columns.end_ns[row])),
        )
    ]


def _missing(bars: TradedBars, row: int) -> int:
    """Return how many sessions of daily bars, or bars of a session, are missing after a row, if they make a gap."""
    zone = bars.hours.time_zone
    end_ns = zone.local_ns(int(bars.columns.end_ns[row]))
    next_ns = zone.local_ns(int(bars.columns.time_ns[row + 1]))
    if next_ns - end_ns <= 0:
        return 0
    if bars.span_ns >= DAY_NS:
        first, last = zone.local_ns(int(bars.columns.time_ns[row])) // DAY_NS, next_ns // DAY_NS
        return sum(bars.hours.is_day_open(day) for day in range(first + 1, last))
    # Within one session: nights are no gaps.
    is_one_session = end_ns // DAY_NS == next_ns // DAY_NS and bars.hours.is_open_during_ns(end_ns, next_ns, False)
    count = (next_ns - end_ns) // bars.span_ns
    return count if is_one_session and count > max(_QUIET_NS // bars.span_ns, 1) else 0


def made_up_data(run: Examined) -> list[Finding]:
    """Find that the bars that were traded on are made up."""
    streams = run.watched.streams
    names = [
        symbol.value
        for symbol in dict.fromkeys(fill.symbol for fill in run.fills)
        if symbol in streams and run.source.is_synthetic(symbol, streams[symbol].resolution, streams[symbol].tick_type)
    ]
    if not names:
        return []
    return [
        Finding(
            code=FindingCode.MADE_UP_DATA,
            severity=Severity.WARNING,
            sentence=f"The bars of {', '.join(names[:5])}{', …' if len(names) > 5 else ''} are made up, not recorded.",
            advice="The figures tell nothing of a market. Run it on recorded data: --data lean:DIR or store:DIR.",
            evidence={"symbols": float(len(names))},
        )
    ]

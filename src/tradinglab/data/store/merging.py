"""New bars and those that are stored: which are known, which differ, and what comes of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Flags, Floats, Ints
from tradinglab.data.errors import StoreError
from tradinglab.data.store.checks import wrong_rows
from tradinglab.data.store.files import Values
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.options import OnConflict

DAY_US = 86_400_000_000
#: Bars of which a file holds a month; of all others it holds a year.
BY_MONTH = (Resolution.SECOND, Resolution.TICK)
_LAST_YEAR = 9999
_MAY_BE_NEGATIVE = (SecurityType.CFD, SecurityType.FUTURE, SecurityType.INDEX)

Bars = tuple[Ints, dict[str, Floats]]


@dataclass(frozen=True, slots=True)
class Merged:
    """What comes of new bars and stored ones.

    Attributes
    ----------
    bars
        All of them, in order of time; ``None`` if nothing is to be written.
    added
        How many new ones were not stored.
    used
        Starts of the new ones that count: those of the others were stored, and stay as they were.
    restated
        Starts of stored bars that were replaced by others, and their values before and after.
    """

    bars: Bars | None
    added: int
    used: Ints
    restated: tuple[Ints, dict[str, Floats], dict[str, Floats]] | None = None


def chosen(key: SeriesKey, times_us: Ints, values: Values) -> Bars:
    """Return bars with the fields of their series alone, as numbers of eight bytes."""
    return times_us.astype(np.int64, copy=False), {
        name: values[name].astype(np.float64, copy=False) for name in key.fields
    }


def check_bars(key: SeriesKey, times_us: Ints, values: Values) -> None:
    """Refuse bars that lack a field, are out of order or wrong.

    Raises
    ------
    StoreError
        Naming the first that is.
    """
    missing = [name for name in key.fields if name not in values]
    if missing or len(times_us) == 0:
        raise StoreError(f"Bars of {key} to store lack {', '.join(missing) or 'rows'}.")
    short = next((name for name in key.fields if len(values[name]) != len(times_us)), None)
    if short is not None:
        raise StoreError(
            f"Bars of {key} to store have {len(times_us)} times and {len(values[short])} values of '{short}'."
        )
    steps = np.diff(times_us)
    wrong = steps < 0 if key.resolution == Resolution.TICK else steps <= 0
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0]) + 1
        raise StoreError(
            f"Bars of {key} must be in order of time; that at {np.datetime64(int(times_us[row]), 'us')} is not."
        )
    allow_negative = key.security_type in _MAY_BE_NEGATIVE
    _, problems = wrong_rows({name: values[name] for name in key.fields}, allow_negative=allow_negative)
    for problem in problems[:1]:
        when, value = np.datetime64(int(times_us[problem.row]), "us"), values[problem.field][problem.row]
        raise StoreError(f"{key} at {when}, field '{problem.field}': {problem.text} It was {value}.")


def merge(key: SeriesKey, old: Bars, new: Bars, on_conflict: OnConflict) -> Merged:
    """Merge new bars into stored ones; ticks of one time count together.

    Raises
    ------
    StoreError
        If bars of one time differ and *on_conflict* is ``error``.
    """
    (old_times, old_values), (times, values) = old, new
    if len(old_times) == 0:
        return Merged(new, len(times), times)
    known = np.isin(times, old_times)
    changed = _changed_ticks(old, new) if key.resolution == Resolution.TICK else _changed(old, new)
    if changed.any() and on_conflict == "error":
        when = np.datetime64(int(times[changed][0]), "us")
        raise StoreError(
            f"{int(changed.sum()):,} of the bars of {key} differ from those stored, the first at {when} UTC. "
            "Say what becomes of them (on_conflict, --on-conflict): 'replace' takes the new, 'keep' the stored ones."
        )
    use = ~known | (changed if on_conflict == "replace" else False)
    if not use.any():
        return Merged(None, 0, times[:0])
    kept = ~np.isin(old_times, times[use])
    joined = np.concatenate([old_times[kept], times[use]])
    order = np.argsort(joined, kind="stable")
    merged = {name: np.concatenate([old_values[name][kept], values[name][use]])[order] for name in key.fields}
    restated = None
    if on_conflict == "replace" and changed.any() and key.resolution != Resolution.TICK:
        at = np.searchsorted(old_times, times[changed])
        before = {name: old_values[name][at] for name in key.fields}
        restated = times[changed], before, {name: values[name][changed] for name in key.fields}
    return Merged((joined[order], merged), int((~known).sum()), times[use], restated)


def _changed(old: Bars, new: Bars) -> Flags:
    """Return which bars differ from those stored at their time."""
    (old_times, old_values), (times, values) = old, new
    at = np.minimum(np.searchsorted(old_times, times), len(old_times) - 1)
    different = np.zeros(len(times), np.bool_)
    for name, column in values.items():
        before = old_values[name][at]
        different |= (column != before) & ~(np.isnan(column) & np.isnan(before))
    different[old_times[at] != times] = False
    return different


def _changed_ticks(old: Bars, new: Bars) -> Flags:
    """Return which ticks are of a time whose ticks, in their order, are others than those stored."""
    (old_times, old_values), (times, values) = old, new
    both, counts = np.unique(times, return_counts=True)
    first, last = np.searchsorted(old_times, both), np.searchsorted(old_times, both, side="right")
    resized = both[(last > first) & (last - first != counts)]
    rank = np.arange(len(times)) - np.searchsorted(times, times)
    at = np.searchsorted(old_times, times) + rank
    inside = np.minimum(at, len(old_times) - 1)
    differ = np.zeros(len(times), np.bool_)
    for name, column in values.items():
        before = old_values[name][inside]
        differ |= (column != before) & ~(np.isnan(column) & np.isnan(before))
    differ &= (at < len(old_times)) & (old_times[inside] == times)
    found: Flags = np.isin(times, np.concatenate([resized, times[differ]]))
    return found


def years_of(times_us: Ints) -> Ints:
    """Return the year (UTC) of each time."""
    years: Ints = times_us.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
    return years


def periods_of(resolution: Resolution, times_us: Ints) -> Ints:
    """Return the file that each time belongs to: its year (UTC), 2024; of seconds and ticks its month, 202401.

    A year of seconds around the clock is 31.5 million bars: whoever writes or changes some would have all in memory.
    """
    if resolution not in BY_MONTH:
        return years_of(times_us)
    months = times_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    found: Ints = (1970 + months // 12) * 100 + months % 12 + 1
    return found


def period_name(number: int) -> str:
    """Return a period as the names of files have it."""
    return f"{number:04}" if number <= _LAST_YEAR else f"{number // 100:04}-{number % 100:02}"


def order_of(key: SeriesKey, times: Ints) -> Ints:
    """Return the order that sorts times and keeps, of equal ones, the last, but every tick."""
    order = np.argsort(times, kind="stable")
    if key.resolution == Resolution.TICK or len(order) == 0:
        return order
    ordered = times[order]
    found: Ints = order[np.append(ordered[1:] != ordered[:-1], True)]
    return found


def by_periods(resolution: Resolution, blocks: Iterable[Bars]) -> Iterator[Bars]:
    """Yield bars, which come in order of time, in pieces of those that go into one file."""
    kept: list[Bars] = []
    for times, values in blocks:
        periods = periods_of(resolution, times)
        borders = np.flatnonzero(np.diff(periods)) + 1
        for begin, end in zip([0, *borders.tolist()], [*borders.tolist(), len(times)], strict=True):
            if kept and periods_of(resolution, kept[-1][0][-1:])[0] != periods[begin]:
                yield _joined(kept)
                kept = []
            kept.append((times[begin:end], {name: column[begin:end] for name, column in values.items()}))
    if kept:
        yield _joined(kept)


def _joined(parts: list[Bars]) -> Bars:
    names = list(parts[0][1])
    return np.concatenate([times for times, _ in parts]), {
        name: np.concatenate([values[name] for _, values in parts]) for name in names
    }

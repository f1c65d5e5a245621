"""Rows as sources send them to the columns of a part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from tradinglab.core.clock import DAY_NS, Zone, date_of_day
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.errors import CoreError
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.periods import PERIODS
from tradinglab.data.sources.errors import NotServedError
from tradinglab.data.sources.protocol import About, Action, Fetched, Origin, SeriesKey, SeriesMeta, Serves

_US = 1_000
_DAY_US = DAY_NS // _US
SECOND_US = 1_000_000
#: A source's single-precision floats carry so many digits.
_DIGITS = 7
_MOST_PLACES = {SecurityType.EQUITY: 4}


def served(about: About, key: SeriesKey) -> Serves:
    """Return what a source has of the kind of a series.

    Raises
    ------
    NotServedError
        If it has nothing.
    """
    found = about.served(key)
    if found is not None:
        return found
    has = "; ".join(
        f"{each.security_type.name.lower()}"
        + (f" ({', '.join(each.markets)})" if each.markets else "")
        + f": {', '.join(one.name.lower() for one in each.resolutions)}"
        for each in about.serves
    )
    raise NotServedError(about.name, f"It has no bars of {key}. It has {has}.", symbol=key.ticker)


def data_zone(key: SeriesKey) -> Zone:
    """Return the zone in which a series' days begin."""
    try:
        return MarketHoursDatabase.default().get_data_time_zone(key.market, key.ticker, key.security_type)
    except CoreError as problem:
        raise NotServedError(
            "sources", f"The hours of the market are not known: {problem}", symbol=key.ticker
        ) from None


def starts_of_days(key: SeriesKey, days: Ints) -> Ints:
    """Return when days begin, in microseconds UTC; days count from 1970-01-01."""
    return data_zone(key).utc_ns_array(days * DAY_NS) // _US


def days_of(times_us: Ints, zone: Zone) -> Ints:
    """Return the days of instants on a wall clock."""
    return zone.local_ns_array(times_us * _US) // DAY_NS


def day_text(us: int) -> str:
    """Return the day (UTC) of an instant."""
    return str(date_of_day(us // _DAY_US))


def complete_until(key: SeriesKey, now_us: int) -> int:
    """Return the end of the last bar whose time is over."""
    if key.resolution == Resolution.DAILY:
        day = days_of(np.array([now_us]), data_zone(key))
        return int(starts_of_days(key, day)[0])
    period = PERIODS[key.resolution] // _US
    return now_us // period * period


def pages(start_us: int, end_us: int, length_us: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of a length that together make up a range."""
    at = start_us
    while at < end_us:
        yield at, min(end_us, at + length_us)
        at += length_us


def origin_of(source: str, symbol: str, key: SeriesKey, start_us: int, end_us: int, *bodies: bytes) -> Origin:
    """Return where a part is from: source, symbol, resolution and days, and the hash of what was answered."""
    digest = hashlib.sha256()
    for body in bodies:
        digest.update(body)
    resolution = key.resolution.name.lower()
    span = f"{day_text(start_us)}..{day_text(max(start_us, end_us - 1))}"
    return Origin(f"{source}: {symbol} {resolution} {span}", digest.hexdigest())


def rounded(prices: Floats, security_type: SecurityType) -> Floats:
    """Return prices without the noise of single precision: seven digits, of shares at most four decimals."""
    found: Floats = prices.copy()
    known = np.isfinite(prices) & (prices != 0)
    before = np.floor(np.log10(np.abs(prices[known]))).astype(np.int64) + 1
    places = np.clip(_DIGITS - before, 0, _MOST_PLACES.get(security_type, 12))
    # Of prices below one, four decimals would be less than their seven digits: keep six.
    places = np.where(before <= 0, np.clip(_DIGITS - before, 0, 6 if security_type in _MOST_PLACES else 12), places)
    numbers = prices[known]
    for count in np.unique(places).tolist():
        at = places == count
        numbers[at] = np.round(numbers[at], int(count))
    found[known] = numbers
    return found


def part(
    key: SeriesKey,
    start_us: int,
    end_us: int,
    times_us: Ints,
    values: Mapping[str, Floats],
    *,
    meta: SeriesMeta,
    origin: Origin,
    actions: Sequence[Action] = (),
    notes: Sequence[str] = (),
) -> Fetched:
    """Return rows as a part: those in its range, in order, none twice, none without prices.

    What was left out is told in its notes.
    """
    told = list(notes)
    prices = [values[name] for name in key.fields if name != "volume"]
    inside = (times_us >= start_us) & (times_us < end_us)
    blank = inside & ~np.logical_and.reduce([np.isfinite(column) for column in prices])
    if blank.any():
        first = np.datetime64(int(times_us[blank][0]), "us")
        told.append(f"{int(blank.sum())} rows without prices were left out, the first at {first} UTC")
    rows = np.flatnonzero(inside & ~blank)
    order = rows[np.argsort(times_us[rows], kind="stable")]
    times = times_us[order]
    last = np.append(times[1:] != times[:-1], True) if len(times) else np.empty(0, np.bool_)
    if not last.all():
        told.append(f"{int((~last).sum())} rows repeated the time of another; the last of each time was taken")
    order = order[last]
    if not len(order) and not told:
        told.append(f"no bars from {day_text(start_us)} to {day_text(max(start_us, end_us - 1))}")
    return Fetched(
        key=key,
        start_us=start_us,
        end_us=end_us,
        times_us=times_us[order],
        values={name: np.ascontiguousarray(values[name][order]) for name in key.fields},
        actions=tuple(actions),
        meta=meta,
        origin=origin,
        notes=tuple(told),
    )

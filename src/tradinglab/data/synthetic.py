"""Made-up bars: minutes and seconds inside real days, and whole histories out of nothing.

Nothing here is market data, and what serves it says so (``Coverage.is_synthetic``, a warning of the
source). The same seed gives the same bars, whatever range is asked for: every day has its own
stream of random numbers.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import numpy.typing as npt

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, Zone
from tradinglab.core.enums import TickType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns, Floats, Ints, ScaledExact

if TYPE_CHECKING:
    from tradinglab.core.market_hours import SecurityExchangeHours

UNIT = Decimal("0.0001")
_TICKS = 10_000  # per currency unit
_CENT = 100  # ticks
_PRICES = ("open", "high", "low", "close")
_WICK = 0.15  # mean wick of a minute, in standard deviations of its move
_TRADING_DAYS = 252


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticModel:
    """How made-up days move.

    Attributes
    ----------
    first_price
        Price at the first open.
    drift, volatility
        Of a year of 252 days, as fractions.
    volume
        Mean volume of a day.
    """

    first_price: float = 100.0
    drift: float = 0.06
    volatility: float = 0.2
    volume: int = 5_000_000


def synthetic_days(days: Ints, zone: Zone, seed: int, model: SyntheticModel | None = None) -> BarColumns:
    """Return made-up daily bars of the given days, in cents.

    Parameters
    ----------
    days
        Days since 1970-01-01, in order.
    zone
        The time zone in which a day begins.
    seed
        What tells one history from another.
    """
    model = model or SyntheticModel()
    rng = np.random.Generator(np.random.PCG64(seed))
    count, sigma = len(days), model.volatility / np.sqrt(_TRADING_DAYS)
    moves = rng.normal(model.drift / _TRADING_DAYS - sigma**2 / 2, sigma, (count, 2)) / np.sqrt([[4.0], [4.0 / 3]]).T
    path = model.first_price * np.exp(np.cumsum(moves.ravel()) - moves.ravel()[0])
    opens, closes = path[::2], path[1::2]
    reach = np.abs(rng.normal(0, sigma / 2, (2, count)))
    highs, lows = np.maximum(opens, closes) * np.exp(reach[0]), np.minimum(opens, closes) * np.exp(-reach[1])
    prices = np.maximum(np.rint(np.stack([opens, highs, lows, closes]) * _TICKS / _CENT), 1).astype(np.int64) * _CENT
    volumes = np.rint(model.volume * rng.lognormal(-0.045, 0.3, count))
    return _columns(days * DAY_NS, DAY_NS, prices, volumes, zone)


def minutes_of_days(daily: BarColumns, hours: SecurityExchangeHours, seed: int) -> BarColumns:
    """Return made-up one-minute bars that add up to the given daily ones.

    The first open, the last close, the highest high, the lowest low and the sum of volumes of every
    regular session are the day's own; the way between them is a random walk. Days without a session
    have no bars.
    """
    return parts_of_days(daily, hours, seed, MINUTE_NS)


def parts_of_days(daily: BarColumns, hours: SecurityExchangeHours, seed: int, period_ns: int) -> BarColumns:
    """Return made-up bars of another length that add up to the given daily ones, as minutes do."""
    if len(daily) == 0:
        return BarColumns.empty(TickType.TRADE)
    zone = hours.time_zone
    days = zone.local_ns_array(daily.time_ns) // DAY_NS
    opens, closes = hours.segments(int(days[0]), int(days[-1]), False)
    prices = np.rint(np.stack([daily.values[name] for name in _PRICES]) * _TICKS).astype(np.int64)
    times, bars, volumes = [], [], []
    for row, day in enumerate(days.tolist()):
        # A market that does not close at midnight has one segment for several days.
        firsts, lasts = np.maximum(opens, day * DAY_NS), np.minimum(closes, (day + 1) * DAY_NS)
        inside = firsts < lasts
        if not inside.any():
            continue
        parts = [np.arange(first, last, period_ns) for first, last in zip(firsts[inside], lasts[inside], strict=True)]
        local = np.concatenate(parts)
        rng = np.random.Generator(np.random.Philox(key=seed & (1 << 64) - 1, counter=[0, 0, 0, day & (1 << 64) - 1]))
        times.append(local)
        bars.append(_walk(prices[:, row], len(local), rng))
        volumes.append(_share(int(daily.values["volume"][row]), len(local), rng))
    if not times:
        return BarColumns.empty(TickType.TRADE)
    return _columns(np.concatenate(times), period_ns, np.concatenate(bars, axis=1), np.concatenate(volumes), zone)


def hours_of_minutes(minutes: BarColumns, zone: Zone) -> BarColumns:
    """Return the hourly bars, from full hour to full hour, that minutes add up to."""
    return periods_of_minutes(minutes, zone, HOUR_NS)


def periods_of_minutes(minutes: BarColumns, zone: Zone, period_ns: int) -> BarColumns:
    """Return the bars, from full period to full period of the zone's clock, that minutes add up to."""
    if len(minutes) == 0:
        return minutes
    local = zone.local_ns_array(minutes.time_ns) // period_ns
    first = np.flatnonzero(np.diff(local, prepend=local[0] - 1))
    last = np.append(first[1:], len(local)) - 1
    ticks = np.rint(np.stack([minutes.values[name] for name in _PRICES]) * _TICKS).astype(np.int64)
    prices = np.stack(
        [ticks[0][first], np.maximum.reduceat(ticks[1], first), np.minimum.reduceat(ticks[2], first), ticks[3][last]]
    )
    volumes = np.add.reduceat(minutes.values["volume"], first)
    return _columns(local[first] * period_ns, period_ns, prices, volumes, zone)


def seed_of(*names: object) -> int:
    """Return a seed made of names, the same in every process."""
    return crc32(" ".join(map(str, names)).encode())


def _walk(day: Ints, count: int, rng: np.random.Generator) -> Ints:
    """Return open, high, low and close of each minute, in ticks, within those of the day."""
    first, high, low, final = (float(price) for price in day)
    steps = rng.standard_normal(count)
    bridge = np.concatenate([[0.0], np.cumsum(steps)])
    bridge -= np.linspace(0, bridge[-1], count + 1)
    line = np.linspace(first, final, count + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(bridge > 0, (high - line) / bridge, np.where(bridge < 0, (low - line) / bridge, np.inf))
    scale = float(np.min(room[1:-1], initial=np.inf))
    scale = scale if np.isfinite(scale) else 0.0
    path = np.rint((line + scale * bridge) / _CENT) * _CENT
    path[0], path[-1] = first, final
    path = np.clip(path, low, high)
    opens, closes = path[:-1], path[1:]
    wicks = np.rint(rng.exponential(_WICK * max(scale, 1.0), (2, count)) / _CENT) * _CENT
    highs = np.minimum(np.maximum(opens, closes) + wicks[0], high)
    lows = np.maximum(np.minimum(opens, closes) - wicks[1], low)
    highs[np.argmax(highs)] = high
    lows[np.argmin(lows)] = low
    return np.stack([opens, highs, lows, closes]).astype(np.int64)


def _share(volume: int, count: int, rng: np.random.Generator) -> Floats:
    """Return a day's volume shared out to its minutes: much at both ends, little at noon."""
    position = np.linspace(-1, 1, count)
    weights = (0.4 + position**4 + 0.8 * position**2) * rng.lognormal(0, 0.4, count)
    edges = np.floor(np.cumsum(weights) / weights.sum() * volume + 0.5)
    edges[-1] = volume
    return np.diff(edges, prepend=0.0)


def _columns(local_ns: Ints, period: int, prices: Ints, volumes: npt.NDArray[np.float64], zone: Zone) -> BarColumns:
    values = {name: prices[at] / float(_TICKS) for at, name in enumerate(_PRICES)}
    values["volume"] = volumes
    return BarColumns(
        TickType.TRADE,
        zone.utc_ns_array(local_ns),
        zone.utc_ns_array(local_ns + period),
        values,
        {name: ScaledExact(prices[at], UNIT) for at, name in enumerate(_PRICES)},
    )

"""Splits and dividends of imported files into the factor table of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import DAY_NS, Zone
from tradinglab.core.decimals import ONE, to_decimal
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.derivation import Action, actions_from_adjusted

if TYPE_CHECKING:
    from tradinglab.data.store.bar_store import BarStore
    from tradinglab.data.store.layout import SeriesKey

ACTION_FIELDS = ("adjusted", "dividend", "split")
_US = 1_000


@dataclass(frozen=True, slots=True)
class StoredFactors:
    """How many events of an import went into a factor table."""

    dividends: int
    splits: int


def may_have_actions(key: SeriesKey) -> bool:
    """Return whether files of a series are looked through for splits and dividends."""
    return (
        key.security_type == SecurityType.EQUITY
        and key.resolution == Resolution.DAILY
        and key.tick_type == TickType.TRADE
    )


def store_factors(
    store: BarStore, key: SeriesKey, zone: Zone, times_us: Ints, closes: Floats, extra: Mapping[str, Floats]
) -> StoredFactors:
    """Put the events of imported days into the store's factor table, in place of those it had on these days.

    Parameters
    ----------
    zone
        The zone in which a day begins.
    times_us, closes
        The days imported and their raw closes.
    extra
        ``adjusted`` closes, or ``dividend`` and ``split`` (new shares per old) of each day.
    """
    days = _days(times_us, zone)
    new = _actions(days, closes, extra)
    store.add_actions(key.security_type, key.market, key.ticker, new, source="import", span=(days[0], days[-1]))
    return StoredFactors(sum(action.dividend != 0 for action in new), sum(action.split_factor != 1 for action in new))


def actions_in(zone: Zone, times_us: Ints, closes: Floats, extra: Mapping[str, Floats]) -> list[Action]:
    """Return the splits and dividends that the columns of days tell; what they mean is said at `store_factors`."""
    return _actions(_days(times_us, zone), closes, extra)


def _days(times_us: Ints, zone: Zone) -> list[int]:
    found: list[int] = (zone.local_ns_array(times_us * _US) // DAY_NS).tolist()
    return found


def _actions(days: Sequence[int], closes: Floats, extra: Mapping[str, Floats]) -> list[Action]:
    if "dividend" in extra or "split" in extra:
        none = np.zeros(len(days))
        dividends, splits = np.nan_to_num(extra.get("dividend", none)), np.nan_to_num(extra.get("split", none))
        return [
            Action(day, to_decimal(dividend), ONE / to_decimal(split) if split else ONE)
            for day, dividend, split in zip(days, dividends.tolist(), splits.tolist(), strict=True)
            if dividend or split not in (0.0, 1.0)
        ]
    adjusted = extra["adjusted"]
    if not (np.isfinite(adjusted) & (adjusted > 0)).all():
        return []
    decimals: list[list[Decimal]] = [[to_decimal(one) for one in column.tolist()] for column in (closes, adjusted)]
    return actions_from_adjusted(days, *decimals)

"""Insights by security."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from tradinglab.algorithm.insights.arguments import symbol_of
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.insights.insight import Insight
    from tradinglab.core.symbol import Symbol

Filter = Callable[["Insight"], bool]


class GeneratedInsightsCollection(Dual):
    """Insights that were emitted together, as those are told who listen to ``insights_generated``."""

    def __init__(self, date_time_utc: datetime, insights: Iterable[Insight]) -> None:
        self.date_time_utc = date_time_utc
        self.insights = list(insights)


class InsightCollection(Dual):
    """Insights by security, and all that there ever were.

    What is removed or cleared is no longer among those of its security, but stays among all of them, except for
    :meth:`remove_insights`. Securities are named by symbol or ticker.
    """

    def __init__(self) -> None:
        self._by_symbol: dict[Symbol, list[Insight]] = {}
        self._complete: list[Insight] = []
        self._total = 0

    @property
    def count(self) -> int:
        """How many there are, expired ones among them that were not removed."""
        return sum(map(len, self._by_symbol.values()))

    @property
    def total_count(self) -> int:
        """How many there ever were."""
        return self._total

    def add(self, item: Insight) -> None:
        """Add an insight."""
        self._total += 1
        self._complete.append(item)
        self._by_symbol.setdefault(item.symbol, []).append(item)

    def add_range(self, insights: Iterable[Insight]) -> None:
        """Add insights."""
        for insight in insights:
            self.add(insight)

    def remove(self, item: Insight) -> bool:
        """Remove an insight from those of its security; return whether it was there."""
        insights = self._by_symbol.get(item.symbol, [])
        if item not in insights:
            return False
        insights.remove(item)
        if not insights:
            del self._by_symbol[item.symbol]
        return True

    def clear(self, symbols: Iterable[Symbol | str]) -> None:
        """Remove the insights of some securities."""
        for symbol in symbols:
            self._by_symbol.pop(symbol_of(symbol), None)

    def remove_expired_insights(self, utc_time: datetime) -> list[Insight]:
        """Remove the insights that have closed before a moment, and return them."""
        expired = [insight for insight in self if insight.is_expired(utc_time)]
        for insight in expired:
            self.remove(insight)
        return expired

    def remove_insights(self, filter: Filter) -> None:
        """Remove the insights of which a function says so, as if they had not been."""
        self._complete = [insight for insight in self._complete if not filter(insight)]
        for insight in self:
            if filter(insight):
                self.remove(insight)

    def contains(self, item: Insight) -> bool:
        """Whether an insight is among those of its security."""
        return item in self._by_symbol.get(item.symbol, ())

    def contains_key(self, symbol: Symbol | str) -> bool:
        """Whether a security has insights."""
        return bool(self._by_symbol.get(symbol_of(symbol)))

    def try_get_value(self, symbol: Symbol | str, out: None = None) -> tuple[bool, list[Insight] | None]:
        """Return whether a security has insights, and those."""
        found = self._by_symbol.get(symbol_of(symbol))
        return found is not None, None if found is None else list(found)

    def get_insights(self, filter: Filter | None = None) -> list[Insight]:
        """Return all insights that there ever were, or those of which a function says so."""
        return [insight for insight in self._complete if filter is None or filter(insight)]

    def get_active_insights(self, utc_time: datetime) -> list[Insight]:
        """Return the insights that hold at a moment, by security."""
        return [insight for insight in self if insight.is_active(utc_time)]

    def has_active_insights(self, symbol: Symbol | str, utc_time: datetime) -> bool:
        """Whether a security has an insight that holds at a moment."""
        return any(insight.is_active(utc_time) for insight in self._by_symbol.get(symbol_of(symbol), ()))

    def get_next_expiry_time(self) -> datetime | None:
        """Return when the next insight closes, UTC; ``None`` if there is none."""
        return min((insight.close_time_utc for insight in self), default=None)

    def get_enumerator(self) -> Iterator[Insight]:
        """Return the insights, one after the other, by security."""
        return iter(self)

    def __iter__(self) -> Iterator[Insight]:
        return iter([insight for insights in self._by_symbol.values() for insight in insights])

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return True

    def __contains__(self, item: object) -> bool:
        return any(item is insight for insight in self)

    def __getitem__(self, symbol: Symbol | str) -> list[Insight]:
        wanted = symbol_of(symbol)
        if wanted not in self._by_symbol:
            raise KeyError(f"There is no insight for {wanted}; ask contains_key before.")
        return list(self._by_symbol[wanted])

    def __setitem__(self, symbol: Symbol | str, insights: Iterable[Insight]) -> None:
        self._by_symbol[symbol_of(symbol)] = kept = list(insights)
        self._total += len(kept)

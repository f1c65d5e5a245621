"""Which ticker a security traded under, and when.

A map file is the history of one security: rows of the last day on which each ticker was used,
the first row being the first day of all. Days are counted from 1970-01-01.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from tradinglab.core.values import dataclass

FIRST_DAY_OF_ALL = -25_569  # 1899-12-30, the date of an identifier that has none


@dataclass(frozen=True, slots=True)
class MapRow:
    """A ticker (in capitals), the last day it was used, and the code of the exchange of its listing."""

    day: int
    ticker: str
    exchange: str = ""


@dataclass(frozen=True, slots=True)
class SymbolChange:
    """A security trades under another ticker from *day* on."""

    day: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class TickerSpan:
    """A ticker and the days, first and last, on which it was used."""

    ticker: str
    first_day: int
    last_day: int


class MapFile:
    """The tickers of one security.

    Parameters
    ----------
    permtick
        Name of the file: the last ticker, with a number if that was used by others as well.
    rows
        At least one row.
    """

    def __init__(self, permtick: str, rows: Iterable[MapRow]) -> None:
        self.permtick = permtick.upper()
        self.rows = sorted(dict.fromkeys(rows), key=lambda row: row.day)
        if not self.rows:
            raise ValueError(f"the map file of {permtick} has no rows")
        self._days = [row.day for row in self.rows]
        self.first_day = self._days[0]
        self.delisting_day = self._days[-1]
        self.first_ticker = _without_number(self.rows[0].ticker)

    def __repr__(self) -> str:
        return f"MapFile({self.permtick!r}, {len(self.rows)} rows)"

    def has_data(self, day: int) -> bool:
        """Return whether the security was listed on a day."""
        return self.first_day <= day <= self.delisting_day

    def ticker_on(self, day: int) -> str | None:
        """Return the ticker on a day, ``None`` after the last."""
        at = bisect_left(self._days, day)
        return self.rows[at].ticker if at < len(self.rows) else None

    def exchange_on(self, day: int) -> str:
        """Return the code of the exchange on which the security was listed on a day, "" if unknown."""
        at = bisect_left(self._days, day)
        return self.rows[min(at, len(self.rows) - 1)].exchange

    def spans(self, first_day: int, last_day: int) -> list[TickerSpan]:
        """Return the tickers from one day to another, both included."""
        found: list[TickerSpan] = []
        begin = max(first_day, self.first_day)
        for row in self.rows:
            end = min(row.day, last_day)
            if end < begin:
                continue
            if found and found[-1].ticker == row.ticker:
                found[-1] = TickerSpan(row.ticker, found[-1].first_day, end)
            else:
                found.append(TickerSpan(row.ticker, begin, end))
            begin = end + 1
        return found

    def changes(self, trading_days: Iterable[int], ticker: str) -> list[SymbolChange]:
        """Return the changes of ticker on the given days, which are in order and begin with *ticker*."""
        found = []
        known_until = self.first_day - 1
        for day in trading_days:
            if day <= known_until:
                continue
            at = bisect_left(self._days, day)
            if at == len(self.rows):
                break
            known_until, new = self._days[at], self.rows[at].ticker
            if new != ticker:
                found.append(SymbolChange(day, ticker, new))
                ticker = new
        return found


class MapFiles:
    """The map files of a market, found by ticker and day."""

    def __init__(self, files: Iterable[MapFile]) -> None:
        self._by_permtick = {file.permtick: file for file in files}
        self._by_ticker: dict[str, dict[int, MapFile]] = {}
        for file in self._by_permtick.values():
            for row in file.rows:
                self._by_ticker.setdefault(row.ticker, {}).setdefault(row.day, file)

    def __iter__(self) -> Iterator[MapFile]:
        return iter(self._by_permtick.values())

    def __len__(self) -> int:
        return len(self._by_permtick)

    def resolve(self, ticker: str, day: int) -> MapFile | None:
        """Return the history of the security that a ticker stood for on a day, if it is known.

        A ticker that several used belongs to the one whose use ended first on or after that day;
        after all of them, to the last.
        """
        ticker = ticker.upper()
        history = self._by_ticker.get(ticker)
        if history:
            days = sorted(history)
            file: MapFile | None = history[days[min(bisect_left(days, day), len(days) - 1)]]
        else:
            file = self._by_permtick.get(ticker)
        if file is None or (file.first_day > day and day != FIRST_DAY_OF_ALL):
            return None
        return file


def _without_number(ticker: str) -> str:
    """Return a ticker without the number that tells it from others: ``FB.1`` is ``FB``."""
    stem, point, number = ticker.rpartition(".")
    return stem if point and stem and number.isdecimal() else ticker

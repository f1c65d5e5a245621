"""Factors of what happened to the shares, and of the closes that are stored."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from tradinglab.core.clock import DAY_NS
from tradinglab.core.decimals import to_decimal
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.derivation import Action, actions_of_rows, factor_rows
from tradinglab.data.factors import FactorTable
from tradinglab.data.store.factor_book import Book, change_book, check_actions, load_book, read_table
from tradinglab.data.store.layout import SeriesKey, factor_name

if TYPE_CHECKING:
    from tradinglab.data.store.bar_store import BarStore

#: Closes are taken from the longest bars that there are.
_RESOLUTIONS: Final = (Resolution.DAILY, Resolution.HOUR, Resolution.MINUTE, Resolution.SECOND)
_GIVEN: Final = "factors"

Closes = tuple[list[int], list[Decimal]]


def add(
    store: BarStore,
    security_type: SecurityType,
    market: str,
    ticker: str,
    actions: Sequence[Action],
    source: str,
    span: tuple[int, int] | None,
) -> int:
    """Note splits and dividends and make the factors anew; return how many entries are new."""
    check_actions(actions, ticker)
    name = factor_name(security_type, market, ticker)
    new = 0

    def change(book: Book) -> tuple[Book, FactorTable | None]:
        nonlocal new
        closes = _closes(store, security_type, market, ticker)
        known = _with_given(store, name, book, closes)
        noted = known.noted(actions, source, span)
        new = len(noted.records) - len(known.records)
        return _derived(noted, closes) if new else (book, None)

    change_book(store.place, name, change)
    return new


def give(store: BarStore, security_type: SecurityType, market: str, ticker: str, table: FactorTable) -> Path:
    """Let a table be the factors of a ticker; return its file. What was noted before counts no more."""
    name = factor_name(security_type, market, ticker)

    def change(book: Book) -> tuple[Book, FactorTable]:
        days = _closes(store, security_type, market, ticker)[0]
        given = actions_of_rows(table.rows, days)
        span = (days[0], days[-1]) if days else None
        noted = book.noted(given, _GIVEN, span)
        return Book(records=noted.records, derived_through=None, versions=noted.versions), table

    book = change_book(store.place, name, change)
    return store.place.root / name.rpartition("/")[0] / book.versions[-1].file


def follow(store: BarStore, key: SeriesKey, first_us: int) -> None:
    """Make factors anew after bars were written, if they depend on them.

    They do if something happens on the first of these days or later: a factor is made of the close before the event.
    """
    if key.security_type != SecurityType.EQUITY or key.tick_type != TickType.TRADE:
        return
    name = factor_name(key.security_type, key.market, key.ticker)
    book, tag = load_book(store.place, name)
    if tag is None or (book.derived_through is None and book.versions):
        return  # nothing is noted, or the factors were given
    written = first_us * 1_000 // DAY_NS - 1  # the day before, as a zone may have it
    if book.derived_through is not None:
        since = min(book.derived_through + 1, written)
        if not any(action.day >= since for action in book.actions()):
            return

    def change(book: Book) -> tuple[Book, FactorTable | None]:
        return _derived(book, _closes(store, key.security_type, key.market, key.ticker))

    change_book(store.place, name, change)


def _derived(book: Book, closes: Closes) -> tuple[Book, FactorTable | None]:
    """Return a book and the factors that its actions come to."""
    days, prices = closes
    if not days:
        return book, None
    actions = _on_trading_days(book.actions(), days)
    table = FactorTable(factor_rows(days, prices, actions))
    return Book(records=book.records, derived_through=days[-1], versions=book.versions), table


def _on_trading_days(actions: Sequence[Action], days: Sequence[int]) -> list[Action]:
    """Return actions of days without bars on the first day after that has some, with what happens then."""
    found: dict[int, Action] = {}
    for action in actions:
        at = int(np.searchsorted(days, action.day))
        if at == len(days):
            continue
        day = days[at]
        other = found.get(day, Action(day))
        # A dividend of before a split is of shares that the split has changed.
        dividend = other.dividend * action.split_factor + action.dividend
        found[day] = Action(day, dividend, other.split_factor * action.split_factor)
    return [found[day] for day in sorted(found)]


def _with_given(store: BarStore, name: str, book: Book, closes: Closes) -> Book:
    """Return a book with what the factors say that came without one, as in a store of format 1."""
    if book.records or not closes[0]:
        return book
    table = read_table(store.place, name)
    return book if table is None else book.noted(actions_of_rows(table.rows, closes[0]), _GIVEN)


def _closes(store: BarStore, security_type: SecurityType, market: str, ticker: str) -> Closes:
    """Return the days of which there are bars and their raw closes."""
    for resolution in _RESOLUTIONS:
        key = SeriesKey(security_type, market, ticker.upper(), resolution, TickType.TRADE)
        if not store.has(key):
            continue
        times, values = store.read(key)
        zone = MarketHoursDatabase.default().get_entry(market, key.ticker, security_type).data_time_zone
        days = zone.local_ns_array(times * 1_000) // DAY_NS
        last = np.append(days[1:] != days[:-1], True)
        return days[last].tolist(), [to_decimal(close) for close in values["close"][last].tolist()]
    return [], []

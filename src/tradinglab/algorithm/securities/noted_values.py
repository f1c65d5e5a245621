"""What an account is worth, written down so that it can be worked out later.

Between two steps only prices change, and these stay where they are: in columns. So whoever wants the account's value
for the record notes the amounts that it has and the rows at which prices stand. The value is worked out when somebody
reads it, to the same digits and scale; for many notes together prices are read by the column.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby, islice, repeat
from operator import add, attrgetter, mul, truediv
from typing import TYPE_CHECKING, NamedTuple

from tradinglab.algorithm.securities.cash import Cash
from tradinglab.algorithm.securities.cash_book import CashBook
from tradinglab.algorithm.securities.currency_conversion import ConstantCurrencyConversion, SecurityCurrencyConversion
from tradinglab.algorithm.securities.price_cache import LAST, PriceCache
from tradinglab.core.decimals import ONE, ZERO

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.portfolio_totals import PortfolioTotals
    from tradinglab.algorithm.securities.position_plan import Mark, PositionReader
    from tradinglab.algorithm.securities.position_worths import PositionWorths
    from tradinglab.algorithm.securities.price_feed import FeedReader
    from tradinglab.data.columns import BarColumns

#: Of more positions than that the sum at once costs no more than to note where each of them stands.
_MOST_POSITIONS = 8


class _Rate(NamedTuple):
    """A rate that follows prices: where these are read, and which of the terms it is a factor of."""

    conversion: SecurityCurrencyConversion
    steps: list[tuple[FeedReader, bool]]
    terms: list[int]


class _Books(NamedTuple):
    """How the worth of all cash comes about, settled and not, as long as the same currencies are in both books."""

    cash: list[tuple[Cash, bool]]
    #: How many of them are settled.
    settled: int
    rates: list[_Rate]
    #: Those whose last point makes a rate.
    caches: Sequence[PriceCache]


class NotedValue:
    """What it takes to work out a value later, and the value as soon as that was done.

    Parameters
    ----------
    books
        How the worth of the cash comes about.
    terms
        Amounts of cash, those at constant rates multiplied by them.
    rows
        Where the prices of the moving rates stand.
    readers
        The positions that were paid for.
    mark
        Where their prices stand.
    """

    __slots__ = ("books", "exact", "mark", "readers", "rows", "terms")

    def __init__(
        self, books: _Books, terms: list[Decimal], rows: list[int], readers: Sequence[PositionReader], mark: Mark
    ) -> None:
        self.books = books
        self.terms = terms
        self.rows = rows
        self.readers = readers
        self.mark = mark
        self.exact: Decimal | None = None


class ValueNotes:
    """Notes the value of an account."""

    def __init__(self, portfolio: PortfolioTotals) -> None:
        self._portfolio = portfolio
        self._books: _Books | None = None
        self._holds_for: tuple[int, ...] = ()

    def note(self) -> NotedValue | Decimal:
        """Return what it takes to work out the present value, or the value where it is known or takes more."""
        portfolio = self._portfolio
        if portfolio._step != portfolio._cursor.step:
            portfolio.prices_moved()
        known = portfolio._total_value or portfolio._noted
        if known is not None:
            return known
        now = portfolio.cash_book.shape, portfolio.unsettled_cash_book.shape, PriceCache.pushes, Cash.heard
        if now != self._holds_for:
            self._holds_for = now
            self._books = _books_of(portfolio.cash_book, portfolio.unsettled_cash_book)
        books = self._books
        rows = None if books is None else _rows_of(books)
        held = None if rows is None else _held_now(portfolio._worths)
        if books is None or rows is None or held is None:
            return portfolio.exact_total_portfolio_value
        terms = [cash._amount if moves else cash._amount * cash._conversion._rate for cash, moves in books.cash]
        noted = NotedValue(books, terms, rows, *held)
        if not rows:  # a rate that moves may be another within the step
            portfolio._noted = noted
        return noted


def _books_of(book: CashBook, unsettled: CashBook) -> _Books | None:
    """Return how the worth of all cash comes about; ``None`` if some rate is not read from columns, or is heard."""
    everything = [*book._cash.values(), *unsettled._cash.values()]
    rates: dict[int, _Rate] = {}
    caches: list[PriceCache] = []
    for index, cash in enumerate(everything):
        conversion = cash._conversion
        if type(conversion) is ConstantCurrencyConversion:
            continue
        if type(conversion) is not SecurityCurrencyConversion or cash._updated_event is not None:
            return None
        rate = rates.get(id(conversion))
        if rate is None:
            steps = []
            for security, inverted in conversion.steps:
                readers = security.cache.last_readers
                if len(readers) != 1:
                    return None
                steps.append((readers[0], inverted))
                caches.append(security.cache)
            rate = rates[id(conversion)] = _Rate(conversion, steps, [])
        rate.terms.append(index)
    is_heard = book._updated_event is not None or unsettled._updated_event is not None
    if rates and is_heard:
        return None
    cash_and_moves = [(cash, id(cash._conversion) in rates) for cash in everything]
    return _Books(cash_and_moves, len(book._cash), list(rates.values()), caches)


def _rows_of(books: _Books) -> list[int] | None:
    """Return where the prices of moving rates stand; ``None`` if not all rates are to be read from there now."""
    rows: list[int] = []
    for rate in books.rates:
        if not rate.conversion.is_outdated:
            return None
        for reader, _ in rate.steps:
            row = reader.row()
            if row < 0:
                return None
            rows.append(row)
    for cache in books.caches:
        if LAST in cache._pushed:
            return None
    return rows


def _held_now(worths: PositionWorths) -> tuple[Sequence[PositionReader], Mark] | None:
    """Return what was paid for, and where its prices stand; ``None`` if there is more to some position, or too many."""
    invested = worths._invested
    if not invested:
        return _NOTHING
    if len(invested) > _MOST_POSITIONS:
        return None
    plan = worths.plan()
    if plan is not None:
        return plan.readers, plan.mark(worths._step)
    readers, rows = [], []
    for key, security in invested.items():
        if security.is_margined:
            return None
        if security.is_swapped:  # its base currency is in the cash book already
            continue
        reader = worths._reader_of(key, security)
        row = -1 if reader is None else reader.row()
        if reader is None or row < 0:
            return None
        readers.append(reader)
        rows.append(row)
    return readers, tuple(rows)


_NOTHING: tuple[Sequence[PositionReader], Mark] = ((), ())


def values_of(notes: Iterable[NotedValue]) -> list[Decimal]:
    """Return the values that were noted: what the account's sums were, in the same order of operations."""
    notes = list(notes)
    for _, alike in groupby(dict.fromkeys([note for note in notes if note.exact is None]), key=_books_of_note):
        together = list(alike)
        for note, value in zip(together, _values_of_alike(together), strict=True):
            note.exact = value
    return [note.exact for note in notes]  # type: ignore[misc]  # none is left out above


def exact_values(values: Iterable[NotedValue | Decimal]) -> list[Decimal]:
    """Return values of which some were only noted."""
    values = list(values)
    values_of([value for value in values if type(value) is NotedValue])
    return [value.exact if type(value) is NotedValue else value for value in values]  # type: ignore[misc]


_books_of_note = attrgetter("books")


def _values_of_alike(notes: list[NotedValue]) -> list[Decimal]:
    """Return the values of notes on the same books: one operation after another, each for all of them."""
    books = notes[0].books
    rows = zip(*[note.rows for note in notes], strict=True)
    terms = list(zip(*[note.terms for note in notes], strict=True))
    for rate in books.rates:
        factors: Iterable[Decimal] = repeat(ONE, len(notes))
        is_known = True
        for reader, inverted in rate.steps:
            prices = reader.exact_closes(list(next(rows)))
            is_known = is_known and all(prices)
            if is_known:
                factors = list(map(truediv if inverted else mul, factors, prices))
            else:
                factors = [_factor(*each, inverted) for each in zip(factors, prices, strict=False)]
        for index in rate.terms:
            terms[index] = tuple(map(mul, terms[index], factors))
    settled, unsettled = terms[: books.settled], terms[books.settled :]
    cash = map(add, _sums(settled, len(notes)), _sums(unsettled, len(notes)))
    return list(map(add, cash, _held(notes)))


def _factor(factor: Decimal, price: Decimal, inverted: bool) -> Decimal:
    if not factor or not price:
        return ZERO
    return factor / price if inverted else factor * price


def _sums(terms: list[tuple[Decimal, ...]], count: int) -> Iterable[Decimal]:
    sums: Iterable[Decimal] = repeat(ZERO, count)
    for term in terms:
        sums = map(add, sums, term)
    return sums


def _held(notes: list[NotedValue]) -> Iterable[Decimal]:
    """Return what was held at each note."""
    if not any(note.readers for note in notes):
        return repeat(ZERO, len(notes))
    runs: list[tuple[Sequence[PositionReader], int]] = []
    columns: dict[int, tuple[BarColumns, list[int]]] = {}
    for _, alike in groupby(notes, key=lambda note: id(note.readers)):
        together = list(alike)
        readers, marks = together[0].readers, [note.mark for note in together]
        runs.append((readers, len(marks)))
        for index, reader in enumerate(readers):
            steps = reader.rows
            rows = [steps[mark] if isinstance(mark, int) else mark[index] for mark in marks]  # type: ignore[index]
            columns.setdefault(id(reader.columns), (reader.columns, []))[1].extend(rows)
    prices = {key: iter(where.exact_rows("close", rows)) for key, (where, rows) in columns.items()}
    held: list[Decimal] = []
    for readers, count in runs:
        worths = [
            tuple(map(mul, islice(prices[id(reader.columns)], count), repeat(reader.quantity))) for reader in readers
        ]
        held += _sums(worths, count)
    return held

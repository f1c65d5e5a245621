"""What positions are worth at the present step, each worked out once, and their sums.

A step that brings other prices values every position anew. A fill changes one position: then the sums change by what
that one has become, not by a walk over all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache, partial
from typing import TYPE_CHECKING

from tradinglab.algorithm.margin_terms import MarginTerms
from tradinglab.algorithm.securities.position_plan import (
    Place,
    PositionPlan,
    PositionReader,
    TickWorths,
    plan_of,
    reader_of,
)
from tradinglab.algorithm.securities.price_cache import PriceCache
from tradinglab.core.decimals import ZERO

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.cash import Cash
    from tradinglab.algorithm.securities.cash_book import CashBook
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.algorithm.securities.time_keeper import Cursor

#: Sums of at most so many digits were not rounded on the way, whatever the order.
_EXACT_DIGITS = 26


@cache
def _margin_questions() -> tuple[object, Callable[[Security], Decimal]]:
    """Return the ordinary way to a position's margin, and the one by the security's own model."""
    from tradinglab.algorithm.models.buying_power import BuyingPowerModel, reserved_margin

    return BuyingPowerModel.get_maintenance_margin, reserved_margin


class _Sum:
    """A sum over positions that is kept while single ones change."""

    __slots__ = ("stale", "total")

    def __init__(self) -> None:
        self.total: Decimal | None = None
        #: Positions that have changed since, and their part of the sum until then.
        self.stale: dict[int, Decimal | None] = {}

    def reset(self) -> None:
        self.total = None
        if self.stale:
            self.stale.clear()

    def change(self, key: int, part: Decimal | None) -> None:
        if self.total is not None and key not in self.stale:
            self.stale[key] = part

    def replace(self, part: Decimal | None, other: Decimal | None) -> bool:
        """Put one part in another's place; return whether the sum still is what adding all parts gives.

        Its scale is the largest of theirs. With a part that has it, that scale may go.
        """
        total = self.total
        assert total is not None
        if part is not None and part.same_quantum(total) and (other is None or not other.same_quantum(total)):
            return False
        total = total - (part or ZERO) + (other or ZERO)
        self.total = total
        return len(total.as_tuple().digits) <= _EXACT_DIGITS


class PositionWorths:
    """The worth of each position in the account's currency, for the portfolio's sums.

    Parameters
    ----------
    invested
        The securities that are held, by their identities; it changes as positions do.
    cursor
        Says at which step prices are read.
    """

    __slots__ = (
        "_book", "_cursor", "_held", "_invested", "_known", "_last_ticks", "_margin", "_margined", "_place", "_plan",
        "_pushes", "_rate", "_readers", "_step", "_terms", "_version",
    )  # fmt: skip

    def __init__(self, invested: dict[int, Security], cursor: Cursor) -> None:
        self._invested = invested
        self._cursor = cursor
        self._step = cursor.step
        self._book: CashBook | None = None
        self._known: dict[int, Decimal] = {}
        self._readers: dict[int, PositionReader | None] = {}
        #: The readers of all positions; empty if there is more to some position than that.
        self._plan: PositionPlan | tuple[()] | None = None
        #: Where the positions stand in their columns, if their worths are worked out together.
        self._place: Place | None = None
        self._last_ticks: TickWorths | None = None
        self._held, self._margin = _Sum(), _Sum()
        self._margined: list[Security] | None = None
        self._pushes = self._terms = 0
        self._rate: Decimal | None = None
        self._version = 0

    def bind(self, book: CashBook) -> None:
        """Say which cash book the account has."""
        self._book = book
        book.listen(self._cash_changed)

    def _cash_changed(self, cash: Cash | None, is_new: bool) -> None:
        assert self._book is not None
        own = self._book._cash.get(self._book._account_currency)
        if own is not None and own._conversion.exact_conversion_rate is not self._rate:
            self._rate = own._conversion.exact_conversion_rate
            self._readers.clear()
            self._plan = None
            self._forget_all()

    # What changes them.

    def prices_moved(self) -> None:
        """Forget what was found at other prices. A next step on the same timeline is noticed without it."""
        self._step = self._cursor.step
        if self._known or self._place is not None:
            self._forget_all()

    def position_changed(self, security: Security) -> None:
        """Say that the quantity of a position is another, or that it has come or gone."""
        self._refresh()
        key = id(security)
        self._version += 1
        if security.is_margined or security.is_swapped:
            self._readers.pop(key, None)
            self._known.pop(key, None)
            self._plan = self._place = self._margined = None
            self._held.reset()
            self._margin.reset()
            return
        worth = self._worth_until_now(key)
        self._plan = self._place = None
        self._held.change(key, worth)
        if self._margin.total is None:
            return
        if worth is None:
            self._margin.change(key, None)
        elif has_ordinary_margin(security):
            self._margin.change(key, abs(worth) * security.buying_power_model._maintenance)
        else:
            self._margin.reset()

    def _worth_until_now(self, key: int) -> Decimal | None:
        """Forget what a position that changes was worth, and return it if it is part of a sum."""
        reader, worth = self._readers.pop(key, None), self._known.pop(key, None)
        if key not in self._invested:
            return None
        if worth is None and reader is not None and self._held.total is not None:
            worth = reader.worth(reader.row())
        return worth

    def _forget_all(self) -> None:
        self._version += 1
        self._place = None
        self._known.clear()
        self._held.reset()
        self._margin.reset()

    def _refresh(self) -> None:
        """Forget the worths if there are other prices, by time going by or by another way."""
        if self._step != self._cursor.step:
            self.prices_moved()
        if self._pushes != PriceCache.pushes:
            self._pushes = PriceCache.pushes
            self._readers.clear()
            self._plan = None
            self._forget_all()

    # What they are.

    def of(self, security: Security) -> Decimal:
        """Return what the position in a security is worth in the account's currency."""
        self._refresh()
        return self._of(id(security), security)

    def plan(self) -> PositionPlan | None:
        """Return the readers of all positions; ``None`` if there is more to some position, or none is held."""
        self._refresh()
        plan = self._plan
        if plan is None:
            plan = self._plan = plan_of(self._invested, self._reader_of, self._last_ticks) or ()
        return plan or None

    def later(self) -> tuple[object, Callable[[], tuple[Decimal, ...]]]:
        """Return a mark and what gives the worth that each position has now, whenever it is asked for.

        The mark is the same as long as all worths are; it is ``None`` if that cannot be told.
        """
        plan = self.plan()
        if plan is not None:
            ticks = self._in_ticks() if plan.ticks is not None else None
            if ticks is not None:
                return (plan, ticks[1]), partial(ticks[0].each, ticks[1])
            mark = plan.mark(self._step)
            return (plan, mark), partial(plan.each, mark)
        known = self._known
        worths = partial(tuple, [known.get(key) or self._of(key, each) for key, each in self._invested.items()])
        return self._version if known.keys() >= self._invested.keys() else None, worths

    def margined(self) -> list[Security]:
        """Return the securities held for which nothing was paid: only their profit counts."""
        found = self._margined
        if found is None:
            found = self._margined = [security for security in self._invested.values() if security.is_margined]
        return found

    def held(self) -> Decimal:
        """Return the worth of all positions that were paid for."""
        self._refresh()
        return self._total(self._held, self._all_held, self._part_of_held)

    def margin(self) -> Decimal:
        """Return the margin that all positions bind."""
        self._refresh()
        if self._terms != MarginTerms.changes:
            self._terms = MarginTerms.changes
            self._margin.reset()
        return self._total(self._margin, self._all_margin, self._part_of_margin)

    def _total(
        self, kept: _Sum, everything: Callable[[], tuple[Decimal, bool]], part_of: Callable[[int], Decimal | None]
    ) -> Decimal:
        """Return a sum: kept, changed by what has become of single parts, or made anew."""
        if kept.total is not None and all(kept.replace(old, part_of(key)) for key, old in kept.stale.items()):
            kept.stale.clear()
            return kept.total
        kept.reset()
        total, may_be_kept = everything()
        if may_be_kept:
            kept.total = total
        return total

    def _all_held(self) -> tuple[Decimal, bool]:
        known, total = self._known, ZERO
        ticks = self._in_ticks()
        if ticks is not None:
            return ticks[0].total(ticks[1]), True
        plan = self._plan
        if plan and not known:
            worths = [reader.worth(reader.row()) for reader in plan.readers]
            known.update(zip(plan.keys, worths, strict=True))
            return sum(worths, ZERO), True
        may_be_kept = True
        for key, security in self._invested.items():
            if security.is_margined or security.is_swapped:  # a pair's base currency is in the cash book already
                continue
            total += known.get(key) or self._of(key, security)
            may_be_kept = may_be_kept and key in known
        return total, may_be_kept

    def _in_ticks(self) -> tuple[TickWorths, Place] | None:
        """Return what works out all worths in integers, and where the positions stand; ``None`` if that cannot be."""
        plan = self.plan()
        if plan is None or plan.ticks is None:
            return None
        self._last_ticks = plan.ticks
        if self._place is None:
            self._place = plan.place(self._step)
        return plan.ticks, self._place

    def _part_of_held(self, key: int) -> Decimal | None:
        security = self._invested.get(key)
        return None if security is None else self._of(key, security)

    def _all_margin(self) -> tuple[Decimal, bool]:
        ordinary, reserved_margin = _margin_questions()
        known, total = self._known, ZERO
        may_be_kept = True
        for key, security in self._invested.items():
            model = security.buying_power_model
            if type(model).get_maintenance_margin is ordinary:
                total += abs(known.get(key) or self._of(key, security)) * model._maintenance
                may_be_kept = may_be_kept and key in known
            else:
                total += reserved_margin(security)
                may_be_kept = False
        return total, may_be_kept

    def _part_of_margin(self, key: int) -> Decimal | None:
        security = self._invested.get(key)
        if security is None:
            return None
        if not has_ordinary_margin(security):
            return _margin_questions()[1](security)
        return abs(self._of(key, security)) * security.buying_power_model._maintenance

    def _of(self, key: int, security: Security) -> Decimal:
        """Return what a position is worth, and remember it until its price or quantity changes.

        One in another currency is not remembered: its rate may change within a step.
        """
        worth = self._known.get(key)
        if worth:
            return worth
        reader = self._reader_of(key, security)
        if reader is not None:
            row = reader.row()
            if row >= 0:
                worth = self._known[key] = reader.worth(row)
                return worth
        worth = _worth_by_models(security)
        if self._is_own_currency(security):
            self._known[key] = worth
        return worth

    def _is_own_currency(self, security: Security) -> bool:
        return self._book is not None and security.quote_currency.symbol == self._book.account_currency

    def _reader_of(self, key: int, security: Security) -> PositionReader | None:
        if key not in self._readers:
            self._readers[key] = reader_of(security) if self._is_own_currency(security) else None
        return self._readers[key]


def _worth_by_models(security: Security) -> Decimal:
    holdings = security.holdings
    if holdings._price is not None:
        return holdings.exact_holdings_value
    # The same without the objects between.
    amount = security.exact_price * holdings._quantity * security.symbol_properties.exact_contract_multiplier
    return amount * security.quote_currency.exact_conversion_rate


def has_ordinary_margin(security: Security) -> bool:
    """Return whether the margin that keeping a position takes is a fixed share of its worth."""
    return type(security.buying_power_model).get_maintenance_margin is _margin_questions()[0]

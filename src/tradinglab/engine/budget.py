"""A bound below the money that is free, kept while orders of one step use it up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.api.callbacks import author_overrides
from tradinglab.algorithm.margin_terms import MarginTerms
from tradinglab.algorithm.models.fees import OrderFeeParameters
from tradinglab.algorithm.securities.price_cache import PriceCache
from tradinglab.core.decimals import ZERO
from tradinglab.engine.plain_models import has_plain_margin

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order, OrderEvent
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.engine.lanes import Lane

#: Money that an order needs is computed in floats; unless so much more is there, decimals decide.
_AMPLE = 1.01
_UNKNOWN = (-1, -1, -1, -1)


def carries_fee(spare: float | None, security: Security, order: Order) -> bool:
    """Return whether money that an order leaves (``Budget.spare``) is sure to suffice for its fee.

    Where that matters, the fee model is asked.
    """
    if spare is None:
        return True
    if spare < 0:
        return False
    fee = security.fee_model.get_order_fee(OrderFeeParameters(security, order))
    return fee.rough_amount < spare and str(fee._value._currency) == security.quote_currency.symbol


class Budget:
    """What orders may use, in floats and never too much; nothing where that is not known."""

    def __init__(self, algorithm: QCAlgorithm) -> None:
        self._algorithm = algorithm
        self._total = self._used = 0.0
        self._is_known = self._is_spent = False
        # An author who acts on events may change anything between a fill and the return to us.
        self._is_alone = author_overrides(algorithm, "on_order_event") is None
        # The instant, and how often money, positions, prices and leverages had been changed by then.
        self._holds_for = _UNKNOWN

    def spare(self, security: Security, lane: Lane, order: Order) -> float | None:
        """Return the money that an order leaves free for its fee, less than nothing if it is not sure to leave any.

        ``None`` if neither matters: it binds no money, or reduces a position, which is always allowed.
        """
        quantity, held = order._quantity, security._holdings._quantity
        if lane.is_free or (held and (held > ZERO) is not (quantity > ZERO) and abs(held) >= abs(quantity)):
            return None
        needed = abs(float(quantity)) * lane.closes[lane.at] * lane.margin * _AMPLE
        return self.free(security, needed) - needed

    def free(self, security: Security, needed: float) -> float:
        """Return the money that an order which opens or grows a position in a security may use at least.

        What orders have freed is counted in only if *needed* asks for it.
        """
        now = self._now()
        if self._holds_for != now:
            self._add_up(now)
        free = self._left(security)
        if free < needed and self._is_spent and self._is_known:
            self._add_up(now)
            free = self._left(security)
        return free

    def _left(self, security: Security) -> float:
        if not self._is_known:
            return 0.0
        return self._total * (1 - float(security.buying_power_model._required_free)) - self._used

    def is_of(self, utc_ns: int) -> bool:
        """Return whether what is free was added up at this instant, and nothing has changed since."""
        return self._is_known and self._holds_for[0] == utc_ns and self._holds_for == self._now()

    def spend(self, lane: Lane, fill: OrderEvent) -> None:
        """Take off what a fill binds at most, costs and loses against the present price.

        So nothing needs to be added up again for the next order.
        """
        if self._is_alone:
            size, price = abs(float(fill._exact_fill_quantity)), lane.closes[lane.at]
            lost = abs(float(fill._exact_fill_price) - price) * size * lane.multiplier
            self._total -= fill.order_fee.rough_amount + lost
            self._used += size * price * lane.margin
            self._is_spent = True
            self._holds_for = self._now()

    def _now(self) -> tuple[int, int, int, int]:
        algorithm = self._algorithm
        changes = algorithm.securities.changes
        return algorithm.time_keeper.utc_ns, changes, PriceCache.pushes, MarginTerms.changes

    def _add_up(self, now: tuple[int, int, int, int]) -> None:
        self._holds_for, self._is_spent = now, False
        self._is_known = self._is_plain()

    def _is_plain(self) -> bool:
        """Add up cash, positions and the margin that these bind; return whether all of it is plain."""
        portfolio = self._algorithm.portfolio
        total = used = 0.0
        for cash in portfolio.cash_book._cash.values():
            if cash._amount:
                total += float(cash._amount) * float(cash._conversion.exact_conversion_rate)
        for cash in portfolio.unsettled_cash_book._cash.values():
            if cash._amount:
                return False
        for security in portfolio.securities._invested.values():
            if security.is_margined or not has_plain_margin(security):
                return False
            holdings = security._holdings
            worth = holdings.price * holdings._float_quantity * float(security.quote_currency.exact_conversion_rate)
            worth *= float(security.symbol_properties.exact_contract_multiplier)
            if not security.is_swapped:  # a pair's base currency is in the cash book already
                total += worth
            used += abs(worth) * float(security.buying_power_model._maintenance)
        self._total, self._used = total, used
        return True

"""Commissions of Interactive Brokers, LEAN's default for shares, futures and options."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from tradinglab.algorithm.models.fees.base import USD, FeeModel, OrderFeeParameters, fee_of
from tradinglab.algorithm.models.fees.interactive_brokers_futures import contract_fee
from tradinglab.algorithm.orders import OrderFee
from tradinglab.core.decimals import ONE, ZERO, Number, to_decimal
from tradinglab.core.enums import OrderDirection, OrderType, SecurityType
from tradinglab.core.market import Market

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.securities import Security

# Monthly volume in dollars up to which a rate holds, the rate, and the smallest fee.
_FOREX_TIERS = (
    (Decimal(1_000_000_000), Decimal("0.000020"), Decimal("2.00")),
    (Decimal(2_000_000_000), Decimal("0.000015"), Decimal("1.50")),
    (Decimal(5_000_000_000), Decimal("0.000010"), Decimal("1.25")),
    (Decimal("Infinity"), Decimal("0.000008"), Decimal("1.00")),
)
# Monthly contracts up to which rates hold, and the rates by the premium from which they do.
_OPTION_TIERS: tuple[tuple[Decimal, tuple[tuple[str, str], ...]], ...] = (
    (Decimal(10_000), (("0.1", "0.65"), ("0.05", "0.5"), ("-Infinity", "0.25"))),
    (Decimal(50_000), (("0.05", "0.5"), ("-Infinity", "0.25"))),
    (Decimal(100_000), (("-Infinity", "0.25"),)),
    (Decimal("Infinity"), (("-Infinity", "0.15"),)),
)
_CFD_RATE = Decimal("0.00002")
_CFD_MINIMUM = {"JPY": Decimal("40.0"), "HKD": Decimal("10.0")}
_CFD_DEFAULT_MINIMUM = Decimal("1.0")


class ShareRate(NamedTuple):
    """Fee of a share, smallest fee of an order, and the largest as a fraction of its value."""

    currency: str
    per_share: Decimal
    minimum: Decimal
    maximum_rate: Decimal


US_SHARES = ShareRate(USD, Decimal("0.005"), ONE, Decimal("0.005"))
_SHARES = {Market.USA: US_SHARES, Market.INDIA: ShareRate("INR", Decimal("0.01"), Decimal(6), Decimal(20))}


def share_fee(rate: ShareRate, order: Order, security: Security) -> OrderFee:
    """Return the fee of an order for shares; the largest does not hold where the smallest is charged."""
    fee = rate.per_share * order.exact_absolute_quantity
    maximum = rate.maximum_rate * abs(order.get_exact_value(security))
    if fee < rate.minimum:
        fee = rate.minimum
    elif fee > maximum:
        fee = maximum
    return fee_of(abs(fee), rate.currency)


class InteractiveBrokersFeeModel(FeeModel):
    """Fixed-rate commissions.

    Parameters
    ----------
    monthly_forex_trade_amount_in_us_dollars
        Decides the tier of currency trades.
    monthly_options_trade_amount_in_contracts
        Decides the tier of options.
    """

    def __init__(
        self,
        monthly_forex_trade_amount_in_us_dollars: Number = 0,
        monthly_options_trade_amount_in_contracts: Number = 0,
    ) -> None:
        dollars = to_decimal(monthly_forex_trade_amount_in_us_dollars)
        contracts = to_decimal(monthly_options_trade_amount_in_contracts)
        _, self._forex_rate, self._forex_minimum = next(tier for tier in _FOREX_TIERS if dollars <= tier[0])
        rates = next(rates for limit, rates in _OPTION_TIERS if contracts <= limit)
        self._option_rates = tuple((Decimal(premium), Decimal(rate)) for premium, rate in rates)

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the commission.

        Raises
        ------
        ValueError
            If the broker does not trade the asset, or its rates are not known.
        """
        order, security = parameters.order, parameters.security
        if order.type == OrderType.OPTION_EXERCISE and order.security_type == SecurityType.OPTION:
            return OrderFee.ZERO
        rule = _RULES.get(security.type)
        if rule is None:
            raise ValueError(f"Unsupported security type: {security.type}")
        return rule(self, order, security)

    def _forex(self, order: Order, security: Security) -> OrderFee:
        fee = abs(self._forex_rate * order.get_exact_value(security))
        return fee_of(max(self._forex_minimum, fee), USD)

    def _option(self, order: Order, security: Security) -> OrderFee:
        if security.symbol.id.market != Market.USA:
            raise ValueError(f"InteractiveBrokersFeeModel(): unexpected option Market {security.symbol.id.market}")
        price = _potential_price(order, security)
        rate = next(rate for premium, rate in self._option_rates if price >= premium)
        return fee_of(max(order.exact_absolute_quantity * rate, Decimal("1.0")), USD)

    def _future(self, order: Order, security: Security) -> OrderFee:
        each = contract_fee(security)
        return fee_of(order.exact_absolute_quantity * each.exact_amount, each.currency)

    def _equity(self, order: Order, security: Security) -> OrderFee:
        market = security.symbol.id.market
        if market not in _SHARES:
            raise ValueError(f"InteractiveBrokersFeeModel(): unexpected equity Market {market}")
        return share_fee(_SHARES[market], order, security)

    def _cfd(self, order: Order, security: Security) -> OrderFee:
        currency = security.quote_currency.symbol
        fee = _CFD_RATE * abs(order.get_exact_value(security))
        return fee_of(max(fee, _CFD_MINIMUM.get(currency, _CFD_DEFAULT_MINIMUM)), currency)


_RULES: dict[SecurityType, Callable[[InteractiveBrokersFeeModel, Order, Security], OrderFee]] = {
    SecurityType.FOREX: InteractiveBrokersFeeModel._forex,
    SecurityType.OPTION: InteractiveBrokersFeeModel._option,
    SecurityType.INDEX_OPTION: InteractiveBrokersFeeModel._option,
    SecurityType.FUTURE: InteractiveBrokersFeeModel._future,
    SecurityType.FUTURE_OPTION: InteractiveBrokersFeeModel._future,
    SecurityType.EQUITY: InteractiveBrokersFeeModel._equity,
    SecurityType.CFD: InteractiveBrokersFeeModel._cfd,
}
_AT_MARKET = frozenset({OrderType.MARKET, OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE, OrderType.COMBO_MARKET})


def _potential_price(order: Order, security: Security) -> Decimal:
    """Return the price that an order may trade at, as LEAN guesses it: the near side of the quote at the market."""
    if order.type in _AT_MARKET:
        return security.exact_bid_price if order.direction == OrderDirection.BUY else security.exact_ask_price
    for name in ("exact_limit_price", "exact_stop_price"):
        price = getattr(order, name, None)
        if isinstance(price, Decimal):
            return price
    return ZERO

"""Fees of brokers of shares, currencies and options."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from tradinglab.algorithm.models.fees.base import USD, FeeModel, OrderFeeParameters, fee_of
from tradinglab.algorithm.models.fees.crypto import is_maker, unit_price
from tradinglab.algorithm.models.fees.interactive_brokers import US_SHARES, share_fee
from tradinglab.algorithm.orders import Order, OrderFee
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.enums import OrderType, SecurityType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol

_OPTIONS = frozenset({SecurityType.OPTION, SecurityType.INDEX_OPTION})
_FUTURES = frozenset({SecurityType.FUTURE, SecurityType.FUTURE_OPTION})


class EzeFeeModel(FeeModel):
    """Eze charges nothing that is modelled."""


class _PerShareFeeModel(FeeModel):
    """Base of the brokers that charge by the share."""

    default_fee: ClassVar[Decimal]

    def __init__(self, fees_per_share: Number | None = None) -> None:
        self._fees_per_share = self.default_fee if fees_per_share is None else to_decimal(fees_per_share)

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        return fee_of(self._fees_per_share * parameters.order.exact_absolute_quantity, USD)


class AxosFeeModel(_PerShareFeeModel):
    """Fees of Axos."""

    default_fee = Decimal("0.0035")


class RBIFeeModel(_PerShareFeeModel):
    """Fees of RBI."""

    default_fee = Decimal("0.005")


class WolverineFeeModel(_PerShareFeeModel):
    """Fees of Wolverine."""

    default_fee = Decimal("0.005")


class CharlesSchwabFeeModel(FeeModel):
    """Fees of Charles Schwab: options cost, all else is free."""

    _rates: ClassVar[dict[SecurityType, Decimal]] = {
        SecurityType.INDEX_OPTION: Decimal(1),
        SecurityType.OPTION: Decimal("0.65"),
        SecurityType.FUTURE_OPTION: ZERO,
    }

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        rate = self._rates.get(parameters.security.type)
        return OrderFee.ZERO if rate is None else fee_of(parameters.order.exact_absolute_quantity * rate, USD)


class TDAmeritradeFeeModel(FeeModel):
    """Fees of TD Ameritrade."""

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee.

        Raises
        ------
        ValueError
            If the asset is neither a share nor an option.
        """
        order = parameters.order
        if order.security_type == SecurityType.EQUITY:
            return fee_of(0, USD)
        if order.security_type == SecurityType.OPTION:
            return fee_of(Decimal("0.65") * order.exact_absolute_quantity, USD)
        raise ValueError(f"TDAmeritradeFeeModel has no fee for the security type {order.security_type}.")


class TastytradeFeeModel(FeeModel):
    """Fees of tastytrade: options cost when a position is opened, futures always."""

    _opening_rates: ClassVar[dict[SecurityType, Decimal]] = {
        SecurityType.OPTION: Decimal(1),
        SecurityType.INDEX_OPTION: Decimal(1),
        SecurityType.FUTURE_OPTION: Decimal("2.5"),
    }
    _future_rate: ClassVar[Decimal] = Decimal("1.25")

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        order, security = parameters.order, parameters.security
        rate = self._future_rate if security.type == SecurityType.FUTURE else ZERO
        if security.type in self._opening_rates and order.exact_quantity * security.holdings.exact_quantity >= 0:
            rate = self._opening_rates[security.type]
        return fee_of(order.exact_absolute_quantity * rate, USD)


class TradeStationFeeModel(FeeModel):
    """Fees of TradeStation.

    Parameters
    ----------
    us_resident
        Whether the account is of a resident of the United States; others pay 5 dollars a trade.
    """

    _rates: ClassVar[dict[SecurityType, Decimal]] = {
        SecurityType.OPTION: Decimal("0.6"),
        SecurityType.INDEX_OPTION: Decimal(1),
        SecurityType.FUTURE: Decimal("1.5"),
    }

    def __init__(self, us_resident: bool = True) -> None:
        self._us_resident = us_resident

    @property
    def us_resident(self) -> bool:
        """Whether the account is of a resident of the United States."""
        return self._us_resident

    @us_resident.setter
    def us_resident(self, value: bool) -> None:
        self._us_resident = value

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        kind = parameters.security.type
        fee = ZERO if self._us_resident or kind == SecurityType.FUTURE else Decimal("5.0")
        return fee_of(fee + parameters.order.exact_absolute_quantity * self._rates.get(kind, ZERO), USD)


class PublicFeeModel(FeeModel):
    """Fees of Public.com: shares cost outside regular hours, index options and crypto by size."""

    _crypto_tiers: ClassVar[tuple[tuple[Decimal, Decimal], ...]] = tuple(
        (Decimal(limit), Decimal(fee))
        for limit, fee in (
            ("10", "0.49"), ("25", "0.69"), ("50", "1.19"), ("100", "1.69"), ("250", "3.29"), ("500", "6.29"),
        )
    )  # fmt: skip
    _crypto_rate: ClassVar[Decimal] = Decimal("0.0125")

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        order, security = parameters.order, parameters.security
        if security.type == SecurityType.EQUITY:
            exchange = security.exchange
            is_regular = exchange.hours.is_open_ns(exchange.time_zone.local_ns(order.time_ns), False)
            return fee_of(ZERO if is_regular else Decimal("2.99"), USD)
        if security.type == SecurityType.INDEX_OPTION:
            return fee_of(order.exact_absolute_quantity * Decimal("0.50"), USD)
        if security.type == SecurityType.CRYPTO:
            multiplier = security.symbol_properties.exact_contract_multiplier
            amount = security.exact_price * multiplier * order.exact_absolute_quantity
            tier = next((fee for limit, fee in self._crypto_tiers if amount <= limit), None)
            return fee_of(amount * self._crypto_rate if tier is None else tier, USD)
        return OrderFee.ZERO


class ExanteFeeModel(FeeModel):
    """Fees of Exante.

    Parameters
    ----------
    forex_commission_rate
        Fraction of the value of a currency trade.
    """

    MARKET_USA_RATE: ClassVar[Decimal] = Decimal("0.02")
    DEFAULT_RATE: ClassVar[Decimal] = Decimal("0.02")

    def __init__(self, forex_commission_rate: Number = Decimal("0.25")) -> None:
        self._forex_commission_rate = to_decimal(forex_commission_rate)

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee.

        Raises
        ------
        ValueError
            If the broker does not trade the asset, or its rates are not known.
        """
        order, security = parameters.order, parameters.security
        quantity, market = order.exact_absolute_quantity, order.symbol.id.market
        if security.type == SecurityType.FOREX:
            return fee_of(abs(self._forex_commission_rate * order.get_exact_value(security)), USD)
        if security.type == SecurityType.EQUITY:
            if market == Market.USA:
                return fee_of(quantity * self.MARKET_USA_RATE, USD)
            return fee_of(quantity * order.exact_price * self.DEFAULT_RATE, USD)
        if security.type in _OPTIONS:
            if market != Market.USA:
                raise ValueError(f"Unsupported exchange: ${market}")
            return fee_of(quantity * Decimal("1.5"), USD)
        if security.type in _FUTURES:
            return fee_of(Decimal("1.5"), USD)
        raise ValueError(f"Unsupported security type: {security.type}")


class FxcmFeeModel(FeeModel):
    """Fees of FXCM: by the thousand units of a currency, less for the major pairs.

    Parameters
    ----------
    currency
        Currency of the account.
    """

    lab_majors: ClassVar[frozenset[Symbol]] = frozenset(
        Symbol.create(pair, SecurityType.FOREX, Market.FXCM)
        for pair in ("EURUSD", "GBPUSD", "USDJPY", "USDCHF", "AUDUSD", "EURJPY", "GBPJPY")
    )

    def __init__(self, currency: str = USD) -> None:
        self._currency = currency

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        security = parameters.security
        if security.type != SecurityType.FOREX:
            return fee_of(0, self._currency)
        rate = Decimal("0.04") if security.symbol in self.lab_majors else Decimal("0.06")
        return fee_of(rate * parameters.order.exact_absolute_quantity / 1000, self._currency)


class AlphaStreamsFeeModel(FeeModel):
    """The fees that strategies of QuantConnect's Alpha Streams were charged."""

    _per_unit: ClassVar[dict[SecurityType, Decimal]] = {
        SecurityType.FUTURE: Decimal("0.5"),
        SecurityType.FUTURE_OPTION: Decimal("0.5"),
        SecurityType.OPTION: Decimal("0.5"),
        SecurityType.CFD: ZERO,
    }

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee.

        Raises
        ------
        ValueError
            If there is no fee for the asset.
        """
        order, security = parameters.order, parameters.security
        if order.type == OrderType.OPTION_EXERCISE:
            return OrderFee.ZERO
        if security.type in self._per_unit:
            return fee_of(self._per_unit[security.type] * order.exact_absolute_quantity, USD)
        if security.type == SecurityType.FOREX:
            return fee_of(Decimal("0.000002") * abs(order.get_exact_value(security)), USD)
        if security.type == SecurityType.CRYPTO:
            return self._crypto(order, parameters)
        if security.type == SecurityType.EQUITY:
            if security.symbol.id.market != Market.USA:
                raise ValueError(f"AlphaStreamsFeeModel(): unexpected equity Market {security.symbol.id.market}")
            return share_fee(US_SHARES, order, security)
        raise ValueError(f"Unsupported security type: {security.type}")

    @staticmethod
    def _crypto(order: Order, parameters: OrderFeeParameters) -> OrderFee:
        security = parameters.security
        rate = Decimal("0.001") if is_maker(order, hidden_takes=True) else Decimal("0.002")
        value = unit_price(order, security) * order.exact_absolute_quantity
        return fee_of(value * rate, security.quote_currency.symbol)

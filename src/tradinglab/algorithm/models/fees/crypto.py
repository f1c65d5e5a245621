"""Fees of crypto exchanges: makers pay less than takers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.models.fees.base import USD, FeeModel, OrderFeeParameters, fee_of
from tradinglab.algorithm.orders import LimitOrder, Order, OrderFee
from tradinglab.core.currency_pairs import CurrencyPairUtil
from tradinglab.core.decimals import ONE, Number, to_decimal
from tradinglab.core.enums import OrderDirection, OrderType, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security


def is_maker(order: Order, *, hidden_takes: bool = False) -> bool:
    """Return whether an order adds to the book: a limit order that is post-only or was not marketable.

    Parameters
    ----------
    order
        The order.
    hidden_takes
        Whether a hidden order pays as a taker.
    """
    if order.type != OrderType.LIMIT:
        return False
    properties = order.properties
    if hidden_takes and getattr(properties, "hidden", False):
        return False
    return bool(getattr(properties, "post_only", False)) or not order.is_marketable


def currencies_of(security: Security) -> tuple[str, str]:
    """Return base and quote currency of a pair."""
    return CurrencyPairUtil.decompose_currency_pair(security.symbol, security.symbol_properties)


def unit_price(order: Order, security: Security) -> Decimal:
    """Return the value of one unit in the quote currency: at the limit, else at the quote that the order meets."""
    if isinstance(order, LimitOrder):
        price = order.exact_limit_price
    else:
        price = security.exact_ask_price if order.direction == OrderDirection.BUY else security.exact_bid_price
    return price * security.symbol_properties.exact_contract_multiplier


def received_currency_fee(order: Order, security: Security, rate: Decimal) -> OrderFee:
    """Return a fee that is taken from what is received: the base currency when buying, else the quote currency."""
    if order.direction == OrderDirection.BUY:
        return fee_of(order.exact_absolute_quantity * rate, currencies_of(security)[0])
    value = unit_price(order, security) * order.exact_absolute_quantity
    return fee_of(value * rate, security.quote_currency.symbol)


def position_fee(order: Order, security: Security, rate: Decimal) -> OrderFee:
    """Return a fee on the value of a future, in the currency that it is margined in."""
    value = security.holdings.exact_quantity_value(order.exact_absolute_quantity, security.exact_price)
    return fee_of(value.exact_amount * rate, value.cash.symbol)


class MakerTakerFeeModel(FeeModel):
    """Base of the exchanges that take spot fees from what is received, and futures fees from the margin.

    Parameters
    ----------
    maker_fee, taker_fee
        Fractions of the value; by default the exchange's first tier.
    """

    DEFAULT_MAKER_FEE: ClassVar[Decimal]
    DEFAULT_TAKER_FEE: ClassVar[Decimal]

    def __init__(self, maker_fee: Number | None = None, taker_fee: Number | None = None) -> None:
        self._maker_fee = self.DEFAULT_MAKER_FEE if maker_fee is None else to_decimal(maker_fee)
        self._taker_fee = self.DEFAULT_TAKER_FEE if taker_fee is None else to_decimal(taker_fee)

    def get_fee(self, order: Order, security: Security) -> Decimal:
        """Return the fraction of the value that *order* pays."""
        return self._maker_fee if is_maker(order) else self._taker_fee

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        order, security = parameters.order, parameters.security
        rate = self.get_fee(order, security)
        if security.symbol.security_type == SecurityType.CRYPTO_FUTURE:
            return position_fee(order, security, rate)
        return received_currency_fee(order, security, rate)


class BinanceFeeModel(MakerTakerFeeModel):
    """Fees of Binance and Binance US."""

    DEFAULT_MAKER_FEE = MAKER_TIER_1_FEE = Decimal("0.001")
    DEFAULT_TAKER_FEE = TAKER_TIER_1_FEE = Decimal("0.001")


class BinanceCoinFuturesFeeModel(BinanceFeeModel):
    """Fees of Binance's futures that are margined in coins."""

    DEFAULT_MAKER_FEE = MAKER_TIER_1_FEE = Decimal("0.0001")
    DEFAULT_TAKER_FEE = TAKER_TIER_1_FEE = Decimal("0.0005")


class BinanceFuturesFeeModel(BinanceFeeModel):
    """Fees of Binance's futures that are margined in dollars; cheaper in BUSD."""

    DEFAULT_MAKER_FEE = MAKER_TIER_1_USDT_FEE = Decimal("0.0002")
    DEFAULT_TAKER_FEE = TAKER_TIER_1_USDT_FEE = Decimal("0.0004")
    MAKER_TIER_1_BUSD_FEE = Decimal("0.00012")
    TAKER_TIER_1_BUSD_FEE = Decimal("0.00036")

    def __init__(
        self,
        maker_fee: Number | None = None,
        taker_fee: Number | None = None,
        maker_busd_fee: Number = MAKER_TIER_1_BUSD_FEE,
        taker_busd_fee: Number = TAKER_TIER_1_BUSD_FEE,
    ) -> None:
        super().__init__(maker_fee, taker_fee)
        self._maker_busd_fee, self._taker_busd_fee = to_decimal(maker_busd_fee), to_decimal(taker_busd_fee)

    def get_fee(self, order: Order, security: Security) -> Decimal:
        """Return the fraction of the value that *order* pays."""
        if currencies_of(security)[1] == "BUSD":
            return self._maker_busd_fee if is_maker(order) else self._taker_busd_fee
        return super().get_fee(order, security)


class BybitFeeModel(MakerTakerFeeModel):
    """Spot fees of Bybit."""

    DEFAULT_MAKER_FEE = MAKER_NON_VIP_FEE = Decimal("0.001")
    DEFAULT_TAKER_FEE = TAKER_NON_VIP_FEE = Decimal("0.001")


class BybitFuturesFeeModel(BybitFeeModel):
    """Fees of Bybit's futures."""

    DEFAULT_MAKER_FEE = MAKER_NON_VIP_FEE = Decimal("0.0002")
    DEFAULT_TAKER_FEE = TAKER_NON_VIP_FEE = Decimal("0.00055")


class dYdXFeeModel(MakerTakerFeeModel):  # noqa: N801 - the name is QuantConnect's
    """Fees of dYdX, which only trades futures."""

    DEFAULT_MAKER_FEE = Decimal("0.0001")
    DEFAULT_TAKER_FEE = Decimal("0.0005")

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        order, security = parameters.order, parameters.security
        return position_fee(order, security, self.get_fee(order, security))


class BitfinexFeeModel(FeeModel):
    """Fees of Bitfinex; a hidden order pays as a taker."""

    MAKER_FEE: ClassVar[Decimal] = Decimal("0.001")
    TAKER_FEE: ClassVar[Decimal] = Decimal("0.002")

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        order = parameters.order
        rate = self.MAKER_FEE if is_maker(order, hidden_takes=True) else self.TAKER_FEE
        return received_currency_fee(order, parameters.security, rate)


class FTXFeeModel(FeeModel):
    """Fees of FTX; who makes a purchase pays in the base currency."""

    maker_fee: Decimal = Decimal("0.0002")
    taker_fee: Decimal = Decimal("0.0007")

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        order, security = parameters.order, parameters.security
        is_buy = order.direction == OrderDirection.BUY
        if is_maker(order) and is_buy:
            return fee_of(order.exact_absolute_quantity * self.maker_fee, currencies_of(security)[0])
        rate = self.maker_fee if is_maker(order) else self.taker_fee
        price = security.exact_ask_price if is_buy else security.exact_bid_price
        value = price * security.symbol_properties.exact_contract_multiplier * order.exact_absolute_quantity
        return fee_of(value * rate, security.quote_currency.symbol)


class FTXUSFeeModel(FTXFeeModel):
    """Fees of FTX US."""

    maker_fee = Decimal("0.001")
    taker_fee = Decimal("0.004")


class KrakenFeeModel(FeeModel):
    """Fees of Kraken; pairs of fiat and stable coins cost a rate of their own."""

    MAKER_TIER_1_CRYPTO_FEE: ClassVar[Decimal] = Decimal("0.0016")
    TAKER_TIER_1_CRYPTO_FEE: ClassVar[Decimal] = Decimal("0.0026")
    TIER_1_FX_FEE: ClassVar[Decimal] = Decimal("0.002")

    fx_stablecoin_list: tuple[str, ...] = ("CAD", "EUR", "GBP", "JPY", "USD", "USDT", "DAI", "USDC")

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee: of a purchase in the quote currency, of a sale in the base, unless the order says so."""
        order, security = parameters.order, parameters.security
        rate = self.MAKER_TIER_1_CRYPTO_FEE if is_maker(order) else self.TAKER_TIER_1_CRYPTO_FEE
        if security.symbol.value.startswith(tuple(self.fx_stablecoin_list)):
            rate = self.TIER_1_FX_FEE
        in_quote = order.direction == OrderDirection.BUY
        if in_quote and getattr(order.properties, "fee_in_base", False):
            in_quote = False
        if not in_quote and getattr(order.properties, "fee_in_quote", False):
            in_quote = True
        base, quote = currencies_of(security)
        price = unit_price(order, security) if in_quote else ONE
        return fee_of(price * order.exact_absolute_quantity * rate, quote if in_quote else base)


class AlpacaFeeModel(FeeModel):
    """Fees of Alpaca: crypto pays in what is received, all else is free."""

    MAKER_CRYPTO_FEE: ClassVar[Decimal] = Decimal("0.0015")
    TAKER_CRYPTO_FEE: ClassVar[Decimal] = Decimal("0.0025")

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee."""
        order, security = parameters.order, parameters.security
        if security.symbol.security_type != SecurityType.CRYPTO:
            return fee_of(0, USD)
        is_resting = order.type == OrderType.LIMIT and not order.is_marketable
        rate = self.MAKER_CRYPTO_FEE if is_resting else self.TAKER_CRYPTO_FEE
        base, quote = currencies_of(security)
        if order.direction == OrderDirection.BUY:
            return fee_of(order.exact_absolute_quantity * rate, base)
        return fee_of(order.exact_absolute_quantity * security.exact_price * rate, quote)

"""What is checked before an order is taken: an order that fails here is never one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.orders import MarketOnCloseOrder, OrderResponse, SubmitOrderRequest
from tradinglab.algorithm.securities.security_types import PairSecurity
from tradinglab.core.clock import span_ns
from tradinglab.core.enums import OrderResponseErrorCode as Code
from tradinglab.core.enums import OrderType, Resolution, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.api.core import AlgorithmCore
    from tradinglab.algorithm.securities import Security

_PAIRED = (SecurityType.FOREX, SecurityType.CRYPTO)
_FUTURES = (SecurityType.FUTURE, SecurityType.FUTURE_OPTION)


class MarketNeverClosesError(ValueError):
    """An order for the open or the close of a market that has neither."""


def check_order(algorithm: AlgorithmCore, request: SubmitOrderRequest) -> OrderResponse:
    """Return whether an order may be submitted, or the first reason why not."""
    if algorithm.is_warming_up:
        return OrderResponse.warming_up(request)
    security = algorithm.securities.get(request.symbol)
    if security is None:
        return OrderResponse.missing_security(request)
    for check in (_check_size, _check_market, _check_currencies, _check_limits, _check_auction):
        problem = check(algorithm, request, security)
        if problem is not None:
            return problem
    return OrderResponse.success(request)


def is_daily_only(algorithm: AlgorithmCore, security: Security) -> bool:
    """Return whether a security has daily bars and no others."""
    configs = algorithm.subscription_manager.subscription_data_config_service.get_subscription_data_configs(
        security.symbol
    )
    return bool(configs) and all(config.resolution == Resolution.DAILY for config in configs)


def is_too_late_for_close(algorithm: AlgorithmCore, security: Security) -> bool:
    """Return whether it is too near the close for a market-on-close order."""
    hours = security.exchange.hours
    if hours.is_market_always_open:
        return False
    close_ns = hours.time_zone.utc_ns(hours.next_close_ns(hours.time_zone.local_ns(algorithm.lab_utc_ns), False))
    return algorithm.lab_utc_ns > close_ns - span_ns(MarketOnCloseOrder.submission_time_buffer)


def _check_size(algorithm: AlgorithmCore, request: SubmitOrderRequest, security: Security) -> OrderResponse | None:
    if request.exact_quantity == 0:
        return OrderResponse.zero_quantity(request)
    lot = security.symbol_properties.exact_lot_size
    if abs(request.exact_quantity) < lot:
        return OrderResponse.error(
            request,
            Code.ORDER_QUANTITY_LESS_THAN_LOT_SIZE,
            f"Unable to submit order with id {request.order_id} which quantity "
            f"({abs(request.exact_quantity)}) is less than lot size ({lot}).",
        )
    if not security.is_tradable:
        return OrderResponse.error(
            request,
            Code.NON_TRADABLE_SECURITY,
            f"The security with symbol '{request.symbol}' is marked as non-tradable.",
        )
    return None


def _check_market(algorithm: AlgorithmCore, request: SubmitOrderRequest, security: Security) -> OrderResponse | None:
    if security.type in _FUTURES and request.order_type == OrderType.MARKET_ON_OPEN:
        return OrderResponse.error(
            request, Code.EXCHANGE_NOT_OPEN, f"{request.order_type} orders not supported for {security.type}."
        )
    if security.exact_price == 0:
        return OrderResponse.error(
            request,
            Code.SECURITY_PRICE_ZERO,
            f"{request.symbol}: The security does not have an accurate price as it has not yet received a bar of data. "
            "Before placing a trade (or using set_holdings) warm up your algorithm with set_warmup, or use "
            "slice.contains_key(symbol) to confirm the slice object has price before using the data.",
        )
    return None


def _check_currencies(
    algorithm: AlgorithmCore, request: SubmitOrderRequest, security: Security
) -> OrderResponse | None:
    book = algorithm.portfolio.cash_book
    quote = security.quote_currency
    ticker = request.symbol.value
    if quote.symbol not in book:
        return OrderResponse.error(
            request, Code.QUOTE_CURRENCY_REQUIRED, f"{ticker}: requires {quote.symbol} in the cashbook to trade."
        )
    if quote.exact_conversion_rate == 0:
        return OrderResponse.error(
            request,
            Code.CONVERSION_RATE_ZERO,
            f"{ticker}: requires {quote.symbol} to have a non-zero conversion rate. "
            "This can be caused by lack of data.",
        )
    if security.type not in _PAIRED or not isinstance(security, PairSecurity):
        return None
    base = security.base_currency
    if base.symbol not in book:
        return OrderResponse.error(
            request,
            Code.FOREX_BASE_AND_QUOTE_CURRENCIES_REQUIRED,
            f"{ticker}: requires {base.symbol} and {quote.symbol} in the cashbook to trade.",
        )
    if book[base.symbol].exact_conversion_rate == 0:
        return OrderResponse.error(
            request,
            Code.FOREX_CONVERSION_RATE_ZERO,
            f"{ticker}: requires {base.symbol} and {quote.symbol} to have non-zero conversion rates. "
            "This can be caused by lack of data.",
        )
    return None


def _check_limits(algorithm: AlgorithmCore, request: SubmitOrderRequest, security: Security) -> OrderResponse | None:
    if not security.has_data:
        return OrderResponse.error(
            request,
            Code.SECURITY_HAS_NO_DATA,
            "There is no data for this symbol yet, please check the security.has_data flag to ensure there is at least "
            "one data point.",
        )
    if algorithm.transactions.orders_count > algorithm.lab_maximum_orders:
        algorithm.lab_stop()
        return OrderResponse.error(
            request,
            Code.EXCEEDED_MAXIMUM_ORDERS,
            f"You have exceeded maximum number of orders ({algorithm.lab_maximum_orders}); "
            "raise it with set_maximum_orders.",
        )
    return None


def _check_auction(algorithm: AlgorithmCore, request: SubmitOrderRequest, security: Security) -> OrderResponse | None:
    if request.order_type not in (OrderType.MARKET_ON_OPEN, OrderType.MARKET_ON_CLOSE):
        return None
    hours = security.exchange.hours
    if hours.is_market_always_open:
        raise MarketNeverClosesError(
            f"Market never closes for this symbol {security.symbol}, can not submit a {request.order_type} order."
        )
    if request.order_type == OrderType.MARKET_ON_CLOSE:
        if is_too_late_for_close(algorithm, security):
            return OrderResponse.error(
                request,
                Code.MARKET_ON_CLOSE_ORDER_TOO_LATE,
                f"MarketOnClose orders must be placed within {MarketOnCloseOrder.submission_time_buffer} before market "
                "close. Override this buffer by setting MarketOnCloseOrder.submission_time_buffer in initialize.",
            )
    elif security.exchange.exchange_open and not is_daily_only(algorithm, security):
        return OrderResponse.error(
            request,
            Code.MARKET_ON_OPEN_NOT_ALLOWED_DURING_REGULAR_HOURS,
            f"Cannot submit a {request.order_type} order while the market is open.",
        )
    return None

"""Securities, their prices and positions, and the account that holds them."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.orders.fee import CashAmount
    from tradinglab.algorithm.securities.cache import SecurityCache
    from tradinglab.algorithm.securities.cash import Cash, ConvertibleCashAmount, UnsettledCashAmount
    from tradinglab.algorithm.securities.cash_book import CashBook, CashBookUpdatedEventArgs, CashBookUpdateType
    from tradinglab.algorithm.securities.conversion_search import ensure_conversions, securities_to_seed
    from tradinglab.algorithm.securities.currency_conversion import (
        ConstantCurrencyConversion,
        CurrencyConversion,
        SecurityCurrencyConversion,
    )
    from tradinglab.algorithm.securities.dynamic_data import DynamicSecurityData
    from tradinglab.algorithm.securities.exchange import (
        CfdExchange,
        CryptoExchange,
        CryptoFutureExchange,
        EquityExchange,
        ForexExchange,
        IndexExchange,
        SecurityExchange,
    )
    from tradinglab.algorithm.securities.holding import (
        CfdHolding,
        CryptoFutureHolding,
        CryptoHolding,
        EquityHolding,
        ForexHolding,
        IndexHolding,
        SecurityHolding,
    )
    from tradinglab.algorithm.securities.holding_state import SecurityHoldingQuantityChangedEventArgs
    from tradinglab.algorithm.securities.mapping import ExtendedDictionary
    from tradinglab.algorithm.securities.portfolio import SecurityPortfolioManager
    from tradinglab.algorithm.securities.portfolio_model import SecurityPortfolioModel
    from tradinglab.algorithm.securities.positions import (
        NullSecurityPositionGroupModel,
        Position,
        PositionGroup,
        SecurityPositionGroupModel,
    )
    from tradinglab.algorithm.securities.price_feed import PriceFeed
    from tradinglab.algorithm.securities.price_variation import (
        AdjustedPriceVariationModel,
        EquityPriceVariationModel,
        GetMinimumPriceVariationParameters,
        SecurityDataFilter,
        SecurityPriceVariationModel,
    )
    from tradinglab.algorithm.securities.security import Security
    from tradinglab.algorithm.securities.security_manager import SecurityManager
    from tradinglab.algorithm.securities.security_types import Cfd, Crypto, CryptoFuture, Equity, Forex, Index
    from tradinglab.algorithm.securities.time_keeper import TimeKeeper
    from tradinglab.algorithm.securities.transactions import (
        OrderProcessor,
        ProjectedHoldings,
        SecurityTransactionManager,
        TransactionRecord,
    )

__all__ = [
    "AdjustedPriceVariationModel",
    "Cash",
    "CashAmount",
    "CashBook",
    "CashBookUpdateType",
    "CashBookUpdatedEventArgs",
    "Cfd",
    "CfdExchange",
    "CfdHolding",
    "ConstantCurrencyConversion",
    "ConvertibleCashAmount",
    "Crypto",
    "CryptoExchange",
    "CryptoFuture",
    "CryptoFutureExchange",
    "CryptoFutureHolding",
    "CryptoHolding",
    "CurrencyConversion",
    "DynamicSecurityData",
    "Equity",
    "EquityExchange",
    "EquityHolding",
    "EquityPriceVariationModel",
    "ExtendedDictionary",
    "Forex",
    "ForexExchange",
    "ForexHolding",
    "GetMinimumPriceVariationParameters",
    "Index",
    "IndexExchange",
    "IndexHolding",
    "NullSecurityPositionGroupModel",
    "OrderProcessor",
    "Position",
    "PositionGroup",
    "PriceFeed",
    "ProjectedHoldings",
    "Security",
    "SecurityCache",
    "SecurityCurrencyConversion",
    "SecurityDataFilter",
    "SecurityExchange",
    "SecurityHolding",
    "SecurityHoldingQuantityChangedEventArgs",
    "SecurityManager",
    "SecurityPortfolioManager",
    "SecurityPortfolioModel",
    "SecurityPositionGroupModel",
    "SecurityPriceVariationModel",
    "SecurityTransactionManager",
    "TimeKeeper",
    "TransactionRecord",
    "UnsettledCashAmount",
    "ensure_conversions",
    "securities_to_seed",
]

"""Rates of the account's currencies: the streams behind them, which the author does not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.securities import ensure_conversions, securities_to_seed
from tradinglab.core.enums import Resolution

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.symbol import Symbol
    from tradinglab.engine.parts import RunParts


def set_up_currencies(parts: RunParts, start_ns: int) -> None:
    """Give every currency its rate before the run, from the last known prices."""
    add_currency_feeds(parts, start_ns)
    book = parts.algorithm.portfolio.cash_book
    parts.algorithm._seed(securities_to_seed(book))
    book.update_rates()


def add_currency_feeds(parts: RunParts, utc_ns: int) -> None:
    """Start the streams of the pairs that convert currencies which have no rate yet."""
    algorithm = parts.algorithm
    book = algorithm.portfolio.cash_book
    if len(book) < 2:
        return
    configs: dict[Symbol, SubscriptionDataConfig] = {}

    def make(symbol: Symbol) -> Security:
        config = _config(algorithm, symbol)
        configs[symbol] = config
        security = algorithm._create_security(symbol, [config], 0)
        algorithm.securities.add(security)
        return security

    made = ensure_conversions(
        book, algorithm.securities, algorithm.brokerage_model.default_markets, algorithm.symbol_properties_database, make
    )
    for security in made:
        parts.feed.subscribe(security, configs[security.symbol], utc_ns)


def _config(algorithm: QCAlgorithm, symbol: Symbol) -> SubscriptionDataConfig:
    """Return the subscription of a pair: at the finest resolution that the author uses."""
    service = algorithm.subscription_manager.subscription_data_config_service
    known = [config.resolution for config in service.get_subscription_data_configs()]
    resolution = min(known, default=Resolution.MINUTE)
    types = service.lookup_subscription_config_data_types(symbol.security_type, resolution)
    return service.add(symbol, resolution, is_internal_feed=True, subscription_data_types=types[:1])[0]

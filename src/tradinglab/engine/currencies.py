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
    from tradinglab.engine.feed import DataFeed


class CurrencyFeeds:
    """Finds the pairs that convert the account's currencies, and starts their streams."""

    def __init__(self, algorithm: QCAlgorithm, feed: DataFeed) -> None:
        self._algorithm = algorithm
        self._feed = feed
        self._waiting: list[tuple[Security, SubscriptionDataConfig]] = []

    def set_up(self) -> None:
        """Give every currency its rate before the run, from the last known prices."""
        self.find()
        book = self._algorithm.portfolio.cash_book
        self._algorithm.lab_seed(securities_to_seed(book))
        book.update_rates()

    def find(self) -> None:
        """Find the pairs for the currencies that have no rate yet."""
        algorithm = self._algorithm
        book = algorithm.portfolio.cash_book
        configs: dict[Symbol, SubscriptionDataConfig] = {}

        def make(symbol: Symbol) -> Security:
            config = configs[symbol] = self._config(symbol)
            security = algorithm.lab_create_security(symbol, [config], 0)
            algorithm.securities.add(security)
            return security

        made = ensure_conversions(
            book,
            algorithm.securities,
            algorithm.brokerage_model.default_markets,
            algorithm.symbol_properties_database,
            make,
        )
        self._waiting.extend((security, configs[security.symbol]) for security in made)

    def start(self, utc_ns: int) -> None:
        """Start the streams of the pairs that were found."""
        self.find()
        waiting, self._waiting = self._waiting, []
        for security, config in waiting:
            self._feed.subscribe(security, config, utc_ns)

    def _config(self, symbol: Symbol) -> SubscriptionDataConfig:
        """Return the subscription of a pair: at the finest resolution that the author uses."""
        service = self._algorithm.subscription_manager.subscription_data_config_service
        known = [config.resolution for config in service.get_subscription_data_configs()]
        resolution = min(known, default=Resolution.MINUTE)
        types = service.lookup_subscription_config_data_types(symbol.security_type, resolution)
        return service.add(symbol, resolution, is_internal_feed=True, subscription_data_types=types[:1])[0]

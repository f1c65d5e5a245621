"""What corporate events do to a portfolio and its orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tradinglab.core.enums import DataNormalizationMode, DelistingType, SplitType

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.slice import Slice
    from tradinglab.core.symbol import Symbol
    from tradinglab.engine.feed import DataFeed
    from tradinglab.engine.transactions import TransactionHandler


class CorporateActions:
    """Applies splits, dividends, delistings and changes of ticker."""

    def __init__(self, algorithm: QCAlgorithm, feed: DataFeed, transactions: TransactionHandler) -> None:
        self._algorithm = algorithm
        self._feed = feed
        self._transactions = transactions

    def _mode(self, symbol: Symbol) -> DataNormalizationMode:
        service = self._algorithm.subscription_manager.subscription_data_config_service
        configs = service.get_subscription_data_configs(symbol)
        return configs[0].data_normalization_mode if configs else DataNormalizationMode.ADJUSTED

    def remember(self, utc_ns: int) -> None:
        """Put the events of an instant into the caches of their securities."""
        for event in self._feed.events.at(utc_ns):
            security = self._algorithm.securities.get(event.symbol)
            if security is not None:
                security.cache.add_data(event)

    def cancel_for_changed_symbols(self, current: Slice) -> None:
        """Tell the author of new tickers, and cancel the orders of the old ones."""
        changes = current.symbol_changed_events
        if not changes:
            return
        self._algorithm.on_symbol_changed_events(changes)
        for symbol in changes.keys():  # noqa: SIM118
            for ticket in self._algorithm.transactions.get_open_order_tickets(symbol):
                ticket.cancel("Open order cancelled on symbol changed event")

    def pay_dividends(self, current: Slice) -> None:
        """Pay dividends that prices do not have in them."""
        algorithm = self._algorithm
        for dividend in current.dividends.values():
            if not algorithm.is_warming_up:
                algorithm.portfolio.apply_dividend(dividend, False, self._mode(dividend.symbol))
            self._tell_volatility(dividend.symbol)

    def apply_splits(self, current: Slice) -> None:
        """Change positions and open orders by splits that prices do not have in them."""
        algorithm = self._algorithm
        for split in current.splits.values():
            if split.type != SplitType.SPLIT_OCCURRED:
                continue
            mode = self._mode(split.symbol)
            security = algorithm.securities.get(split.symbol)
            if not algorithm.is_warming_up and security is not None:
                algorithm.portfolio.apply_split(split, security, False, mode)
                algorithm.trade_builder.apply_split(split, False, mode)
                if mode == DataNormalizationMode.RAW:
                    tickets = algorithm.transactions.get_open_order_tickets(split.symbol)
                    algorithm.brokerage_model.apply_split(tickets, split)
            self._tell_volatility(split.symbol)

    def _tell_volatility(self, symbol: Symbol) -> None:
        """Let a security's volatility model start over at a jump of raw prices."""
        security = self._algorithm.securities.get(symbol)
        if security is None or self._mode(symbol) not in (
            DataNormalizationMode.RAW, DataNormalizationMode.SPLIT_ADJUSTED
        ):  # fmt: skip
            return
        model = security.volatility_model
        reset: Callable[..., None] | None = getattr(model, "reset_for_price_jump", None)
        if reset is not None:
            reset(self._algorithm, security)

    def tell_author(self, current: Slice) -> None:
        """Call the author's callbacks for splits, dividends and delistings."""
        algorithm = self._algorithm
        if current.splits:
            algorithm.on_splits(current.splits)
        if current.dividends:
            algorithm.on_dividends(current.dividends)
        if current.delistings:
            algorithm.on_delistings(current.delistings)

    def delist(self, current: Slice) -> None:
        """Close the positions of delisted securities and end their streams."""
        for delisting in current.delistings.values():
            if delisting.type != DelistingType.DELISTED:
                continue
            security = self._algorithm.securities.get(delisting.symbol)
            if security is None:
                continue
            security.is_delisted = True
            security.is_tradable = False
            if not self._algorithm.is_warming_up:
                delisting.set_order_ticket(self._transactions.liquidate_delisted(security))
            self._feed.remove(security)
            if not self._algorithm.is_warming_up:
                self._algorithm.transactions.cancel_open_orders(delisting.symbol)

"""Securities by class of asset."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.securities.exchange import (
    CfdExchange,
    CryptoExchange,
    CryptoFutureExchange,
    EquityExchange,
    ForexExchange,
    IndexExchange,
)
from tradinglab.algorithm.securities.holding import (
    CfdHolding,
    CryptoFutureHolding,
    CryptoHolding,
    EquityHolding,
    ForexHolding,
    IndexHolding,
)
from tradinglab.algorithm.securities.price_variation import AdjustedPriceVariationModel, EquityPriceVariationModel
from tradinglab.algorithm.securities.security import Security
from tradinglab.core.currency_pairs import CurrencyPairUtil
from tradinglab.core.enums import DataNormalizationMode, SecurityType

if TYPE_CHECKING:
    from tradinglab.algorithm.securities.cash import Cash
    from tradinglab.core.symbol import Symbol
    from tradinglab.core.symbol_properties import SymbolProperties

_DOLLAR_COINS = ("USDT", "BUSD", "USDC")


class Equity(Security):
    """A share or a fund."""

    __slots__ = ("primary_exchange",)

    exchange_class = EquityExchange
    holding_class = EquityHolding
    #: Days until the money of a sale settles in a cash account, and the hour at which it does.
    DEFAULT_SETTLEMENT_DAYS = 1
    DEFAULT_SETTLEMENT_TIME = timedelta(hours=6)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.primary_exchange = ""

    @property
    def total_shortable_quantity(self) -> int | None:
        """Shares that can be sold short now; ``None`` if there is no limit or it is not known."""
        return self.shortable_provider.shortable_quantity(self.symbol, self.local_time)

    @property
    def shortable(self) -> bool:
        """Whether any share can be sold short now."""
        quantity = self.total_shortable_quantity
        return quantity is None or quantity > 0

    def set_data_normalization_mode(self, mode: DataNormalizationMode) -> None:
        """Set how prices are adjusted; prices that are not adjusted are on a grid."""
        super().set_data_normalization_mode(mode)
        adjusted = mode == DataNormalizationMode.ADJUSTED
        self.price_variation_model = AdjustedPriceVariationModel() if adjusted else EquityPriceVariationModel()


class PairSecurity(Security):
    """A pair of currencies: buying it swaps the quote for the base currency."""

    __slots__ = ("base_currency",)

    def __init__(self, *args: Any, base_currency: Cash, **kwargs: Any) -> None:
        self.base_currency = base_currency
        super().__init__(*args, **kwargs)


class Forex(PairSecurity):
    """A pair of currencies of states."""

    __slots__ = ()

    exchange_class = ForexExchange
    holding_class = ForexHolding

    @staticmethod
    def decompose_currency_pair(currency_pair: str) -> tuple[str, str]:
        """Return base and quote currency of a pair such as ``EURUSD``.

        Raises
        ------
        ValueError
            If the pair has not six letters.
        """
        if len(currency_pair) != 6:
            raise ValueError(f"A currency pair has six letters, such as EURUSD; it was '{currency_pair}'.")
        return currency_pair[:3], currency_pair[3:]


class Crypto(PairSecurity):
    """A coin against a currency."""

    __slots__ = ()

    exchange_class = CryptoExchange
    holding_class = CryptoHolding

    @property
    def price(self) -> float:
        """The close of the last trade bar, however old; without one the latest price."""
        cache = self._cache
        row = cache.quick_trade_row
        if row is not None:
            at = row()
            if at >= 0:
                return cache.quick_trade_view[at]  # type: ignore[index]
        return float(self.exact_price)

    @property
    def exact_price(self) -> Decimal:
        """``price`` as a decimal."""
        close = self._cache.exact_trade_close()
        return self._cache.exact("price") if close is None else close

    @staticmethod
    def decompose_currency_pair(symbol: Symbol, symbol_properties: SymbolProperties) -> tuple[str, str]:
        """Return base and quote currency of a pair such as ``BTCUSD``."""
        return CurrencyPairUtil.decompose_currency_pair(symbol, symbol_properties)


class CryptoFuture(PairSecurity):
    """A perpetual or dated future on a coin."""

    __slots__ = ()

    exchange_class = CryptoFutureExchange
    holding_class = CryptoFutureHolding

    def is_crypto_coin_future(self) -> bool:
        """Return whether it is margined in the coin rather than in a dollar coin."""
        return self.quote_currency.symbol not in _DOLLAR_COINS


class Cfd(Security):
    """A contract for difference."""

    __slots__ = ()

    exchange_class = CfdExchange
    holding_class = CfdHolding

    @property
    def contract_multiplier(self) -> float:
        """Units of the underlying in one contract."""
        return float(self.symbol_properties.exact_contract_multiplier)

    @property
    def exact_minimum_price_variation(self) -> Decimal:
        """``minimum_price_variation`` as a decimal."""
        return self.symbol_properties.exact_minimum_price_variation

    @property
    def minimum_price_variation(self) -> float:
        """The smallest step of the price."""
        return float(self.exact_minimum_price_variation)


class Index(Security):
    """An index: it has a price but is not traded."""

    __slots__ = ()

    exchange_class = IndexExchange
    holding_class = IndexHolding


SECURITY_CLASSES: dict[SecurityType, type[Security]] = {
    SecurityType.EQUITY: Equity,
    SecurityType.FOREX: Forex,
    SecurityType.CRYPTO: Crypto,
    SecurityType.CRYPTO_FUTURE: CryptoFuture,
    SecurityType.CFD: Cfd,
    SecurityType.INDEX: Index,
}

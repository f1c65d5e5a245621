"""What every fee model keeps to. A new one is found by its export from ``tradinglab.algorithm.models.fees``."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from decimal import Decimal

import pytest
from tests.order_market import BTCUSD, DE30EUR, EURUSD, SPY, Market

from tradinglab.algorithm.models import fees
from tradinglab.algorithm.models.fees import FeeModel, OrderFeeParameters
from tradinglab.algorithm.orders import LimitOrder, MarketOrder, Order
from tradinglab.core.symbol import Symbol

NOON = datetime(2013, 10, 8, 12)
_ABSTRACT = {"IndiaFeeModel", "MakerTakerFeeModel", "OrderFeeParameters"}
_ARGUMENTS = {"ConstantFeeModel": (1.5,)}
MODELS = [
    getattr(fees, name)(*_ARGUMENTS.get(name, ()))
    for name in fees.__all__
    if name.endswith("FeeModel") and name not in _ABSTRACT
]


def _fees(model: FeeModel, symbol: Symbol, quantity: int) -> list[tuple[Decimal, str]]:
    """Return the fees of orders of both kinds, none where the broker does not trade the asset."""
    market = Market(symbol)
    market.trade(NOON, (100, 100, 100, 100))
    orders: tuple[Order, ...] = (MarketOrder(symbol, quantity, NOON), LimitOrder(symbol, quantity, 90, NOON))
    charged = []
    for order in orders:
        with suppress(ValueError):
            fee = model.get_order_fee(OrderFeeParameters(market.security, order)).value
            charged.append((fee.exact_amount, fee.currency))
    return charged


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("symbol", [SPY, EURUSD, BTCUSD, DE30EUR], ids=lambda symbol: symbol.value)
def test_a_fee_is_never_negative_and_names_its_currency(model: FeeModel, symbol: Symbol) -> None:
    for quantity in (1000, -1000):
        for amount, currency in _fees(model, symbol, quantity):
            assert isinstance(amount, Decimal)
            assert amount >= 0
            assert currency.isupper()


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_a_fee_grows_with_the_order(model: FeeModel) -> None:
    for symbol in (SPY, EURUSD, BTCUSD, DE30EUR):
        for small, large in zip(_fees(model, symbol, 100), _fees(model, symbol, 10_000), strict=True):
            assert small[0] <= large[0]


def test_there_are_models() -> None:
    assert len(MODELS) > 25

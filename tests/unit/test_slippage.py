"""Slippage models; the expectations are those of LEAN's own unit tests where it has them."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from tests.order_market import EURUSD, SPY, Market

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.models.market_impact import MarketImpactSlippageModel
from tradinglab.algorithm.models.slippage import (
    AlphaStreamsSlippageModel,
    ConstantSlippageModel,
    NullSlippageModel,
    SlippageModel,
    VolumeShareSlippageModel,
    exact_slippage,
)
from tradinglab.algorithm.orders import MarketOrder
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.enums import Resolution

NOON = datetime(2013, 10, 8, 12)


def _market(symbol: Any = SPY, volume: int = 1) -> Market:
    market = Market(symbol)
    market.trade(NOON, (100, 100, 100, 100), volume=volume)
    return market


def _slippage(model: SlippageModel, market: Market, quantity: float = 1) -> float:
    return model.get_slippage_approximation(market.security, MarketOrder(market.symbol, quantity, NOON))


def test_no_slippage() -> None:
    assert NullSlippageModel.INSTANCE is NullSlippageModel.Instance
    assert _slippage(NullSlippageModel.INSTANCE, _market()) == 0.0


def test_a_constant_fraction() -> None:
    assert _slippage(ConstantSlippageModel(0.01), _market()) == 1.0
    assert _slippage(ConstantSlippageModel(1), _market()) == 100.0
    assert _slippage(ConstantSlippageModel(0.01), Market()) == 0.0


def test_alpha_streams_charges_shares_only() -> None:
    assert _slippage(AlphaStreamsSlippageModel(), _market()) == 0.01
    assert _slippage(AlphaStreamsSlippageModel(), _market(EURUSD)) == 0.0


@pytest.mark.parametrize(
    ("limit", "impact", "volume", "slippage"),
    [
        (0.025, 0.1, 1, "0.00625"),  # the order is the whole volume: the limit counts
        (0.05, 0.2, 1, "0.05"),
        (0.00625, 0.025, 1, "0.00009765625"),
        (0.025, 0.1, 100, "0.001"),  # one percent of the volume
    ],
)
def test_volume_share(limit: float, impact: float, volume: int, slippage: str) -> None:
    market = _market(volume=volume)
    market.security.set_slippage_model(VolumeShareSlippageModel(limit, impact))
    assert exact_slippage(market.security, MarketOrder(SPY, 1, NOON)) == Decimal(slippage)


def test_volume_share_without_volume(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert _slippage(VolumeShareSlippageModel(), _market(EURUSD, volume=0), 1000) == 0.0
        assert _slippage(VolumeShareSlippageModel(), _market(volume=0)) == 0.00625
    first, second = (record.message for record in caplog.records)
    assert "Forex often does not report volume" in first
    assert "must be positive, it was 0" in second


def test_volume_share_of_quotes_reads_their_sizes() -> None:
    market = Market(EURUSD)
    market.quote(NOON, (1, 1, 1, 1), (3, 3, 3, 3))  # ten bid for, twenty asked for
    model = VolumeShareSlippageModel(1, 1)
    assert _slippage(model, market, 5) == pytest.approx(0.25 * 2)
    assert _slippage(model, market, -5) == pytest.approx(0.0625 * 2)


def test_volume_share_needs_bars() -> None:
    market = Market(kind=Tick, resolution=Resolution.TICK)
    market.tick(NOON, 100)
    with pytest.raises(TypeError, match="needs bars, the last data point was a Tick"):
        _slippage(VolumeShareSlippageModel(), market)


class Own(ConstantSlippageModel):
    def GetSlippageApproximation(self, asset: Any, order: Any) -> float:
        return 2 * super().GetSlippageApproximation(asset, order)


class Stranger:
    def GetSlippageApproximation(self, asset: Any, order: Any) -> float:
        return asset.price * 0.1


def test_models_of_a_strategy() -> None:
    market = _market()
    order = MarketOrder(SPY, 1, NOON)
    market.security.set_slippage_model(Own(0.01))
    assert exact_slippage(market.security, order) == 2
    market.security.set_slippage_model(Stranger())
    assert exact_slippage(market.security, order) == 10


def _algorithm(closes: list[float], volumes: list[int]) -> Any:
    """Return what the model reads of an algorithm: daily bars of the past."""
    day = timedelta(days=1)
    bars = [
        TradeBar(datetime(2013, 1, 1) + index * day, SPY, close, close, close, close, volume, day)
        for index, (close, volume) in enumerate(zip(closes, volumes, strict=True))
    ]
    history = type("History", (), {"__getitem__": lambda self, kind: lambda *request: bars})()
    manager = SimpleNamespace(add_consolidator=lambda symbol, consolidator: None)
    return SimpleNamespace(time=NOON, history=history, subscription_manager=manager)


def test_market_impact_grows_with_the_order_and_is_never_a_gain() -> None:
    algorithm = _algorithm([100.0, 101.0, 99.0, 102.0, 100.0] * 20, [10**12] * 100)
    market = _market()
    small, large = (
        [_slippage(model, market, quantity) for _ in range(50)]
        for model, quantity in ((MarketImpactSlippageModel(algorithm), 1), (MarketImpactSlippageModel(algorithm), 1e9))
    )
    assert min(small) == 0
    assert sum(small) < sum(large)
    signed = MarketImpactSlippageModel(algorithm, False)
    assert min(_slippage(signed, market) for _ in range(50)) < 0


def test_market_impact_draws_the_same_with_the_same_seed() -> None:
    algorithm = _algorithm([100.0, 101.0, 99.0] * 20, [1000] * 60)
    first, second = (MarketImpactSlippageModel(algorithm) for _ in range(2))
    market = _market()
    assert [_slippage(first, market, 10) for _ in range(5)] == [_slippage(second, market, 10) for _ in range(5)]


def test_market_impact_of_a_calm_market_is_the_formula() -> None:
    # Without volatility there is neither impact nor noise; without volume there is none by definition.
    assert _slippage(MarketImpactSlippageModel(_algorithm([100.0] * 50, [1000] * 50)), _market(), 10) == 0.0
    assert _slippage(MarketImpactSlippageModel(_algorithm([100.0, 101.0] * 9, [0] * 18)), _market(), 10) == 0.0


@pytest.mark.parametrize(("keyword", "text"), [("latency", "latency"), ("impact_time", "impact time")])
def test_market_impact_takes_time(keyword: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"{text} must be more than 0"):
        MarketImpactSlippageModel(_algorithm([], []), **{keyword: 0})


def test_market_impact_needs_volumes() -> None:
    with pytest.raises(ValueError, match="needs volumes"):
        _slippage(MarketImpactSlippageModel(_algorithm([], [])), _market(EURUSD))

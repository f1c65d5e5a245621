"""A misspelt member is told apart from one that LEAN has, and the nearest is named."""

from __future__ import annotations

from typing import Any

import pytest

from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.algorithm.securities import SecurityTransactionManager
from tradinglab.core.enums import Resolution
from tradinglab.core.market import Market
from tradinglab.core.surface import did_you_mean
from tradinglab.core.time_zones import TimeZones
from tradinglab.engine.traces import explain


class Mine(QCAlgorithm):
    """An author's algorithm, not yet made: its members are what is asked for."""

    fast_average = 1

    def __new__(cls) -> Mine:
        return object.__new__(cls)


class BarInside(TradeBar):
    """Stands for the engine's own kinds of bars."""


@pytest.mark.parametrize(
    ("asked", "name", "owner", "meant"),
    [
        (Mine(), "smaa", "QCAlgorithm", "sma"),
        (Mine(), "set_holding", "QCAlgorithm", "set_holdings"),
        (Mine(), "SetHolding", "QCAlgorithm", "SetHoldings"),
        (Mine(), "fast_averag", "QCAlgorithm", "fast_average"),
        (BarInside(), "clos", "TradeBar", "close"),
        (BarInside(), "Clos", "TradeBar", "Close"),
        (Resolution, "DALY", "Resolution", "DAILY"),
        (Resolution, "Daly", "Resolution", "DAILY"),
        (Market, "Oandaa", "Market", "OANDA"),
        (TimeZones, "NEW_YORKK", "TimeZones", "NEW_YORK"),
    ],
)
def test_the_nearest_member_is_named(asked: Any, name: str, owner: str, meant: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(asked, name)
    assert f"'{owner}'" in str(caught.value)
    assert str(caught.value).endswith(f"has no attribute '{name}'. Did you mean: '{meant}'?")
    assert not isinstance(caught.value, NotImplementedError)


def test_what_resembles_nothing_gets_no_suggestion() -> None:
    with pytest.raises(AttributeError, match=r"^'QCAlgorithm' object has no attribute 'qqqqq'$"):
        Mine().qqqqq  # noqa: B018


def test_members_that_are_not_for_authors_are_not_suggested() -> None:
    assert did_you_mean("exact_clos", ["exact_close", "_close", "lab_close"]) == ""


def test_a_member_that_lean_has_is_not_called_misspelt() -> None:
    with pytest.raises(NotImplementedError, match=r"QCAlgorithm\.add_option_contract exists in LEAN"):
        Mine().add_option_contract  # noqa: B018


def test_a_class_without_getattr_is_explained_when_the_strategy_fails() -> None:
    manager = SecurityTransactionManager.__new__(SecurityTransactionManager)
    with pytest.raises(AttributeError) as caught:
        manager.cancel_open_order  # type: ignore[attr-defined]  # noqa: B018
    assert explain(caught.value) == (
        "AttributeError: 'SecurityTransactionManager' object has no attribute 'cancel_open_order'. "
        "Did you mean: 'cancel_open_orders'?"
    )


def test_a_misspelt_class_is_explained_when_the_strategy_fails() -> None:
    names: dict[str, object] = {"SimpleMovingAverage": object}
    with pytest.raises(NameError) as caught:
        exec("SimpleMovingAvrage(3)", names)
    assert explain(caught.value).endswith("Did you mean: 'SimpleMovingAverage'?")

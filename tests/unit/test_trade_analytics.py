"""What closed trades say: by hand, of a backtest, and of columns that do not fit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab import analytics, backtest, templates
from tradinglab.analytics import ParameterError, SampleError
from tradinglab.analytics.trade_figures import (
    annual_turnover,
    exposure,
    time_in_market,
    trade_figures,
    trade_figures_by,
    turnover,
)
from tradinglab.analytics.trades import Trades


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2024, 1, day, hour)  # the first was a Monday


def sample() -> Trades:
    """Five trades: net 90, -50, -10, 0, 30."""
    return Trades(
        [100, -40, -5, 5, 30],
        fees=[10, 10, 5, 5, 0],
        side=["long", "short", "long", "long", "short"],
        symbol=["SPY", "IBM", "SPY", "IBM", "SPY"],
        entry_time=[at(1, 10), at(2, 15), at(3, 10), at(8, 9), at(9, 10)],
        exit_time=[at(2, 10), at(2, 16), at(4, 10), at(8, 10), at(9, 16)],
        mae=[-10, -60, -10, 0, -5],
        mfe=[120, 5, 0, 10, 40],
    )


def test_figures_by_hand() -> None:
    found = trade_figures(sample())
    expected = {
        "trades": 5, "wins": 2, "losses": 2, "hit_rate": 0.4, "net_profit": 60, "fees": 30, "average_win": 60,
        "average_loss": -30, "largest_win": 90, "largest_loss": -50, "payoff_ratio": 2, "expectancy": 12,
        "expectancy_ratio": 0.4, "profit_factor": 2, "kelly_fraction": 0.25,
        "profit_deviation": np.std([90, -50, -10, 0, 30], ddof=1),
        "longest_winning_streak": 1, "longest_losing_streak": 2, "average_holding_s": 11.2 * 3600,
        "median_holding_s": 6 * 3600, "shortest_holding_s": 3600, "longest_holding_s": 86400,
        "average_holding_of_wins_s": 15 * 3600, "average_holding_of_losses_s": 12.5 * 3600, "average_mae": -17,
        "average_mfe": 35, "largest_mae": -60, "largest_mfe": 120, "edge_ratio": 35 / 17,
    }  # fmt: skip
    assert found == pytest.approx(expected)


def test_groups() -> None:
    trades = sample()
    assert {name: each.net.tolist() for name, each in trades.by("symbol").items()} == {
        "IBM": [-50, 0],
        "SPY": [90, -10, 30],
    }
    assert {name: len(each) for name, each in trades.by("side").items()} == {"long": 3, "short": 2}
    assert {name: len(each) for name, each in trades.by("hour").items()} == {"09": 1, "10": 3, "15": 1}
    assert {name: len(each) for name, each in trades.by("weekday").items()} == {
        "Monday": 2, "Tuesday": 2, "Wednesday": 1,
    }  # fmt: skip
    assert trade_figures_by(trades, "side")["short"]["net_profit"] == -20
    bare = Trades([1.0, 2.0])
    for key in ("symbol", "side", "hour", "weekday"):
        assert list(bare.by(key)) == ["unknown"]
    with pytest.raises(ParameterError, match="key must be one of symbol, side, hour, weekday; it was 'month'"):
        bare.by("month")


def test_no_trades_have_no_groups() -> None:
    assert [Trades([]).by(key) for key in ("symbol", "side", "hour", "weekday")] == [{}, {}, {}, {}]


def test_trades_are_put_in_the_order_of_their_exits() -> None:
    trades = Trades([1, -1, 1], symbol=["a", "b", "c"], exit_time=[at(3), at(1), at(2)])
    assert trades.symbol.tolist() == ["b", "c", "a"]
    assert trade_figures(trades)["longest_winning_streak"] == 2


def test_what_is_undefined_is_not_a_number() -> None:
    empty = trade_figures(Trades([]))
    assert {name for name, value in empty.items() if not np.isnan(value)} == {
        "trades", "wins", "losses", "net_profit", "fees", "longest_winning_streak", "longest_losing_streak",
    }  # fmt: skip
    wins = trade_figures(Trades([1.0]))
    assert wins["hit_rate"] == 1
    for name in ("payoff_ratio", "profit_factor", "average_loss", "kelly_fraction", "average_mae", "average_holding_s"):
        assert np.isnan(wins[name])
    assert np.isnan(trade_figures(Trades([1e308, 1e308]))["net_profit"])


@given(st.lists(st.integers(-20, 20), max_size=40))
def test_laws(profits: list[int]) -> None:
    trades = Trades(np.array(profits, np.float64))
    found = trade_figures(trades)
    assert found["net_profit"] == sum(profits)
    wins, losses = found["wins"], found["losses"]
    if wins and losses:
        assert found["profit_factor"] == pytest.approx(found["payoff_ratio"] * wins / losses)
        share = found["hit_rate"]
        without = losses / len(profits)
        assert found["expectancy"] == pytest.approx(share * found["average_win"] + without * found["average_loss"])
    assert found["longest_winning_streak"] <= wins
    text = "".join("+" if each > 0 else "-" if each < 0 else "0" for each in profits)
    assert found["longest_losing_streak"] == max((len(run) for run in text.replace("+", "0").split("0")), default=0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"profit": [1, float("nan")]}, "profit must all be known; that of trade 1 was missing"),
        ({"profit": ["a"]}, "profit must be numbers"),
        ({"profit": [1], "fees": [1, 2]}, "fees must be as many as profits, 1; they were 2"),
        ({"profit": [1], "side": ["up"]}, "side must be 'long' or 'short', 1 or -1"),
        ({"profit": [1], "side": [[1]]}, "side must be"),
        ({"profit": [1], "symbol": ["a", "b"]}, "symbol must be as many"),
        ({"profit": [1], "entry_time": [5]}, "entry_time must be datetimes"),
        ({"profit": [1], "exit_time": ["2020-01-01"]}, "exit_time must be datetimes"),
        ({"profit": [1], "exit_time": [at(1), at(2)]}, "exit_time must be as many"),
        ({"profit": [1, 2], "entry_time": [at(1), at(3)], "exit_time": [at(2), at(2)]}, "trade 1 did"),
        ({"profit": [1], "mae": [float("inf")]}, "mae must be finite"),
    ],
)
def test_columns_that_do_not_fit_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SampleError, match=message):
        Trades(settings.pop("profit"), **settings)


def test_times_with_a_zone_become_utc_and_missing_ones_are_left_out() -> None:
    ahead = timezone(timedelta(hours=2))
    trades = Trades(
        [1, 2, 3],
        entry_time=[datetime(2024, 1, 1, 1, tzinfo=ahead), datetime(2024, 1, 1, 5, tzinfo=UTC), None],
        exit_time=[datetime(2024, 1, 1, 2, tzinfo=ahead), datetime(2024, 1, 1, 6, tzinfo=UTC), at(2)],
    )
    assert list(trades.by("hour")) == ["05", "23", "unknown"]
    assert trade_figures(trades)["average_holding_s"] == 3600


def test_the_trades_of_a_backtest() -> None:
    result = backtest(Path(templates.__file__).with_name("sma_cross.py"))
    closed = result.closed_trades
    assert closed
    trades, table = Trades.of(closed), Trades.from_table(result.trades)
    figures, statistics = trade_figures(trades), result.statistics_results.total_performance.trade_statistics
    for each in (figures, trade_figures(table)):
        assert each["trades"] == len(closed) == statistics.total_number_of_trades
        assert each["fees"] == pytest.approx(statistics.total_fees)
        assert each["net_profit"] == pytest.approx(statistics.total_profit_loss - statistics.total_fees)
        assert each["average_mae"] == pytest.approx(statistics.average_mae)
        assert each["longest_holding_s"] == max(trade.duration.total_seconds() for trade in closed)
    assert set(trades.by("symbol")) == {str(trade.symbol) for trade in closed}
    # Times of the table are the algorithm's, those of the trades themselves UTC.
    assert list(table.by("hour")) != list(trades.by("hour"))


def test_the_trades_of_a_table_that_counts_seconds() -> None:
    polars = pytest.importorskip("polars")
    table = polars.DataFrame(
        {
            "profit_loss": [1.0, -2.0],
            "direction": ["long", "short"],
            "exit_time": [at(2), at(3)],
            "duration_s": [60.0, 90.0],
        }
    )
    trades = Trades.from_table(table)
    assert trade_figures(trades)["average_holding_s"] == 75
    assert list(trades.by("side")) == ["long", "short"]
    with pytest.raises(SampleError, match="must have a column profit_loss"):
        Trades.from_table({})


# Positions.


def test_exposure_by_hand() -> None:
    found = exposure([[50, -30], [float("nan"), 0], [10, 10]], [100, 100, 0])
    np.testing.assert_allclose(found.gross, [0.8, 0, np.nan])
    np.testing.assert_allclose(found.net, [0.2, 0, np.nan])
    assert found.time_in_market == 0.5
    assert found.average_gross == pytest.approx(0.4)
    assert np.isnan(exposure(np.empty((0, 2)), []).time_in_market)
    with pytest.raises(SampleError, match="values and equity must have one length; they had 1 and 2"):
        exposure([[1.0]], [1, 2])


def test_turnover_by_hand() -> None:
    quantities = [[10, 0], [10, 0], [0, -5], [0, -5]]
    prices = [[10, float("nan")], [12, 20], [12, 20], [float("nan"), 30]]
    found = turnover(quantities, prices, [1000, 1000, 1100, 1000])
    np.testing.assert_allclose(found, [0.1, 0, 220 / 1100, 0])
    assert annual_turnover(quantities, prices, [1000, 1000, 1100, 1000], 4) == pytest.approx(0.3)
    assert np.isnan(turnover([[1.0]], [[float("nan")]], [1.0])).all()
    with pytest.raises(SampleError, match="prices must have the shape"):
        turnover([[1.0]], [[1.0, 2.0]], [1.0])


def in_market_slowly(spans: list[tuple[int, int]], end: int) -> float:
    return len({hour for first, last in spans for hour in range(first, last) if 0 <= hour < end}) / end


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)).map(lambda each: (each[0], sum(each))), max_size=8))
def test_time_in_market_counts_each_hour_once(spans: list[tuple[int, int]]) -> None:
    begin = datetime(2024, 1, 1)
    hours = [[begin + timedelta(hours=each) for each in column] for column in zip(*spans, strict=True)] or [[], []]
    trades = Trades(np.ones(len(spans)), entry_time=hours[0], exit_time=hours[1])
    found = time_in_market(trades, begin, begin + timedelta(hours=48))
    assert found == pytest.approx(in_market_slowly(spans, 48))


def test_time_in_market_of_nothing() -> None:
    assert time_in_market(Trades([]), at(1), at(2)) == 0
    assert np.isnan(time_in_market(Trades([1.0]), at(1), at(2)))
    assert time_in_market(sample(), np.datetime64("2024-01-01"), np.datetime64("2024-01-02")) == pytest.approx(14 / 24)
    with pytest.raises(ParameterError, match="end must be after start"):
        time_in_market(sample(), at(2), at(2))


def test_net_profits_feed_the_reshuffle() -> None:
    from tradinglab.analytics.monte_carlo import trade_reshuffle

    found: npt.NDArray[np.float64] = trade_reshuffle(sample().net, start=1000, paths=10).final
    np.testing.assert_allclose(found, 1060)
    assert analytics.max_drawdown(found / 1000 - 1) == 0

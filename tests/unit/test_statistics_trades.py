"""Trade statistics: the figures of LEAN's own tests, and the result file's form."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from tradinglab.algorithm.trade import Trade
from tradinglab.core.clock import MINUTE_NS, span_text, to_ns
from tradinglab.core.enums import SecurityType, TradeDirection
from tradinglab.core.symbol import Symbol
from tradinglab.engine.statistics import TradeStatistics
from tradinglab.engine.statistics.trades import time_text

START = to_ns(datetime(2015, 8, 6, 15, 30))
EURUSD = Symbol.create("EURUSD", SecurityType.FOREX, "oanda")

# entry minute, exit minute, profit, mae, mfe, drawdown at the end
Row = tuple[int, int, int, int, int, int]
WINNERS: list[Row] = [(0, 20, 20, -5, 30, 10), (10, 40, 20, -30, 40, 20), (30, 40, 10, -15, 30, 20)]
LOSERS: list[Row] = [(0, 20, -20, -30, 5, 25), (10, 40, -20, -40, 30, 50), (30, 40, -10, -30, 15, 25)]


def trade(row: Row, is_win: bool | None = None) -> Trade:
    entry, exit_, profit, mae, mfe, drawdown = row
    entry_ns = START + entry * MINUTE_NS
    made = Trade(EURUSD, TradeDirection.LONG, entry_ns, Decimal("1.07"), Decimal(1000), Decimal(2), {1})
    made.exit_ns = START + exit_ * MINUTE_NS
    made.exact_profit_loss = Decimal(profit)
    made.exact_mae, made.exact_mfe = Decimal(mae), Decimal(mfe)
    made.exact_end_trade_drawdown = Decimal(drawdown)
    made.is_win = profit > 0 if is_win is None else is_win
    return made


def expect(statistics: TradeStatistics, **figures: str) -> None:
    for name, value in figures.items():
        assert abs(statistics.exact[name] - Decimal(value)) < Decimal("1e-22"), name


def test_three_winners() -> None:
    statistics = TradeStatistics([trade(row) for row in WINNERS])
    expect(
        statistics,
        total_profit_loss="50", total_profit="50", total_loss="0", largest_profit="20", largest_loss="0",
        average_profit_loss="16.666666666666666666666666667", average_profit="16.666666666666666666666666667",
        win_loss_ratio="10", win_rate="1", loss_rate="0", average_mae="-16.666666666666666666666666667",
        average_mfe="33.333333333333333333333333333", largest_mae="-30", largest_mfe="40",
        maximum_closed_trade_drawdown="0", maximum_intra_trade_drawdown="-70",
        profit_loss_standard_deviation="5.77350269189626", profit_loss_downside_deviation="0", profit_factor="10",
        sharpe_ratio="2.8867513459481276450914878051", sortino_ratio="0", profit_to_max_drawdown_ratio="10",
        maximum_end_trade_drawdown="20", average_end_trade_drawdown="-16.666666666666666666666666666",
        total_fees="6",
    )  # fmt: skip
    assert (statistics.max_consecutive_winning_trades, statistics.max_consecutive_losing_trades) == (3, 0)
    assert statistics.average_trade_duration.total_seconds() == 1200
    assert (statistics.start_ns, statistics.end_ns) == (START, START + 40 * MINUTE_NS)


def test_three_losers() -> None:
    statistics = TradeStatistics([trade(row) for row in LOSERS])
    expect(
        statistics,
        total_profit_loss="-50", largest_loss="-20", average_loss="-16.666666666666666666666666667", win_loss_ratio="0",
        loss_rate="1", average_mfe="16.666666666666666666666666667", maximum_closed_trade_drawdown="-50",
        maximum_intra_trade_drawdown="-80", profit_loss_downside_deviation="5.77350269189626", profit_factor="0",
        sortino_ratio="-2.8867513459481276450914878051", profit_to_max_drawdown_ratio="-1",
        maximum_end_trade_drawdown="50", average_end_trade_drawdown="-33.333333333333333333333333334",
    )  # fmt: skip
    assert statistics.max_consecutive_losing_trades == 3


def test_two_losers_then_a_winner() -> None:
    winner: Row = (30, 40, 10, -15, 30, 20)
    statistics = TradeStatistics([trade(row) for row in [*LOSERS[:2], winner]])
    expect(
        statistics,
        total_profit_loss="-30", profit_loss_ratio="0.5", win_loss_ratio="0.5",
        win_rate="0.3333333333333333333333333333", loss_rate="0.6666666666666666666666666667",
        average_mae="-28.333333333333333333333333333", average_mfe="21.666666666666666666666666667",
        maximum_closed_trade_drawdown="-40", maximum_intra_trade_drawdown="-70",
        profit_loss_standard_deviation="17.3205080756888", profit_factor="0.25",
        sharpe_ratio="-0.5773502691896248623516308943", profit_to_max_drawdown_ratio="-0.75",
    )  # fmt: skip


def test_a_new_high_ends_a_drawdown() -> None:
    statistics = TradeStatistics(trade(row) for row in [WINNERS[0], LOSERS[1], (50, 60, 30, 0, 30, 0)])
    assert statistics.maximum_drawdown_duration.total_seconds() == 40 * 60


def test_an_exercised_option_can_win_at_a_loss() -> None:
    statistics = TradeStatistics([trade(LOSERS[0], is_win=True), trade(WINNERS[0])])
    assert (statistics.number_of_winning_trades, statistics.number_of_losing_trades) == (2, 0)
    assert statistics.max_consecutive_winning_trades == 2
    expect(statistics, win_rate="1", total_loss="-20")


def test_without_trades_all_is_zero() -> None:
    written = TradeStatistics().to_json()
    assert written["startDateTime"] is None
    assert written["averageTradeDuration"] == "00:00:00"
    assert written["profitFactor"] == "0"


def test_the_form_of_the_result_file() -> None:
    written = TradeStatistics([trade(row) for row in WINNERS]).to_json()
    assert list(written)[:6] == [
        "startDateTime", "endDateTime", "totalNumberOfTrades", "numberOfWinningTrades", "numberOfLosingTrades",
        "totalProfitLoss",
    ]  # fmt: skip
    assert written["startDateTime"] == "2015-08-06T15:30:00Z"
    assert written["averageMAE"] == "-16.6667"
    assert written["sharpeRatio"] == "2.8868"
    assert written["totalFees"] == "6"
    assert written["medianTradeDuration"] == "00:20:00"
    assert len(written) == 41


@pytest.mark.parametrize(
    ("ticks", "expected"),
    [
        (0, "00:00:00"),
        (12_000_000_000, "00:20:00"),
        (864_000_000_001, "1.00:00:00.0000001"),
        (-10_000_000, "-00:00:01"),
    ],
)
def test_spans(ticks: int, expected: str) -> None:
    assert span_text(ticks) == expected


def test_times() -> None:
    assert time_text(START) == "2015-08-06T15:30:00Z"
    assert time_text(START + 1_500_000) == "2015-08-06T15:30:00.0015Z"


def test_both_spellings() -> None:
    statistics = TradeStatistics([trade(row) for row in WINNERS])
    assert statistics.TotalProfitLoss == statistics.total_profit_loss == 50.0
    assert statistics.TotalNumberOfTrades == 3
    assert "total_profit_loss=50" in repr(statistics)

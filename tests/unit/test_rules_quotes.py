"""Quotes beside trades: what the simulator fills orders at, by hand; the property test holds it to the engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.rules_kit import QuotingSource, bar_times

from tradinglab.core.enums import Resolution, TickType
from tradinglab.data.columns import BarColumns
from tradinglab.rules import RulesDataError, load_bars, read_rules, simulate
from tradinglab.rules.market import MARKETS, TYPES

MINUTE_NS = 60_000_000_000
RULES = """
universe {universe} minute
from 2020-03-02 to 2020-03-02
cash 1000
enter long when close > 100
exit long when close < 100
size 1 units
fees none
{more}
"""


def trades(times: Any, closes: list[float]) -> dict[str, Any]:
    prices = np.array(closes)
    return {"time": times, "open": prices - 1, "high": prices + 2, "low": prices - 2, "close": prices,
            "volume": np.full(len(prices), 50.0)}  # fmt: skip


def quotes(times: Any, bids: list[float], asks: list[float]) -> BarColumns:
    values = {"bid_size": np.ones(len(bids)), "ask_size": np.ones(len(asks))}
    for side, closes in (("bid", bids), ("ask", asks)):
        for name, by in (("open", -0.5), ("high", 1.0), ("low", -1.0), ("close", 0.0)):
            values[f"{side}_{name}"] = np.array(closes) + by
    return BarColumns(TickType.QUOTE, np.array(times), np.array(times) + MINUTE_NS, values)


def run_of(kind: str, given: dict[str, Any], quoted: BarColumns | None, more: str = "") -> Any:
    ticker, universe = ("ABC", "ABC") if kind == "equity" else ("BTCUSD", "crypto BTCUSD")
    source = QuotingSource()
    source.add(ticker, Resolution.MINUTE, given, security_type=TYPES[kind], market=MARKETS[kind])
    if quoted is not None:
        source.quotes[ticker] = quoted
    rules = read_rules(RULES.format(universe=universe, more=more))
    return simulate(rules, load_bars(rules, source))


def fills_of(run: Any) -> list[tuple[int, float, float]]:
    return list(zip(run.fills.step.tolist(), run.fills.quantity.tolist(), run.fills.price.tolist(), strict=True))


@pytest.mark.parametrize("kind", ["equity", "crypto"])
def test_market_orders_meet_the_ask_and_the_bid(kind: str) -> None:
    times = bar_times(kind, "minute", 4)
    run = run_of(kind, trades(times, [99.0, 101.0, 102.0, 98.0]),
                 quotes(times, [98.9, 100.8, 101.7, 97.9], [99.1, 101.3, 102.2, 98.2]))  # fmt: skip
    assert fills_of(run) == [(1, 1.0, 101.3), (3, -1.0, 97.9)]


def test_shares_are_worth_their_trades_and_coins_the_middle_of_quotes_that_came_as_late() -> None:
    for kind, worth in (("equity", 102.0), ("crypto", 101.95)):
        times = bar_times(kind, "minute", 3)
        run = run_of(kind, trades(times, [99.0, 101.0, 102.0]),
                     quotes(times, [98.9, 100.8, 101.7], [99.1, 101.3, 102.2]))  # fmt: skip
        assert run.final_equity == pytest.approx(1000 - 101.3 + worth)


def test_a_share_is_bought_at_the_trade_if_the_quote_is_older_than_an_hour() -> None:
    times = bar_times("equity", "minute", 63)
    quoted = quotes(times[:1], [98.9], [99.1])
    for last, price in ((60, 99.1), (61, 101.0)):
        closes = [99.0] * last + [101.0]
        run = run_of("equity", trades(times[: last + 1], closes), quoted)
        assert fills_of(run) == [(last, 1.0, price)]


def test_quotes_alone_move_a_coins_worth_and_fill_what_waits_or_rests() -> None:
    times = bar_times("crypto", "minute", 4)
    given = trades(times[[0, 1, 3]], [99.0, 101.0, 101.0])
    quoted = quotes(times, [98.9, 100.8, 95.0, 100.8], [99.1, 101.3, 95.4, 101.3])
    assert run_of("crypto", given, quoted).equity.tolist() == pytest.approx(
        [1000.0, 1000.0, 1000.0 - 101.3 + 95.2, 1000.0 - 101.3 + 101.05]
    )
    waiting = run_of("crypto", given, quoted, "fill at next bar open")
    assert fills_of(waiting) == [(2, 1.0, pytest.approx(94.9))]
    # The stop is at 96.235; the bid falls to 94, and closes at 95.
    resting = run_of("crypto", given, quoted, "stop loss 5 % resting")
    assert fills_of(resting) == [(1, 1.0, 101.3), (2, -1.0, 95.0)]


def test_coins_whose_quotes_stay_out_for_more_than_an_hour_are_refused_with_the_instant() -> None:
    times = bar_times("crypto", "minute", 70)
    given = trades(times, [99.0] * 70)
    assert not fills_of(run_of("crypto", given, quotes(times[9:], [98.0] * 61, [99.0] * 61)))
    with pytest.raises(RulesDataError, match=r"at 2020-03-02T06:02 UTC .* BTCUSD, .* '--engine local'"):
        run_of("crypto", given, quotes(times[:1], [98.0], [99.0]))

"""The process in which rules are simulated: limited in memory and time, and it imports no Django.

No line of a strategy is run in it; but how much rules compute is for who writes them to say. numba is loaded here, if a
simulation is long enough for it, and never in the process that answers requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tradinglab.data.source import open_source
from tradinglab.rules import RulesError, simulate
from tradinglab.rules.checks import asked_values
from tradinglab.rules.measures import Variants
from tradinglab.rules.windows import room_of, windows_check
from tradinglab.server.backtests.thinning import min_max
from tradinglab.server.strategies.limited import answer_order
from tradinglab.server.strategies.rule_files import finding_of, rules_of
from tradinglab.server.strategies.rule_sizes import too_many_bars

if TYPE_CHECKING:
    from tradinglab.rules import ClosedTrade, SimulatedRun

MEMORY = 3 << 30
CPU_S = 40
MOST_FILLS = 5_000
MOST_TRADES = 5_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _answer(order: Mapping[str, Any]) -> dict[str, Any]:
    text: str = order["text"]
    try:
        rules = rules_of(text)
    except RulesError as problem:
        return {"finding": finding_of(text, problem)}
    try:
        values = asked_values(rules, order["parameters"])
    except RulesError as problem:
        if problem.path.partition(".")[0] == "parameters":
            return {"refusal": problem.reason, "field": problem.path}
        return {"finding": finding_of(text, problem)}
    if refusal := too_many_bars(rules):
        return {"refusal": refusal, "field": "text"}
    try:
        variants = Variants(rules, open_source(order["data"]))
        windows_check(rules, values, room_of(variants.bars))
        run = simulate(rules, variants.bars, order["parameters"])
        figures = variants.figures(run.fills)
    except RulesError as problem:
        return {"refusal": str(problem), "field": "text"}
    bars = sum(len(each) for each in variants.bars.instruments)
    return {"bars": bars, "figures": figures, **_told(run, order["points"])}


def _told(run: SimulatedRun, points: int) -> dict[str, Any]:
    kept = min_max(run.times, run.equity, points)
    fills, trades = run.fills, run.closed_trades
    return {
        "parameters": run.parameters,
        "statistics": run.statistics,
        "cash": run.cash,
        "final_equity": run.final_equity,
        "equity": [{"time": _time(int(run.times[each])), "equity": float(run.equity[each])} for each in kept],
        "fills_count": len(fills.step),
        "fills": [
            {
                "bar": _time(int(run.times[fills.step[each]])),
                "at": "close" if fills.sent[each] == fills.step[each] else "open",
                "symbol": run.tickers[fills.security[each]],
                "quantity": float(fills.quantity[each]),
                "price": float(fills.price[each]),
                "fee": float(fills.fee[each]),
            }
            for each in range(min(len(fills.step), MOST_FILLS))
        ],
        "trades_count": len(trades),
        "trades": [_trade(each) for each in trades[:MOST_TRADES]],
    }


def _trade(each: ClosedTrade) -> dict[str, Any]:
    return {
        "symbol": each.ticker,
        "direction": each.direction,
        "entry_time": _time(each.entry_ns),
        "exit_time": _time(each.exit_ns),
        "entry_price": each.entry_price,
        "exit_price": each.exit_price,
        "quantity": each.quantity,
        "profit_loss": each.profit_loss,
        "total_fees": each.total_fees,
        "mae": each.mae,
        "mfe": each.mfe,
    }


def _time(ns: int) -> str:
    return (_EPOCH + timedelta(microseconds=ns // 1000)).isoformat().replace("+00:00", "Z")


if __name__ == "__main__":
    answer_order(_answer, memory=MEMORY, cpu_s=CPU_S)

"""``tradinglab stress``: what is left of a strategy's profit under worse assumptions."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from tradinglab.cli import outcome
from tradinglab.cli.console import fail, note, say, show_rows
from tradinglab.cli.doctor import add_terms, given_terms
from tradinglab.cli.status import FINISHED, STRATEGY_FAILED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands
    from tradinglab.doctor import Stress, StressRow

_HEADER = ("assumption", "net profit", "return", "Sharpe", "drawdown", "orders", "fees")


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "stress",
        help="say what worse assumptions leave of a strategy's profit",
        description="Backtest a strategy with other fees, slippage, delays, missed fills and cash, and find the cost "
        "at which it earns nothing.",
    )
    parser.set_defaults(run=run)
    add_terms(parser.add_argument)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(options: Namespace) -> int:
    """Run the strategy under each assumption and print what came of it."""
    from tradinglab.doctor import stress
    from tradinglab.engine.errors import StrategyError

    try:
        found = stress(**given_terms(options), on_row=None if options.json else _tell)
    except StrategyError as error:
        fail(outcome.failure_text(error))
        return STRATEGY_FAILED
    if options.json:
        say(json.dumps(asdict(found), indent=2))
    else:
        _show(found)
    return FINISHED


def _tell(row: StressRow) -> None:
    note(f"{row.name}: {row.problem or f'net profit {row.net_profit:,.2f}'}")


def _show(found: Stress) -> None:
    show_rows(_HEADER, [_cells(row) for row in found.rows])
    for row in found.rows:
        if row.problem:
            say(f"{row.name}: {row.problem}")
    break_even = found.break_even
    checked = "" if break_even.net_profit is None else f" (net profit {break_even.net_profit:,.2f} in a run with it)"
    say(f"\n{break_even.sentence}{checked}")


def _cells(row: StressRow) -> tuple[str, ...]:
    if row.net_profit is None or row.net_return is None or row.sharpe is None or row.drawdown is None:
        return (row.name, "failed", *("-" for _ in _HEADER[2:]))
    return (
        row.name, f"{row.net_profit:,.2f}", f"{row.net_return:.2%}", f"{row.sharpe:.3f}", f"{row.drawdown:.1%}",
        f"{row.orders:,}", f"{row.fees:,.2f}",
    )  # fmt: skip

"""``tradinglab stress``: what is left of a strategy's profit under worse assumptions."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from tradinglab.cli import outcome
from tradinglab.cli.console import fail, note, say, show_rows
from tradinglab.cli.doctor import add_repeated, given_terms
from tradinglab.cli.errors import CommandError
from tradinglab.cli.extras import rules_part
from tradinglab.cli.search_rules import find_searched, is_rules
from tradinglab.cli.status import FINISHED, STRATEGY_FAILED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tradinglab.cli.errors import Commands
    from tradinglab.doctor import Jitter, Jittered, Stress, StressRow

_MOST_TRIALS, _MOST_STEPS = 10_000, 1_000
_CODE_TRIALS, _RULES_TRIALS = 50, 300
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
    add_repeated(parser.add_argument)
    parser.add_argument("--jitter", metavar="REACH", type=_reach,
        help="instead, move the parameters again and again, by up to a share of their size (10%%) or so many of "
        "their declared steps (2steps); takes rules, too, which are simulated")  # fmt: skip
    parser.add_argument("--trials", metavar="N", type=_count,
        help="with --jitter: how many variants are tried (default: 50, of rules 300)")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(options: Namespace) -> int:
    """Run the strategy under each assumption, or with other parameters, and print what came of it."""
    from tradinglab.engine.errors import StrategyError

    if options.jitter is None and options.trials is not None:
        raise CommandError("--trials is for --jitter; add it, or leave --trials out.")
    try:
        found, show = _stressed(options) if options.jitter is None else _jittered(options)
    except StrategyError as error:
        fail(outcome.failure_text(error))
        return STRATEGY_FAILED
    if options.json:
        say(json.dumps(asdict(found), indent=2))
    else:
        show()
    return FINISHED


def _stressed(options: Namespace) -> tuple[Stress, Callable[[], None]]:
    """Return what other assumptions leave, and what prints it."""
    from tradinglab.doctor import stress

    found = stress(**given_terms(options), on_row=None if options.json else _tell)
    return found, lambda: _show(found)


def _jittered(options: Namespace) -> tuple[Jitter, Callable[[], None]]:
    """Return what other parameters come to, and what prints it."""
    tell = None if options.json else _tell_moved
    searched = find_searched(options.file)
    if is_rules(searched):
        found = _jittered_rules(searched, options, tell)
    else:
        from tradinglab.doctor import jitter

        terms = given_terms(options)
        terms["parameters"] = {**_defaults(terms["strategy"]), **terms["parameters"]}
        found = jitter(**terms, **options.jitter, trials=options.trials or _CODE_TRIALS, on_row=tell)
    return found, lambda: _show_jitter(found)


def _jittered_rules(rules: Path, options: Namespace, tell: Callable[[Jittered], None] | None) -> Jitter:
    rules_part("loading")  # says what to install where rules cannot be read
    from tradinglab.doctor.jitter_rules import jitter_rules

    if options.class_name or options.import_path:
        raise CommandError("Rules have no classes and import nothing: leave out --class and --import-path.")
    return jitter_rules(
        rules,
        options.data,
        parameters=dict(options.parameter),
        **options.jitter,
        trials=options.trials or _RULES_TRIALS,
        start=options.start,
        end=options.end,
        cash=None if options.cash is None else float(options.cash),
        seed=options.seed,
        on_row=tell,
    )


def _defaults(strategy: Path) -> dict[str, str]:
    """Return what a strategy takes for parameters that are numbers, as far as its text shows it."""
    from tradinglab.algorithm.check import check_strategy
    from tradinglab.cli.lint import strategy_texts

    report = check_strategy(strategy_texts(strategy), strategy.name)
    numbers = [each for each in report.parameters if each.type in ("int", "float") and each.default]
    return {each.name: str(each.default) for each in numbers}


def _tell_moved(row: Jittered) -> None:
    moved = ", ".join(f"{name}={value}" for name, value in row.parameters.items())
    note(f"{moved}: {row.problem or f'Sharpe ratio {row.sharpe:.3f}'}")


def _show_jitter(found: Jitter) -> None:
    failed = sum(bool(each.problem) for each in found.rows)
    chosen = ", ".join(f"{name}={value}" for name, value in found.chosen.parameters.items())
    failures = f", of which {failed} failed" if failed else ""
    say(f"{found.name} with {chosen}, and {len(found.rows)} variants of it{failures}")
    if not found.bands:
        return
    header = ("figure", "as chosen", *(f"{each:.0%}" for each in found.levels), "chosen is better than")
    forms = (("net_return", "return", ".2%"), ("sharpe", "Sharpe", ".3f"), ("drawdown", "drawdown", ".1%"))
    show_rows(
        header,
        [
            (
                label,
                format(getattr(found.chosen, name), form),
                *(format(value, form) for value in found.bands[name]),
                f"{found.ranks[name]:.0%}",
            )
            for name, label, form in forms
        ],
    )


def _count(text: str) -> int:
    """Return how many variants are run."""
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_TRIALS:
        raise ArgumentTypeError(f"'{text}' is no number of variants; write one from 1 to {_MOST_TRIALS:,}.")
    return int(text)


def _reach(text: str) -> dict[str, float] | dict[str, int]:
    """Return how far parameters are moved: by a share, which may be given in percent, or by so many steps."""
    number = text.removesuffix("steps").removesuffix("step")
    if number != text:
        if not number.isdecimal() or not 1 <= int(number) <= _MOST_STEPS:
            raise ArgumentTypeError(f"'{text}' is no number of steps; write 2steps, and {_MOST_STEPS:,} at most.")
        return {"steps": int(number)}
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise ArgumentTypeError(f"'{text}' is no share between 0 and 1; write 10%, 0.1 or 2steps.")
    return {"share": share}


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

"""``tradinglab rules``: strategies without code."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, Namespace
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradinglab.cli import words
from tradinglab.cli.console import note, say, show_pairs, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.extras import rules_part
from tradinglab.cli.status import FINISHED
from tradinglab.core.clock import from_ns
from tradinglab.core.run_warnings import WarningKind
from tradinglab.core.whole_files import write_whole

if TYPE_CHECKING:
    from tradinglab.algorithm.trade import Trade
    from tradinglab.cli.errors import Commands
    from tradinglab.rules.bars import MarketBars
    from tradinglab.rules.schema import Rules
    from tradinglab.rules.trades import ClosedTrade

    #: Figures, and the closed trades with their ticker and whether they are long.
    Outcome = tuple[Mapping[str, str], list[tuple[str, bool, ClosedTrade | Trade]]]

#: What generated source says of itself.
_WRITTEN = "Written by TradingLab from these rules:"
#: Figures that both engines define alike.
_SHARED = (
    "Start Equity", "End Equity", "Net Profit", "Compounding Annual Return", "Drawdown", "Sharpe Ratio",
    "Sortino Ratio", "Probabilistic Sharpe Ratio", "Annual Standard Deviation", "Win Rate", "Expectancy",
    "Total Orders", "Total Fees",
)  # fmt: skip
_NO_ORDERS = (
    "No order was sent: what is to be entered was never true. A comparison with an indicator that needs more bars than "
    "there are, or with anything else that is not known yet, is false."
)
_TRADE_HEADER = ("SYMBOL", "SIDE", "QUANTITY", "ENTRY (UTC)", "EXIT (UTC)", "PRICE IN", "PRICE OUT", "PROFIT", "FEES",
                 "MAE", "MFE")  # fmt: skip


def add_parser(commands: Commands) -> None:
    """Add the commands and their options."""
    parser = commands.add_parser(
        "rules", help="strategies without code", description="Check, show, run and export strategies told as rules."
    )
    parts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _file(parts, "check", "say whether rules can be carried out", check)
    _file(parts, "show", "print rules as text, always in the same form", show).add_argument(
        "--json", action="store_true", help="print them as JSON"
    )
    add = _file(parts, "generate", "write rules out as a QuantConnect strategy", generate).add_argument
    add("--output", "-o", metavar="FILE", type=words.output_file, help="where to (default: the terminal)")
    add = _file(parts, "run", "backtest rules and print their statistics", run).add_argument
    add("--data", metavar="SPEC", default="sample", help="sample (default), lean:DIR or store:DIR")
    add("--engine", choices=("vectorised", "local"),
        help="whole arrays (default, where they are exact), or the generated strategy in the local engine")  # fmt: skip
    add("--param", "-p", metavar="K=V", type=number_pair, action="append", default=[],
        help="value of a parameter; may be repeated")  # fmt: skip
    add("--trades", action="store_true", help="print the closed trades, too")
    for name, text, function in (
        ("schema", "print the JSON Schema of rules", schema),
        ("indicators", "list the indicators that rules may use", indicators),
        ("templates", "list the rules that can be copied", templates),
    ):
        parts.add_parser(name, help=text, description=text.capitalize() + ".").set_defaults(run=function)


def _file(parts: Commands, name: str, text: str, function: Any) -> Any:
    parser = parts.add_parser(name, help=text, description=text.capitalize() + ".")
    parser.add_argument("file", metavar="FILE", help="rules as text, or as JSON (.json); or the name of a template")
    parser.set_defaults(run=function)
    return parser


def number_pair(text: str) -> tuple[str, float]:
    """Return name and number of ``NAME=NUMBER``."""
    name, value = words.pair(text)
    try:
        return name, float(value)
    except ValueError:
        raise ArgumentTypeError(f"'{value}' is no number") from None


def check(options: Namespace) -> int:
    """Say that rules can be carried out; what is wrong is an error."""
    rules = _fitting(options.file)
    securities, parameters = len(rules.universe), len(rules.parameters)
    say(
        f"{rules.name}: {securities} {'security' if securities == 1 else 'securities'}, "
        f"{parameters} {'parameter' if parameters == 1 else 'parameters'}; nothing is wrong."
    )
    return FINISHED


def show(options: Namespace) -> int:
    """Print rules in their canonical form."""
    rules = _rules(options.file)
    if options.json:
        say(json.dumps(rules.model_dump(mode="json", exclude_defaults=False), indent=2))
    else:
        say(rules_part("text").rules_text(rules).rstrip("\n"))
    return FINISHED


def schema(options: Namespace) -> int:
    """Print the JSON Schema."""
    say(json.dumps(rules_part("schema").json_schema(), indent=2))
    return FINISHED


def indicators(options: Namespace) -> int:
    """Print how each indicator is written, and its lines."""
    kinds = sorted(rules_part("catalogue").indicator_kinds().items())
    show_rows(("INDICATOR", "LINES"), [(kind.signature, ", ".join(kind.lines)) for _, kind in kinds])
    return FINISHED


def templates(options: Namespace) -> int:
    """Print the templates."""
    found = rules_part("templates").all_rule_templates()
    show_rows(("TEMPLATE", "WHAT IT DOES"), [(each.name, each.title) for each in found])
    return FINISHED


def generate(options: Namespace) -> int:
    """Write the source of the strategy."""
    source = rules_part("generator").algorithm_source(_fitting(options.file))
    if options.output is None:
        say(source.rstrip("\n"))
    else:
        _check_replaceable(options.output)
        write_whole(options.output, source)
        note(f"Written to {options.output}.")
    return FINISHED


def _check_replaceable(path: Path) -> None:
    """Refuse to write over what somebody wrote by hand: their rules, as a rule."""
    if path.is_file() and path.stat().st_size and _WRITTEN not in path.read_text(encoding="utf-8", errors="replace"):
        raise CommandError(f"{path} is there, and was not generated from rules; name another file, or remove it.")


def run(options: Namespace) -> int:
    """Backtest rules and print what both engines define alike."""
    rules, parameters = _rules(options.file), dict(options.param)
    rules_part("checks").asked_values(rules, parameters)
    outcome = {"local": _local, "vectorised": _vectorised, None: _either}[options.engine]
    figures, trades = outcome(rules, options.data, parameters)
    show_pairs({name: figures[name] for name in _SHARED}, rules.name)
    if figures["Total Orders"] == "0":
        note(_NO_ORDERS)
    if options.trades:
        say("")
        show_rows(_TRADE_HEADER, [_trade(*each) for each in trades])
    return FINISHED


def _either(rules: Rules, data: str, parameters: dict[str, float]) -> Outcome:
    """Simulate rules, or run their source where only the engine can carry them out."""
    from tradinglab.rules.errors import RulesBarsError

    try:
        return _vectorised(rules, data, parameters)
    except RulesBarsError as problem:
        note(f"{problem}. The generated strategy is run in the local engine.")
        return _local(rules, data, parameters)


def _vectorised(rules: Rules, data: str, parameters: dict[str, float]) -> Outcome:
    from tradinglab.data.source import open_source

    source = open_source(data)
    measures = rules_part("measures")
    variants = measures.Variants(rules, source)
    _check_windows(rules, variants.bars, parameters)
    done = rules_part("simulation").simulate(rules, variants.bars, parameters)
    _note_all(source.warnings)
    statistics = done.statistics | measures.stated(variants.figures(done.fills))
    return statistics, [(each.ticker, each.direction == "long", each) for each in done.closed_trades]


def _local(rules: Rules, data: str, parameters: dict[str, float]) -> Outcome:
    from tempfile import TemporaryDirectory

    from tradinglab.data.source import open_source
    from tradinglab.engine.run import backtest
    from tradinglab.rules.errors import RulesBarsError

    with suppress(RulesBarsError):  # bars that only the engine trades on
        _check_windows(rules, rules_part("market").load_bars(rules, open_source(data)), parameters)
    with TemporaryDirectory() as folder:
        path = Path(folder, "main.py")
        path.write_text(rules_part("generator").algorithm_source(rules), encoding="utf-8")
        result = backtest(path, data=data, parameters=parameters)
    _note_all([each.text for each in result.warnings if each.kind == WarningKind.DATA])
    return result.statistics, [(each.symbol.value, each.sign > 0, each) for each in result.closed_trades]


def _check_windows(rules: Rules, bars: MarketBars, parameters: Mapping[str, float]) -> None:
    """Refuse rules that look back over more bars than there are."""
    windows = rules_part("windows")
    windows.windows_check(rules, rules_part("checks").parameter_values(rules, parameters), windows.room_of(bars))


def _note_all(warnings: Sequence[str]) -> None:
    for each in warnings:
        note(f"Warning: {each}")


def _trade(ticker: str, is_long: bool, each: ClosedTrade | Trade) -> tuple[str, ...]:
    """Return a closed trade as cells."""
    times = [f"{from_ns(ns):%Y-%m-%d %H:%M}" for ns in (each.entry_ns, each.exit_ns)]
    prices = [f"{price:.6g}" for price in (each.entry_price, each.exit_price)]
    amounts = [f"{amount:.2f}" for amount in (each.profit_loss, each.total_fees, each.mae, each.mfe)]
    return ticker, "long" if is_long else "short", f"{each.quantity:g}", *times, *prices, *amounts


def _fitting(text: str) -> Rules:
    """Return the rules of a file or a template, if their windows are not longer than their days."""
    rules, windows = _rules(text), rules_part("windows")
    room = windows.room_at_most(rules, windows.Span(rules.start, rules.end))
    windows.windows_check(rules, rules_part("checks").parameter_values(rules), room)
    return rules


def _rules(text: str) -> Rules:
    """Return the rules of a file or a template."""
    path = Path(text).expanduser()
    if path.is_dir():
        raise CommandError(f"{text} is a folder; name a file of rules.")
    if not path.is_file():
        found = rules_part("templates").find_rule_template(text)
        if found is None:
            names = ", ".join(each.name for each in rules_part("templates").all_rule_templates())
            raise CommandError(f"There is no file {text}, and no template of that name. The templates are: {names}.")
        path = found.path
    rules: Rules = rules_part("loading").load_rules(path)
    return rules

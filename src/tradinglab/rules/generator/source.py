"""The whole file: one class for the algorithm, one for what it keeps of each security."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from tradinglab.rules.generator.halting import halt_method, halt_state, halted_lines
from tradinglab.rules.generator.helpers import FUNCTIONS, NEXT_BAR_OPEN, PERCENT_FEE
from tradinglab.rules.generator.portfolio import memory_lines, method_functions, portfolio_lines, weight_lines
from tradinglab.rules.generator.positions import KELLY_EVENTS, KELLY_STATE, exit_lines, size_lines
from tradinglab.rules.generator.resting import (
    CANCEL,
    EVENTS,
    FOLLOW,
    STATE,
    has_resting,
    noted_lines,
    protection_lines,
    resting_model,
    tick_lines,
    unknown_lines,
)
from tradinglab.rules.generator.securities import added_lines, model_lines, warm_up_lines, warming_lines
from tradinglab.rules.generator.unit_fees import unit_events, unit_method, unit_state
from tradinglab.rules.generator.views import view_state
from tradinglab.rules.generator.writing import Writer, plain
from tradinglab.rules.market import RESOLUTIONS, bars_per_year
from tradinglab.rules.plans import has_unit_fees
from tradinglab.rules.portfolios import BY_RETURNS
from tradinglab.rules.schema import AtrAway, KellySize, PercentFees
from tradinglab.rules.shares import is_weighed

if TYPE_CHECKING:
    from tradinglab.rules.schema import Rules

#: What is kept of a position that is looked at bar by bar.
_POSITION = ["self.bars_held = 0", "self.bars_since_exit = math.inf",
             "# Which side was left at this bar: 1 long, -1 short.", "self.left = 0", "self.best = None"]  # fmt: skip
#: Names that mean something else in the file; what an algorithm imports has others that two words are unlikely to be.
_TAKEN = frozenset({"Watch", "QCAlgorithm", "PercentFee", "NextBarOpen", "Resting"})
_KINDS = (("enter_long", "enters_long"), ("exit_long", "exits_long"),
          ("enter_short", "enters_short"), ("exit_short", "exits_short"))  # fmt: skip


def algorithm_source(rules: Rules) -> str:
    """Return the source of a ``QCAlgorithm`` that trades as the rules say.

    It runs in the local engine and on QuantConnect as it stands.
    """
    writer = Writer(rules)
    watch = _watch(rules, writer)
    algorithm = _algorithm(rules, writer)
    helpers = [text.strip("\n") for name, text in FUNCTIONS.items() if name in writer.helpers]
    models = [text.strip("\n") for text in _models(rules)]
    parts = [_head(rules, writer), *helpers, *method_functions(rules), *models, watch, algorithm]
    return "\n\n\n".join(parts) + "\n"


def class_name(rules: Rules) -> str:
    """Return the name of the generated class: the words of the rules' name, joined."""
    words = re.findall(r"[A-Za-z0-9]+", rules.name)
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Rules"
    return f"Rules{name}" if name[0].isdigit() or name in _TAKEN else name


def _head(rules: Rules, writer: Writer) -> str:
    from tradinglab.rules.text import rules_text

    told = textwrap.indent(rules_text(rules).rstrip("\n"), "    ")
    lines = [f'"""{rules.name}.', "", "Written by TradingLab from these rules:", "", told, '"""', "", "import math"]
    if writer.memories() or memory_lines(rules, writer):
        lines.append("from collections import deque")
    if "time(" in "".join(writer.used):
        lines.append("from datetime import time")
    lines += ["", "import numpy as np"] if is_weighed(rules) else []
    lines += ["from AlgorithmImports import *"] if is_weighed(rules) else ["", "from AlgorithmImports import *"]
    if "volatility" in writer.helpers or rules.views:
        year = bars_per_year(rules.universe[0].type, RESOLUTIONS[rules.resolution])
        lines += ["", f"BARS_PER_YEAR = {plain(year)}"]
    return "\n".join(lines)


def _models(rules: Rules) -> list[str]:
    found = []
    if isinstance(rules.fees, PercentFees):
        found.append(PERCENT_FEE)
    kind = rules.universe[0].type
    base = "EquityFillModel" if kind == "equity" else "ImmediateFillModel"
    if has_resting(rules):
        found.append(resting_model(rules, base))
        base = "Resting"
    if rules.fill == "next_bar_open":
        price = {
            "equity": "bar.open",
            "forex": "(bar.ask if is_buy else bar.bid).open",
            # Of crypto the bar may be one of quotes or of trades.
            "crypto": '(getattr(bar, "ask" if is_buy else "bid", None) or bar).open',
        }[kind]
        found.append(NEXT_BAR_OPEN.format(base=base, price=price))
    return found


def _indented(lines: list[str], spaces: int = 8) -> list[str]:
    return [" " * spaces + line if line else "" for line in lines]


def _watch(rules: Rules, writer: Writer) -> str:
    """Return the class of what is kept for a security."""
    methods: list[str] = []
    for field, method in _KINDS:
        condition = getattr(rules, field)
        if condition is not None:
            methods += ["", f"    def {method}(self):", *_indented(writer.returned(condition))]
    rank = rules.rank if rules.rebalance is None else rules.rebalance.rank
    if rank is not None:
        methods += ["", "    def rank(self):", *_indented([f"return {writer.operand(rank)}"])]
    if rules.rebalance is None:
        methods += ["", *_exits(rules, writer)]
        sizes = size_lines(rules, writer)
    else:
        sizes = [] if isinstance(rules.rebalance.weighting, BY_RETURNS) else weight_lines(rules.rebalance, writer)
    if has_resting(rules):
        sizes += [*noted_lines(rules, writer), *protection_lines(rules, writer)]
    writer.used = [*methods, *writer.taken, *sizes]
    head = [
        "class Watch:",
        '    """One security: what the rules look at, and the position in it."""',
        "",
        "    def __init__(self, algorithm, security):",
        "        self.algorithm = algorithm",
        *(["        self.parameter = algorithm.parameter"] if rules.parameters else []),
        "        self.symbol = security.symbol",
        "        self.lot = float(security.symbol_properties.lot_size)",
        "        self.multiplier = float(security.symbol_properties.contract_multiplier)",
        *_indented(tick_lines(rules) if has_resting(rules) else []),
        *_indented([*writer.made, *writer.memories()]),
        "        self.bar = None",
        "        # The quantity that is held when all orders are filled.",
        "        self.target = 0.0",
        *_indented(_state(rules, writer)),
        "",
        "    def units(self, lots):",
        '        """Return how much so many lots are."""',
        "        return lots * self.lot if self.lot >= 1 else lots / round(1 / self.lot)",
        "",
        "    def in_lots(self, quantity):",
        '        """Return a quantity without the noise of sums: the nearest whole lots."""',
        "        return self.units(math.floor(quantity / self.lot + 0.5))",
        *unit_method(rules),
        "",
        "    def update(self, bar):",
        '        """Take the bar that has just closed."""',
        "        self.bar = bar",
        *_indented(writer.taken),
    ]
    return "\n".join([*head, *methods, *sizes])


def _state(rules: Rules, writer: Writer) -> list[str]:
    """Return the lines that begin what is kept of a position."""
    is_plain_kelly = isinstance(rules.sizing, KellySize) and not has_unit_fees(rules)
    return [
        *(_POSITION if rules.rebalance is None else []),
        *(KELLY_STATE if is_plain_kelly else []),
        *unit_state(rules, writer),
        *(STATE if has_resting(rules) else []),
    ]


def _exits(rules: Rules, writer: Writer) -> list[str]:
    return [
        "    def leaves(self):",
        '        """Return whether the position is to be closed."""',
        *_indented(exit_lines(rules, writer)),
    ]


def _algorithm(rules: Rules, writer: Writer) -> str:
    """Return the class of the algorithm."""
    lines = [
        f"class {class_name(rules)}(QCAlgorithm):",
        "",
        "    def initialize(self):",
        f"        self.set_start_date({rules.start.year}, {rules.start.month}, {rules.start.day})",
        f"        self.set_end_date({rules.end.year}, {rules.end.month}, {rules.end.day})",
        f"        self.set_cash({plain(rules.cash)})",
        *_parameters(rules),
        "        # The rules bound their orders themselves (see size): none is refused or called back.",
        "        self.portfolio.set_margin_call_model(MarginCallModel.NULL)",
        *(["        self.outcomes = {True: [], False: []}"] if isinstance(rules.sizing, KellySize) else []),
        *(["        self.period = None"] if rules.rebalance is not None else []),
        *memory_lines(rules, writer),
        *view_state(rules, writer),
        *halt_state(rules),
        "        self.watches = []",
        *added_lines(rules),
        "        self.set_benchmark(self.watches[0].symbol)",
        *warm_up_lines(rules),
        "",
        "    def watch(self, security):",
        "        security.set_buying_power_model(BuyingPowerModel.NULL)",
        *model_lines(rules),
        "        self.watches.append(Watch(self, security))",
        *(["        model.watch = self.watches[-1]"] if has_resting(rules) and has_unit_fees(rules) else []),
        "",
        *(_positions(rules, writer) if rules.rebalance is None else portfolio_lines(rules, writer)),
        "",
        *halt_method(rules, writer),
        *_orders(rules),
        *_events(rules),
    ]
    return "\n".join(lines)


def _events(rules: Rules) -> list[str]:
    """Return the method that hears of fills, if anything is to be done then."""
    parts = [
        *(KELLY_EVENTS if isinstance(rules.sizing, KellySize) else []),
        *(EVENTS if has_resting(rules) else []),
    ]
    if has_unit_fees(rules):
        parts = unit_events(rules)
    if not parts:
        return []
    return [
        "",
        "    def on_order_event(self, order_event):",
        '        """See to what follows from a fill."""',
        "        if order_event.status != OrderStatus.FILLED:",
        "            return",
        "        watch = next(each for each in self.watches if each.symbol == order_event.symbol)",
        *parts,
    ]


def _positions(rules: Rules, writer: Writer) -> list[str]:
    writer.helpers.add("in_cents")
    return [
        *_on_data(rules, writer),
        "",
        *_enter(rules),
        "",
        "    def size(self, watch):",
        '        """Return how many units to hold: whole lots, for no more money than there is room for."""',
        "        equity = in_cents(self.portfolio.total_portfolio_value)",
        "        unit = watch.bar.close * watch.multiplier",
        f"        room = equity * {writer.number(rules.leverage)} * (1 - {writer.fraction(rules.buffer_percent)})",
        "        for other in self.watches:",
        "            if other is not watch and other.target != 0:",
        "                room -= abs(other.target) * other.bar.close * other.multiplier",
        "        lots = min(watch.money(equity, unit), room) / unit / watch.lot",
        "        if not lots > 0:",
        "            return 0.0",
        "        # What falls short of a whole lot by less than a millionth counts as one.",
        "        return watch.units(math.floor(lots + 1e-6))",
        "",
        "    def leave(self, watch):",
        '        """Close a position."""',
        "        watch.bars_since_exit = 0",
        "        self.order_to(watch, 0.0)",
    ]


def _parameters(rules: Rules) -> list[str]:
    if not rules.parameters:
        return []
    lines = ["        self.parameter = {"]
    for name, each in rules.parameters.items():
        lines.append(f'            "{name}": float(self.get_parameter("{name}", {each.default!r})),')
    return [*lines, "        }"]


def _on_data(rules: Rules, writer: Writer) -> list[str]:
    bars = "quote_bars" if rules.universe[0].type == "forex" else "bars"
    return [
        "    def on_data(self, data):",
        f"        closed = [watch for watch in self.watches if watch.symbol in data.{bars}]",
        "        for watch in closed:",
        f"            watch.update(data.{bars}[watch.symbol])",
        *warming_lines(rules),
        *halted_lines(rules),
        "        entries = [(watch, side) for watch in closed if (side := self.review(watch))]",
        *_ranked(rules),
        "        for watch, side in entries:",
        "            self.enter(watch, side)",
        *(FOLLOW if rules.trailing_stop is not None and rules.trailing_stop.resting else []),
        "",
        "    def review(self, watch):",
        '        """See to a position; return the side on which to enter: 1 long, -1 short, 0 none."""',
        "        watch.bars_since_exit += 1",
        "        watch.left = 0",
        "        if watch.target != 0:",
        "            watch.bars_held += 1",
        "            if watch.leaves():",
        "                watch.left = 1 if watch.target > 0 else -1",
        *_indented(_side(rules)),
        "        if side * watch.target > 0:",
        "            side = 0",
        *_indented(_refusals(rules, writer)),
        "        if side == 0 and watch.left != 0:",
        "            self.leave(watch)",
        "        return side",
    ]


def _ranked(rules: Rules) -> list[str]:
    if rules.rank is None:
        return []
    return [
        "        # Those of the highest rank first; equals stay in the order of the universe.",
        "        entries.sort(key=lambda entry: -entry[0].rank())",
    ]


def _side(rules: Rules) -> list[str]:
    lines = ["side = 0"]
    word = "if"
    if rules.enter_long is not None:
        lines += ["if watch.left != 1 and watch.enters_long():", "    side = 1"]
        word = "elif"
    if rules.enter_short is not None:
        lines += [f"{word} watch.left != -1 and watch.enters_short():", "    side = -1"]
    return lines


def _refusals(rules: Rules, writer: Writer) -> list[str]:
    lines = []
    if rules.cool_down != 0.0 or has_resting(rules):
        number = writer.count(rules.cool_down)
        lines += [f"if watch.left == 0 and watch.bars_since_exit <= {number}:", "    side = 0"]
    if rules.rank is not None:
        lines += ["if math.isnan(watch.rank()):", "    side = 0"]
    return [*lines, *unknown_lines(rules, writer)]


def _enter(rules: Rules) -> list[str]:
    lines = ["    def enter(self, watch, side):", '        """Open a position, if there is room for one."""']
    if rules.max_positions is None:
        lines.append("        quantity = side * self.size(watch)")
    else:
        most = Writer(rules).count(rules.max_positions)
        lines += [
            "        others = sum(other.target != 0 for other in self.watches if other is not watch)",
            f"        quantity = side * self.size(watch) if others < {most} else 0",
        ]
    return [
        *lines,
        "        if quantity != 0:",
        "            self.order_to(watch, quantity)",
        "        elif watch.target != 0:",
        "            # A position of the other side is closed even if there is no room for a new one.",
        "            self.leave(watch)",
    ]


def _orders(rules: Rules) -> list[str]:
    sent = "self.market_order(watch.symbol, change)"
    if rules.fill == "next_bar_open":
        sent = "self.market_order(watch.symbol, change, True)"
    noted = ["if quantity != 0:", "    watch.bars_held = 0", "    watch.best = None"]
    if any(
        isinstance(each, AtrAway) and each.resting for each in (rules.stop_loss, rules.take_profit, rules.trailing_stop)
    ):
        noted.append("    watch.note()")
    if has_resting(rules):
        noted = [*CANCEL, *noted]
    lines = [
        "    def order_to(self, watch, quantity):",
        '        """Order what brings a position to a quantity."""',
        f"        change = watch.in_lots(quantity - watch.{'whole()' if has_unit_fees(rules) else 'target'})",
        "        watch.target = quantity",
        *_indented(noted if rules.rebalance is None else []),
    ]
    if not has_unit_fees(rules):
        return [*lines, f"        {sent}"]
    is_kelly = isinstance(rules.sizing, KellySize)
    return [
        *lines,
        "        if change != 0:",
        f"            {sent}",
        *(["        else:", "            watch.held = quantity"] if is_kelly else []),
    ]

"""Portfolios that are put together anew on schedule, written as Python."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tradinglab.rules import weighing
from tradinglab.rules.generator.halting import drawdown_of
from tradinglab.rules.generator.securities import warming_lines
from tradinglab.rules.generator.views import share_lines
from tradinglab.rules.portfolios import BY_RETURNS, CalmShares
from tradinglab.rules.shares import METHODS, is_weighed
from tradinglab.rules.views import black_litterman

if TYPE_CHECKING:
    from tradinglab.rules.generator.writing import Writer
    from tradinglab.rules.portfolios import Rebalance
    from tradinglab.rules.schema import Rules

#: Notes of types, which name what a strategy does not import.
_TYPES = re.compile(r": (?:Floats|Places|Views|float)(?=[,)]| =)| -> (?:Floats|npt\.NDArray\[np\.intp\])(?=:)")
_PERIODS = {"weekly": "end.isocalendar()[:2]", "monthly": "(end.year, end.month)"}


def weight_lines(portfolio: Rebalance, writer: Writer) -> list[str]:
    """Return the method that says how large the share of a security is, compared with others."""
    lines = ["return 1.0"]
    if isinstance(portfolio.weighting, CalmShares):
        rate = writer.volatility(portfolio.weighting.bars)
        lines = [f"rate = {rate}", "return 1.0 / rate if rate > 0 else math.nan"]
    head = ["", "    def weight(self):", '        """Return the share, before all shares are made to add up to one."""']
    return [*head, *(f"        {line}" for line in lines)]


def portfolio_lines(rules: Rules, writer: Writer) -> list[str]:
    """Return the methods that put the portfolio together."""
    portfolio = rules.rebalance
    assert portfolio is not None
    bars = "quote_bars" if rules.universe[0].type == "forex" else "bars"
    return [
        "    def on_data(self, data):",
        f"        closed = [watch for watch in self.watches if watch.symbol in data.{bars}]",
        "        for watch in closed:",
        f"            watch.update(data.{bars}[watch.symbol])",
        "        if not closed:",
        "            return",
        *(_REMEMBERED if isinstance(portfolio.weighting, BY_RETURNS) else []),
        *warming_lines(rules),
        "        end = closed[0].bar.end_time",
        f"        period = {_PERIODS[portfolio.schedule]}",
        *_due_lines(rules),
        "",
        "    def rebalance(self, closed):",
        '        """Hold the securities of the highest rank; equals stay in the order of the universe."""',
        *(_weighed(rules, portfolio, writer) if is_weighed(rules) else _plain(rules, portfolio, writer)),
        "                # What falls short of a whole lot by less than a millionth counts as one.",
        "                quantity = watch.units(math.floor(lots + 1e-6)) if lots > 0 else 0.0",
        "            if quantity != watch.target:",
        "                self.order_to(watch, quantity)",
        *(_shares(rules, portfolio, writer) if is_weighed(rules) else []),
    ]


def _due_lines(rules: Rules) -> list[str]:
    if drawdown_of(rules) is None:
        return [
            "        if period != self.period:",
            "            self.period = period",
            "            self.rebalance(closed)",
        ]
    return [
        "        is_due = period != self.period",
        "        self.period = period",
        "        if not self.is_halted(closed) and is_due:",
        "            self.rebalance(closed)",
    ]


_REMEMBERED = [
    "        last = [math.nan if watch.bar is None else watch.bar.close for watch in self.watches]",
    "        self.closes.append(last)",
]


def memory_lines(rules: Rules, writer: Writer) -> list[str]:
    """Return the line that makes the memory of all closes, if shares follow from returns."""
    if rules.rebalance is None or not isinstance(rules.rebalance.weighting, BY_RETURNS):
        return []
    return [f"        self.closes = deque(maxlen={writer.count(rules.rebalance.weighting.bars)} + 1)"]


def method_functions(rules: Rules) -> list[str]:
    """Return the functions that shares follow from, without the types of what they take."""
    if rules.rebalance is None or not isinstance(rules.rebalance.weighting, BY_RETURNS):
        return []
    kind = rules.rebalance.weighting.kind
    needed: tuple[Callable[..., Any], ...] = {
        "minimum_variance": (weighing.covariance, weighing.nonnegative),
        "maximum_sharpe": (weighing.covariance, weighing.nonnegative, weighing.tangent),
        "risk_parity": (weighing.covariance,),
        "hierarchical_risk_parity": (weighing.covariance, weighing.tree_order),
        "black_litterman": (weighing.covariance, weighing.nonnegative, weighing.tangent),
    }[kind]
    own = black_litterman if kind == "black_litterman" else METHODS[kind]
    return [_TYPES.sub("", inspect.getsource(each)).strip("\n") for each in (*needed, own)]


def _eligible(rules: Rules) -> str:
    return "watch.enters_long() and " if rules.enter_long is not None else ""


def _money(rules: Rules, portfolio: Rebalance, writer: Writer) -> list[str]:
    writer.helpers.add("in_cents")
    room = f"{writer.number(rules.leverage)} * (1 - {writer.fraction(rules.buffer_percent)})"
    return [
        f"        share = min({writer.fraction(portfolio.percent)}, {room})",
        "        money = in_cents(self.portfolio.total_portfolio_value) * share",
        "        for watch in closed:",
        "            quantity = 0.0",
        "            if watch in chosen:",
        "                unit = watch.bar.close * watch.multiplier",
    ]


def _ranked(portfolio: Rebalance, writer: Writer) -> list[str]:
    return [
        "        known.sort(key=lambda watch: -watch.rank())",
        f"        chosen = known[:{writer.count(portfolio.top)}]",
    ]


def _plain(rules: Rules, portfolio: Rebalance, writer: Writer) -> list[str]:
    """Return the lines for shares by a weight of each security's own."""
    return [
        "        known = [",
        "            watch for watch in closed",
        f"            if {_eligible(rules)}not math.isnan(watch.rank() + watch.weight())",
        "        ]",
        *_ranked(portfolio, writer),
        "        total = 0.0",
        "        for watch in chosen:",
        "            total += watch.weight()",
        *_money(rules, portfolio, writer),
        "                lots = money * watch.weight() / total / unit / watch.lot",
    ]


def _weighed(rules: Rules, portfolio: Rebalance, writer: Writer) -> list[str]:
    """Return the lines for shares of all securities together."""
    lines = []
    condition = "not math.isnan(watch.rank() + watch.weight())"
    if isinstance(portfolio.weighting, BY_RETURNS):
        lines = [
            f"        if len(self.closes) <= {writer.count(portfolio.weighting.bars)}:",
            "            return",
            "        table = np.array(self.closes)",
            "        returns = table[1:] / table[:-1] - 1",
            "        # Those whose returns are known, and not all the same.",
            "        is_known = dict(zip(self.watches, np.ptp(returns, axis=0) > 0))",
        ]
        condition = "is_known[watch] and not math.isnan(watch.rank())"
    given = "chosen, returns" if lines else "chosen"
    return [
        *lines,
        "        known = [",
        "            watch for watch in closed",
        f"            if {_eligible(rules)}{condition}",
        "        ]",
        *_ranked(portfolio, writer),
        f"        shares = self.shares({given}) if chosen else {{}}",
        *_money(rules, portfolio, writer),
        "                lots = money * shares[watch] / unit / watch.lot",
    ]


def _shares(rules: Rules, portfolio: Rebalance, writer: Writer) -> list[str]:
    """Return the method that shares the money, and keeps within the limits."""
    limits, weighting = rules.limits, portfolio.weighting
    if isinstance(weighting, BY_RETURNS):
        head = ["    def shares(self, chosen, returns):"]
        lines = ["places = [self.watches.index(watch) for watch in chosen]",
                 *share_lines(weighting, writer)]  # fmt: skip
    else:
        head = ["    def shares(self, chosen):"]
        lines = [
            "places = [self.watches.index(watch) for watch in chosen]",
            "total = 0.0",
            "for watch in chosen:",
            "    total += watch.weight()",
            "shares = np.array([watch.weight() for watch in chosen]) / total",
        ]
    sectors = () if limits is None else limits.sectors
    if not sectors and not isinstance(weighting, BY_RETURNS):
        lines = lines[1:]
    if limits is not None and limits.position_percent is not None:
        lines.append(f"shares = np.minimum(shares, {writer.fraction(limits.position_percent)})")
    tickers = [each.ticker.upper() for each in rules.universe]
    for sector in sectors:
        members = ", ".join(str(tickers.index(each.upper())) for each in sector.tickers)
        most = writer.fraction(sector.percent)
        wrapped = textwrap.wrap(f"inside = np.array([place in ({members},) for place in places])", 84)
        wrapped = [wrapped[0], *("    " + line for line in wrapped[1:])]
        lines += [f"# The sector {sector.name}.", *wrapped,
                  "total = sum(share for share, is_in in zip(shares.tolist(), inside) if is_in)",
                  f"if total > {most}:",
                  f"    shares = np.where(inside, shares * ({most} / total), shares)"]  # fmt: skip
    return [
        "",
        *head,
        '        """Return the shares of securities; what limits cut off stays cash."""',
        *(f"        {line}" for line in lines),
        "        return dict(zip(chosen, shares.tolist()))",
    ]

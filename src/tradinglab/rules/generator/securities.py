"""The securities of an algorithm and their models, written as Python."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from tradinglab.rules.generator.resting import has_resting
from tradinglab.rules.generator.writing import WIDTH, Writer, broken
from tradinglab.rules.market import MARKETS
from tradinglab.rules.plans import has_unit_fees
from tradinglab.rules.schema import (
    AlphaStreamsSlippage,
    ConstantSlippage,
    FixedFees,
    MarketImpactSlippage,
    ModelFees,
    PercentFees,
    VolumeSlippage,
    WarmUpDays,
)
from tradinglab.rules.tariffs import MODELS

if TYPE_CHECKING:
    from tradinglab.rules.schema import Listing, Rules

_ADD = {"equity": "add_equity", "forex": "add_forex", "crypto": "add_crypto"}


def _indented(lines: list[str], spaces: int = 8) -> list[str]:
    return [" " * spaces + line if line else "" for line in lines]


def added_lines(rules: Rules) -> list[str]:
    """Return the lines that add the securities, those of one market in a loop."""
    lines: list[str] = []
    markets: dict[str | None, list[str]] = {}
    for listing in rules.universe:
        markets.setdefault(listing.market, []).append(f'"{listing.ticker}"')
    if len(markets) > 1:
        # The order of the universe counts.
        return [line for each in rules.universe for line in _add(rules, each, f'"{each.ticker}"', 8)]
    tickers = next(iter(markets.values()))
    if len(tickers) == 1:
        return _add(rules, rules.universe[0], tickers[0], 8)
    listed = textwrap.wrap(", ".join(tickers), WIDTH - 14, break_long_words=False, break_on_hyphens=False)
    if len(listed) == 1 and len(listed[0]) + 30 <= WIDTH:
        lines = [f"        for ticker in ({listed[0]}):"]
    else:
        lines = ["        for ticker in (", *(f"            {line}" for line in listed), "        ):"]
    return [*lines, *_add(rules, rules.universe[0], "ticker", 12)]


def _add(rules: Rules, listing: Listing, ticker: str, spaces: int) -> list[str]:
    market = listing.market or MARKETS[listing.type]
    written = [ticker, f"Resolution.{rules.resolution.upper()}"]
    if listing.type != "equity" or listing.market:
        written.append(f'market="{market}"')
    added = f"self.{_ADD[listing.type]}({', '.join(written)}, fill_forward=False)"
    return _indented(broken("self.watch(", added, ")", spaces), spaces)


def warm_up_lines(rules: Rules) -> list[str]:
    """Return the lines that ask for bars before the start, if the rules do."""
    given = rules.warm_up
    if given is None:
        return []
    span = f"timedelta(days={given.days})" if isinstance(given, WarmUpDays) else (
        f"{given.bars}, Resolution.{rules.resolution.upper()}"
    )  # fmt: skip
    return [
        "        # Bars before the start are seen first; nothing is ordered at them.",
        f"        self.set_warm_up({span})",
    ]


def warming_lines(rules: Rules) -> list[str]:
    """Return the lines that let a bar before the start bring about nothing."""
    return [] if rules.warm_up is None else ["        if self.is_warming_up:", "            return"]


def model_lines(rules: Rules) -> list[str]:
    """Return the lines that set the models of a security."""
    number = Writer(rules).number
    lines = []
    if rules.fees.kind == "none":
        lines.append("security.set_fee_model(ConstantFeeModel(0))")
    elif rules.fees.kind == "interactive_brokers":
        lines.append("security.set_fee_model(InteractiveBrokersFeeModel())")
    elif isinstance(rules.fees, FixedFees):
        lines.append(f"security.set_fee_model(ConstantFeeModel({number(rules.fees.amount)}))")
    elif isinstance(rules.fees, PercentFees):
        lines.append(f"security.set_fee_model(PercentFee({number(rules.fees.percent)} / 100))")
    elif isinstance(rules.fees, ModelFees):
        lines.append(f"security.set_fee_model({MODELS[rules.fees.kind]}())")
    if isinstance(rules.slippage, ConstantSlippage):
        lines.append(f"security.set_slippage_model(ConstantSlippageModel({number(rules.slippage.percent)} / 100))")
    elif isinstance(rules.slippage, VolumeSlippage):
        limit, impact = number(rules.slippage.limit), number(rules.slippage.impact)
        lines.append(f"security.set_slippage_model(VolumeShareSlippageModel({limit}, {impact}))")
    elif isinstance(rules.slippage, AlphaStreamsSlippage):
        lines.append("security.set_slippage_model(AlphaStreamsSlippageModel())")
    elif isinstance(rules.slippage, MarketImpactSlippage):
        lines.append("security.set_slippage_model(MarketImpactSlippageModel(self))")
    model = "NextBarOpen()" if rules.fill == "next_bar_open" else "Resting()"
    if has_resting(rules) and has_unit_fees(rules):
        lines += [f"model = {model}", "security.set_fill_model(model)"]
    elif has_resting(rules) or rules.fill == "next_bar_open":
        lines.append(f"security.set_fill_model({model})")
    return _indented(lines)

"""Positions of which fees have taken units, written as Python: what is there is less than what was ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.rules.generator.resting import EVENTS, has_resting
from tradinglab.rules.plans import has_unit_fees
from tradinglab.rules.schema import KellySize

if TYPE_CHECKING:
    from tradinglab.rules.generator.writing import Writer
    from tradinglab.rules.schema import Rules

_STATE = [
    "# What there is: what was bought and sold, less the units that were taken as fees.",
    "self.coin = security.base_currency.symbol",
    "self.there = 0.0",
]
_AVERAGE = [
    "# The price of the last fill.",
    "self.average = 0.0",
]
_KELLY = [
    "# The quantity that was ordered, and what that cost.",
    "self.held = 0.0",
    "self.entry_fee = 0.0",
]
_METHOD = [
    "",
    "    def whole(self):",
    '        """Return what there is in whole lots; fees leave ten-thousandths of one, half of which is noise."""',
    "        lots = self.units(math.floor(abs(self.there) / self.lot + 5e-5))",
    "        return lots if self.there > 0 else -lots",
]
_TAKEN = [
    "        fee = order_event.order_fee.value",
    "        watch.there += float(order_event.fill_quantity)",
    "        # What is filled of a purchase is without its fee.",
    "        if order_event.fill_quantity < 0 and fee.currency == watch.coin:",
    "            watch.there -= float(fee.amount)",
]
_SCORED = [
    "        # What closed trades have won or lost is noted for Kelly's formula.",
    "        paid = float(self.portfolio.cash_book.convert_to_account_currency(fee.amount, fee.currency))",
    "        if watch.held != 0:",
    "            gain = (float(order_event.fill_price) - watch.average) * watch.held * watch.multiplier",
    "            profit = in_cents(gain - watch.entry_fee - paid)",
    "            self.outcomes[profit > 0].append(abs(profit))",
    "        watch.entry_fee = paid if watch.held == 0 else 0.0",
]


def unit_state(rules: Rules, writer: Writer) -> list[str]:
    """Return the lines that begin what is kept of a security."""
    if not has_unit_fees(rules):
        return []
    if rules.rebalance is not None:
        return _STATE
    writer.helpers.add("rounded")
    return [*_STATE, *_AVERAGE, *(_KELLY if isinstance(rules.sizing, KellySize) else [])]


def unit_method(rules: Rules) -> list[str]:
    """Return the method that says how much can be sold."""
    return _METHOD if has_unit_fees(rules) else []


def unit_events(rules: Rules) -> list[str]:
    """Return what is to be done when an order is filled."""
    is_kelly = isinstance(rules.sizing, KellySize)
    if rules.rebalance is not None:
        return _TAKEN
    return [
        *_TAKEN,
        *(_SCORED if is_kelly else []),
        *(EVENTS if has_resting(rules) else []),
        *(["        watch.held = watch.target"] if is_kelly else []),
        "        watch.average = rounded(order_event.fill_price)",
    ]

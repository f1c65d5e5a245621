"""What a simulation comes to: fills, equity and figures."""

from __future__ import annotations

from dataclasses import field
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.rules import layout
from tradinglab.rules.errors import RuinedError
from tradinglab.rules.trades import ClosedTrade, closed_trades

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradinglab.data.columns import Floats, Ints
    from tradinglab.rules.bars import MarketBars
    from tradinglab.rules.schema import Rules
    from tradinglab.rules.simulation import Prepared


_NOISE_PLACES = 7


class Fills(NamedTuple):
    """What was filled, one value a fill.

    Attributes
    ----------
    step, sent
        Places in ``times``: at which bar's close it was booked, and at which the order was sent.
    security
        A place in ``tickers``.
    number
        Counts orders as they were sent.
    quantity
        Units; negative for a sale.
    fee
        What was charged, in the account's currency.
    taken
        The units that the fee was taken in, if any: of a purchase, whose quantity is without them, or beside a sale.
    paid
        What was charged in money: all of a fee that took no units, for a purchase the price of those that it took.
    """

    step: Ints
    security: Ints
    sent: Ints
    number: Ints
    quantity: Floats
    price: Floats
    fee: Floats
    taken: Floats
    paid: Floats

    @property
    def beside(self) -> Floats:
        """The units that were taken beside sales."""
        return np.where(self.quantity < 0.0, self.taken, 0.0)

    @property
    def received(self) -> Floats:
        """By how many units each fill changed what there is."""
        return self.quantity - self.beside


def fills_of(table: Floats) -> Fills:
    """Return the fills that a walk has written down."""
    whole = table[:, : layout.QUANTITY].astype(np.int64)
    takes_units = table.shape[1] > layout.FILL_WIDTH
    return Fills(
        step=whole[:, layout.STEP],
        security=whole[:, layout.SECURITY],
        sent=whole[:, layout.SENT_AT],
        number=whole[:, layout.ORDER],
        quantity=table[:, layout.QUANTITY],
        price=table[:, layout.PRICE],
        fee=table[:, layout.FEE],
        taken=table[:, layout.TAKEN] if takes_units else np.zeros(len(table)),
        paid=table[:, layout.PAID if takes_units else layout.FEE],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedRun:
    """One simulation.

    Attributes
    ----------
    orders
        How many orders were sent; the last ones may still wait to be filled.
    times
        The instants at which a bar closed, int64 nanoseconds UTC.
    equity
        What the account was worth then, after the fills of that instant's bars at their opens and before the orders
        that were sent at their closes.
    fills
        What was filled, in the order of time; ``step`` is a place in ``times``.
    cash
        Cash at the end.
    parameters
        The values that the run had.
    bars
        What it was simulated over.
    """

    tickers: tuple[str, ...]
    starting_cash: float
    orders: int
    times: Ints
    equity: Floats
    final_equity: float
    fills: Fills
    cash: float
    parameters: dict[str, float]
    bars: MarketBars = field(repr=False, compare=False)

    @property
    def closed_trades(self) -> tuple[ClosedTrade, ...]:
        """The trades that were closed, in the order in which they were; worked out anew whenever it is read."""
        return closed_trades(self.fills, self.bars)

    @property
    def statistics(self) -> dict[str, str]:
        """The figures that the local engine defines alike, written as it writes them."""
        profit = self.final_equity / self.starting_cash - 1
        return {
            "Start Equity": _money(self.starting_cash),
            "End Equity": _cents(self.final_equity, ROUND_HALF_EVEN)
            if len(self.fills.step)
            else _money(self.starting_cash),
            "Net Profit": f"{profit * 100:.3f}%" if profit else "0%",
            "Total Orders": str(self.orders),
            "Total Fees": f"${_cents(float(self.fills.fee.sum()), ROUND_HALF_UP)}",
        }


def _cents(amount: float, rounding: str) -> str:
    """Return an amount in cents: rounded as a decimal, without the noise of sums of floats."""
    return str(Decimal(repr(round(float(amount), _NOISE_PLACES))).quantize(Decimal("0.01"), rounding=rounding))


def _money(amount: float) -> str:
    """Return an amount in cents, without trailing zeros."""
    text = f"{amount:.2f}"
    return text.rstrip("0").rstrip(".")


def run_of(
    rules: Rules, bars: MarketBars, prepared: Prepared, fills: Fills, orders: int, values: Mapping[str, float]
) -> SimulatedRun:
    """Return the run that some fills are.

    Raises
    ------
    RuinedError
        If the account came to nothing.
    """
    order = np.lexsort((fills.number, fills.step))
    fills = chosen_fills(fills, order)
    equity, cash, final = _equity(prepared, bars.marks, fills)
    if is_used_up(equity, final):
        raise RuinedError
    return SimulatedRun(
        tickers=tuple(each.listing.ticker for each in bars.instruments),
        starting_cash=rules.cash,
        orders=orders,
        times=bars.steps,
        equity=equity,
        final_equity=final,
        fills=fills,
        cash=cash,
        parameters=dict(values),
        bars=bars,
    )


def ends_in_ruin(prepared: Prepared, bars: MarketBars, fills: Fills) -> bool:
    """Return whether the account of some fills came to nothing at any step."""
    equity, _, final = _equity(prepared, bars.marks, fills)
    return is_used_up(equity, final)


def is_used_up(equity: Floats, final: float) -> bool:
    """Return whether an account was worth nothing at any step, or in the end."""
    return min(float(equity.min(initial=final)), final) <= 0.0


def chosen_fills(fills: Fills, places: Any) -> Fills:
    """Return some of the fills."""
    return Fills(**{name: column[places] for name, column in fills._asdict().items()})


def _equity(prepared: Prepared, closes: Floats, fills: Fills) -> tuple[Floats, float, float]:
    """Return the account's worth at each step before its orders, the cash, and the worth at the end."""
    market, steps = prepared.market, closes.shape[1]
    # A fill at its own step's close is seen from the next step on.
    seen = fills.step + (fills.sent == fills.step)
    multiplier = market.traits[fills.security, layout.MULTIPLIER]
    spent = fills.quantity * fills.price * multiplier + fills.paid
    cash, left = _level(seen, -spent, steps)
    worth, final = prepared.plan.cash + cash, prepared.plan.cash + left
    for security in range(len(market.traits)):
        mine = fills.security == security
        if mine.any():
            held, left = _level(seen[mine], fills.received[mine], steps)
            counts = market.traits[security, layout.MULTIPLIER]
            worth += held * closes[security] * counts
            final += left * float(closes[security, -1]) * counts
    return worth, prepared.plan.cash - float(spent.sum()), final


def _level(seen: Ints, changes: Floats, steps: int) -> tuple[Floats, float]:
    """Return the sum of the changes so far at each step, and at the end."""
    order = np.argsort(seen, kind="stable")
    levels = np.concatenate([[0.0], np.cumsum(changes[order])])
    edges = np.concatenate([[0], np.minimum(seen[order], steps), [steps]])
    return np.repeat(levels, np.diff(edges)), float(levels[-1])

"""What a simulation comes to: fills, equity and figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradinglab.data.columns import Floats, Ints
    from tradinglab.rules.kernel import Fills
    from tradinglab.rules.market import MarketBars
    from tradinglab.rules.schema import Rules
    from tradinglab.rules.simulate import Prepared


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

    @property
    def statistics(self) -> dict[str, str]:
        """The figures that the local engine defines alike, written as it writes them."""
        profit = self.final_equity / self.starting_cash - 1
        return {
            "Start Equity": _money(self.starting_cash),
            "End Equity": f"{self.final_equity:.2f}" if len(self.fills.step) else _money(self.starting_cash),
            "Net Profit": f"{profit * 100:.3f}%",
            "Total Orders": str(self.orders),
            "Total Fees": f"${float(self.fills.fee.sum()):.2f}",
        }


def _money(amount: float) -> str:
    """Return an amount in cents, without trailing zeros."""
    text = f"{amount:.2f}"
    return text.rstrip("0").rstrip(".")


def run_of(
    rules: Rules, bars: MarketBars, prepared: Prepared, fills: Fills, orders: int, values: Mapping[str, float]
) -> SimulatedRun:
    """Return the run that some fills are."""
    order = np.lexsort((fills.number, fills.step))
    fills = chosen_fills(fills, order)
    equity, cash, final = _equity(prepared, fills)
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
    )


def chosen_fills(fills: Fills, places: Any) -> Fills:
    """Return some of the fills."""
    return type(fills)(**{name: column[places] for name, column in fills._asdict().items()})


def _equity(prepared: Prepared, fills: Fills) -> tuple[Floats, float, float]:
    """Return the account's worth at each step before its orders, the cash, and the worth at the end."""
    market, steps = prepared.market, prepared.market.close.shape[1]
    # A fill at its own step's close is seen from the next step on.
    seen = fills.step + (fills.sent == fills.step)
    multiplier = market.multiplier[fills.security]
    spent = fills.quantity * fills.price * multiplier + fills.fee
    worth = np.full(steps + 1, prepared.plan.cash)
    np.subtract.at(paid := np.zeros(steps + 1), seen, spent)
    worth += np.cumsum(paid)
    final = float(worth[-1])
    for security in range(len(market.lot)):
        mine = fills.security == security
        if mine.any():
            held = np.zeros(steps + 1)
            np.add.at(held, seen[mine], fills.quantity[mine])
            held = np.cumsum(held)
            worth[:-1] += held[:-1] * market.close[security] * market.multiplier[security]
            final += float(held[-1] * market.close[security, -1] * market.multiplier[security])
    return worth[:-1], prepared.plan.cash - float(spent.sum()), final

"""What closed positions have earned, as the engine books it: by transactions, and by trades, first in first out."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from tradinglab.rules.trades import Entry, cents, grain_of, matched

if TYPE_CHECKING:
    from tradinglab.rules.bars import MarketBars
    from tradinglab.rules.results import Fills

#: What a profit factor is where nothing was lost.
_NO_LOSS: Final = 10.0


#: The figures of transactions.
TRANSACTION_FIGURES: Final = (
    "average_win_rate", "average_loss_rate", "profit_loss_ratio", "win_rate", "loss_rate", "expectancy",
)  # fmt: skip


class Closings:
    """The closed positions of one account.

    Attributes
    ----------
    profits
        What each transaction that reduced a position has earned, in their order.
    trades
        The profits of the trades, in cents, as they were closed.
    """

    def __init__(self, fills: Fills, bars: MarketBars) -> None:
        self.profits: list[float] = []
        self.trades: list[float] = []
        count = len(bars.instruments)
        grain = grain_of(fills)
        self._least = [each.lot * grain for each in bars.instruments]
        self._held, self._average = [0.0] * count, [0.0] * count
        self._open: list[deque[Entry]] = [deque() for _ in range(count)]
        multipliers = [each.multiplier for each in bars.instruments]
        columns = (fills.security, fills.quantity, fills.price, fills.fee)
        for security, quantity, price, fee in zip(*(each.tolist() for each in columns), strict=True):
            self._book(security, quantity, price, fee, multipliers[security])
            self._trade(security, quantity, price, multipliers[security])

    def _book(self, security: int, quantity: float, price: float, fee: float, multiplier: float) -> None:
        held, average = self._held[security], self._average[security]
        after = held + quantity
        if abs(after) < self._least[security]:
            after = 0.0
        if held * quantity < 0.0:
            closed = min(abs(held), abs(quantity)) * (1.0 if held > 0.0 else -1.0)
            self.profits.append(closed * multiplier * (price - average) - 2.0 * fee)
            average = price if after * quantity > 0.0 else average
        elif held:
            average = (average * held + quantity * price) / after
        else:
            average = price
        self._held[security], self._average[security] = after, average

    def _trade(self, security: int, quantity: float, price: float, multiplier: float) -> None:
        parts, left = matched(self._open[security], quantity, self._least[security])
        self.trades += [cents((price - entry.price) * closed * multiplier) for entry, closed in parts]
        if left:
            self._open[security].append(Entry(price, left))

    def transaction_figures(self, cash: float) -> dict[str, float]:
        """Return how often and how much was won and lost, in shares of the money that there was from *cash* on."""
        capital, gains, losses = cash, 0.0, 0.0
        for profit in self.profits:
            if profit > 0.0:
                gains += profit / capital
            else:
                losses += profit / capital
            capital += profit
        won = sum(profit > 0.0 for profit in self.profits)
        lost = len(self.profits) - won
        gain, loss = gains / won if won else 0.0, losses / lost if lost else 0.0
        ratio = gain / abs(loss) if loss else 0.0
        wins, defeats = (won / len(self.profits), lost / len(self.profits)) if self.profits else (0.0, 0.0)
        found = (gain, loss, ratio, wins, defeats, wins * ratio - defeats)
        return dict(zip(TRANSACTION_FIGURES, found, strict=True))

    def trade_figures(self) -> dict[str, float]:
        """Return the figures of the trades."""
        won, lost = sum(each for each in self.trades if each > 0), -sum(each for each in self.trades if each <= 0)
        longest = in_row = 0
        for each in self.trades:
            in_row = 0 if each > 0 else in_row + 1
            longest = max(longest, in_row)
        factor = (won / lost if lost > 0 else _NO_LOSS) if won else 0.0
        return {
            "profit_factor": factor,
            "total_trades": float(len(self.trades)),
            "max_consecutive_losing_trades": float(longest),
        }

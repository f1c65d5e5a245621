"""Statistics of closed trades, defined as LEAN does (Common/Statistics/TradeStatistics.cs in QuantConnect/LEAN)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from math import sqrt

from tradinglab.algorithm.trade import Trade
from tradinglab.core.clock import from_ns, span_text
from tradinglab.core.decimals import ZERO, to_decimal
from tradinglab.core.system_decimal import divide, double_of
from tradinglab.engine.statistics.figures import Figure, FigureRecord, camel_case, json_figure

_TEN = Decimal(10)
_TICK_NS = 100
_TICKS_PER_SECOND = 10_000_000


class TradeStatistics(FigureRecord):
    """Statistics of the trades that a run closed; amounts are profits before fees, in the account's currency."""

    total_profit_loss = Figure()
    total_profit = Figure()
    total_loss = Figure()
    largest_profit = Figure()
    largest_loss = Figure()
    average_profit_loss = Figure()
    average_profit = Figure()
    average_loss = Figure()
    profit_loss_ratio = Figure()
    win_loss_ratio = Figure()
    win_rate = Figure()
    loss_rate = Figure()
    average_mae = Figure()
    average_mfe = Figure()
    largest_mae = Figure()
    largest_mfe = Figure()
    maximum_closed_trade_drawdown = Figure()
    maximum_intra_trade_drawdown = Figure()
    profit_loss_standard_deviation = Figure()
    profit_loss_downside_deviation = Figure()
    profit_factor = Figure()
    sharpe_ratio = Figure()
    sortino_ratio = Figure()
    profit_to_max_drawdown_ratio = Figure()
    maximum_end_trade_drawdown = Figure()
    average_end_trade_drawdown = Figure()
    total_fees = Figure()

    start_ns: int | None = None
    end_ns: int | None = None
    total_number_of_trades: int = 0
    number_of_winning_trades: int = 0
    number_of_losing_trades: int = 0
    max_consecutive_winning_trades: int = 0
    max_consecutive_losing_trades: int = 0
    # In ticks of 100 ns, as LEAN rounds them.
    average_trade_ticks: int = 0
    average_winning_trade_ticks: int = 0
    average_losing_trade_ticks: int = 0
    median_trade_ticks: int = 0
    median_winning_trade_ticks: int = 0
    median_losing_trade_ticks: int = 0
    maximum_drawdown_ticks: int = 0

    def __init__(self, trades: Iterable[Trade] = ()) -> None:
        super().__init__()
        tally = _Tally(self)
        for trade in trades:
            tally.add(trade)
        tally.finish()

    @property
    def average_trade_duration(self) -> timedelta:
        """The average time that a trade was open."""
        return timedelta(microseconds=self.average_trade_ticks / 10)

    @property
    def maximum_drawdown_duration(self) -> timedelta:
        """The longest time from a peak of the closed profit to the next one."""
        return timedelta(microseconds=self.maximum_drawdown_ticks / 10)

    def to_json(self) -> dict[str, object]:
        """Return the figures under the names, in the order and in the form of LEAN's result file."""
        return {name: self._json_member(member) for name, member in _JSON_MEMBERS.items()}

    def _json_member(self, member: str) -> object:
        if member in self.exact:
            return json_figure(self.exact[member])
        value = getattr(self, member)
        if member.endswith("_ticks"):
            return span_text(value)
        if member.endswith("_ns"):
            return None if value is None else time_text(value)
        return value


class _Tally:
    """One pass over the trades, in the order in which they closed."""

    def __init__(self, statistics: TradeStatistics) -> None:
        self._of = statistics
        self._exact = statistics.exact
        self._peak = self._peak_with_mfe = self._squares = self._loss_squares = ZERO
        self._peak_ns: int | None = None
        self._in_drawdown = False
        self._wins_in_row = self._losses_in_row = self._exercised_wins = 0
        self._ticks: list[int] = []
        self._winning_ticks: list[int] = []
        self._losing_ticks: list[int] = []

    def add(self, trade: Trade) -> None:
        of, exact = self._of, self._exact
        if self._peak_ns is None:
            self._peak_ns = trade.entry_ns
        of.start_ns = trade.entry_ns if of.start_ns is None else min(of.start_ns, trade.entry_ns)
        of.end_ns = trade.exit_ns if of.end_ns is None else max(of.end_ns, trade.exit_ns)
        of.total_number_of_trades += 1
        total = exact["total_profit_loss"]
        self._peak_with_mfe = max(self._peak_with_mfe, total + trade.exact_mfe)
        exact["maximum_intra_trade_drawdown"] = min(
            exact["maximum_intra_trade_drawdown"], total + trade.exact_mae - self._peak_with_mfe
        )
        ticks = (trade.exit_ns - trade.entry_ns) // _TICK_NS
        if trade.exact_profit_loss > 0:
            self._add_win(trade, ticks)
        else:
            self._add_loss(trade, ticks)
        self._add_to_averages(trade, ticks)

    def _add_win(self, trade: Trade, ticks: int) -> None:
        of, exact, profit = self._of, self._exact, trade.exact_profit_loss
        of.number_of_winning_trades += 1
        exact["total_profit_loss"] += profit
        exact["total_profit"] += profit
        _approach(exact, "average_profit", profit, of.number_of_winning_trades)
        of.average_winning_trade_ticks = _approach_ticks(
            of.average_winning_trade_ticks, ticks, of.number_of_winning_trades
        )
        self._winning_ticks.append(ticks)
        exact["largest_profit"] = max(exact["largest_profit"], profit)
        self._count_win()
        if exact["total_profit_loss"] > self._peak:
            self._peak = exact["total_profit_loss"]
            since = (trade.exit_ns - (self._peak_ns or 0)) // _TICK_NS
            if self._in_drawdown:
                of.maximum_drawdown_ticks = max(of.maximum_drawdown_ticks, since)
            self._peak_ns = trade.exit_ns
            self._in_drawdown = False

    def _add_loss(self, trade: Trade, ticks: int) -> None:
        of, exact, profit = self._of, self._exact, trade.exact_profit_loss
        of.number_of_losing_trades += 1
        exact["total_profit_loss"] += profit
        exact["total_loss"] += profit
        before = exact["average_loss"]
        count = of.number_of_losing_trades
        _approach(exact, "average_loss", profit, count)
        self._loss_squares += (profit - before) * (profit - exact["average_loss"])
        exact["profit_loss_downside_deviation"] = _deviation(self._loss_squares, count)
        of.average_losing_trade_ticks = _approach_ticks(of.average_losing_trade_ticks, ticks, count)
        self._losing_ticks.append(ticks)
        exact["largest_loss"] = min(exact["largest_loss"], profit)
        if trade.is_win:
            # An option exercised in the money may be a win although the premium was lost.
            self._exercised_wins += 1
            self._count_win()
        else:
            self._wins_in_row = 0
            self._losses_in_row += 1
            of.max_consecutive_losing_trades = max(of.max_consecutive_losing_trades, self._losses_in_row)
        fall = exact["total_profit_loss"] - self._peak
        exact["maximum_closed_trade_drawdown"] = min(exact["maximum_closed_trade_drawdown"], fall)
        self._in_drawdown = True

    def _count_win(self) -> None:
        self._wins_in_row += 1
        self._losses_in_row = 0
        self._of.max_consecutive_winning_trades = max(self._of.max_consecutive_winning_trades, self._wins_in_row)

    def _add_to_averages(self, trade: Trade, ticks: int) -> None:
        of, exact, count = self._of, self._exact, self._of.total_number_of_trades
        before = exact["average_profit_loss"]
        _approach(exact, "average_profit_loss", trade.exact_profit_loss, count)
        after = exact["average_profit_loss"]
        self._squares += (trade.exact_profit_loss - before) * (trade.exact_profit_loss - after)
        exact["profit_loss_standard_deviation"] = _deviation(self._squares, count)
        of.average_trade_ticks = _approach_ticks(of.average_trade_ticks, ticks, count)
        self._ticks.append(ticks)
        _approach(exact, "average_mae", trade.exact_mae, count)
        _approach(exact, "average_mfe", trade.exact_mfe, count)
        exact["largest_mae"] = min(exact["largest_mae"], trade.exact_mae)
        exact["largest_mfe"] = max(exact["largest_mfe"], trade.exact_mfe)
        drawdown = trade.exact_end_trade_drawdown
        exact["maximum_end_trade_drawdown"] = max(exact["maximum_end_trade_drawdown"], drawdown)
        exact["total_fees"] += trade.exact_total_fees

    def finish(self) -> None:
        of, exact = self._of, self._exact
        of.number_of_winning_trades += self._exercised_wins
        of.number_of_losing_trades -= self._exercised_wins
        wins, losses = Decimal(of.number_of_winning_trades), Decimal(of.number_of_losing_trades)
        count = Decimal(of.total_number_of_trades)
        if count:
            exact["win_loss_ratio"] = divide(wins, losses) if losses else _TEN
            exact["win_rate"] = divide(wins, count)
            exact["loss_rate"] = 1 - exact["win_rate"]
        exact["profit_loss_ratio"] = _over(exact["average_profit"], abs(exact["average_loss"]), ZERO)
        if exact["total_profit"]:
            exact["profit_factor"] = _over(exact["total_profit"], -exact["total_loss"], _TEN)
        average = exact["average_profit_loss"]
        exact["sharpe_ratio"] = _over(average, exact["profit_loss_standard_deviation"], ZERO)
        exact["sortino_ratio"] = _over(average, exact["profit_loss_downside_deviation"], ZERO)
        if exact["total_profit_loss"]:
            exact["profit_to_max_drawdown_ratio"] = _over(
                exact["total_profit_loss"], -exact["maximum_closed_trade_drawdown"], _TEN
            )
        exact["average_end_trade_drawdown"] = average - exact["average_mfe"]
        of.median_trade_ticks = _median(self._ticks)
        of.median_winning_trade_ticks = _median(self._winning_ticks)
        of.median_losing_trade_ticks = _median(self._losing_ticks)


def _approach(exact: dict[str, Decimal], name: str, value: Decimal, count: int) -> None:
    exact[name] += divide(value - exact[name], Decimal(count))


def _approach_ticks(average: int, ticks: int, count: int) -> int:
    seconds = (ticks / _TICKS_PER_SECOND - average / _TICKS_PER_SECOND) / count
    return average + int(seconds * _TICKS_PER_SECOND)


def _deviation(squares: Decimal, count: int) -> Decimal:
    return to_decimal(sqrt(double_of(divide(squares, Decimal(count - 1))))) if count > 1 else ZERO


def _over(value: Decimal, by: Decimal, otherwise: Decimal) -> Decimal:
    return divide(value, by) if by > 0 else otherwise


def _median(ticks: list[int]) -> int:
    return sorted(ticks)[len(ticks) // 2] if ticks else 0


def time_text(utc_ns: int) -> str:
    """Return an instant as the result file holds it: ISO, ``Z``, a fraction only where there is one."""
    fraction = utc_ns % 1_000_000_000 // _TICK_NS
    text = from_ns(utc_ns - utc_ns % 1_000_000_000).isoformat()
    return text + (f".{fraction:07d}".rstrip("0") if fraction else "") + "Z"


_JSON_MEMBERS = {
    "startDateTime": "start_ns",
    "endDateTime": "end_ns",
    "totalNumberOfTrades": "total_number_of_trades",
    "numberOfWinningTrades": "number_of_winning_trades",
    "numberOfLosingTrades": "number_of_losing_trades",
    **{camel_case(name): name for name in TradeStatistics.figures[:8]},
    "averageTradeDuration": "average_trade_ticks",
    "averageWinningTradeDuration": "average_winning_trade_ticks",
    "averageLosingTradeDuration": "average_losing_trade_ticks",
    "medianTradeDuration": "median_trade_ticks",
    "medianWinningTradeDuration": "median_winning_trade_ticks",
    "medianLosingTradeDuration": "median_losing_trade_ticks",
    "maxConsecutiveWinningTrades": "max_consecutive_winning_trades",
    "maxConsecutiveLosingTrades": "max_consecutive_losing_trades",
    **{camel_case(name): name for name in TradeStatistics.figures[8:-1]},
    "maximumDrawdownDuration": "maximum_drawdown_ticks",
    "totalFees": "total_fees",
}

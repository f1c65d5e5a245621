"""What closed trades say: how often and how much they win, in a row, for how long, and where.

A trade's *net* profit is its profit less its fees; it wins above zero, loses below, and is neither at zero. Every
figure is about net profits unless it says otherwise. Figures that are undefined (no trades, no losses to divide by, no
times known) are not-a-number; nothing warns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tradinglab.analytics.arrays import NAN, Floats, ParameterError, SampleError, as_series
from tradinglab.analytics.times import Times, as_times

_SIDES = {"long": 1, "short": -1, 1: 1, -1: -1}
_SECOND = np.timedelta64(1, "s")


class ClosedTrade(Protocol):
    """A closed trade, such as those of ``BacktestResult.closed_trades``; amounts in the account's currency."""

    @property
    def symbol(self) -> object:
        """What was traded; its text is its name."""

    @property
    def sign(self) -> int:
        """One for a long trade, minus one for a short one."""

    @property
    def quantity(self) -> float:
        """The quantity, never negative."""

    @property
    def entry_price(self) -> float:
        """The price at the entry."""

    @property
    def exit_price(self) -> float:
        """The price at the exit."""

    @property
    def profit_loss(self) -> float:
        """The profit before fees."""

    @property
    def total_fees(self) -> float:
        """The fees of entry and exit."""

    @property
    def mae(self) -> float:
        """The maximum adverse excursion: zero or negative."""

    @property
    def mfe(self) -> float:
        """The maximum favourable excursion: zero or positive."""


class TimedTrade(ClosedTrade, Protocol):
    """A closed trade that knows its times, in UTC nanoseconds."""

    entry_ns: int
    exit_ns: int


class Table(Protocol):
    """Columns by name, as a data frame or a dictionary has them."""

    def __getitem__(self, name: str, /) -> npt.ArrayLike:
        """Return a column."""

    def __contains__(self, name: object, /) -> bool:
        """Whether there is a column of that name."""


class GroupBy(StrEnum):
    """What trades are told apart by: times are those of the entry."""

    SYMBOL = "symbol"
    SIDE = "side"
    HOUR = "hour"
    WEEKDAY = "weekday"


class Trades:
    """Closed trades as columns, in the order of their exits; each has shape (trades,).

    Attributes
    ----------
    profit, fees, net
        Before fees, the fees, and what is left.
    side
        One for long, minus one for short, zero if not known.
    symbol
        Names; empty if not known.
    entry_time, exit_time
        ``datetime64[ns]``, in whatever time zone they were given; not-a-time if not known.
    holding_s
        How long each trade was open, in seconds: from entry to exit unless told otherwise.
    quantity, entry_price, exit_price, mae, mfe
        Not-a-number if not known.
    """

    def __init__(
        self,
        profit: npt.ArrayLike,
        *,
        fees: npt.ArrayLike | None = None,
        side: Sequence[object] | npt.NDArray[np.generic] | None = None,
        symbol: Sequence[object] | npt.NDArray[np.generic] | None = None,
        entry_time: Times | None = None,
        exit_time: Times | None = None,
        holding_s: npt.ArrayLike | None = None,
        quantity: npt.ArrayLike | None = None,
        entry_price: npt.ArrayLike | None = None,
        exit_price: npt.ArrayLike | None = None,
        mae: npt.ArrayLike | None = None,
        mfe: npt.ArrayLike | None = None,
    ) -> None:
        """Take columns of one length; those that are left out are not known, and fees are then zero.

        Raises
        ------
        SampleError
            If a column has another length or holds what does not belong there, a profit or fee is missing, or a trade
            ends before it begins.
        """
        self.profit = _known(profit, "profit")
        self._count = len(self.profit)
        self.fees = np.zeros(self._count) if fees is None else self._sized(_known(fees, "fees"), "fees")
        self.side = self._sides(side)
        self.symbol = self._names(symbol)
        self.entry_time, self.exit_time = self._times(entry_time, "entry_time"), self._times(exit_time, "exit_time")
        between = np.asarray((self.exit_time - self.entry_time) / _SECOND, np.float64)
        self.holding_s = between if holding_s is None else self._numbers(holding_s, "holding_s")
        self.quantity = self._numbers(quantity, "quantity")
        self.entry_price = self._numbers(entry_price, "entry_price")
        self.exit_price = self._numbers(exit_price, "exit_price")
        self.mae, self.mfe = self._numbers(mae, "mae"), self._numbers(mfe, "mfe")
        backwards = np.flatnonzero(self.exit_time < self.entry_time)
        if len(backwards):
            raise SampleError(f"a trade must not end before it begins; trade {backwards[0]} did")
        if not np.isnat(self.exit_time).any():
            order = np.argsort(self.exit_time, kind="stable")
            if (np.diff(order) != 1).any():
                self._reorder(order)

    @classmethod
    def of(cls, trades: Iterable[TimedTrade]) -> Trades:
        """Return the columns of closed trades, such as those of ``BacktestResult.closed_trades``; times are UTC."""
        listed = list(trades)
        return cls(
            [each.profit_loss for each in listed],
            fees=[each.total_fees for each in listed],
            side=[each.sign for each in listed],
            symbol=[str(each.symbol) for each in listed],
            entry_time=np.array([each.entry_ns for each in listed], "datetime64[ns]"),
            exit_time=np.array([each.exit_ns for each in listed], "datetime64[ns]"),
            quantity=[each.quantity for each in listed],
            entry_price=[each.entry_price for each in listed],
            exit_price=[each.exit_price for each in listed],
            mae=[each.mae for each in listed],
            mfe=[each.mfe for each in listed],
        )

    @classmethod
    def from_table(cls, table: Table) -> Trades:
        """Return the trades of a table with the columns of ``BacktestResult.trades``, or of the server's table.

        ``profit_loss`` is needed; ``total_fees``, ``direction``, ``symbol``, ``entry_time``, ``exit_time``,
        ``duration`` or ``duration_s``, ``quantity``, ``entry_price``, ``exit_price``, ``mae`` and ``mfe`` are
        read if they are there.

        Raises
        ------
        SampleError
            If that column is missing, or one holds what does not belong there.
        """

        def column(name: str) -> npt.NDArray[np.generic] | None:
            return np.asarray(table[name]) if name in table else None

        if "profit_loss" not in table:
            raise SampleError("the table must have a column profit_loss; it had none")
        duration = column("duration" if "duration" in table else "duration_s")
        return cls(
            np.asarray(table["profit_loss"]),
            fees=column("total_fees"),
            side=column("direction"),
            symbol=column("symbol"),
            entry_time=column("entry_time"),
            exit_time=column("exit_time"),
            # Wall clocks are turned forward and back: only the duration is the time that went by.
            holding_s=None if duration is None else _seconds(duration),
            quantity=column("quantity"),
            entry_price=column("entry_price"),
            exit_price=column("exit_price"),
            mae=column("mae"),
            mfe=column("mfe"),
        )

    def __len__(self) -> int:
        return self._count

    @property
    def net(self) -> Floats:
        """The profits after fees."""
        return self.profit - self.fees

    def where(self, chosen: npt.NDArray[np.bool_]) -> Trades:
        """Return those trades for which *chosen*, shape (trades,), is true."""
        return Trades(
            self.profit[chosen],
            fees=self.fees[chosen],
            side=self.side[chosen],
            symbol=self.symbol[chosen],
            entry_time=self.entry_time[chosen],
            exit_time=self.exit_time[chosen],
            holding_s=self.holding_s[chosen],
            quantity=self.quantity[chosen],
            entry_price=self.entry_price[chosen],
            exit_price=self.exit_price[chosen],
            mae=self.mae[chosen],
            mfe=self.mfe[chosen],
        )

    def by(self, key: GroupBy | str) -> dict[str, Trades]:
        """Return the trades of each symbol, side, hour or weekday.

        Names are symbols, ``long`` and ``short``, ``00`` to ``23``, and ``Monday`` to ``Sunday``. Groups come in their
        natural order; what is not known is in the group named ``unknown``. Hours and weekdays are those of the entry,
        in the time zone in which the times were given.
        """
        try:
            group = GroupBy(key)
        except ValueError:
            raise ParameterError(f"key must be one of {', '.join(GroupBy)}; it was {key!r}") from None
        if not len(self):
            return {}
        names = _KEYS[group](self)
        order = sorted(set(names.tolist()), key=lambda name: (name == "unknown", _RANK.get(name, 0), name))
        return {name: self.where(names == name) for name in order}

    def _reorder(self, order: npt.NDArray[np.intp]) -> None:
        for name in (
            "profit", "fees", "side", "symbol", "entry_time", "exit_time", "holding_s", "quantity",
            "entry_price", "exit_price", "mae", "mfe",
        ):  # fmt: skip
            setattr(self, name, getattr(self, name)[order])

    def _sized(self, column: Floats, name: str) -> Floats:
        if len(column) != self._count:
            raise SampleError(f"{name} must be as many as profits, {self._count}; they were {len(column)}")
        return column

    def _numbers(self, column: npt.ArrayLike | None, name: str) -> Floats:
        return np.full(self._count, NAN) if column is None else self._sized(as_series(column, name), name)

    def _times(self, column: Times | None, name: str) -> npt.NDArray[np.datetime64]:
        if column is None:
            return np.full(self._count, "NaT", "datetime64[ns]")
        found = as_times(column, name)
        if len(found) != self._count:
            raise SampleError(f"{name} must be as many as profits, {self._count}; they were {len(found)}")
        return found

    def _sides(self, column: Sequence[object] | npt.NDArray[np.generic] | None) -> npt.NDArray[np.int64]:
        if column is None:
            return np.zeros(self._count, np.int64)
        if len(column) != self._count:
            raise SampleError(f"side must be as many as profits, {self._count}; they were {len(column)}")
        try:
            return np.array([0 if each == 0 else _SIDES[each] for each in _plain(column)], np.int64)
        except (KeyError, TypeError):
            raise SampleError("side must be 'long' or 'short', 1 or -1") from None

    def _names(self, column: Sequence[object] | npt.NDArray[np.generic] | None) -> npt.NDArray[np.str_]:
        if column is None:
            return np.full(self._count, "", np.str_)
        if len(column) != self._count:
            raise SampleError(f"symbol must be as many as profits, {self._count}; they were {len(column)}")
        return np.array([str(each) for each in _plain(column)], np.str_)


def _known(sample: npt.ArrayLike, name: str) -> Floats:
    values = as_series(sample, name)
    if np.isnan(values).any():
        raise SampleError(f"{name} must all be known; that of trade {int(np.argmax(np.isnan(values)))} was missing")
    return values


def _seconds(durations: npt.NDArray[np.generic]) -> npt.ArrayLike:
    if durations.dtype.kind != "m":
        return durations
    return np.asarray(durations.astype("timedelta64[ns]") / _SECOND, np.float64)


def _plain(column: Sequence[object] | npt.NDArray[np.generic]) -> Sequence[object]:
    return column.tolist() if isinstance(column, np.ndarray) else column


_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_RANK = {name: number for number, name in enumerate((*_WEEKDAYS, "long", "short"))}
_Names = npt.NDArray[np.str_]


def _sides(trades: Trades) -> _Names:
    return np.array(["unknown", "long", "short"])[trades.side]


def _symbols(trades: Trades) -> _Names:
    return np.where(trades.symbol == "", "unknown", trades.symbol)


def _hours(trades: Trades) -> _Names:
    hours = trades.entry_time.astype("datetime64[h]").astype(np.int64) % 24
    return np.where(np.isnat(trades.entry_time), "unknown", np.char.zfill(hours.astype(np.str_), 2))


def _weekdays(trades: Trades) -> _Names:
    # The first day of datetime64 was a Thursday.
    days = (trades.entry_time.astype("datetime64[D]").astype(np.int64) + 3) % 7
    return np.where(np.isnat(trades.entry_time), "unknown", np.array(_WEEKDAYS)[days])


_KEYS: dict[GroupBy, Callable[[Trades], _Names]] = {
    GroupBy.SYMBOL: _symbols,
    GroupBy.SIDE: _sides,
    GroupBy.HOUR: _hours,
    GroupBy.WEEKDAY: _weekdays,
}

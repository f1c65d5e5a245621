"""Which column of a table is what, from the names that vendors use."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tradinglab.core.enums import TickType
from tradinglab.core.surface import did_you_mean
from tradinglab.data.errors import DataImportError

_NOISE = re.compile(r"^\d+[a-z]?\.\s*|\([^)]*\)|[<>\"'\s_\-./]")
_PRICES = ("open", "high", "low", "close")
_SHORT = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
_DATES = ("date", "day", "tradedate", "tradingday", "dtyyyymmdd", "gmtdate", "localdate")
_CLOCKS = ("clock", "timeofday", "hour", "timehhmmss")
_TIMES = (
    "timestamp", "datetime", "time", "ts", "t", "dt", "opentime", "begin", "start", "period", "utc",
    "gmttime", "localtime", "timeutc", "utctime", "unix", "unixtime", "epoch",
)  # fmt: skip
_ALIASES: dict[str, tuple[str, ...]] = {
    "volume": ("volume", "vol", "v", "tickvolume", "realvolume", "volumefrom", "shares", "quantity", "size"),
    "adjusted": ("adjclose", "adjustedclose", "closeadj", "adjustedcloseprice"),
    "dividend": ("dividendamount", "divcash", "exdividend", "dividends", "dividend"),
    "split": ("splitcoefficient", "splitratio", "splitfactor"),
    **{name: (name, _SHORT[name], f"{name}price", f"px{name}", f"trade{name}") for name in _PRICES[:3]},
    "close": ("close", "c", "closeprice", "pxclose", "tradeclose", "closelast", "last", "lastprice", "price"),
    **{
        f"{side}_{name}": (f"{side}{name}", f"{name}{side}", f"{side[0]}{name}")
        for side in ("bid", "ask")
        for name in (*_PRICES, "size")
    },
}
_SYMBOLS = ("symbol", "ticker", "instrument", "stock", "pair", "code")
_OPTIONAL = ("volume", "bid_size", "ask_size")
_ACTIONS = ("adjusted", "dividend", "split")


def plain(name: str) -> str:
    """Return a column's name without case, numbering, blanks and units: ``"1. Open (USD)"`` is ``open``."""
    return _NOISE.sub("", name.strip().lower())


def match_columns(
    names: Sequence[str],
    tick_type: TickType,
    given: Mapping[str, str],
    file: str,
    with_actions: bool,
    *,
    with_symbol: bool = False,
) -> dict[str, str]:
    """Return which column holds what: ``date``, ``clock`` or ``time``, prices and sizes, ``adjusted`` and so on.

    Parameters
    ----------
    names
        The columns of the table.
    tick_type
        Whether prices of trades or bids and asks are wanted.
    given
        What the user said: names of fields to names of columns.
    with_actions
        Whether adjusted closes, dividends and splits are of use.
    with_symbol
        Whether a column must say of which symbol each row is.

    Raises
    ------
    DataImportError
        If a field is not found or a column that was given is not there.
    """
    fields = ("time", "date", "clock", "symbol", *_ALIASES)
    for field, column in given.items():
        if field not in fields:
            raise DataImportError(
                f"There is no field '{field}'{did_you_mean(field, fields) or '.'} The fields are: {', '.join(fields)}."
            )
        if column not in names:
            raise DataImportError(f"{file} has no column '{column}' for '{field}'. It has {', '.join(names)}.")
    found = dict(given)
    if "date" in found and "clock" not in found:
        found["time"] = found.pop("date")
    by_plain: dict[str, str] = {}
    for name in names:
        by_plain.setdefault(plain(name), name)
    sides = ("bid_", "ask_") if tick_type == TickType.QUOTE else ("",)
    sizes = ("bid_size", "ask_size") if tick_type == TickType.QUOTE else ("volume",)
    wanted = [*(side + name for side in sides for name in _PRICES), *sizes]
    for field in [*wanted, *(_ACTIONS if with_actions else ())]:
        match = next((by_plain[alias] for alias in _ALIASES[field] if alias in by_plain), None)
        if field not in found and match is not None:
            found[field] = match
    found.update(_time_columns(by_plain, found))
    symbol = symbol_column(names)
    if with_symbol and "symbol" not in found:
        if symbol is None:
            raise DataImportError(
                f"{file} has no column that says the symbol of each row. It has {', '.join(names)}. "
                f"Give the one symbol of all rows, or say which column it is: --columns symbol={names[0]}."
            )
        found["symbol"] = symbol
    missing = [field for field in wanted if field not in found and field not in _OPTIONAL]
    missing += [] if "time" in found or "date" in found else ["date" if "clock" in found else "time"]
    if missing:
        free = next((name for name in names if name not in found.values()), None)
        example = "" if free is None else f", for example --columns {missing[0]}={free}"
        hint = f"Say which column holds what{example}, or name them in a first line."
        if len(names) == 1:
            hint = "The first line is taken for names: remove titles above it; or no separator (, ; tab |) is in it."
        raise DataImportError(f"{file} has no column for {', '.join(missing)}. It has {', '.join(names)}. {hint}")
    return found


def symbol_column(names: Sequence[str]) -> str | None:
    """Return the column that says the symbol of each row, if there is one."""
    by_plain = {plain(name): name for name in reversed(names)}
    return next((by_plain[alias] for alias in _SYMBOLS if alias in by_plain), None)


def _time_columns(by_plain: Mapping[str, str], found: Mapping[str, str]) -> dict[str, str]:
    """Return the column of times, or those of dates and of times of day."""
    if "time" in found or "date" in found:
        return {}
    date = next((by_plain[name] for name in _DATES if name in by_plain), None)
    time = next((by_plain[name] for name in _TIMES if name in by_plain), None)
    clock = next((by_plain[name] for name in _CLOCKS if name in by_plain), None)
    if date is not None and (clock or (time is not None and plain(time) == "time")):
        return {"date": date, "clock": clock or str(time)}
    if time is not None or date is not None:
        return {"time": time or str(date)}
    # A table that was saved with its index has a first column without a name.
    return {"time": by_plain[""]} if "" in by_plain else {}


def columns_without_header(count: int, tick_type: TickType, file: str) -> list[str]:
    """Return names for the columns of a table without a line of names: time or date and time, prices, volume.

    Raises
    ------
    DataImportError
        If there is no usual order for so many columns.
    """
    usual = {
        5: ["time", *_PRICES],
        6: ["time", *_PRICES, "volume"],
        7: ["date", "clock", *_PRICES, "volume"],
    }
    if tick_type != TickType.TRADE or count not in usual:
        raise DataImportError(
            f"{file} has {count} columns and no line that names them. Name them in a first line, "
            f"such as {','.join(usual[6])}."
        )
    return usual[count]

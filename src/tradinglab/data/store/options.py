"""How files are to be imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from tradinglab.core.clock import zone
from tradinglab.core.enums import SecurityType, TickType
from tradinglab.core.errors import UnknownTimeZoneError
from tradinglab.core.values import dataclass, field
from tradinglab.data.errors import DataImportError
from tradinglab.data.store.number_texts import Decimal

OnConflict = Literal["error", "replace", "keep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """How files are to be read.

    Attributes
    ----------
    security_type
        Found from the market by default: forex for oanda, crypto for coinbase, else equity.
    tick_type
        Whether columns are prices of trades, or bids and asks.
    time_zone
        Zone of times that do not say theirs (IANA name); the market's by default.
    time_form
        How times are written, such as ``%d/%m/%Y %H:%M``; found out by default.
    stamp
        Whether times are the starts or the ends of bars.
    decimal
        The mark before the decimals of numbers, ``point`` or ``comma``; found out by default.
    columns
        Names of fields (``time``, ``open``, …) to names of columns, where they are not recognised.
    on_bad
        ``error`` refuses a file with a wrong row; ``drop`` leaves the row out and reports it.
    on_conflict
        What to do where other bars are stored at the same times.
    """

    security_type: SecurityType | None = None
    tick_type: TickType = TickType.TRADE
    time_zone: str | None = None
    time_form: str | None = None
    stamp: Literal["start", "end"] = "start"
    decimal: Decimal | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    on_bad: Literal["error", "drop"] = "error"
    on_conflict: OnConflict = "error"


def check_zone(name: str | None) -> None:
    """Refuse a time zone that there is not.

    Raises
    ------
    DataImportError
        If it is given and not known.
    """
    try:
        if name:
            zone(name)
    except UnknownTimeZoneError as problem:
        raise DataImportError(str(problem)) from problem

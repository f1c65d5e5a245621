"""The columns of LEAN's files, by security type, resolution and tick type."""

from __future__ import annotations

from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.values import dataclass
from tradinglab.data.columns import QUOTE_FIELDS, TRADE_FIELDS

_TEN_THOUSANDTHS = 4
_TEXTS = ("exchange", "sale_condition", "suspicious")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a file.

    Attributes
    ----------
    numbers
        Names of the columns of numbers, the first of which is ``time``.
    more_decimals
        Decimals that prices have beyond those in the file: 4 where it holds ten-thousandths.
    texts
        Columns that may follow; a file has all of them or none.
    absent
        Fields that the file does not have and that read as zero.
    """

    numbers: tuple[str, ...]
    more_decimals: int = 0
    texts: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def accepts(self, count: int) -> bool:
        """Return whether a row may have *count* fields."""
        return count == len(self.numbers) or (bool(self.texts) and count == len(self.numbers) + len(self.texts))


def layout_of(security_type: SecurityType, resolution: Resolution, tick_type: TickType) -> Layout:
    """Return the columns of a file."""
    more_decimals = _TEN_THOUSANDTHS if security_type == SecurityType.EQUITY else 0
    is_quote = tick_type == TickType.QUOTE
    if resolution != Resolution.TICK:
        return Layout(("time", *(QUOTE_FIELDS if is_quote else TRADE_FIELDS)), more_decimals)
    if security_type in (SecurityType.FOREX, SecurityType.CFD):
        return Layout(("time", "bid_close", "ask_close"), absent=("bid_size", "ask_size"))
    fields = ("time", "bid_close", "bid_size", "ask_close", "ask_size") if is_quote else ("time", "close", "volume")
    if security_type in (SecurityType.CRYPTO, SecurityType.CRYPTO_FUTURE):
        return Layout(fields, texts=_TEXTS[2:])
    return Layout(fields, more_decimals, texts=_TEXTS)

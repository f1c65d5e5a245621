"""Under which ticker, and from when, QuantConnect knows securities that are traded much: what its identifiers hold.

A source that knows no listings takes them from here, so that SPY is ``SPY R735QTJ8XC9X`` for it too. The days are those
of QuantConnect's map files; its data begins on 2 January 1998.
"""

from __future__ import annotations

from datetime import datetime

from tradinglab.core.market import Market

_BEGIN = datetime(1998, 1, 2)
_US = {
    "AAPL": ("AAPL", _BEGIN),
    "AIG": ("AIG", _BEGIN),
    "BAC": ("NB", _BEGIN),
    "BNO": ("BNO", datetime(2010, 6, 2)),
    "EEM": ("EEM", datetime(2003, 4, 11)),
    "GOOG": ("GOOCV", datetime(2014, 3, 27)),
    "GOOGL": ("GOOG", datetime(2004, 8, 19)),
    "IBM": ("IBM", _BEGIN),
    "IWM": ("IWM", datetime(2000, 5, 26)),
    "MSFT": ("MSFT", _BEGIN),
    "QQQ": ("QQQ", datetime(1999, 3, 10)),
    "SPY": ("SPY", _BEGIN),
    "USO": ("USO", datetime(2006, 4, 10)),
}


def known_listing(ticker: str, market: str) -> tuple[str, datetime] | None:
    """Return the first ticker of an equity and its first day; ``None`` if they are not known."""
    return _US.get(ticker.upper()) if market == Market.USA else None

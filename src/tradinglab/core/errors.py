"""The root of every error that TradingLab raises on purpose, and the errors of this floor.

::

    TradingLabError
    └── CoreError
        ├── InvalidIdentifierError      text or value that no security identifier can hold
        ├── UnknownMarketError          market without a code
        ├── UnknownTimeZoneError        name without a time zone
    ├── UnknownTickerError          ticker that is not known, or not only once
        ├── MarketHoursError            no market hours for a security, or an unreadable table of them
        └── SymbolPropertiesError       no properties for a security, or an unreadable table of them

Each leaf has a stable ``code`` for machines and says whether trying again could help.
"""

from __future__ import annotations

from typing import ClassVar


class TradingLabError(Exception):
    """Base of all errors of TradingLab.

    Attributes
    ----------
    code
        Stable name of the kind of error, for machines.
    retryable
        Whether the same call may succeed later without any change.
    """

    code: ClassVar[str] = "tradinglab_error"
    retryable: ClassVar[bool] = False


class CoreError(TradingLabError):
    """Base of the errors of ``tradinglab.core``."""

    code = "core_error"


class InvalidIdentifierError(CoreError, ValueError):
    """A security identifier cannot be made from what was given."""

    code = "invalid_identifier"


class UnknownMarketError(CoreError, ValueError):
    """A market has no code.

    Attributes
    ----------
    market
        The name that was asked for.
    """

    code = "unknown_market"

    def __init__(self, market: str) -> None:
        self.market = market
        super().__init__(
            f"The market '{market}' is not known. Use a constant of Market, such as Market.USA, "
            "or register it first with Market.add(name, code)."
        )


class UnknownTimeZoneError(CoreError, ValueError):
    """There is no time zone of a name."""

    code = "unknown_time_zone"


class UnknownTickerError(CoreError, KeyError):
    """A ticker does not name a known security, or names several."""

    code = "unknown_ticker"

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class MarketHoursError(CoreError, ValueError):
    """Market hours are missing for a security, or their table cannot be read."""

    code = "market_hours"


class SymbolPropertiesError(CoreError, ValueError):
    """Symbol properties are missing for a security, or their table cannot be read."""

    code = "symbol_properties"

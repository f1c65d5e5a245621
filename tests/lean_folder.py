"""A LEAN data folder made of a few lines, for tests."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from tradinglab.core.clock import zone
from tradinglab.core.enums import SecurityType
from tradinglab.core.market_hours import SecurityExchangeHours
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.lean import LeanSource

EVER = (-(1 << 62), 1 << 62)


class LeanFolder:
    """Writes files where LEAN looks for them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def bars(self, path: str, *lines: str, entry: str = "", end: str = "\n") -> Path:
        """Write an archive of one entry."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with ZipFile(target, "w", ZIP_DEFLATED) as archive:
            archive.writestr(entry or f"{target.stem}.csv", end.join(lines) + end)
        return target

    def text(self, path: str, *lines: str) -> Path:
        """Write a text file."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(lines) + "\n")
        return target

    def source(self) -> LeanSource:
        """Return the folder as a source, with the market hours that come with TradingLab."""
        return LeanSource(self.root)


def database_of(*entries: tuple[str, str, SecurityType, str, str]) -> MarketHoursDatabase:
    """Return a database of always-open markets: market, symbol, type, data zone, exchange zone."""
    database = MarketHoursDatabase()
    for market, symbol, kind, data_zone, exchange_zone in entries:
        database.set_entry(
            market, symbol, kind, SecurityExchangeHours.always_open(zone(exchange_zone)), zone(data_zone)
        )
    return database

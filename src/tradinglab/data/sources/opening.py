"""Sources by their names."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Self

from tradinglab.core.surface import did_you_mean
from tradinglab.data.sources.errors import SourceSettingError
from tradinglab.data.sources.http import World
from tradinglab.data.sources.protocol import About, Downloader

#: Where sources are asked in place of their own addresses: a proxy, a server of tests.
BASE_URLS: Final = {
    "yahoo": "YAHOO_FINANCE_BASE_URL",
    "alpha_vantage": "ALPHA_VANTAGE_BASE_URL",
    "alpaca": "ALPACA_DATA_BASE_URL",
    "binance": "BINANCE_BASE_URL",
    "bitfinex": "BITFINEX_BASE_URL",
    "bybit": "BYBIT_BASE_URL",
    "coinbase": "COINBASE_BASE_URL",
    "kraken": "KRAKEN_BASE_URL",
}
NAMES: Final = tuple(BASE_URLS)


def _yahoo(world: World, base_url: str) -> Downloader:
    from tradinglab.data.sources.yahoo import YahooFinance

    return YahooFinance(world, base_url=base_url)


def _alpha_vantage(world: World, base_url: str) -> Downloader:
    from tradinglab.data.sources.alpha_vantage import AlphaVantage

    return AlphaVantage(world, base_url=base_url)


def _alpaca(world: World, base_url: str) -> Downloader:
    from tradinglab.data.sources.alpaca import Alpaca

    return Alpaca(world, base_url=base_url)


_OWN: Final[dict[str, Callable[[World, str], Downloader]]] = {
    "yahoo": _yahoo,
    "alpha_vantage": _alpha_vantage,
    "alpaca": _alpaca,
}


def open_downloader(name: str, world: World | None = None) -> Downloader:
    """Return the source of a name, with keys and addresses from the environment.

    Parameters
    ----------
    name
        One of `NAMES`.
    world
        What it shares with other processes, and how patient it is.

    Raises
    ------
    SourceSettingError
        If there is no such source, or a library that it needs is not installed.
    CredentialError
        If its key is not set.
    """
    _check(name)
    base_url = os.environ.get(BASE_URLS[name], "").strip()
    if name in _OWN:
        return _OWN[name](world or World(), base_url)
    from tradinglab.data.sources.exchanges import CryptoExchange

    return CryptoExchange(name, world, base_url=base_url)


class OpenSources:
    """Sources that are opened when they are asked first, and closed together.

    What a source has found out (a cookie, an exchange's pairs) serves for all that is asked of it meanwhile.

    Parameters
    ----------
    world
        What they share with other processes, and how patient they are.
    """

    def __init__(self, world: World | None = None) -> None:
        self._world = world
        self._open: dict[str, Downloader] = {}

    def __call__(self, name: str) -> Downloader:
        """Return the source of a name; raises as `open_downloader` does."""
        if name not in self._open:
            self._open[name] = open_downloader(name, self._world)
        return self._open[name]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for source in self._open.values():
            source.close()
        self._open.clear()


def about_source(name: str) -> About:
    """Return what a user should know of a source; neither its key nor its library need be there.

    Raises
    ------
    SourceSettingError
        If there is no such source.
    """
    _check(name)
    if name == "yahoo":
        from tradinglab.data.sources.yahoo import YahooFinance

        return YahooFinance.about
    if name == "alpha_vantage":
        from tradinglab.data.sources.alpha_vantage import AlphaVantage

        return AlphaVantage.about
    if name == "alpaca":
        from tradinglab.data.sources.alpaca import Alpaca

        return Alpaca.about
    from tradinglab.data.sources.exchanges.source import about

    return about(name)


def _check(name: str) -> None:
    if name not in BASE_URLS:
        hint = did_you_mean(name, NAMES) or "."
        raise SourceSettingError(name or "''", f"There is no such source{hint} There are {', '.join(NAMES)}.")

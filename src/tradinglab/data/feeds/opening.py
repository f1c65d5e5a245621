"""Feeds by their names."""

from __future__ import annotations

import os
from importlib.util import find_spec

from tradinglab.core.enums import TickType
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.data.feeds.errors import FeedSpecError
from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.protocol import Feed, FeedTerms, Series
from tradinglab.data.feeds.pumping import PumpedFeed
from tradinglab.data.feeds.spec import FeedKind, FeedSpec
from tradinglab.data.sources.errors import NotServedError, SourceError
from tradinglab.data.sources.exchanges.source import STREAMING, CryptoExchange
from tradinglab.data.sources.opening import BASE_URLS, about_source, open_downloader
from tradinglab.data.sources.shaping import served


def feed_problem(spec: FeedSpec) -> str:
    """Return why there is no such feed of the present here, in a user's words; empty if there is."""
    try:
        about = about_source(spec.source)
    except SourceError as error:
        return str(error)
    if spec.kind == FeedKind.EXCHANGE and spec.source not in STREAMING:
        return f"'{spec.source}' tells no bars as they change. Of exchanges there are {', '.join(STREAMING)}."
    if about.extra == "exchanges" and find_spec("ccxt") is None:
        return f"{about.title} needs 'ccxt', which is not installed: pip install 'tradinglab[exchanges]'"
    lacking = [name for name in about.credentials if not os.environ.get(name, "").strip()]
    if lacking:
        return f"{about.title} needs {' and '.join(lacking)} in the environment of the server."
    return ""


def feed_refusal(spec: FeedSpec, series: Series) -> str:
    """Return why a feed has no bars of a series, and what it has; empty if it has them."""
    about = about_source(spec.source)
    if series.tick_type != TickType.TRADE:
        return f"The feed '{spec}' brings bars of trades; of {series} it has none."
    try:
        served(about, series.key)
    except NotServedError as error:
        return f"The feed '{spec}' does not bring {series}. {error.reason}"
    return ""


def open_feed(
    spec: FeedSpec, *, hours: MarketHoursDatabase | None = None, terms: FeedTerms | None = None
) -> PumpedFeed:
    """Return a feed of the present, which asks the network in a thread of its own.

    Raises
    ------
    FeedSpecError
        If there is no such feed, or what it needs is not there.
    """
    problem = feed_problem(spec)
    if spec.kind == FeedKind.REPLAY or problem:
        raise FeedSpecError(problem or f"'{spec}' replays what is stored, and is no feed of the present.")

    def begin() -> Feed:
        if spec.kind == FeedKind.EXCHANGE:
            from tradinglab.data.feeds.exchange import ExchangeFeed

            exchange = CryptoExchange(spec.source, base_url=os.environ.get(BASE_URLS[spec.source], "").strip())
            return ExchangeFeed(exchange, exchange.stream(), BarGrid(hours), terms)
        from tradinglab.data.feeds.polling import PollingFeed

        return PollingFeed(open_downloader(spec.source), BarGrid(hours), terms)

    return PumpedFeed(str(spec), begin, lambda series: feed_refusal(spec, series))

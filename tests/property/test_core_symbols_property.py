"""Identifiers say, after a round trip through their text, what was put into them."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tradinglab.core.enums import OptionRight, OptionStyle
from tradinglab.core.market import Market
from tradinglab.core.security_identifier import DEFAULT_DATE, SecurityIdentifier

tickers = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", min_size=1, max_size=12)
markets = st.sampled_from([name for name in Market.supported_markets() if name != "empty"])
dates = st.integers(0, 99_999).map(lambda days: DEFAULT_DATE + timedelta(days=days))
strikes = st.integers(-475_711, 475_711).flatmap(
    lambda digits: st.integers(0, 6).map(lambda scale: Decimal(digits).scaleb(-scale))
)


@given(tickers, markets, dates)
def test_equities(ticker: str, market: str, date: datetime) -> None:
    sid = SecurityIdentifier.parse(str(SecurityIdentifier.generate_equity(date, ticker, market)))
    assert (sid.symbol, sid.market, sid.date) == (ticker, market, date)


@given(tickers, markets)
def test_pairs(ticker: str, market: str) -> None:
    for make in (
        SecurityIdentifier.generate_forex,
        SecurityIdentifier.generate_crypto,
        SecurityIdentifier.generate_cfd,
        SecurityIdentifier.generate_index,
    ):
        made = make(ticker, market)
        sid = SecurityIdentifier.parse(str(made))
        assert sid == made
        assert hash(sid) == hash(made)
        assert (sid.symbol, sid.market, sid.security_type) == (ticker, market, made.security_type)


# A put's identifier has no room for dates beyond 2131.
@given(
    tickers,
    markets,
    dates.filter(lambda date: date.year < 2131),
    strikes,
    st.sampled_from(OptionRight),
    st.sampled_from(OptionStyle),
)
def test_options(
    ticker: str, market: str, expiry: datetime, strike: Decimal, right: OptionRight, style: OptionStyle
) -> None:
    underlying = SecurityIdentifier.generate_equity(DEFAULT_DATE, ticker, market)
    sid = SecurityIdentifier.parse(
        str(SecurityIdentifier.generate_option(expiry, underlying, market, strike, right, style))
    )
    assert sid.exact_strike_price == strike
    assert (sid.option_right, sid.option_style, sid.date) == (right, style, expiry)
    assert sid.underlying == underlying
    assert sid.market == market


def test_listings_of_the_coarse_files_agree_with_their_map_files(lean_data: Path) -> None:
    """LEAN's own files name the same securities twice: by identifier, and by first date and ticker."""
    first = {}
    for path in (lean_data / "equity/usa/map_files").glob("*.csv"):
        date, ticker, *_ = path.read_text().split("\n", 1)[0].strip().split(",")
        made = SecurityIdentifier.generate_equity(datetime.strptime(date, "%Y%m%d"), ticker, Market.USA)
        first[path.stem.split(".")[0].upper()] = str(made)
    coarse = sorted((lean_data / "equity/usa/fundamental/coarse").glob("*.csv"))[0]
    named = {row[1]: row[0] for row in csv.reader(coarse.read_text().splitlines())}
    shared = {ticker for ticker in first.keys() & named.keys() if first[ticker] == named[ticker]}
    assert {"AAPL", "SPY", "IBM", "AIG", "QQQ"} <= shared
    for text in named.values():
        assert str(SecurityIdentifier.parse(text)) == text

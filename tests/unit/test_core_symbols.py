"""Symbols and identifiers: texts as LEAN prints them."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import pytest

from tradinglab.core.enums import OptionRight, OptionStyle, SecurityType
from tradinglab.core.errors import InvalidIdentifierError, UnknownMarketError, UnknownTickerError
from tradinglab.core.market import Market
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_cache import SymbolCache

# What LEAN names as the asset of lowest capacity in its own regression runs.
LEAN_IDENTIFIERS = """
AAPL 2ZTXYLO9EV0AU|AAPL R735QTJ8XC9X
AAPL R735QTJ8XC9X
ADAUSDT 18R
BNO UN3IMQ2JU1YD
BTC.Bitcoin 2S
BTCEUR 2XR
BTCUSDT 18N
BTCUSDT 2UZ
BTCUSDT 2V3
ES 31EL5FAJQB2N8|ES XFH59UK0MYO1
ES VMKLFZIH2MTD
FESX YJHOAMPYKRS5
GOOCV 305RBQ20WLZZA|GOOCV VP83T1ZUHROL
JUNIORBEES UL
NWSA.CustomDataUsingMapping T3MO1488O0H0
SPX XL80P3GHIA9A|SPX 31
SPXW 31K35TP65TBHQ|SPX 31
VXX U9R0H3K6HVMT
""".strip().splitlines()


class Bitcoin:
    """Stands for a class of custom data."""


class Known:
    """Listings of two equities, one of them renamed."""

    def first_listing(self, ticker: str, market: str, when: datetime | None) -> tuple[str, datetime] | None:
        del market, when
        listings = {"SPY": ("SPY", datetime(1998, 1, 2)), "GOOG": ("GOOCV", datetime(2014, 3, 27))}
        return listings.get(ticker.upper())


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    SymbolCache.clear()
    yield
    SymbolCache.clear()
    SecurityIdentifier.use_listings(None)


@pytest.fixture
def aapl() -> Symbol:
    return Symbol(SecurityIdentifier.parse("AAPL R735QTJ8XC9X"), "AAPL")


def test_an_equity_is_known_by_its_first_date_and_ticker() -> None:
    sid = SecurityIdentifier.generate_equity(datetime(1998, 1, 2), "SPY", Market.USA)
    assert str(sid) == "SPY R735QTJ8XC9X"
    assert (sid.symbol, sid.market, sid.security_type) == ("SPY", "usa", SecurityType.EQUITY)
    assert sid.date == datetime(1998, 1, 2)


def test_the_first_listing_comes_from_who_knows_it() -> None:
    SecurityIdentifier.use_listings(Known())
    assert str(Symbol.create_equity("SPY").id) == "SPY R735QTJ8XC9X"
    goog = Symbol.create("GOOG", SecurityType.EQUITY, Market.USA)
    assert goog.id.symbol == "GOOCV"
    assert goog.value == "GOOG"
    assert str(Symbol.create_equity("NEW").id) == "NEW 2T"
    assert str(SecurityIdentifier.generate_equity("SPY", Market.USA, map_symbol=False)) == "SPY 2T"


@pytest.mark.parametrize(
    ("ticker", "kind", "market", "expected"),
    [
        ("EURGBP", SecurityType.FOREX, Market.OANDA, "EURGBP 8G"),
        ("BTCUSD", SecurityType.CRYPTO, Market.COINBASE, "BTCUSD 2XR"),
        ("BTCUSDT", SecurityType.CRYPTO, Market.BINANCE, "BTCUSDT 18N"),
        ("ADAUSDT", SecurityType.CRYPTO_FUTURE, Market.BINANCE, "ADAUSDT 18R"),
        ("BTCUSDT", SecurityType.CRYPTO_FUTURE, Market.BYBIT, "BTCUSDT 2V3"),
        ("XAUUSD", SecurityType.CFD, Market.OANDA, "XAUUSD 8I"),
        ("spx", SecurityType.INDEX, Market.USA, "SPX 31"),
        ("JUNIORBEES", SecurityType.EQUITY, Market.INDIA, "JUNIORBEES UL"),
        ("CL", SecurityType.FUTURE, Market.NYMEX, "CL JL"),
    ],
)
def test_other_securities(ticker: str, kind: SecurityType, market: str, expected: str) -> None:
    symbol = Symbol.create(ticker, kind, market)
    assert str(symbol.id) == expected
    assert symbol.security_type is kind
    assert symbol.id.market == market


def test_custom_data_carry_the_name_of_their_class() -> None:
    symbol = Symbol.create("BTC", SecurityType.BASE, Market.USA, base_data_type=Bitcoin)
    assert str(symbol.id) == "BTC.Bitcoin 2S"


def test_custom_data_about_a_security_share_its_date(aapl: Symbol) -> None:
    symbol = Symbol.create_base(Bitcoin, aapl)
    assert symbol.id.symbol == "AAPL.Bitcoin"
    assert symbol.id.date == aapl.id.date
    assert symbol.underlying == aapl
    assert symbol.requires_mapping()


@pytest.mark.parametrize("text", LEAN_IDENTIFIERS)
def test_a_text_survives_being_parsed(text: str) -> None:
    sid = SecurityIdentifier.parse(text)
    assert str(sid) == text
    assert SecurityIdentifier(sid.symbol, sid.properties, sid._underlying) == sid


@pytest.mark.parametrize(
    ("style", "right", "strike", "expected"),
    [
        (OptionStyle.AMERICAN, OptionRight.CALL, 100, "AAPL XEOLB4YAUINA|AAPL R735QTJ8XC9X"),
        (OptionStyle.AMERICAN, OptionRight.PUT, 100, "AAPL 31DSLGKXI4C12|AAPL R735QTJ8XC9X"),
        (OptionStyle.EUROPEAN, OptionRight.CALL, 100, "AAPL XEOOUQW0NLD2|AAPL R735QTJ8XC9X"),
        (OptionStyle.EUROPEAN, OptionRight.PUT, 100, "AAPL 31DSP06V7XEQU|AAPL R735QTJ8XC9X"),
        (OptionStyle.AMERICAN, OptionRight.CALL, 0.01, "AAPL XEOLB4YALY06|AAPL R735QTJ8XC9X"),
        (OptionStyle.EUROPEAN, OptionRight.PUT, 0.01, "AAPL 31DSP06V7OU3Q|AAPL R735QTJ8XC9X"),
    ],
)
def test_an_option(aapl: Symbol, style: OptionStyle, right: OptionRight, strike: float, expected: str) -> None:
    option = Symbol.create_option(aapl, Market.USA, style, right, strike, datetime(2020, 5, 21))
    assert str(option.id) == expected
    assert option.id.strike_price == strike
    assert (option.id.option_style, option.id.option_right) == (style, right)
    assert option.id.underlying == aapl.id
    assert option.underlying == aapl


@pytest.mark.parametrize("strike", ["475711", "-475711", "47.5711", "-50", "0.006425"])
def test_strikes_up_to_the_limit_harm_no_other_field(aapl: Symbol, strike: str) -> None:
    call = (OptionStyle.AMERICAN, OptionRight.CALL, Decimal(strike), datetime(2020, 5, 21))
    sid = SecurityIdentifier.parse(str(Symbol.create_option(aapl, Market.USA, *call).id))
    assert sid.exact_strike_price == Decimal(strike)
    assert (sid.option_style, sid.option_right, sid.date) == (call[0], call[1], call[3])


@pytest.mark.parametrize("strike", [475_712, 47.5712, 999_999, -475_712])
def test_a_strike_that_does_not_fit_is_refused(aapl: Symbol, strike: float) -> None:
    with pytest.raises(InvalidIdentifierError, match="strike"):
        Symbol.create_option(aapl, Market.USA, OptionStyle.AMERICAN, OptionRight.CALL, strike, datetime(2020, 5, 21))


@pytest.mark.parametrize(
    ("identifier", "ticker", "value"),
    [
        ("CL XKJAZ588SI4H", "CL", "CL21F21"),
        ("CL JL", "CL", "/CL"),
        ("ES 1S4 | ES XLDTU1KH5XC1", "ES", "?ES21F21"),
        ("ES XKGCMV4QK9VO | ES XLDTU1KH5XC1", "ES", "ES21F21  201218C00000000"),
        ("SPY 2U | SPY R735QTJ8XC9X", "SPY", "?SPY"),
        ("GOOCV 305RBQ2BZBZT2 | GOOCV VP83T1ZUHROL", "GOOCV", "GOOCV 151224P00007500"),
        ("SPY R735QTJ8XC9X", "SPY", "SPY"),
        ("BTCUSD XJ", "BTCUSD", "BTCUSD"),
    ],
)
def test_contracts_are_named_by_their_terms(identifier: str, ticker: str, value: str) -> None:
    symbol = Symbol(SecurityIdentifier.parse(identifier), ticker)
    assert symbol.value == value
    if symbol.has_canonical() or symbol.is_canonical():
        assert symbol.canonical.is_canonical()
        assert symbol.canonical is symbol.canonical
        assert symbol.canonical.id.market == symbol.id.market
    else:
        with pytest.raises(InvalidIdentifierError):
            symbol.canonical  # noqa: B018


def test_options_on_some_futures_have_names_of_their_own() -> None:
    future = Symbol.create_future("GC", Market.COMEX, datetime(2020, 12, 18))
    option = Symbol.create_option(
        future, Market.COMEX, OptionStyle.AMERICAN, OptionRight.CALL, 1800, datetime(2020, 11, 24)
    )
    assert option.id.symbol == "OG"
    assert option.value.startswith("OG")
    assert option.canonical.value == "?OG"


@pytest.mark.parametrize("text", ["SPY WhatEver", "Sharpe ratio", "SPY", "A B C", "X 2SX2SX2SX2SX2SX", "X ZZ"])
def test_what_is_no_identifier_is_refused(text: str) -> None:
    assert SecurityIdentifier.try_parse(text) is None
    with pytest.raises((InvalidIdentifierError, UnknownMarketError)):
        SecurityIdentifier.parse(text)


@pytest.mark.parametrize("text", [None, "", " ", " 0"])
def test_nothing_is_the_empty_identifier(text: str | None) -> None:
    assert SecurityIdentifier.parse(text) is SecurityIdentifier.EMPTY


def test_the_special_identifiers_survive_being_parsed() -> None:
    assert SecurityIdentifier.parse(str(SecurityIdentifier.NONE)) == SecurityIdentifier.NONE
    assert SecurityIdentifier.parse(str(SecurityIdentifier.EMPTY)) == SecurityIdentifier.EMPTY


def test_what_an_identifier_does_not_have_is_an_error(aapl: Symbol) -> None:
    forex = SecurityIdentifier.generate_forex("EURUSD", Market.OANDA)
    with pytest.raises(InvalidIdentifierError, match="no date"):
        forex.date  # noqa: B018
    for name in ("strike_price", "option_right", "option_style", "underlying"):
        with pytest.raises(InvalidIdentifierError):
            getattr(aapl.id, name)


def test_a_date_before_the_first_is_refused() -> None:
    with pytest.raises(InvalidIdentifierError, match="1899"):
        SecurityIdentifier.generate_equity(datetime(1899, 12, 29), "SPY", Market.USA)


def test_symbols_are_equal_by_identifier_not_ticker(aapl: Symbol) -> None:
    other = Symbol(aapl.id, "OLD")
    assert other == aapl
    assert {aapl: 1}[other] == 1
    assert other != Symbol.create_equity("MSFT")
    assert aapl == aapl.id


def test_a_symbol_equals_the_text_of_its_ticker(aapl: Symbol) -> None:
    assert aapl == "AAPL"
    assert aapl == "aapl"
    assert aapl != "MSFT"
    assert aapl == "AAPL R735QTJ8XC9X"
    SymbolCache.set("APPLE", aapl)
    assert aapl == "apple"


def test_the_empty_symbol_equals_none(aapl: Symbol) -> None:
    assert Symbol.EMPTY == None  # noqa: E711
    assert aapl != None  # noqa: E711
    assert Symbol(SecurityIdentifier.EMPTY, "") == Symbol.EMPTY


def test_symbols_sort_by_ticker_and_identifiers_by_text() -> None:
    symbols = [Symbol.create(t, SecurityType.FOREX, Market.OANDA) for t in ("USDJPY", "EURUSD", "GBPUSD")]
    assert [symbol.value for symbol in sorted(symbols)] == ["EURUSD", "GBPUSD", "USDJPY"]
    assert sorted(symbol.id for symbol in symbols)[0] == symbols[1].id
    assert symbols[0].compare_to("usdjpy") == 0
    assert symbols[0].compare_to(symbols[1]) == 1


def test_a_text_is_the_ticker_only_once_it_was_added(aapl: Symbol) -> None:
    assert str(aapl) == "AAPL R735QTJ8XC9X"
    SymbolCache.set("AAPL", aapl)
    assert str(aapl) == f"{aapl}" == repr(aapl) == "AAPL"


def test_both_spellings(aapl: Symbol) -> None:
    assert aapl.ID is aapl.Id is aapl.id
    assert aapl.Value == aapl.value
    assert aapl.ID.SecurityType is SecurityType.EQUITY
    assert Symbol.Create("EURUSD", SecurityType.Forex, Market.Oanda) == "EURUSD"
    assert Market.FXCM == Market.Fxcm == "fxcm"
    assert SecurityIdentifier.DefaultDate == datetime(1899, 12, 30)


def test_values_cannot_be_changed(aapl: Symbol) -> None:
    with pytest.raises(AttributeError):
        aapl.value = "X"
    with pytest.raises(AttributeError):
        aapl.id.market = "x"


def test_values_survive_copying_and_pickling(aapl: Symbol) -> None:
    option = Symbol.create_option(aapl, Market.USA, OptionStyle.AMERICAN, OptionRight.CALL, 100, datetime(2020, 5, 21))
    assert copy.deepcopy(option) == option
    again = pickle.loads(pickle.dumps(option))
    assert again == option
    assert again.value == option.value
    assert again.underlying.value == "AAPL"


def test_a_set_of_symbols_has_the_same_order_in_every_process() -> None:
    program = (
        "from tradinglab.core.symbol import Symbol; from tradinglab.core.enums import SecurityType;"
        "print([s.value for s in {Symbol.create(t, SecurityType.FOREX, 'oanda') for t in "
        "('EURUSD', 'USDJPY', 'GBPUSD', 'AUDUSD', 'USDCAD', 'NZDUSD')}])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, check=True, text=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(runs) == 1


def test_a_renamed_equity_keeps_its_identity(aapl: Symbol) -> None:
    renamed = aapl.update_mapped_symbol("PEAR")
    assert renamed == aapl
    assert renamed.value == "PEAR"
    assert aapl.value == "AAPL"


def test_the_cache_completes_names_of_custom_data() -> None:
    bitcoin = Symbol.create("BTC", SecurityType.BASE, Market.USA, base_data_type=Bitcoin)
    assert SymbolCache.try_get_symbol("BTC") is None
    SymbolCache.set("BTC.Bitcoin", bitcoin)
    assert SymbolCache.get_symbol("BTC") == bitcoin
    SymbolCache.set("BTC.Other", bitcoin)
    SymbolCache.set("ETH.A", bitcoin)
    SymbolCache.set("ETH.B", bitcoin)
    with pytest.raises(UnknownTickerError, match=r"ETH\.A, ETH\.B"):
        SymbolCache.get_symbol("ETH")
    with pytest.raises(UnknownTickerError, match="NONE"):
        SymbolCache.get_symbol("NONE")


def test_the_cache_forgets() -> None:
    symbol = Symbol.create("EURUSD", SecurityType.FOREX, Market.OANDA)
    SymbolCache.set("EURUSD", symbol)
    assert SymbolCache.try_get_ticker(symbol) == "EURUSD"
    assert SymbolCache.try_remove(symbol)
    assert not SymbolCache.try_remove(symbol)
    assert SymbolCache.try_get_symbol("EURUSD") is None


def test_markets_of_ones_own() -> None:
    with pytest.raises(UnknownMarketError, match="'moon'") as caught:
        Symbol.create("X", SecurityType.CRYPTO, "moon")
    assert caught.value.market == "moon"
    Market.add("testing-market", 777)
    Market.add("testing-market", 777)
    assert SecurityIdentifier.parse(str(Symbol.create("X", SecurityType.CRYPTO, "testing-market").id)).market
    for name, code in (("testing-market", 778), ("other", 777), ("other", 1000)):
        with pytest.raises(ValueError, match="code"):
            Market.add(name, code)
    assert Market.encode("usa") == 1
    assert Market.decode(12) == "coinbase"
    assert "binance" in Market.supported_markets()


def test_a_symbol_stands_for_itself_where_a_ticker_may_stand() -> None:
    spy = Symbol.create("SPY", SecurityType.EQUITY, "usa")
    assert SymbolCache.get_symbol(spy) is spy

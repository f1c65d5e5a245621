"""Symbol properties, currencies and currency pairs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tradinglab.core.currencies import Currencies, exact_amount
from tradinglab.core.currency_pairs import CurrencyPairUtil, PairMatch
from tradinglab.core.enums import SecurityType
from tradinglab.core.errors import SymbolPropertiesError
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol
from tradinglab.core.symbol_properties import SymbolProperties, SymbolPropertiesDatabase

EQUITY, FOREX, CFD, CRYPTO = SecurityType.EQUITY, SecurityType.FOREX, SecurityType.CFD, SecurityType.CRYPTO
HEAD = "market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size\n\n# note\n"


@pytest.fixture(scope="module")
def lean(lean_data: Path) -> SymbolPropertiesDatabase:
    return SymbolPropertiesDatabase.from_lean(lean_data)


@pytest.fixture
def default() -> Iterator[SymbolPropertiesDatabase]:
    yield SymbolPropertiesDatabase.default()
    SymbolPropertiesDatabase.use(None)


def write(folder: Path, text: str) -> Path:
    (folder / "symbol-properties").mkdir()
    (folder / "symbol-properties" / "symbol-properties-database.csv").write_text(HEAD + text)
    return folder


@pytest.mark.parametrize(
    ("market", "symbol", "kind", "expected"),
    [
        (Market.USA, "SPY", EQUITY, ("USD", "1", "0.01", "1", "", None)),
        (Market.OANDA, "EURUSD", FOREX, ("USD", "1", "0.00001", "1", "", None)),
        (Market.FXCM, "USDJPY", FOREX, ("JPY", "1", "0.001", "1000", "", None)),
        (Market.OANDA, "DE30EUR", CFD, ("EUR", "1", "0.1", "0.1", "", None)),
        (Market.COINBASE, "BTCUSD", CRYPTO, ("USD", "1", "0.01", "0.00000001", "BTC-USD", "0.00000001")),
        (Market.BINANCE, "BTCUSDT", CRYPTO, ("USDT", "1", "0.01", "0.00001", "BTCUSDT", "5")),
        (Market.CME, "6J", SecurityType.FUTURE, ("USD", "12500000.0", "0.0000005", "1.0", "", None)),
    ],
)
def test_properties_of_lean(
    lean: SymbolPropertiesDatabase, market: str, symbol: str, kind: SecurityType, expected: tuple[str | None, ...]
) -> None:
    found = lean.get_symbol_properties(market, symbol, kind, "USD")
    smallest = found.exact_minimum_order_size
    assert expected == (
        found.quote_currency,
        f"{found.exact_contract_multiplier:f}",
        f"{found.exact_minimum_price_variation:f}",
        f"{found.exact_lot_size:f}",
        found.market_ticker,
        None if smallest is None else f"{smallest:f}",
    )


def test_every_line_of_leans_file_can_be_read(lean: SymbolPropertiesDatabase, lean_data: Path) -> None:
    lines = (lean_data / "symbol-properties/symbol-properties-database.csv").read_text().splitlines()
    rows = [line for line in lines if line.strip() and not line.startswith(("#", "market,"))]
    markets = {row.partition(",")[0] for row in rows}
    read = [entry for market in markets for entry in lean.get_symbol_properties_list(market)]
    assert len(read) == len(rows)
    assert {key.market for key, _ in read} == markets


def test_the_list_of_a_market(lean: SymbolPropertiesDatabase) -> None:
    pairs = list(lean.get_symbol_properties_list(Market.FXCM, FOREX))
    assert len(pairs) == 39
    assert pairs[0][0].symbol == "AUDCAD"
    assert lean.try_get_market("ES", SecurityType.FUTURE) == Market.CME
    assert lean.try_get_market("NOTHING", SecurityType.FUTURE) is None


def test_what_is_not_listed_has_the_market_s_or_default_properties(lean: SymbolPropertiesDatabase) -> None:
    assert not lean.contains_key(Market.COINBASE, "NOTHING", CRYPTO)
    found = lean.get_symbol_properties(Market.COINBASE, "NOTHING", CRYPTO, "eur")
    assert (found.quote_currency, found.lot_size, found.minimum_price_variation) == ("EUR", 1.0, 0.01)
    index = lean.get_symbol_properties(Market.EUREX, "SX5E", SecurityType.INDEX, "USD")
    assert index.quote_currency == "EUR"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("usa,A,equity,,USD,1,0.01", r"line 4: 8 columns"),
        ("usa,A,equity,,USD,one,0.01,1", r"line 4: not valid: 'usa,A"),
        ("usa,A,equity,,USD,1,0.01,0", r"lot size .* positive; it was 0"),
        ("usa,A,equity,,USD,1,0.01,1\nusa,A,equity,,USD,1,0.01,1", r"line 5: .* twice"),
    ],
)
def test_a_line_that_is_not_valid_is_named(tmp_path: Path, line: str, message: str) -> None:
    database = SymbolPropertiesDatabase.from_lean(write(tmp_path, line))
    with pytest.raises(SymbolPropertiesError, match=message):
        database.get_symbol_properties("usa", "A", EQUITY, "USD")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SymbolPropertiesError, match="cannot be read"):
        SymbolPropertiesDatabase.from_lean(tmp_path)


@pytest.mark.parametrize(
    ("market", "symbol", "kind", "quote", "step", "lot"),
    [
        (Market.USA, "SPY", EQUITY, "USD", "0.01", "1"),
        (Market.OANDA, "EURUSD", FOREX, "USD", "0.00001", "1"),
        (Market.FXCM, "USDJPY", FOREX, "JPY", "0.001", "1000"),
        (Market.OANDA, "XAUUSD", CFD, "USD", "0.001", "1"),
        (Market.COINBASE, "BTCUSD", CRYPTO, "USD", "0.01", "0.00000001"),
        (Market.BINANCE, "BTCBUSD", CRYPTO, "BUSD", "0.01", "0.00000001"),
        (Market.BINANCE, "ETHBTC", CRYPTO, "BTC", "0.01", "0.00000001"),
    ],
)
def test_what_is_shipped(
    default: SymbolPropertiesDatabase, market: str, symbol: str, kind: SecurityType, quote: str, step: str, lot: str
) -> None:
    found = default.get_symbol_properties(market, symbol, kind, "XXX")
    assert (found.quote_currency, found.exact_minimum_price_variation, found.exact_lot_size) == (
        quote,
        Decimal(step),
        Decimal(lot),
    )
    assert default.contains_key(market, symbol, kind) == (kind is not EQUITY)


def test_shipped_quote_currencies_are_those_of_lean(
    default: SymbolPropertiesDatabase, lean: SymbolPropertiesDatabase
) -> None:
    pairs = ((Market.OANDA, FOREX), (Market.FXCM, FOREX), (Market.COINBASE, CRYPTO), (Market.BINANCE, CRYPTO))
    for market, kind in pairs:
        listed = list(lean.get_symbol_properties_list(market, kind))
        ours = [default.get_symbol_properties(market, key.symbol, kind, "?").quote_currency for key, _ in listed]
        theirs = [properties.quote_currency for _, properties in listed]
        unknown = ours.count("?")
        wrong = sum(mine not in ("?", quote) for mine, quote in zip(ours, theirs, strict=True))
        assert unknown <= len(listed) // 12, (market, unknown)  # exotic coins that quote nothing else
        assert wrong <= len(listed) // 100, (market, wrong)


def test_properties_of_ones_own(default: SymbolPropertiesDatabase) -> None:
    mine = SymbolProperties("Rubber duck", "EUR", 10, 0.5, 2.5, "DUCK", minimum_order_size=5)
    assert default.set_entry("pond", "DUCK", EQUITY, mine)
    assert default.get_symbol_properties("pond", "duck", EQUITY, "USD") is mine
    assert [key.symbol for key, _ in default.get_symbol_properties_list("POND")] == ["DUCK"]
    assert (mine.LotSize, mine.contract_multiplier, mine.minimum_order_size) == (2.5, 10.0, 5.0)
    assert (mine.price_magnifier, mine.strike_multiplier) == (1.0, 1.0)
    assert str(mine) == "Rubber duck,EUR,10,0.5,2.5,DUCK,5"
    assert mine == SymbolProperties("Rubber duck", "EUR", 10, 0.5, 2.5, "DUCK", minimum_order_size=5)
    SymbolPropertiesDatabase.use(default)
    assert SymbolPropertiesDatabase.FromDataFolder() is default


@pytest.mark.parametrize("name", ["lot_size", "price_magnifier", "strike_multiplier"])
def test_numbers_that_must_be_positive(name: str) -> None:
    numbers = {"contract_multiplier": 1, "minimum_price_variation": 0.01, "lot_size": 1, name: -1}
    with pytest.raises(SymbolPropertiesError, match=name.replace("_", " ")):
        SymbolProperties("", "USD", market_ticker="", **numbers)


@pytest.mark.parametrize(
    ("currency", "sign"),
    [("USD", "$"), ("EUR", "€"), ("USDT", "₮"), ("BTC", "₿"), ("PEPE", "PEPE"), ("", ""), (None, "")],
)
def test_signs_of_currencies(currency: str | None, sign: str) -> None:
    assert Currencies.get_currency_symbol(currency) == sign


@pytest.mark.parametrize(
    ("pair", "market", "expected"),
    [
        ("USDCUSD", Market.COINBASE, True),
        ("USDTUSD", Market.COINBASE, False),
        ("USDTUSD", Market.BINANCE, True),
        ("BNFCRUSD", Market.BINANCE, True),
        ("FDUSDUSD", Market.BYBIT, False),
        ("EURSEUR", Market.BITFINEX, True),
        ("USDCUSD", Market.KRAKEN, False),
    ],
)
def test_stable_coins_that_have_no_pair(pair: str, market: str, expected: bool) -> None:
    assert Currencies.is_stable_coin_without_pair(pair, market) is expected


def test_dollars_of_all_kinds_are_one() -> None:
    assert Currencies.is_stable_coin_without_pair("USDT", "BUSD", Market.BINANCE)
    assert Currencies.is_stable_coin_without_pair("USD", "USDT", Market.BINANCE)
    assert not Currencies.is_stable_coin_without_pair("EUR", "USDT", Market.BINANCE)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("$1,000.50", "1000.50"), ("€-5", "-5"), ("₮.25", "0.25"), ("EUR 7", "7"), ("100", "100"), ("$1e3", "1E+3")],
)
def test_amounts_of_money(text: str, amount: str) -> None:
    assert exact_amount(text) == Decimal(amount)
    assert Currencies.parse(text) == float(amount)


def test_what_is_no_amount_is_refused() -> None:
    with pytest.raises(ValueError, match="'dear'"):
        Currencies.parse("dear")
    assert Currencies.try_parse("dear") is None
    assert Currencies.TryParse("$7") == 7.0


def crypto(ticker: str, market: str = Market.BINANCE) -> Symbol:
    return Symbol.create(ticker, CRYPTO, market)


def test_pairs_are_taken_apart(default: SymbolPropertiesDatabase) -> None:
    SymbolPropertiesDatabase.use(default)
    eurusd = Symbol.create("EURUSD", FOREX, Market.OANDA)
    assert CurrencyPairUtil.decompose_currency_pair(eurusd) == ("EUR", "USD")
    assert CurrencyPairUtil.decompose_currency_pair(crypto("BTCUSDT")) == ("BTC", "USDT")
    gold = SymbolProperties("", "USD", 1, 0.01, 1, "")
    assert CurrencyPairUtil.decompose_currency_pair(Symbol.create("XAUUSD", CFD, Market.OANDA), gold) == ("XAU", "USD")
    assert CurrencyPairUtil.currency_pair_dual(eurusd, "EUR") == "USD"
    assert CurrencyPairUtil.currency_pair_dual(eurusd, "USD") == "EUR"
    assert CurrencyPairUtil.currency_pair_dual(eurusd, "JPY") is None


@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        (Symbol.create_equity("SPY"), "no currency pair"),
        (Symbol.create("EURUSDX", FOREX, Market.OANDA), "six letters"),
        (Symbol.create("DE30", CFD, Market.OANDA), "does not end"),
    ],
)
def test_what_is_no_pair_is_refused(symbol: Symbol, message: str) -> None:
    properties = SymbolProperties.get_default("USD")
    with pytest.raises(ValueError, match=message):
        CurrencyPairUtil.decompose_currency_pair(symbol, properties)
    assert CurrencyPairUtil.try_decompose_currency_pair(symbol, properties) is None


def test_pairs_are_compared_with_stable_coins_as_their_currency(default: SymbolPropertiesDatabase) -> None:
    SymbolPropertiesDatabase.use(default)
    assert CurrencyPairUtil.compare_pair(crypto("BTCUSDT"), "BTC", "USDT") is PairMatch.EXACT_MATCH
    assert CurrencyPairUtil.compare_pair(crypto("BTCUSDT"), "BTC", "USD") is PairMatch.EXACT_MATCH
    assert CurrencyPairUtil.compare_pair(crypto("BTCUSDT"), "USD", "BTC") is PairMatch.INVERSE_MATCH
    assert CurrencyPairUtil.compare_pair(crypto("ETHBTC"), "BTC", "ETH") is CurrencyPairUtil.Match.InverseMatch
    assert CurrencyPairUtil.compare_pair(crypto("ETHBTC"), "BTC", "USD") is PairMatch.NO_MATCH
    assert CurrencyPairUtil.compare_pair(Symbol.create_equity("SPY"), "SPY", "USD") is PairMatch.NO_MATCH

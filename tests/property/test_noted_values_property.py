"""Values that are noted and worked out later, against values that are asked for at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.engine_kit import Action, Bars, Scripted, bars, run
from tests.securities_kit import Account, ListFeed, quote, trade

from tradinglab.algorithm.securities import Security
from tradinglab.algorithm.securities.currency_conversion import SecurityCurrencyConversion
from tradinglab.algorithm.securities.noted_values import NotedValue, ValueNotes, values_of
from tradinglab.core.enums import Resolution, SecurityType, TickType

ROWS = 12
PRICES = st.one_of(
    st.decimals("0.01", "900", places=4).map(float), st.just(100.0), st.just(0.0), st.floats(0.0001, 90_000)
)
COLUMNS = st.lists(st.lists(PRICES, min_size=ROWS, max_size=ROWS), min_size=5, max_size=5)
#: Shares, a coin that is in the cash book with its price as its rate, and a currency with two sides to its rate.
KINDS = (
    ("SPY", SecurityType.EQUITY), ("IBM", SecurityType.EQUITY), ("BTCUSD", SecurityType.CRYPTO),
    ("EURUSD", SecurityType.FOREX), ("XAUUSD", SecurityType.CFD),
)  # fmt: skip
AMOUNTS = st.decimals("-500", "9000", places=4)
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.just(0), st.just(0)),
        st.tuples(st.just("step"), st.just(0), st.just(0)),
        st.tuples(st.just("fill"), st.sampled_from([0, 0, 1, 2, 2, 2, 3, 4]), st.sampled_from([-200, -5, 3, 10, 0])),
        st.tuples(st.sampled_from(["cash", "unsettled", "read"]), st.integers(0, 2), AMOUNTS),
        st.tuples(st.sampled_from(["push", "rate"]), st.integers(0, 4), st.sampled_from([7, 33])),
        st.tuples(st.sampled_from(["remove", "currency", "listen", "empty"]), st.integers(0, 4), st.just(0)),
    ),
    max_size=40,
)


class World:
    """An account over columns, and what happens to it."""

    def __init__(self, columns: list[list[float]]) -> None:
        self.account = Account()
        self.notes = ValueNotes(self.account.portfolio)
        self.securities: list[Security] = []
        self.feeds: list[ListFeed] = []
        self.heard: list[str] = []
        for (ticker, kind), prices in zip(KINDS, columns, strict=True):
            security = self.account.add(ticker, kind)
            is_quote = kind == SecurityType.FOREX
            rows = [quote(price, price * 1.5) if is_quote else trade(price) for price in prices]
            feed = ListFeed(security.symbol, rows, TickType.QUOTE if is_quote else TickType.TRADE)
            if ticker == "SPY":  # the others' rows are asked for
                feed.by_step = [min(row, ROWS - 1) for row in range(60)]
            security.cache.attach(feed)
            self.securities.append(security)
            self.feeds.append(feed)
        book = self.account.portfolio.cash_book
        _, _, coin, euro, _ = self.securities
        book["BTC"].currency_conversion = SecurityCurrencyConversion("BTC", "USD", [(coin, False)])
        book["EUR"].currency_conversion = SecurityCurrencyConversion("EUR", "USD", [(euro, False)])
        book.add("ALT", 3)
        book["ALT"].currency_conversion = SecurityCurrencyConversion("ALT", "USD", [(coin, True), (euro, False)])

    def act(self, action: str, which: int, number: Any) -> None:
        account, security = self.account, self.securities[which]
        book, unsettled = account.portfolio.cash_book, account.portfolio.unsettled_cash_book
        currency = ("USD", "BTC", "EUR")[which % 3]
        match action:
            case "step":
                for feed in self.feeds:
                    feed.at = min(feed.at + 1, ROWS - 1)
                account.clock.cursor.step += 1
                account.clock.cursor.rated_ns += 1
            case "fill":
                quantity = Decimal(number) or -security.holdings.exact_quantity
                if quantity:
                    account.fill(security, quantity, 50)
            case "cash":
                book[currency].exact_add(number)
            case "unsettled":
                unsettled[currency].exact_add(number)
            case "read":
                assert book[currency].exact_conversion_rate >= 0
            case "push":
                account.price(security, number)
            case "rate":
                book[currency].conversion_rate = number
            case "remove":
                account.securities.remove(security.symbol)
                account.portfolio.invalidate_total_portfolio_value()
            case "currency":
                if which:
                    book.add(f"C{which}", which, Decimal("1.50"))
                else:
                    book.remove("ALT")
            case "listen":
                self.act("step", 0, 0)  # a value is noted at the end of a step
                book[currency].updated += lambda cash, _: self.heard.append(f"{cash.symbol} {cash.exact_amount}")
            case "empty":
                security.cache.attach(ListFeed(security.symbol, [], TickType.QUOTE))


@settings(max_examples=150, deadline=None)
@given(COLUMNS, ACTIONS)
@example([[100.0] * ROWS] * 5, [("currency", 0, 0), ("push", 2, 7)])
@example([[0.01] * ROWS] * 5, [("rate", 1, 33), ("step", 0, 0), ("rate", 1, 33)])
def test_values_worked_out_later_are_those_of_their_time(columns: list[list[float]], actions: list[Any]) -> None:
    later, at_once = World(columns), World(columns)
    noted, expected = [], []
    for action in [("step", 0, 0), *actions]:
        for world in (later, at_once):
            world.act(*action)
        noted.append(later.notes.note())
        expected.append(str(at_once.account.portfolio.exact_total_portfolio_value))
    values = iter(values_of([note for note in noted if isinstance(note, NotedValue)]))
    found = [str(next(values)) if isinstance(note, NotedValue) else str(note) for note in noted]
    assert found == expected
    assert later.heard == at_once.heard


def test_most_values_are_worked_out_later() -> None:
    """Otherwise the test above compares the same way with itself."""
    world = World([[100.0 + row for row in range(ROWS)]] * len(KINDS))
    for which in (0, 1, 2):
        world.act("step", 0, 0)
        world.act("fill", which, 10)
        world.act("step", 0, 0)
        assert isinstance(world.notes.note(), NotedValue)
    world.act("listen", 1, 0)
    assert isinstance(world.notes.note(), Decimal)


KINDS_OF_ORDERS = ("market", "market", "market", "percent", "liquidate", "limit")
SCRIPTS = st.lists(
    st.none() | st.tuples(st.sampled_from(KINDS_OF_ORDERS), st.integers(-20, 20).filter(bool), st.integers(-3, 3)),
    min_size=1, max_size=40,
)  # fmt: skip


def samples(found: Bars, script: list[Action | None], **members: Any) -> tuple[list[str], list[str], dict[str, str]]:
    with (
        patch.object(Scripted, "note", lambda self: None),
        patch("tradinglab.engine.sampling.resample_period_ns", lambda *_: 0),
    ):
        _, result = run(found, Resolution.MINUTE, script, **members)
    sampler = result.record.sampler
    candles = [" ".join(map(str, candle)) for candle in sampler.candles]
    return candles, [str(day[:5]) for day in sampler.days], result.statistics


@settings(max_examples=40, deadline=None)
@given(data=st.data(), script=SCRIPTS, coin=st.booleans(), cash_account=st.booleans(), fee=st.sampled_from([0, 1.37]))
def test_samples_of_runs_are_those_asked_for_at_once(
    data: st.DataObject, script: list[Action | None], coin: bool, cash_account: bool, fee: float
) -> None:
    found = data.draw(bars(Resolution.MINUTE))
    members = {"coin": coin, "cash_account": cash_account, "fee": fee}
    later = samples(found, script, **members)
    with patch.object(ValueNotes, "note", lambda self: self._portfolio.exact_total_portfolio_value):
        assert later == samples(found, script, **members)

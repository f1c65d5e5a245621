"""An exchange that tells candles: cut connections, silence, quiet markets; nothing is lost, nothing comes twice."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.feeds.kit import Clock, Heard, series
from tests.feeds.tape import Tape

from tradinglab.core.clock import MINUTE_NS, SECOND_NS, to_ns
from tradinglab.data.feeds.exchange import ExchangeFeed
from tradinglab.data.feeds.grid import BarGrid
from tradinglab.data.feeds.protocol import FeedTerms
from tradinglab.data.sources.exchanges.stream import Candles, Cut, Told
from tradinglab.data.store.layout import SeriesKey

START = to_ns(datetime(2024, 3, 1, 12))
BTC = series()
GRID = BarGrid()


def minute(count: int) -> int:
    return START + count * MINUTE_NS


class Teller:
    """Tells the candle of the moment every two seconds, as Binance does, but where it is cut or dumb."""

    def __init__(self, tape: Tape, cuts: list[tuple[int, int]], dumb: list[tuple[int, int]], doubles: bool) -> None:
        self._tape, self._cuts, self._dumb, self._doubles = tape, cuts, dumb, doubles
        self._next_ns, self._was_cut, self.resets = 0, False, 0
        self.keys: list[SeriesKey] = []

    def watch(self, key: SeriesKey) -> None:
        self.keys.append(key)

    def unwatch(self, key: SeriesKey) -> None:
        self.keys.remove(key)

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        pass

    def take(self, timeout_s: float) -> list[Told]:
        clock = self._tape.clock
        clock.sleep(1.0)
        second = (clock.ns - START) // SECOND_NS
        if any(first <= second < first + length for first, length in self._cuts):
            was_cut, self._was_cut = self._was_cut, True
            return [] if was_cut else [Cut("ConnectionResetError: reset by peer", clock.ns, 1.0)]
        self._was_cut = False
        if any(first <= second < first + length for first, length in self._dumb) or clock.ns < self._next_ns:
            return []
        self._next_ns = clock.ns + 2 * SECOND_NS
        start = clock.ns // MINUTE_NS * MINUTE_NS
        if start not in self._tape.bars:
            return []
        price = self._tape.bars[start]
        # Before the last seconds of a minute, the candle is not what it will be.
        shown = price if clock.ns >= start + 55 * SECOND_NS else price - 50
        row = (start / 1e6, shown, shown + 1, shown - 1, shown + 0.5, shown * 10)
        return [Candles(key, (row,) * (1 + self._doubles), clock.ns) for key in self.keys]


def play(
    minutes: set[int],
    cuts: list[tuple[int, int]],
    dumb: list[tuple[int, int]],
    *,
    until: int = 12,
    doubles: bool = False,
) -> tuple[Heard, Teller]:
    clock = Clock(START + 5 * SECOND_NS)
    tape = Tape(clock, {minute(each): 100.0 + each for each in minutes})
    teller, heard = Teller(tape, cuts, dumb, doubles), Heard()
    feed = ExchangeFeed(tape, teller, GRID, FeedTerms(), now_ns=clock.now_ns)
    feed.subscribe(BTC, minute(-5))
    while clock.ns < minute(until) - 10 * SECOND_NS:
        heard.take(feed.receive(0.25))
    return heard, teller


def test_a_candle_is_delivered_when_it_is_over() -> None:
    heard, _ = play(set(range(-3, 20)), [], [], doubles=True)
    assert heard.history[BTC] == [minute(each) for each in (-3, -2, -1)]
    assert heard.live[BTC] == [(minute(each), 100.0 + each) for each in range(11)]
    assert heard.kinds() == ["connected"]


def test_what_was_missed_while_it_was_cut_is_filled_in() -> None:
    heard, _ = play(set(range(20)), [(100, 130)], [])
    assert heard.live[BTC] == [(minute(each), 100.0 + each) for each in range(11)]
    assert heard.kinds()[:3] == ["connected", "stale", "reconnecting"]
    assert {"gap_filled", "connected"} <= set(heard.kinds()[3:])
    assert heard.corrected == []


def test_silence_has_the_connection_made_anew() -> None:
    heard, teller = play(set(range(20)), [], [(130, 90)])
    assert teller.resets >= 1
    assert "stale" in heard.kinds()
    assert heard.live[BTC] == [(minute(each), 100.0 + each) for each in range(11)]


def test_a_quiet_market_does_not_stop_time() -> None:
    heard, _ = play({0, 1, 6, 7, 8, 9, 10, 11}, [], [])
    assert heard.live[BTC] == [(minute(each), 100.0 + each) for each in (0, 1, 6, 7, 8, 9, 10)]
    assert heard.corrected == []


@settings(max_examples=10)
@given(
    minutes=st.sets(st.integers(0, 14), min_size=1),
    cuts=st.lists(st.tuples(st.integers(0, 800), st.integers(1, 200)), max_size=4),
    dumb=st.lists(st.tuples(st.integers(0, 800), st.integers(1, 200)), max_size=3),
    doubles=st.booleans(),
)
def test_each_candle_once_in_order_through_all_weather(
    minutes: set[int], cuts: list[tuple[int, int]], dumb: list[tuple[int, int]], doubles: bool
) -> None:
    """The history can be asked throughout: then no bar is lost, late or wrong, whatever the connection does."""
    heard, _ = play(minutes, cuts, dumb, until=25, doubles=doubles)
    assert heard.live.get(BTC, []) == [(minute(each), 100.0 + each) for each in sorted(minutes)]
    assert heard.corrected == []

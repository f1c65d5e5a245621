"""What holds for any numbers, bars and events."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradinglab.core.clock import DAY_NS, zone
from tradinglab.core.enums import DataNormalizationMode as Mode
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.adjust import normalize
from tradinglab.data.columns import BarColumns, DigitsExact, ScaledExact
from tradinglab.data.derivation import Action, actions_of_rows, factor_rows
from tradinglab.data.digits import clean, numbers, split
from tradinglab.data.factors import FactorRow, FactorTable
from tradinglab.data.loaded import LoadedBars
from tradinglab.data.mapping import MapFile, MapRow
from tradinglab.data.store import BarStore, Origin, SeriesKey

NEW_YORK = zone("America/New_York")
DIGITS = st.decimals(
    min_value=-(10**11), max_value=10**11, allow_nan=False, allow_infinity=False, places=6
) | st.integers(-(10**17), 10**17).map(Decimal)


def plain(value: Decimal) -> str:
    return format(value, "f")


@given(st.lists(st.tuples(DIGITS, st.none() | DIGITS), min_size=1, max_size=30))
def test_every_number_is_read_as_it_was_written(rows: list[tuple[Decimal, Decimal | None]]) -> None:
    text = "".join(f"{plain(left)},{'' if right is None else plain(right)}\n" for left, right in rows)
    found = numbers(split(clean(text.encode())))
    assert found.present[1].tolist() == [right is not None for _, right in rows]
    for row, pair in enumerate(rows):
        for column, value in enumerate(pair):
            if value is not None:
                mantissa, scale = int(found.mantissas[column, row]), int(found.scales[column, row])
                assert plain(Decimal(mantissa).scaleb(-scale)).lstrip("-") == plain(value).lstrip("-")
                assert Decimal(mantissa).scaleb(-scale) == value
                assert found.floats()[column, row] == float(value)


FACTORS = st.decimals(Decimal("0.0001"), Decimal("2"), places=7, allow_nan=False, allow_infinity=False)


@given(
    st.lists(st.integers(1, 10**10), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(0, 25), FACTORS, FACTORS), max_size=6),
    st.sampled_from([Mode.ADJUSTED, Mode.SPLIT_ADJUSTED, Mode.TOTAL_RETURN]),
    st.booleans(),
)
def test_the_float_of_an_adjusted_price_is_the_nearest_to_its_decimal(
    raw: list[int], rows: list[tuple[int, Decimal, Decimal]], mode: Mode, is_scaled: bool
) -> None:
    mantissas = np.array(raw, np.int64)
    scales = (mantissas % 5).astype(np.int8)
    time_ns = NEW_YORK.utc_ns_array(np.arange(len(raw)) * DAY_NS)
    exact = ScaledExact(mantissas, Decimal("0.0001")) if is_scaled else DigitsExact(mantissas, scales)
    values = mantissas / (10_000 if is_scaled else 10.0**scales)
    bars = BarColumns(TickType.TRADE, time_ns, time_ns + DAY_NS, {"close": values}, {"close": exact})
    table = FactorTable(FactorRow(day, price, part, Decimal(10)) for day, price, part in rows)
    found = normalize(bars, table, mode, NEW_YORK)
    for row in range(len(raw)):
        value = float(found.exact("close", row))
        if mode == Mode.TOTAL_RETURN:  # the dividends are added to a float
            assert abs(found.values["close"][row] - value) <= 2 * np.spacing(max(abs(value), 1.0) * 10)
        else:
            assert found.values["close"][row] == value
            assert found.exact("close", row) == exact.exact(row) * table.price_factor_on(row, mode)


@given(
    st.lists(st.integers(500, 20_000), min_size=8, max_size=8),
    st.dictionaries(
        st.integers(1, 7),
        st.tuples(st.integers(0, 200), st.sampled_from(["1", "0.5", "0.25", "2", "0.1"])),
        max_size=4,
    ),
)
def test_events_survive_their_factors(cents: list[int], events: dict[int, tuple[int, str]]) -> None:
    days, closes = list(range(8)), [Decimal(one) / 100 for one in cents]
    actions = [
        Action(day, Decimal(dividend) / 100, Decimal(part))
        for day, (dividend, part) in sorted(events.items())
        if (dividend or part != "1") and Decimal(dividend) / 100 / Decimal(part) < closes[day - 1] * Decimal("0.9")
    ]
    found = actions_of_rows(factor_rows(days, closes, actions), days)
    assert [(one.day, one.split_factor) for one in found] == [(one.day, one.split_factor) for one in actions]
    for got, want in zip(found, actions, strict=True):
        assert abs(got.dividend - want.dividend) <= Decimal("0.001") * closes[want.day - 1]


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from("ABC")), min_size=1, max_size=6), st.data())
def test_spans_say_what_the_days_say(rows: list[tuple[int, str]], data: st.DataObject) -> None:
    unique = dict(rows)
    file = MapFile("x", [MapRow(day, ticker) for day, ticker in unique.items()])
    first = data.draw(st.integers(-5, 65))
    last = data.draw(st.integers(first, 70))
    told = {day: span.ticker for span in file.spans(first, last) for day in range(span.first_day, span.last_day + 1)}
    assert told == {day: file.ticker_on(day) for day in range(first, last + 1) if file.has_data(day)}


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 30)), max_size=12), st.integers(0, 400))
def test_bars_at_hand_are_those_that_would_be_read(asked: list[tuple[int, int]], most_rows: int) -> None:
    def read(first: int, last: int) -> BarColumns:
        days = np.arange(first, last + 1)
        return BarColumns(TickType.TRADE, days, days + 1, {"close": days.astype(float)})

    loaded = LoadedBars(most_rows)
    for at, (first, length) in enumerate(asked):
        found = loaded.get(at % 3, first, first + length, read).between(first, first + length + 1)
        assert found.time_ns.tolist() == list(range(first, first + length + 1))


PRICES = st.floats(0.01, 1e6, allow_nan=False)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.integers(0, 800), PRICES, min_size=1, max_size=20), min_size=1, max_size=4))
def test_a_store_gives_back_what_was_put_in_last(writes: list[dict[int, float]]) -> None:
    key = SeriesKey(SecurityType.EQUITY, "usa", "ABC", Resolution.DAILY, TickType.TRADE)
    expected: dict[int, float] = {}
    with TemporaryDirectory() as folder:
        store = BarStore(Path(folder))
        for number, days in enumerate(writes):
            ordered = sorted(days.items())
            times = np.array([day * 86_400_000_000 for day, _ in ordered])
            price = np.array([one for _, one in ordered])
            values = dict.fromkeys(("open", "high", "low", "close", "volume"), price)
            stored = store.write(key, times, values, [Origin(str(number))], on_conflict="replace")
            assert stored.added == len(days.keys() - expected.keys())
            expected.update(days)
            found_times, found = store.read(key)
            assert dict(zip((found_times // 86_400_000_000).tolist(), found["close"].tolist(), strict=True)) == expected
            assert (np.diff(found_times) > 0).all()
        assert store.verify(key) == []

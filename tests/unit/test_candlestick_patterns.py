"""Candlestick patterns, against TA-Lib and where LEAN differs from it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import talib
from tests.unit.indicator_market import columns, values_of

from tradinglab.algorithm import indicators as i
from tradinglab.algorithm.indicators.candles import CandlestickPattern
from tradinglab.algorithm.indicators.registry import FAMILIES, indicator_type
from tradinglab.data.columns import BarColumns, Floats

Prices = tuple[float, float, float, float]

_PAIRS = """
    TwoCrows=2CROWS ThreeBlackCrows=3BLACKCROWS ThreeInside=3INSIDE ThreeLineStrike=3LINESTRIKE
    ThreeOutside=3OUTSIDE ThreeStarsInSouth=3STARSINSOUTH ThreeWhiteSoldiers=3WHITESOLDIERS
    AbandonedBaby=ABANDONEDBABY AdvanceBlock=ADVANCEBLOCK BeltHold=BELTHOLD Breakaway=BREAKAWAY
    ClosingMarubozu=CLOSINGMARUBOZU ConcealedBabySwallow=CONCEALBABYSWALL Counterattack=COUNTERATTACK
    DarkCloudCover=DARKCLOUDCOVER Doji=DOJI DojiStar=DOJISTAR DragonflyDoji=DRAGONFLYDOJI Engulfing=ENGULFING
    EveningDojiStar=EVENINGDOJISTAR EveningStar=EVENINGSTAR GapSideBySideWhite=GAPSIDESIDEWHITE
    GravestoneDoji=GRAVESTONEDOJI Hammer=HAMMER HangingMan=HANGINGMAN Harami=HARAMI HaramiCross=HARAMICROSS
    HighWaveCandle=HIGHWAVE Hikkake=HIKKAKE HikkakeModified=HIKKAKEMOD HomingPigeon=HOMINGPIGEON
    IdenticalThreeCrows=IDENTICAL3CROWS InNeck=INNECK InvertedHammer=INVERTEDHAMMER Kicking=KICKING
    KickingByLength=KICKINGBYLENGTH LadderBottom=LADDERBOTTOM LongLeggedDoji=LONGLEGGEDDOJI
    LongLineCandle=LONGLINE Marubozu=MARUBOZU MatchingLow=MATCHINGLOW MatHold=MATHOLD
    MorningDojiStar=MORNINGDOJISTAR MorningStar=MORNINGSTAR OnNeck=ONNECK Piercing=PIERCING
    RickshawMan=RICKSHAWMAN RiseFallThreeMethods=RISEFALL3METHODS SeparatingLines=SEPARATINGLINES
    ShootingStar=SHOOTINGSTAR ShortLineCandle=SHORTLINE SpinningTop=SPINNINGTOP StalledPattern=STALLEDPATTERN
    StickSandwich=STICKSANDWICH Takuri=TAKURI TasukiGap=TASUKIGAP Thrusting=THRUSTING Tristar=TRISTAR
    UniqueThreeRiver=UNIQUE3RIVER UpsideGapTwoCrows=UPSIDEGAP2CROWS UpDownGapThreeMethods=XSIDEGAP3METHODS
"""
#: TA-Lib's functions, by our names.
FUNCTIONS = dict(pair.split("=") for pair in _PAIRS.split())
#: LEAN carries a total of ranges that is not TA-Lib's, and finds a few more or a few less.
CARRIED = {"AbandonedBaby", "Counterattack", "HikkakeModified", "MorningStar", "StickSandwich"}

#: Clear cases of what is rare: open, high, low and close above the last close of a calm market.
SHAPES: dict[str, tuple[int, list[Prices]]] = {
    "AbandonedBaby": (-1, [(0, 3.1, -0.1, 3), (3.6, 3.8, 3.4, 3.61), (3.2, 3.3, 0.9, 1)]),
    "Breakaway": (
        1,
        [
            (0, 0.1, -3.1, -3), (-3.5, -3.4, -4.1, -4), (-4, -3.9, -4.6, -4.5), (-4.6, -4.5, -5.2, -5.1),
            (-5, -3.1, -5.1, -3.2),
        ],
    ),
    "ConcealedBabySwallow": (
        1,
        [(0, 0.02, -2.02, -2), (-2, -1.98, -4.02, -4), (-4.5, -3.5, -5.05, -5), (-3.3, -3.2, -5.3, -5.2)],
    ),
    "Counterattack": (1, [(0, 0.1, -3.1, -3), (-6, -2.9, -6.1, -3)]),
    "HikkakeModified": (
        2,
        [(0, 2, -2, 0.5), (0.2, 1, -1, -0.95), (0, 0.5, -0.5, 0.1), (-0.2, 0.3, -0.8, -0.6), (-0.5, 1, -0.6, 0.8)],
    ),
    "LadderBottom": (
        1,
        [
            (0, 0.1, -1.1, -1), (-0.5, -0.4, -2.1, -2), (-1.5, -1.4, -3.1, -3), (-3, -2.5, -3.6, -3.5),
            (-2.9, -1.9, -3, -2),
        ],
    ),
    "MatHold": (
        1,
        [
            (0, 3.1, -0.1, 3), (3.6, 3.7, 3.1, 3.2), (3.1, 3.2, 2.7, 2.8), (2.9, 3, 2.5, 2.6), (2.7, 4.1, 2.65, 4),
        ],
    ),
    "MorningStar": (1, [(0, 0.1, -3.1, -3), (-3.6, -3.4, -3.9, -3.8), (-3.2, -1, -3.3, -1.1)]),
    "RiseFallThreeMethods": (
        1,
        [
            (0, 3.1, -0.1, 3), (2.8, 2.9, 2.3, 2.4), (2.4, 2.5, 1.9, 2), (2, 2.1, 1.5, 1.6), (1.8, 3.6, 1.7, 3.5),
        ],
    ),
    "StickSandwich": (1, [(0, 0.1, -1.1, -1), (-0.5, 0.6, -0.6, 0.5), (0.4, 0.5, -1.1, -1)]),
    "ThreeBlackCrows": (-1, [(0, 1.1, -0.1, 1), (1, 1.1, -1, -1), (0, 0.1, -2, -2), (-1, -0.9, -3, -3)]),
    "ThreeStarsInSouth": (1, [(0, 0.1, -4.5, -2), (-1.2, -1.1, -3.5, -2.2), (-2.3, -2.28, -2.72, -2.7)]),
    "ThreeWhiteSoldiers": (1, [(0, 2.02, -0.1, 2), (1.5, 3.52, 1.4, 3.5), (3, 5.02, 2.9, 5)]),
    "UniqueThreeRiver": (1, [(0, 0.1, -3.1, -3), (-1, -0.9, -3.6, -2), (-3.2, -2.9, -3.3, -3)]),
}  # fmt: skip


def of_rows(rows: list[Prices]) -> BarColumns:
    """Return bars of rows of prices."""
    values = np.array(rows).T
    return columns(values[0], values[1], values[2], values[3], np.ones(len(rows)))


@cache
def wild(count: int = 3000, seed: int = 5) -> BarColumns:
    """Return bars that leave gaps, meet the prices before, and have bodies and shadows of all sizes."""
    generator = np.random.default_rng(seed)
    rows: list[Prices] = [(100.0, 101.0, 99.0, 100.5)]
    while len(rows) < count:
        rows.append(_next_to(rows[-1], generator))
    return of_rows(rows)


def _next_to(before: Prices, generator: np.random.Generator) -> Prices:
    opened, high, low, closed = before
    middle, top, bottom = (opened + closed) / 2, max(opened, closed), min(opened, closed)
    noise = generator.normal(0, 0.003, 3)
    starts = (closed, opened, middle, top + 0.3, bottom - 0.3, high + 0.4, low - 0.4, high + 1.5, low - 1.5)
    opening = generator.choice(starts) + noise[0]
    body = generator.choice([3.0, 1.5, 0.6, 0.3, 0.02]) * (1 + 0.2 * generator.random())
    onward = opening + body * generator.choice([1, -1])
    ends = (onward, onward, onward, closed + noise[1], low + noise[2], middle + 20 * noise[1], bottom - 0.2, top + 0.2)
    close = generator.choice(ends)
    upper, lower = generator.choice([0.01, 0.01, 0.3, 2.5], 2) * generator.random(2)
    home = 0.0 if 60 < close < 160 else 100 - close
    return opening + home, max(opening, close) + upper + home, min(opening, close) - lower + home, close + home


def calm(count: int = 25) -> list[Prices]:
    """Return rows of bars with bodies of about one, and short shadows, that end at a close of 100."""
    generator = np.random.default_rng(2)
    rows: list[Prices] = []
    close = 100.0
    for step in range(count):
        opening = close - (1 if step % 2 else -1) * (0.9 + 0.2 * generator.random())
        rows.append((opening, max(opening, close) + 0.15, min(opening, close) - 0.15, close))
        close = opening
    return rows[::-1]


def expected(name: str, bars: BarColumns) -> Floats:
    """Return what TA-Lib finds."""
    prices = (bars.values[key] for key in ("open", "high", "low", "close"))
    found: Floats = getattr(talib, f"CDL{FUNCTIONS[name]}")(*prices) / 100.0
    return found


def test_all_of_lean_s_patterns_are_there() -> None:
    ours = {name for family, names in FAMILIES.items() if family.startswith("candles_") for name in names.split()}
    assert ours == set(FUNCTIONS)
    assert len(ours) == 61


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - CARRIED))
def test_it_finds_what_ta_lib_finds(name: str) -> None:
    found = values_of(indicator_type(name)(), wild())
    assert np.array_equal(found, expected(name, wild()))


@pytest.mark.parametrize("name", sorted(CARRIED))
def test_what_lean_carries_its_own_way_is_ta_lib_s_but_for_a_few(name: str) -> None:
    found = values_of(indicator_type(name)(), wild())
    assert np.count_nonzero(found != expected(name, wild())) <= 6
    assert set(found) <= {-2, -1, 0, 1, 2}


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_clear_case_is_found(name: str) -> None:
    value, shape = SHAPES[name]
    before = calm()
    last = before[-1][3]
    bars = of_rows([*before, *((o + last, h + last, low + last, c + last) for o, h, low, c in shape)])
    found = values_of(indicator_type(name)(), bars)
    assert (found[-1], expected(name, bars)[-1]) == (value, value)


def test_equal_decimals_are_equal() -> None:
    # a body of 0.1 among ranges of 1.0 is a doji; as floats, 100.4 - 100.3 is more than that
    rows: list[Prices] = [(100.0, 101.0, 100.0, 100.5)] * 10 + [(100.3, 100.9, 100.0, 100.4)]
    assert values_of(i.Doji(), of_rows(rows))[-1] == 1
    assert 100.4 - 100.3 > 0.1


def test_a_stick_sandwich_begins_with_the_bodies() -> None:
    # LEAN's first total is that of bodies, here 0.5, where TA-Lib's is that of ranges, here 10
    start: list[Prices] = [(100.0, 101.0, 99.0, 100.1)] * 5
    sandwich: list[Prices] = [(100.0, 100.5, 98.5, 99.0), (99.5, 101.0, 99.2, 100.5), (100.4, 101.0, 98.5, 98.95)]
    bars = of_rows([*start, *sandwich])
    assert expected("StickSandwich", bars)[-1] == 1
    assert values_of(i.StickSandwich(), bars)[-1] == 0


def test_a_bound_can_be_changed() -> None:
    before = i.CandleSettings.get(i.CandleSettingType.BODY_DOJI)
    assert (before.range_type, before.average_period, before.factor) == (i.CandleRangeType.HIGH_LOW, 10, 0.1)
    i.CandleSettings.set(i.CandleSettingType.BODY_DOJI, i.CandleSetting(i.CandleRangeType.REAL_BODY, 3, 0.5))
    try:
        doji = i.Doji()
    finally:
        i.CandleSettings.set(i.CandleSettingType.BODY_DOJI, before)
    assert (doji.period, i.Doji().period) == (4, 11)
    rows: list[Prices] = [(100.0, 110.0, 90.0, 102.0)] * 3 + [(100.0, 110.0, 90.0, 101.0), (100.0, 110.0, 90.0, 101.0)]
    assert values_of(doji, of_rows(rows))[-2:].tolist() == [1, 0]


MADE: list[tuple[CandlestickPattern, str, int]] = [
    (i.Doji(), "DOJI", 11),
    (i.Doji("mine"), "mine", 11),
    (i.Engulfing(), "ENGULFING", 3),
    (i.DarkCloudCover(0.4), "DARKCLOUDCOVER", 12),
    (i.MatHold("mine", 0.4), "mine", 15),
    (i.ThreeBlackCrows(), "THREEBLACKCROWS", 14),
    (i.HikkakeModified(), "HIKKAKEMODIFIED", 11),
]


@pytest.mark.parametrize(("pattern", "name", "period"), MADE)
def test_names_and_periods_are_lean_s(pattern: CandlestickPattern, name: str, period: int) -> None:
    assert (pattern.name, pattern.period, pattern.warm_up_period) == (name, period, period)


def test_a_deeper_penetration_finds_less() -> None:
    deep, shallow = (np.count_nonzero(values_of(i.EveningStar(part), wild())) for part in (0.8, 0.1))
    assert deep < shallow

"""The methods that make candlestick patterns: ``self.candlestick_patterns.doji("SPY")``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.indicator_helpers import Method, single
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.indicator_registration import IndicatorRegistration


def _pattern(class_name: str, **parameters: Any) -> Method:
    make: Any = single(class_name, class_name.upper(), **parameters)

    def method(self: CandlestickPatterns, *args: Any, **kwargs: Any) -> Any:
        return make(self._algorithm, *args, **kwargs)

    method.__annotations__ = make.__annotations__
    method.__signature__ = make.__signature__  # type: ignore[attr-defined]
    method.__doc__ = make.__doc__
    return method


class CandlestickPatterns(Dual):
    """What makes candlestick patterns: each is named, and registered for updates.

    ``self.candlestick_patterns.doji(symbol, resolution, selector)``; patterns that take a
    *penetration* take it after the symbol.
    """

    def __init__(self, algorithm: IndicatorRegistration) -> None:
        self._algorithm = algorithm

    belt_hold = _pattern("BeltHold")
    closing_marubozu = _pattern("ClosingMarubozu")
    marubozu = _pattern("Marubozu")
    doji = _pattern("Doji")
    dragonfly_doji = _pattern("DragonflyDoji")
    gravestone_doji = _pattern("GravestoneDoji")
    long_legged_doji = _pattern("LongLeggedDoji")
    rickshaw_man = _pattern("RickshawMan")
    takuri = _pattern("Takuri")
    high_wave_candle = _pattern("HighWaveCandle")
    spinning_top = _pattern("SpinningTop")
    long_line_candle = _pattern("LongLineCandle")
    short_line_candle = _pattern("ShortLineCandle")
    hammer = _pattern("Hammer")
    hanging_man = _pattern("HangingMan")
    inverted_hammer = _pattern("InvertedHammer")
    shooting_star = _pattern("ShootingStar")
    engulfing = _pattern("Engulfing")
    harami = _pattern("Harami")
    harami_cross = _pattern("HaramiCross")
    homing_pigeon = _pattern("HomingPigeon")
    doji_star = _pattern("DojiStar")
    dark_cloud_cover = _pattern("DarkCloudCover", penetration=0.5)
    piercing = _pattern("Piercing")
    in_neck = _pattern("InNeck")
    on_neck = _pattern("OnNeck")
    thrusting = _pattern("Thrusting")
    counterattack = _pattern("Counterattack")
    matching_low = _pattern("MatchingLow")
    separating_lines = _pattern("SeparatingLines")
    kicking = _pattern("Kicking")
    kicking_by_length = _pattern("KickingByLength")
    abandoned_baby = _pattern("AbandonedBaby", penetration=0.3)
    evening_star = _pattern("EveningStar", penetration=0.3)
    evening_doji_star = _pattern("EveningDojiStar", penetration=0.3)
    morning_doji_star = _pattern("MorningDojiStar", penetration=0.3)
    morning_star = _pattern("MorningStar", penetration=0.3)
    two_crows = _pattern("TwoCrows")
    upside_gap_two_crows = _pattern("UpsideGapTwoCrows")
    three_inside = _pattern("ThreeInside")
    three_outside = _pattern("ThreeOutside")
    three_white_soldiers = _pattern("ThreeWhiteSoldiers")
    advance_block = _pattern("AdvanceBlock")
    stalled_pattern = _pattern("StalledPattern")
    identical_three_crows = _pattern("IdenticalThreeCrows")
    three_stars_in_south = _pattern("ThreeStarsInSouth")
    unique_three_river = _pattern("UniqueThreeRiver")
    stick_sandwich = _pattern("StickSandwich")
    tasuki_gap = _pattern("TasukiGap")
    up_down_gap_three_methods = _pattern("UpDownGapThreeMethods")
    gap_side_by_side_white = _pattern("GapSideBySideWhite")
    tristar = _pattern("Tristar")
    three_black_crows = _pattern("ThreeBlackCrows")
    three_line_strike = _pattern("ThreeLineStrike")
    concealed_baby_swallow = _pattern("ConcealedBabySwallow")
    breakaway = _pattern("Breakaway")
    ladder_bottom = _pattern("LadderBottom")
    mat_hold = _pattern("MatHold", penetration=0.5)
    rise_fall_three_methods = _pattern("RiseFallThreeMethods")
    hikkake = _pattern("Hikkake")
    hikkake_modified = _pattern("HikkakeModified")

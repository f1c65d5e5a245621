"""Consolidators: what makes bars of other bars, ticks or values."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.consolidators.base import (
        ConsolidatorBase,
        DataConsolidator,
        IDataConsolidator,
        PythonConsolidator,
    )
    from tradinglab.algorithm.consolidators.base import (
        listen as listen,
    )
    from tradinglab.algorithm.consolidators.base import (
        unlisten as unlisten,
    )
    from tradinglab.algorithm.consolidators.brick_bars import (
        BarDirection,
        BaseRenkoBar,
        RangeBar,
        RenkoBar,
        VolumeRenkoBar,
    )
    from tradinglab.algorithm.consolidators.calendar import Calendar, CalendarInfo, CalendarType, Expiry
    from tradinglab.algorithm.consolidators.errors import ConsolidationError
    from tradinglab.algorithm.consolidators.identity import (
        FilteredIdentityDataConsolidator,
        IdentityDataConsolidator,
        SequentialConsolidator,
    )
    from tradinglab.algorithm.consolidators.market_hours import (
        MarketHourAwareConsolidator,
    )
    from tradinglab.algorithm.consolidators.market_hours import (
        daily_calendar as daily_calendar,
    )
    from tradinglab.algorithm.consolidators.market_hours import (
        intraday_calendar as intraday_calendar,
    )
    from tradinglab.algorithm.consolidators.market_hours import (
        use_strict_end_time as use_strict_end_time,
    )
    from tradinglab.algorithm.consolidators.open_interest import OpenInterestConsolidator
    from tradinglab.algorithm.consolidators.period_count import PeriodCountConsolidatorBase
    from tradinglab.algorithm.consolidators.quote_bars import QuoteBarConsolidator, TickQuoteBarConsolidator
    from tradinglab.algorithm.consolidators.renko import (
        DollarVolumeRenkoConsolidator,
        RenkoConsolidator,
        VolumeRenkoConsolidator,
        WickedRenkoConsolidator,
    )
    from tradinglab.algorithm.consolidators.session import Session, SessionConsolidator
    from tradinglab.algorithm.consolidators.session_bar import SessionBar
    from tradinglab.algorithm.consolidators.timeless import (
        BaseTimelessConsolidator,
        ClassicRangeConsolidator,
        ClassicRenkoConsolidator,
        RangeConsolidator,
    )
    from tradinglab.algorithm.consolidators.trade_bars import (
        BaseDataConsolidator,
        DynamicDataConsolidator,
        TickConsolidator,
        TradeBarConsolidator,
    )
    from tradinglab.algorithm.ticks import OpenInterest

__all__ = [
    "BarDirection",
    "BaseDataConsolidator",
    "BaseRenkoBar",
    "BaseTimelessConsolidator",
    "Calendar",
    "CalendarInfo",
    "CalendarType",
    "ClassicRangeConsolidator",
    "ClassicRenkoConsolidator",
    "ConsolidationError",
    "ConsolidatorBase",
    "DataConsolidator",
    "DollarVolumeRenkoConsolidator",
    "DynamicDataConsolidator",
    "Expiry",
    "FilteredIdentityDataConsolidator",
    "IDataConsolidator",
    "IdentityDataConsolidator",
    "MarketHourAwareConsolidator",
    "OpenInterest",
    "OpenInterestConsolidator",
    "PeriodCountConsolidatorBase",
    "PythonConsolidator",
    "QuoteBarConsolidator",
    "RangeBar",
    "RangeConsolidator",
    "RenkoBar",
    "RenkoConsolidator",
    "SequentialConsolidator",
    "Session",
    "SessionBar",
    "SessionConsolidator",
    "TickConsolidator",
    "TickQuoteBarConsolidator",
    "TradeBarConsolidator",
    "VolumeRenkoBar",
    "VolumeRenkoConsolidator",
    "WickedRenkoConsolidator",
]

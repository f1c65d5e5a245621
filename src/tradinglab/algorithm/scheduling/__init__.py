"""Scheduled events: date rules, time rules, the schedule that keeps them."""

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.algorithm.scheduling.date_rules import DateRules
    from tradinglab.algorithm.scheduling.end_of_day import EndOfDayEvents as EndOfDayEvents
    from tradinglab.algorithm.scheduling.fluent import FluentSchedule
    from tradinglab.algorithm.scheduling.rules import (
        CompositeTimeRule,
        FuncDateRule,
        FuncTimeRule,
        IDateRule,
        ITimeRule,
    )
    from tradinglab.algorithm.scheduling.rules import DateRule as DateRule
    from tradinglab.algorithm.scheduling.rules import TimeRule as TimeRule
    from tradinglab.algorithm.scheduling.schedule_manager import ScheduleManager
    from tradinglab.algorithm.scheduling.scheduled_event import NEVER as NEVER
    from tradinglab.algorithm.scheduling.scheduled_event import ScheduledEvent
    from tradinglab.algorithm.scheduling.time_rules import TimeRules

__all__ = [
    "CompositeTimeRule",
    "DateRules",
    "FluentSchedule",
    "FuncDateRule",
    "FuncTimeRule",
    "IDateRule",
    "ITimeRule",
    "ScheduleManager",
    "ScheduledEvent",
    "TimeRules",
]

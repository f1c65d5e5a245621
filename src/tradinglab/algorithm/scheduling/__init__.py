"""Scheduled events: date rules, time rules, the schedule that keeps them."""

from tradinglab.algorithm.scheduling.date_rules import DateRules
from tradinglab.algorithm.scheduling.end_of_day import EndOfDayEvents
from tradinglab.algorithm.scheduling.fluent import FluentSchedule
from tradinglab.algorithm.scheduling.rules import CompositeTimeRule, DateRule, FuncDateRule, FuncTimeRule, TimeRule
from tradinglab.algorithm.scheduling.schedule_manager import ScheduleManager
from tradinglab.algorithm.scheduling.scheduled_event import NEVER, ScheduledEvent
from tradinglab.algorithm.scheduling.time_rules import TimeRules

__all__ = [
    "NEVER",
    "CompositeTimeRule",
    "DateRule",
    "DateRules",
    "EndOfDayEvents",
    "FluentSchedule",
    "FuncDateRule",
    "FuncTimeRule",
    "ScheduleManager",
    "ScheduledEvent",
    "TimeRule",
    "TimeRules",
]

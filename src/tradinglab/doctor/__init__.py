"""Reasons to doubt a backtest: findings with evidence, and what other assumptions would have left of its profit."""

from tradinglab.doctor.diagnosis import CHECKS, CUTS, Diagnosis, diagnose
from tradinglab.doctor.findings import BarPlace, Finding, FindingCode, Severity
from tradinglab.doctor.jitter import Jitter, Jittered, jitter
from tradinglab.doctor.moving import ParameterRange, jittered
from tradinglab.doctor.stress import BreakEven, Stress, StressRow, stress
from tradinglab.doctor.terms import Terms

__all__ = [
    "CHECKS",
    "CUTS",
    "BarPlace",
    "ParameterRange",
    "BreakEven",
    "Diagnosis",
    "Finding",
    "FindingCode",
    "Jitter",
    "Jittered",
    "Severity",
    "Stress",
    "StressRow",
    "Terms",
    "diagnose",
    "jitter",
    "jittered",
    "stress",
]

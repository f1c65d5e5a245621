"""Reasons to doubt a backtest: findings with evidence, and what other assumptions would have left of its profit."""

from tradinglab.doctor.diagnosis import CHECKS, CUTS, Diagnosis, diagnose
from tradinglab.doctor.findings import BarPlace, Finding, FindingCode, Severity
from tradinglab.doctor.terms import Terms

__all__ = [
    "CHECKS",
    "CUTS",
    "BarPlace",
    "Diagnosis",
    "Finding",
    "FindingCode",
    "Severity",
    "Terms",
    "diagnose",
]

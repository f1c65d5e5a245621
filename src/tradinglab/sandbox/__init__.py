"""A process in which a strategy's code can do no harm. ``docs/sandbox.md`` says what that means."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradinglab.sandbox.limits import Limits
    from tradinglab.sandbox.needs import sandboxed_data_needs
    from tradinglab.sandbox.probe import Assessment, Grade
    from tradinglab.sandbox.run import sandboxed_backtest
    from tradinglab.sandbox.supervisor import Sandbox, assess_machine, require_sandbox
    from tradinglab.sandbox.traded import sandboxed_traded_days

__all__ = [
    "Assessment",
    "Grade",
    "Limits",
    "Sandbox",
    "assess_machine",
    "require_sandbox",
    "sandboxed_backtest",
    "sandboxed_data_needs",
    "sandboxed_traded_days",
]

#: Imported when asked for: the zygote takes its place before it loads anything that it can do without.
_HOMES = {
    "Assessment": "probe",
    "Grade": "probe",
    "Limits": "limits",
    "Sandbox": "supervisor",
    "assess_machine": "supervisor",
    "require_sandbox": "supervisor",
    "sandboxed_backtest": "run",
    "sandboxed_data_needs": "needs",
    "sandboxed_traded_days": "traded",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

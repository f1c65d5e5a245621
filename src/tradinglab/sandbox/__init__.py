"""A process in which a strategy's code can do no harm. ``docs/sandbox.md`` says what that means."""

from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.probe import Assessment, Grade
from tradinglab.sandbox.run import sandboxed_backtest
from tradinglab.sandbox.supervisor import Sandbox

__all__ = ["Assessment", "Grade", "Limits", "Sandbox", "sandboxed_backtest"]

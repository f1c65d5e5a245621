"""What is wrong with a strategy, and what its parameters are, found by reading it: no line of it is run.

:func:`check_strategy` takes the texts of a strategy's files. What it calls an error would end the run; whatever it
cannot tell from the text, it leaves alone.
"""

from __future__ import annotations

from tradinglab.algorithm.check.check import check_strategy
from tradinglab.algorithm.check.findings import Finding, Parameter, Report, Severity

__all__ = ["Finding", "Parameter", "Report", "Severity", "check_strategy"]

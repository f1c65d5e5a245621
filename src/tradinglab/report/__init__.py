"""A result as one self-contained HTML file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult
    from tradinglab.report.parity import Parity

__all__ = ["report_text", "write_report"]


def report_text(result: BacktestResult, *, parity: Parity | None = None) -> str:
    """Return the report of *result*: a page that needs nothing else to be read.

    Parameters
    ----------
    parity
        How the run compares with another engine's of the same version; the report has a section about it then.
    """
    from tradinglab.report.adapter import content_of
    from tradinglab.report.page import render

    if parity is None:
        return render(content_of(result))
    from tradinglab.report.parity_page import parity_section

    return render(content_of(result), parity=parity_section(parity))


def write_report(result: BacktestResult, path: str | os.PathLike[str], *, parity: Parity | None = None) -> Path:
    """Write the report of *result* and return where it is."""
    target = Path(path)
    target.write_text(report_text(result, parity=parity), encoding="utf-8")
    return target

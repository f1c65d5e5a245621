"""A result as one self-contained HTML file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult

__all__ = ["report_text", "write_report"]


def report_text(result: BacktestResult) -> str:
    """Return the report of *result*: a page that needs nothing else to be read."""
    from tradinglab.report.adapter import content_of
    from tradinglab.report.page import render

    return render(content_of(result))


def write_report(result: BacktestResult, path: str | os.PathLike[str]) -> Path:
    """Write the report of *result* and return where it is."""
    target = Path(path)
    target.write_text(report_text(result), encoding="utf-8")
    return target

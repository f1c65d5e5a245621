"""A result as one self-contained HTML file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult

__all__ = ["write_report"]


def write_report(result: BacktestResult, path: str | os.PathLike[str]) -> Path:
    """Write the report of *result* and return where it is; the file needs nothing else to be read."""
    from tradinglab.report.adapter import content_of
    from tradinglab.report.page import render

    target = Path(path)
    target.write_text(render(content_of(result)), encoding="utf-8")
    return target

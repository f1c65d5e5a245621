"""A result as one self-contained HTML file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.core.whole_files import write_whole

if TYPE_CHECKING:
    from tradinglab.engine.result import BacktestResult
    from tradinglab.report.doctor_section import ReportFinding
    from tradinglab.report.parity import Parity

__all__ = ["report_text", "write_report"]


def report_text(
    result: BacktestResult, *, parity: Parity | None = None, findings: Sequence[ReportFinding] | None = None
) -> str:
    """Return the report of *result*: a page that needs nothing else to be read.

    Parameters
    ----------
    parity
        How the run compares with another engine's of the same version; the report has a section about it then.
    findings
        What the doctor found of it, if he was asked; the report has a section about it then.
    """
    from tradinglab.report.adapter import content_of
    from tradinglab.report.doctor_section import findings_section
    from tradinglab.report.page import render
    from tradinglab.report.parity_page import parity_section

    return render(
        content_of(result),
        parity="" if parity is None else parity_section(parity),
        doctor="" if findings is None else findings_section(findings),
    )


def write_report(
    result: BacktestResult,
    path: str | os.PathLike[str],
    *,
    parity: Parity | None = None,
    findings: Sequence[ReportFinding] | None = None,
) -> Path:
    """Write the report of *result* and return where it is."""
    target = Path(path)
    write_whole(target, report_text(result, parity=parity, findings=findings))
    return target

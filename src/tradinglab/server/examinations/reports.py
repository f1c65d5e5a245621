"""What the doctor said of a backtest, in its report."""

from __future__ import annotations

from tradinglab.report.doctor_section import ReportFinding, with_findings
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.examinations.models import Examination
from tradinglab.server.examinations.selectors import diagnosis_of


def report_with_diagnosis(*, test: Backtest, report: str) -> str:
    """Return a backtest's report with a section about the newest examination by the doctor, if there is one."""
    made = diagnosis_of(test=test)
    if made is None:
        return report
    return with_findings(report, [ReportFinding.of(each) for each in made.findings], note=_note(made))


def _note(made: Examination) -> str:
    if made.basis == Examination.Basis.STORED:
        return f"from what the run has left: {made.left_out[0]['reason']}"
    return "" if made.cuts is None else f"{made.cuts} cuts"

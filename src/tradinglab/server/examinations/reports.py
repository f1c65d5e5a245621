"""What examinations showed of a backtest, in its report."""

from __future__ import annotations

from tradinglab.report.doctor_section import ReportFinding, with_findings
from tradinglab.report.jitter_section import ReportBand, with_jitter
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.examinations.models import Examination
from tradinglab.server.examinations.selectors import examination_shown


def report_with_diagnosis(*, test: Backtest, report: str) -> str:
    """Return a backtest's report with a section about the newest examination by the doctor, if there is one."""
    made = examination_shown(test=test, kind=Examination.Kind.DOCTOR)
    if made is None:
        return report
    return with_findings(report, [ReportFinding.of(each) for each in made.findings], note=_note(made))


def _note(made: Examination) -> str:
    if made.basis == Examination.Basis.STORED:
        return f"from what the run has left: {made.left_out[0]['reason']}"
    return "" if made.cuts is None else f"{made.cuts} cuts"


def report_with_jitter(*, test: Backtest, report: str) -> str:
    """Return a backtest's report with the bands of its parameters' neighbours, if they were tried."""
    made = examination_shown(test=test, kind=Examination.Kind.JITTER)
    if made is None:
        return report
    found, options = made.jitter, made.options
    reach = f"{options['steps']} steps" if options["steps"] else f"{options['share']:.4g} of their size"
    bands = [ReportBand.of(each) for each in found["figures"]]
    note = f"{found['variants']:,} variants, by up to {reach}"
    if found["failed"]:
        note += f"; {found['failed']:,} failed"
    return with_jitter(report, bands, levels=found["levels"], note=note)

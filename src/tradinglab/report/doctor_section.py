"""What the doctor found of a run, as a section of its report."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import jinja2

from tradinglab.core.values import dataclass
from tradinglab.report.assets import environment

#: Where a report has its section; what is put into a report as text cannot hold a comment.
_MARK: Final = "<!-- doctor -->"
_END: Final = "<footer>"
_ERROR: Final = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFinding:
    """A finding, as a report shows it.

    Attributes
    ----------
    symbol, time, row
        Ticker, instant (ISO, UTC) and number of the bar that shows it; empty and ``None`` as far as there is none.
    """

    code: str
    severity: str
    sentence: str
    advice: str
    evidence: tuple[tuple[str, str], ...]
    symbol: str = ""
    time: str = ""
    row: int | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Return a finding from what it is in JSON."""
        bar = said["bar"] or {"symbol": "", "time": "", "row": None}
        return cls(
            **{name: str(said[name]) for name in ("code", "severity", "sentence", "advice")},
            evidence=tuple((name.replace("_", " "), _written(value)) for name, value in said["evidence"].items()),
            symbol=bar["symbol"],
            time=bar["time"],
            row=bar["row"],
        )

    @property
    def day(self) -> str:
        """The day of the bar; empty if there is none."""
        return self.time[:10]

    @property
    def moment(self) -> str:
        """The instant, as it is written."""
        return f"{self.time[:19].replace('T', ' ')} UTC" if self.time else ""


def _written(value: object) -> str:
    return f"{value:,.10g}" if isinstance(value, (int, float)) else str(value)


def findings_section(findings: Sequence[ReportFinding], *, note: str = "") -> str:
    """Return the section that shows what was found, or that nothing was."""
    counts = [
        f"{count:,} {severity}{'' if count == 1 else 's'}"
        for severity in ("error", "warning", "note")
        if (count := sum(each.severity == severity for each in findings))
    ]
    return _template().render(
        findings=findings,
        counts=", ".join(counts) or "nothing found",
        has_errors=any(each.severity == _ERROR for each in findings),
        note=note,
    )


def with_findings(report: str, findings: Sequence[ReportFinding], *, note: str = "") -> str:
    """Return a report with what the doctor found: in its place, or at the end of an older report."""
    section = findings_section(findings, note=note)
    if _MARK in report:
        return report.replace(_MARK, section, 1)
    before, end, after = report.rpartition(_END)
    return f"{before}{section}{end}{after}" if end else report + section


@functools.cache
def _template() -> jinja2.Template:
    return environment().get_template("doctor_section.html.j2")

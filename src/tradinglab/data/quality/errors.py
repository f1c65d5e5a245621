"""The errors of this package.

::

    DataError
    ├── PolicyError        a policy that cannot be read, or that asks for what a check has no rule for
    ├── RejectedBarsError  bars that a policy rejects
    └── UncheckedError     bars that cannot be checked: ticks, columns that are not there
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.data.errors import DataError

if TYPE_CHECKING:
    from tradinglab.data.quality.report import QualityReport


class PolicyError(DataError):
    """A policy cannot be read.

    Attributes
    ----------
    field
        What is wrong, such as ``duplicates``; empty if the whole is.
    """

    code = "quality_policy"

    def __init__(self, problem: str, *, field: str = "") -> None:
        self.field = field
        super().__init__(f"policy, '{field}': {problem}" if field else f"policy: {problem}")


class RejectedBarsError(DataError):
    """A policy rejects bars.

    Attributes
    ----------
    report
        What was found of them.
    codes
        The checks for which they are rejected.
    """

    code = "bars_rejected"

    def __init__(self, report: QualityReport, codes: tuple[str, ...]) -> None:
        self.report = report
        self.codes = codes
        found = [finding for finding in report.findings if finding.code in codes]
        what = " ".join(f"{finding.sentence} [{finding.code}]" for finding in found)
        where = "; ".join(str(finding.examples[0]) for finding in found if finding.examples)
        super().__init__(
            f"The bars of {report.series} are rejected by the policy: {what}"
            + (f" First: {where}." if where else "")
            + f" {found[0].advice}"
        )


class UncheckedError(DataError):
    """Bars cannot be checked."""

    code = "bars_unchecked"

"""What the doctor found, on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.cli.console import say

if TYPE_CHECKING:
    from tradinglab.doctor import Diagnosis, Finding


def show_diagnosis(found: Diagnosis) -> None:
    """Print each finding with its bar and what to do, then how many there are."""
    record = found.result.record
    if found.result.status == "failed":
        say(f"The run failed: {record.problem} What follows is of the part until then.\n")
    for each in found.findings:
        _show_finding(each)
    if not found.findings:
        say("Nothing was found to doubt. That does not make the strategy good.")
        return
    count = len(found.findings)
    say(f"{count} {'finding' if count == 1 else 'findings'} in {found.result.name}, {found.result.total_orders:,} "
        f"orders, {found.cuts} cuts.")  # fmt: skip


def _show_finding(finding: Finding) -> None:
    say(f"{finding.severity}: {finding.sentence} [{finding.code}]")
    if finding.place is not None:
        place = finding.place
        row = "" if place.row is None else f", bar {place.row:,}"
        of = f"{place.symbol} " if place.symbol else ""
        say(f"  at {of}{place.time:%Y-%m-%d %H:%M:%S} UTC{row}")
    say(f"  {finding.advice}\n")

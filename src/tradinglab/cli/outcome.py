"""What a run leaves: its figures on the screen, its files on the disk."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.cli.console import note, say, show_pairs
from tradinglab.cli.errors import CommandError
from tradinglab.core.run_warnings import WarningKind, unlogged
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.core.run_warnings import RunWarning
    from tradinglab.doctor import Diagnosis
    from tradinglab.engine.errors import StrategyError
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.result_funnel import Funnel
    from tradinglab.engine.verification import Verification
    from tradinglab.report.parity import Parity, ParitySide

_MOST_LOG_LINES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What a run shall write, what it is compared with, and whether the strategy's own messages are left out."""

    json: Path | None = None
    report: Path | None = None
    against: ParitySide | None = None
    quiet: bool = False


def read_result(path: Path) -> ParitySide:
    """Return what a result file tells of a run.

    Raises
    ------
    CommandError
        If it cannot be read, or is no result.
    """
    import json

    from tradinglab.report.errors import ReportError
    from tradinglab.report.parity_sides import side_of_document

    try:
        return side_of_document(json.loads(path.read_text(encoding="utf-8")), name=path.name)
    except OSError as error:
        raise CommandError(f"--against: {path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise CommandError(f"--against: {path} is no JSON: {error}") from error
    except ReportError as error:
        raise CommandError(f"--against: {error}") from error


def show(result: BacktestResult, outputs: Outputs, diagnosis: Diagnosis | None = None) -> None:
    """Write the files, then print the messages, the statistics and why there were no orders; last what to doubt.

    A reader of our output that leaves (``| head``) takes nothing from the files, nor from the exit status.
    """
    parity = _compared(result, outputs.against)
    written = _write(result, outputs, parity, diagnosis)
    try:
        _print(result, outputs, written)
        if parity is not None:
            _show_parity(parity)
        if diagnosis is not None:
            from tradinglab.cli.findings import show_diagnosis

            say()
            show_diagnosis(diagnosis)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _compared(result: BacktestResult, other: ParitySide | None) -> Parity | None:
    if other is None:
        return None
    from tradinglab.report.parity import parity
    from tradinglab.report.parity_sides import side_of_result

    return parity(side_of_result(result, name="this run"), other)


def _show_parity(parity: Parity) -> None:
    """Print how a run compares with another engine's, and where they part first."""
    from tradinglab.report.parity_page import instant, percent_text

    same = sum(each.is_same for each in parity.pairs)
    say(f"\nParity with {parity.right}: {percent_text(parity.percent)} % ({same:,} of {len(parity.pairs):,} orders)")
    say(f"Probable cause: {parity.cause.replace('_', ' ')}. {parity.explanation}")
    if parity.first is not None:
        order = parity.first.pair.left or parity.first.pair.right
        assert order is not None
        say(f"They part first at {instant(parity.first.pair.time_us)}: {order.side} {order.symbol}")


def _print(result: BacktestResult, outputs: Outputs, written: Sequence[str]) -> None:
    from tradinglab.engine.result_view import telling_statistics

    shown = [] if outputs.quiet else _show_log(result.record.logs)
    say(f"{result.name}  {result.start:%Y-%m-%d} to {result.end:%Y-%m-%d}  data {result.data}")
    say(_speed(result.data_points, result.seconds))
    say()
    statistics = telling_statistics(result)
    show_pairs(statistics, "Statistics")
    if left_out := len(result.statistics) - len(statistics):
        say(f"{left_out} others are zero: nothing was traded")
    if result.status == "completed" and result.funnel.explanation:
        _show_funnel(result.funnel)
    told = [each for each in result.warnings if not (outputs.quiet and each.kind == WarningKind.STRATEGY)]
    _show_warnings(unlogged(told, shown))
    if result.verification is not None:
        _show_verification(result.verification)
    for line in written:
        say(f"\n{line}")


def _show_warnings(warnings: Sequence[RunWarning]) -> None:
    sys.stdout.flush()
    for each in warnings:
        note(f"Warning: {each}")


def _show_verification(verification: Verification) -> None:
    """Print what a replay could not explain, and what it took as the run declared it."""
    sys.stdout.flush()
    if not verification.is_verified:
        note("Not verified: bars, declared models and orders do not explain all of what this run says.")
    for line in verification.lines():
        note(f"  {line}")
    for line in verification.notes:
        note(f"Note: {line}")


def _show_funnel(funnel: Funnel) -> None:
    """Print why nothing was traded, and the counts behind it."""
    say(f"\n{funnel.explanation}")
    for label, count in funnel.telling():
        say(f"{count:>12,}  {label}")


def failure_text(error: StrategyError) -> str:
    """Return where and when the strategy failed, and its traceback without the engine's frames."""
    when = f" at {error.time}" if error.time else ""
    head = f"The strategy failed in {error.phase}{when}: {error}"
    return f"{head}\n{error.trace}" if error.trace else head


def _speed(data_points: int, seconds: float) -> str:
    rate = data_points / seconds if seconds > 0 else 0.0
    return f"{data_points:,} data points in {seconds:.2f} s ({rate:,.0f} per second)"


def _show_log(lines: Sequence[str]) -> Sequence[str]:
    """Print the first messages and return them."""
    shown = lines[:_MOST_LOG_LINES]
    for line in shown:
        note(line)
    if len(lines) > _MOST_LOG_LINES:
        note(f"… and {len(lines) - _MOST_LOG_LINES:,} more messages; --report shows them")
    return shown


def _write(result: BacktestResult, outputs: Outputs, parity: Parity | None, diagnosis: Diagnosis | None) -> list[str]:
    """Write the files that were asked for; return a line about each."""
    written = []
    found = () if diagnosis is None else diagnosis.findings
    try:
        if outputs.json is not None:
            from tradinglab.engine.result import write_lean_json

            write_lean_json(result, outputs.json, [each.as_analysis() for each in found])
            written.append(f"Result: {outputs.json}")
        if outputs.report is not None:
            from tradinglab.report import write_report
            from tradinglab.report.doctor_section import ReportFinding

            findings = None if diagnosis is None else [ReportFinding.of(each.as_json()) for each in found]
            write_report(result, outputs.report, parity=parity, findings=findings)
            written.append(f"Report: {outputs.report}")
    except OSError as error:
        raise CommandError(f"{error.filename} cannot be written: {error.strerror}") from error
    return written

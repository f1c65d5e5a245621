"""How examinations are carried out: the strategy runs in the sandbox alone, and what it answers is read in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from tradinglab.doctor.assumptions import Assumption
from tradinglab.doctor.carrying import packed_assumption, packed_difference, read_difference
from tradinglab.doctor.diagnosis import HASH
from tradinglab.doctor.findings import FindingCode, Severity
from tradinglab.doctor.stress import BreakEven, Scenario, Tried, break_even, scenarios, stress_rows
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.errors import RunStoppedError, RunTimeoutError, SandboxError
from tradinglab.server.backtests.carrying_out import CLERKS, STRATEGIES
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import ServerError
from tradinglab.server.examinations.models import Examination
from tradinglab.server.examinations.sandboxed import Laboratory, NotRunError, Steps
from tradinglab.server.examinations.services import why_stored
from tradinglab.server.examinations.stored import stored_findings
from tradinglab.server.runs.execution import Ended, Ending, Watcher
from tradinglab.server.runs.models import Run

BREAK_EVEN: Final = "break_even"
#: How many runs the search for the break-even cost takes, as a rule.
_SEARCH_RUNS: Final = 8
MOST_TEXT: Final = 2_000
_CODES: Final = [each.value for each in FindingCode]
_SEVERITIES: Final = [each.value for each in Severity]


class ExaminationKind:
    """What examinations have in common as runs."""

    sandboxes = (STRATEGIES, CLERKS)

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Examine the backtest."""
        made = Examination.objects.select_related("backtest__version", "backtest__run").get(run=run)
        try:
            ended = Ended(ending=Ending.COMPLETED, summary=self.examine(made, run, folder, watcher))
        except RunStoppedError:
            ended = Ended(ending=Ending.CANCELLED)
        except (TimeLimitError, RunTimeoutError) as error:
            ended = failed_as(Ending.TIMED_OUT, "time_limit", str(error))
        except (StrategyError, NotRunError, SandboxError, ServerError) as error:
            ended = failed_as(Ending.FAILED, error.code, str(error))
        return replace(ended, grade=STRATEGIES.grade)

    def examine(self, made: Examination, run: Run, folder: Path, watcher: Watcher) -> dict[str, Any]:
        """Return what came of it, by the columns that keep it."""
        raise NotImplementedError

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Keep what came of it."""
        Examination.objects.filter(run=run).update(**summary)


def failed_as(ending: Ending, code: str, message: str) -> Ended:
    """Return how an examination ended that came to nothing."""
    return Ended(ending=ending, error={"code": code, "message": message[:MOST_TEXT]})


class DoctorKind(ExaminationKind):
    """What to doubt of a backtest, as a run."""

    def examine(self, made: Examination, run: Run, folder: Path, watcher: Watcher) -> dict[str, Any]:
        """Return what was found."""
        if made.basis == Examination.Basis.STORED:
            found = stored_findings(test=made.backtest, why=why_stored(made.backtest))
            return {"findings": found.findings, "left_out": found.left_out}
        return _diagnosed(made.backtest, run, folder, watcher, cuts=made.options["cuts"])


def _diagnosed(test: Backtest, run: Run, folder: Path, watcher: Watcher, *, cuts: int) -> dict[str, Any]:
    steps = Steps(watcher, 1 + cuts)
    laboratory = Laboratory(test, run, folder, steps)
    whole = laboratory.ask("whole", {"asks": "watch"})
    said = laboratory.read(
        "examine", [whole], cuts=cuts, hash_then=test.statistics.get(HASH, ""), orders_then=test.total_orders or 0
    )
    findings = [_finding(each) for each in said.member("findings").items()]
    instants = [each.whole() for each in said.member("cuts").items()]
    steps.total = 1 + len(instants)
    compared = []
    for cut_ns in instants:
        again = laboratory.ask("again", {"asks": "again", "cut_ns": cut_ns})
        found = laboratory.read("compare", [whole, again], cut_ns=cut_ns)
        difference = packed_difference(read_difference(found.member("difference")))
        compared.append([cut_ns, difference, found.member("count").whole(low=0)])
    if any(difference is not None for _, difference, _ in compared):
        again = laboratory.ask("again", {"asks": "again", "cut_ns": None})
        found = laboratory.read("conclude", [whole, again], compared=compared)
        findings = [_finding(each) for each in found.member("findings").items()] + findings
    weights = [*_SEVERITIES]
    findings.sort(key=lambda each: weights.index(each["severity"]))
    left_out = [] if instants else [_no_cuts(cuts)]
    return {"findings": findings, "cuts": len(instants), "left_out": left_out}


def _no_cuts(cuts: int) -> dict[str, Any]:
    why = "The strategy asked for nothing." if cuts else "No cuts were asked for."
    return {"codes": [str(FindingCode.LOOK_AHEAD)], "reason": why}


def _finding(said: Reader) -> dict[str, Any]:
    """Return a finding as it is stored.

    Raises
    ------
    BadAnswerError
        If it is none.
    """
    bar = said.member("bar")
    return {
        "code": said.member("code").one_of(_CODES),
        "severity": said.member("severity").one_of(_SEVERITIES),
        **{name: said.member(name).text()[:MOST_TEXT] for name in ("sentence", "advice")},
        "evidence": {
            name[:100]: value.text()[:MOST_TEXT] if value.is_text else value.number()
            for name, value in said.member("evidence").members()
        },
        "bar": None if bar.is_null else _bar(bar),
    }


def _bar(said: Reader) -> dict[str, Any]:
    row = said.member("row")
    return {
        "symbol": said.member("symbol").text()[:100],
        "time": said.member("time").text()[:40],
        "row": None if row.is_null else row.whole(low=0),
    }


class StressKind(ExaminationKind):
    """What other assumptions leave of a backtest, as a run."""

    def examine(self, made: Examination, run: Run, folder: Path, watcher: Watcher) -> dict[str, Any]:
        """Return what each run came to."""
        kinds = made.options["scenarios"]
        wanted = [each for each in scenarios(made.options["seed"]) if each.kind in kinds]
        return _stressed(made.backtest, run, folder, watcher, wanted=wanted, with_break_even=BREAK_EVEN in kinds)


def _stressed(
    test: Backtest, run: Run, folder: Path, watcher: Watcher, *, wanted: list[Scenario], with_break_even: bool
) -> dict[str, Any]:
    steps = Steps(watcher, 1 + len(wanted) + _SEARCH_RUNS * with_break_even)
    laboratory = Laboratory(test, run, folder, steps)
    plain = run_tried(laboratory, Assumption())
    run_under = _under(laboratory, plain)
    rows = [asdict(row) for row in stress_rows(plain, run_under, wanted)]
    found: BreakEven | None = None
    if with_break_even:
        found = break_even(plain, run_under)
    return {"rows": [_shown(row) for row in rows], "break_even": None if found is None else asdict(found)}


def _under(laboratory: Laboratory, plain: Tried) -> Callable[[Assumption], Tried]:
    def run(assumption: Assumption) -> Tried:
        times = assumption.cash_times
        cash = None if times == 1 else f"{plain.starting_cash * times:f}"
        return run_tried(laboratory, assumption, cash)

    return run


def run_tried(
    laboratory: Laboratory,
    assumption: Assumption,
    cash: str | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Tried:
    """Return what the strategy comes to under an assumption, with other cash or parameters if these are given.

    Raises
    ------
    StrategyError, TimeLimitError, NotRunError, SandboxError
        As the laboratory does.
    """
    order = {"asks": "assume", "assumption": packed_assumption(assumption)}
    answer = laboratory.ask("answer", order, cash=cash, parameters=parameters)
    said = laboratory.read("figures", [answer], is_plain=assumption == Assumption()).member("tried")
    figures = {
        name: said.member(name).number()
        for name in ("net_profit", "starting_cash", "sharpe", "drawdown", "fees", "traded")
    }
    return Tried(**figures, orders=said.member("orders").whole(low=0))


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "problem": row["problem"][:MOST_TEXT]}

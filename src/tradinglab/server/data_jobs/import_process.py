"""The process in which a file that somebody has sent is imported: limited in memory, and it imports no Django.

An order is a line of JSON on the standard input; the answers are lines of how far it is, and a last one of what came
of it. It may be ended at any time: the store has whole parts, and the same order goes on from there.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Final

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution
from tradinglab.core.errors import TradingLabError
from tradinglab.data.ingest.watching import ImportProgress
from tradinglab.data.quality import Policy, QualityReport
from tradinglab.data.quality.checking import check_stored
from tradinglab.data.quality.errors import RejectedBarsError, UncheckedError
from tradinglab.data.quality.importing import import_checked
from tradinglab.data.store import ImportReport, import_tables
from tradinglab.data.store.full_disk import is_full
from tradinglab.report.quality_page import quality_page
from tradinglab.server.data_jobs.reading_options import options_of
from tradinglab.server.strategies.limited import limit_process

_CPU_S: Final = 30 * 86_400
_TOLD_EVERY_S: Final = 0.5
#: Of so many series of one file it is reported how good they are.
_MOST_REPORTED: Final = 100
#: What each step is of the whole.
_STEPS: Final = {"reading": (0.0, 0.5), "checking": (0.5, 0.2), "writing": (0.7, 0.2)}


class _Import:
    """One order."""

    def __init__(self, order: Mapping[str, Any], answers: IO[str]) -> None:
        self.order, self.answers = order, answers
        self.options = order["options"]
        self.path = Path(order["path"])
        self._told_at = 0.0

    def tell(self, told: Mapping[str, Any]) -> None:
        self.answers.write(json.dumps(told) + "\n")
        self.answers.flush()

    def progress(self, at: ImportProgress) -> None:
        """Say how far it is, a few times a second at most."""
        if time.monotonic() - self._told_at >= _TOLD_EVERY_S:
            self._told_at = time.monotonic()
            begin, length = _STEPS[at.step]
            self.tell({"fraction": begin + length * at.share, "rows": at.rows, "step": at.step})

    def carry_out(self) -> dict[str, Any]:
        """Import, judge what was stored, and write the reports."""
        resolution = Resolution[self.options["resolution"].upper()]
        how, store, market = options_of(self.options), self.order["store"], self.options["market"]
        if self.options["policy"]:
            policy = Policy.parse(self.options["policy"])
            done = import_checked([self.path], self.options["symbol"], resolution, market, store, policy, how)
            self.report(
                [done.before, done.after], [done.stored], policy=str(policy), repairs=list(done.repairs.lines())
            )
            return self.summary([done.stored], [done.after])
        stored = import_tables(
            [self.path], resolution, market, store, how, symbol=self.options["symbol"] or None, progress=self.progress
        )
        judged = [self.judged(each) for each in stored[:_MOST_REPORTED]]
        found = [each for each in judged if each is not None]
        self.report(found, stored)
        return self.summary(stored, found)

    def judged(self, imported: ImportReport) -> QualityReport | None:
        """Return how good the bars are that were stored, as far as they can be checked."""
        try:
            first, last = day_of_date(imported.first), day_of_date(imported.last)
            return check_stored(self.order["store"], imported.series, first, last)
        except UncheckedError:
            return None

    def summary(self, stored: Sequence[ImportReport], judged: Sequence[QualityReport]) -> dict[str, Any]:
        """Return what the item tells."""
        notes = [
            note if len(stored) == 1 else f"{each.series.ticker}: {note}" for each in stored for note in each.notes
        ]
        grades = sorted({str(each.grade).partition(" ")[0] for each in judged})
        return {
            "added": sum(each.added for each in stored),
            "known": sum(each.known for each in stored),
            "left_out": sum(each.dropped for each in stored),
            "actions": sum(each.dividends + each.splits for each in stored),
            "quality": grades[-1] if grades else "",
            "notes": notes,
        }

    def report(self, judged: Sequence[QualityReport], stored: Sequence[ImportReport], **more: object) -> None:
        """Write what was found, as JSON and as a page."""
        folder = Path(self.order["folder"])
        said = {
            "imported": [
                {
                    "series": str(each.series),
                    "rows": each.rows,
                    "bars": each.bars,
                    "added": each.added,
                    "known": each.known,
                    "repeated": each.repeated,
                    "dropped": each.dropped,
                    "first": each.first.isoformat(),
                    "last": each.last.isoformat(),
                    "columns": dict(each.columns),
                    "time_form": each.time_form,
                    "time_zone": each.time_zone,
                }
                for each in stored[:_MOST_REPORTED]
            ],
            "reports": [each.to_json() for each in judged],
            **more,
        }
        (folder / "quality.json").write_text(self.without_places(json.dumps(said, allow_nan=False)))
        (folder / "quality.html").write_text(self.without_places(quality_page(list(judged))))

    def without_places(self, text: str) -> str:
        """Return a text that names file and store as their owner knows them."""
        return text.replace(str(self.path), self.path.name).replace(str(self.order["store"]), self.order["target"])


def _answer(one: _Import) -> dict[str, Any]:
    try:
        return {"done": one.carry_out()}
    except RejectedBarsError as problem:
        one.report([problem.report], [])
        return {"error": {"code": problem.code, "message": one.without_places(str(problem))}}
    except MemoryError:
        text = "The import took more memory than it may. Import without a policy, or the file in parts."
        return {"error": {"code": "too_much_memory", "message": text}}
    except TradingLabError as problem:
        code = "storage_full" if isinstance(problem.__cause__, OSError) and is_full(problem.__cause__) else problem.code
        return {"error": {"code": code, "message": one.without_places(str(problem))}}
    except OSError as problem:
        if not is_full(problem):
            raise
        text = f"The disk of the bar store is full ({problem.strerror}). What it holds is whole; make room."
        return {"error": {"code": "storage_full", "message": text}}


def _end_with_worker() -> None:
    """End this process when whoever started it is gone: the next worker is to find the file free."""
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """Carry out the order."""
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_worker, daemon=True).start()
    limit_process(memory=order["memory_mb"] << 20, cpu_s=_CPU_S)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    # Whatever a library prints is no answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    one = _Import(order, answers)
    one.tell(_answer(one))


if __name__ == "__main__":
    main()

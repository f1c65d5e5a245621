"""How a backtest is carried out: its inputs, and the figures that are kept as columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from django.utils import timezone

from tradinglab.server.backtests.data_sources import data_source_get
from tradinglab.server.backtests.figures import FIGURES, WHOLE_FIGURES
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.outputs import OUTPUTS
from tradinglab.server.runs.execution import Job
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.files import ENTRY

_MOST_STATISTICS = 200
_LONGEST_TEXT = 200


class BacktestKind:
    """Backtests, as runs."""

    def job(self, run: Run, folder: Path) -> Job:
        """Write the version's files, and say how they are to be run."""
        test = Backtest.objects.select_related("version").get(run=run)
        sources = folder / "strategy"
        for name, text in test.version.files.items():
            path = sources / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        request = {
            "strategy": str(sources / ENTRY),
            "data": data_source_get(name=test.data).spec,
            "start": test.start.isoformat() if test.start else None,
            "end": test.end.isoformat() if test.end else None,
            "cash": str(test.cash) if test.cash is not None else None,
            "parameters": test.parameters,
        }
        return Job(
            module="tradinglab.server.backtests.strategy_process",
            request=request,
            folder=folder,
            timeout_s=run.timeout_s,
            memory_mb=run.memory_mb,
            outputs=OUTPUTS,
        )

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Keep the figures; what is no finite number is left empty."""
        figures = _mapping(summary.get("figures"))
        columns: dict[str, Any] = {name: _number(figures.get(name)) for name in FIGURES}
        columns |= {name: _whole(columns[name]) for name in WHOLE_FIGURES}
        columns |= {name: _day(summary.get(name)) for name in ("first_day", "last_day")}
        if run.started_at is not None:
            columns["duration_s"] = (timezone.now() - run.started_at).total_seconds()
        orders = summary.get("total_orders")
        columns["total_orders"] = orders if type(orders) is int and 0 <= orders < 1 << 31 else None
        pairs = list(_mapping(summary.get("statistics")).items())[:_MOST_STATISTICS]
        columns["statistics"] = {str(key)[:_LONGEST_TEXT]: str(value)[:_LONGEST_TEXT] for key, value in pairs}
        Backtest.objects.filter(run=run).update(**columns)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole(number: float | None) -> int | None:
    return None if number is None or not 0 <= number < 1 << 31 else int(number)


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None

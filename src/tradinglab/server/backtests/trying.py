"""Noting in the ledger that a backtest has its figures."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from tradinglab.server.backtests.models import Backtest
from tradinglab.server.honesty.ledger import Variant, variants_note
from tradinglab.server.honesty.models import HoldOut, Source
from tradinglab.server.runs.models import Run

_WALK_FORWARD: Final = "walk_forward"
_SEARCHES: Final = ("optimization", "quantconnect_optimization")


def backtest_note_tried(*, run_id: UUID) -> None:
    """Note the variant of a backtest that completed; called in the transaction that gives it its outcome."""
    found = Backtest.objects.select_related("version", "run__owner", "run__parent").defer("version__files")
    test = found.get(pk=run_id)
    variant = Variant(
        content_hash=test.version.content_hash,
        parameters=test.parameters,
        data=test.data,
        first_day=test.first_day,
        last_day=test.last_day,
        sharpe_ratio=test.sharpe_ratio,
    )
    source = _source(test.run)
    variants_note(
        strategy_id=test.version.strategy_id,
        by=test.run.owner,
        source=source,
        variants=[variant],
        at=test.run.finished_at,
    )


def _source(run: Run) -> Source:
    if run.parent is None:
        return Source.HOLD_OUT if HoldOut.objects.filter(run=run).exists() else Source.BACKTEST
    if run.parent.kind == _WALK_FORWARD:
        return Source.WALK_FORWARD
    if run.parent.kind not in _SEARCHES:
        return Source.BACKTEST
    return Source.SEARCH if run.parent.parent_id is None else Source.WALK_FORWARD

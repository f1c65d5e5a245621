"""Fetching what a backtest at QuantConnect came to, and keeping it as that of a backtest here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tradinglab.core.run_warnings import WarningKind
from tradinglab.quantconnect import DeadlineError, QuantConnect
from tradinglab.quantconnect.models.backtests import Backtest as RemoteBacktest
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.outputs import OUTPUTS
from tradinglab.server.backtests.trying import backtest_note_tried
from tradinglab.server.cloud.results.documents import remote_outputs
from tradinglab.server.cloud.results.figures import first_and_last_day, remote_figures
from tradinglab.server.cloud.results.reading import RemoteResult, remote_result
from tradinglab.server.cloud.work import BacktestWork
from tradinglab.server.runs.any_store import Stored
from tradinglab.server.runs.models import Artefact, RunState
from tradinglab.server.runs.store import store

_LARGEST_ARTEFACT: Final = 64_000_000
_LONGEST_TEXT: Final = 20_000
_LONGEST_WARNING: Final = 1_000
_MOST_STATISTICS: Final = 200
_LARGEST_WHOLE: Final = (1 << 31) - 1


def results_collect(*, work: BacktestWork, client: QuantConnect, found: RemoteBacktest, is_last_time: bool) -> None:
    """Read all pages of what a backtest left, store it, and give the run its outcome.

    Raises
    ------
    QuantConnectError
        If something cannot be read for now; if something is refused, and it is not the last time that is asked.
    """
    result = remote_result(client, work.project_id, found)
    if result.is_refused and not is_last_time:
        raise DeadlineError(f"QuantConnect did not hand out {'; '.join(result.missing)}")
    warnings = [*work.asked.warnings, *(_warning(f"QuantConnect did not hand out {each}") for each in result.missing)]
    title = work.asked.name or work.asked.version.strategy.name
    try:
        contents = remote_outputs(result, title=title, warnings=warnings)
        too_large = [_warning(text) for text in _too_large(contents)]
        if too_large:
            # The report and the statistics say so, too.
            warnings += too_large
            contents = remote_outputs(result, title=title, warnings=warnings)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        _finish(work, _unreadable(error), {}, {})
        return
    stored = _stored(work, contents)
    _finish(work, _failure(found), stored, {**_columns(result), "warnings": warnings})


def _warning(text: str) -> dict[str, str]:
    return {"kind": str(WarningKind.ENGINE), "text": text[:_LONGEST_WARNING]}


def _too_large(contents: Mapping[str, bytes]) -> Iterator[str]:
    """Name the files that are not kept."""
    for name, content in contents.items():
        if len(content) > _LARGEST_ARTEFACT:
            yield (
                f"{name} is not kept: with {len(content):,} bytes it is larger than the {_LARGEST_ARTEFACT:,} that a "
                "file of a backtest may have. It is still at QuantConnect."
            )


def _unreadable(error: Exception) -> dict[str, str]:
    message = f"What QuantConnect tells of the backtest cannot be read: {type(error).__name__}: {error}"
    return {"code": "quantconnect_unreadable", "message": message[:_LONGEST_TEXT]}


def _failure(found: RemoteBacktest) -> dict[str, str] | None:
    if not found.has_failed:
        return None
    return {
        "code": "strategy",
        "message": (found.error or "The backtest failed at QuantConnect, which does not say why.")[:_LONGEST_TEXT],
        "phase": "initialize" if found.has_initialize_error else "",
        "time": "",
        "trace": found.stacktrace[:_LONGEST_TEXT],
    }


def _columns(result: RemoteResult) -> dict[str, Any]:
    first, last = first_and_last_day(result)
    statistics = dict(list(result.backtest.statistics.items())[:_MOST_STATISTICS])
    return {
        **remote_figures(result),
        "statistics": {name[:200]: text[:200] for name, text in statistics.items()},
        "total_orders": min(_order_count(result), _LARGEST_WHOLE),
        "first_day": first,
        "last_day": last,
    }


def _order_count(result: RemoteResult) -> int:
    """Return how many orders there are; where they were not handed out, as many as the statistics say."""
    said = result.backtest.statistics.get("Total Orders", "").replace(",", "")
    return len(result.orders) or (int(said) if said.isdecimal() else 0)


def _stored(work: BacktestWork, contents: Mapping[str, bytes]) -> dict[str, Stored]:
    """Put the files into the store; one that is too large is left out, of which the run warns."""
    settings.HOME.work.mkdir(parents=True, exist_ok=True)
    kept: dict[str, Stored] = {}
    with tempfile.TemporaryDirectory(dir=settings.HOME.work, prefix=f"{work.run.pk}-") as folder:
        for name, content in contents.items():
            if len(content) > _LARGEST_ARTEFACT:
                continue
            path = Path(folder) / name
            path.write_bytes(content)
            kept[name] = store().put(path, most_bytes=_LARGEST_ARTEFACT)
    return kept


@transaction.atomic
def _finish(
    work: BacktestWork,
    error: dict[str, str] | None,
    stored: Mapping[str, Stored],
    columns: Mapping[str, Any],
) -> None:
    """Store outcome, artefacts and figures, all or none."""
    state = RunState.COMPLETED if error is None else RunState.FAILED
    row = work.row
    told = {"backtest_id": row.backtest_id, "project_id": row.project_id}
    if error is None:
        told |= {"verification": str(Backtest.Standing.NOT_CHECKED), "findings": 0}
    work.finish(state, error, told)
    Artefact.objects.bulk_create(
        Artefact(run=work.run, name=name, media_type=OUTPUTS[name], size=each.size, sha256=each.sha256)
        for name, each in stored.items()
    )
    began = work.run.started_at
    took = {} if began is None else {"duration_s": (timezone.now() - began).total_seconds()}
    kept = dict(columns) if error is None else {"warnings": columns.get("warnings", work.asked.warnings)}
    Backtest.objects.filter(pk=work.run.pk).update(**kept, **took)
    if error is None:
        backtest_note_tried(run_id=work.run.pk)

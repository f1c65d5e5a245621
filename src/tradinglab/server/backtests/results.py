"""Reads of what a backtest has left: its tables, and parts of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import polars as pl

from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.outputs import OUTPUTS
from tradinglab.server.backtests.tables import log_table
from tradinglab.server.backtests.thinning import METHODS
from tradinglab.server.errors import DamagedResultError, NotFoundError, SlimTrialError
from tradinglab.server.runs.models import Artefact, Run, RunState
from tradinglab.server.runs.selectors import artefact_get, artefact_list, artefact_path, artefact_read, heard_lines

_log = logging.getLogger(__name__)
LOG: Final = "log"
_LOG_FILE: Final = f"{LOG}.parquet"
#: What a slim trial keeps in place of documents.
TRIAL_FILE: Final = "trial.json"
#: What reading a Parquet file raises that is no longer one.
DAMAGE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which rows of a table are wanted.

    Attributes
    ----------
    since, until
        Instants: the first row may be at *since*, all are before *until*.
    equal, contains
        For a column of text: what it is, or a part of it.
    """

    since: datetime | None = None
    until: datetime | None = None
    equal: Mapping[str, str] | None = None
    contains: Mapping[str, str] | None = None


_EVERYTHING = Part()


def table_read(*, test: Backtest, name: str, part: Part = _EVERYTHING, time: str = "time") -> pl.LazyFrame:
    """Return a table of a backtest, or a part of it.

    Raises
    ------
    NotFoundError, SlimTrialError
        If the run has left no such table.
    """
    table = _heard_log(test.run) if name == LOG and log_is_heard(test=test) else _kept_table(test, name)
    if part.since is not None:
        table = table.filter(pl.col(time) >= part.since)
    if part.until is not None:
        table = table.filter(pl.col(time) < part.until)
    for column, text in (part.equal or {}).items():
        table = table.filter(pl.col(column) == text)
    for column, text in (part.contains or {}).items():
        table = table.filter(pl.col(column).str.to_lowercase().str.contains(text.lower(), literal=True))
    return table


def log_is_heard(*, test: Backtest) -> bool:
    """Say whether a backtest's log is what was heard of it: it goes on, or did not finish and has left none."""
    is_possible = test.run.state not in (RunState.QUEUED, RunState.COMPLETED)
    return is_possible and not artefact_list(run=test.run).filter(name=_LOG_FILE).exists()


def artefact_kept(*, test: Backtest, name: str) -> Artefact:
    """Return an artefact of a backtest by its name.

    Raises
    ------
    NotFoundError
        If the run has left no such artefact.
    SlimTrialError
        If it is a trial that has completed, and would have left it in full.
    """
    try:
        return artefact_get(run=test.run, name=name)
    except NotFoundError:
        if test.is_slim and test.run.state == RunState.COMPLETED and name in OUTPUTS and name != TRIAL_FILE:
            raise SlimTrialError(test.pk, name) from None
        raise


def _kept_table(test: Backtest, name: str) -> pl.LazyFrame:
    return pl.scan_parquet(artefact_path(artefact=artefact_kept(test=test, name=f"{name}.parquet")), glob=False)


def _heard_log(run: Run) -> pl.LazyFrame:
    """Return what was heard of a log; the time zone that its lines are in was not."""
    return log_table(heard_lines(run=run), None).lazy()


def table_collect(table: pl.LazyFrame) -> pl.DataFrame:
    """Read what was asked for by :func:`table_read`.

    Raises
    ------
    DamagedResultError
        If the file is damaged.
    """
    try:
        return table.collect()
    except DAMAGE as error:
        _log.error("a table in the store cannot be read: %s", error)
        raise DamagedResultError from error


def document_read(*, test: Backtest, name: str) -> dict[str, Any]:
    """Return a JSON artefact.

    Raises
    ------
    NotFoundError, SlimTrialError
        If the run has left no such document.
    DamagedResultError
        If the file is damaged.
    """
    artefact = artefact_kept(test=test, name=name)
    try:
        found: dict[str, Any] = json.loads(artefact_read(artefact=artefact))
    except (ValueError, OSError) as error:
        _log.error("a document in the store cannot be read: %s: %s", artefact.sha256, error)
        raise DamagedResultError from error
    return found


def left_out(*, test: Backtest, name: str) -> int | None:
    """Return how many rows of a table were too many to be kept; ``None`` if nobody knows."""
    if name == LOG and log_is_heard(test=test):
        return None
    kept = TRIAL_FILE if test.is_slim else "statistics.json"
    return int(document_read(test=test, name=kept)["left_out"][name])


def thinned(table: pl.DataFrame, *, points: int, method: str, by: str) -> pl.DataFrame:
    """Return at most *points* rows that look like all of them in the column *by*."""
    if table.height <= points:
        return table
    known = table.filter(pl.col(by).is_not_null())
    times = known["time"].dt.epoch("us").to_numpy()
    return known[METHODS[method](times, known[by].to_numpy(), points)]

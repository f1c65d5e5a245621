"""Carrying out an item that downloads or updates: a run whose parts are written down as they are stored."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from tradinglab.core.errors import TradingLabError
from tradinglab.data.download_notes import StoreLedger
from tradinglab.data.downloading import DownloadStep, OnRestated, download_steps, range_of_days
from tradinglab.data.errors import StoreFullError
from tradinglab.data.sources.asking import day_text_of, first_us_known
from tradinglab.data.sources.errors import FetchCancelledError, SourceError, SourceSettingError
from tradinglab.data.sources.opening import OpenSources
from tradinglab.data.sources.policy import Given
from tradinglab.data.sources.resume import merged
from tradinglab.data.store.bar_store import BarStore
from tradinglab.data.store.full_disk import is_full, reason_of
from tradinglab.data.updating import sources_before, update_range
from tradinglab.server.data_jobs.coordinating import item_tell
from tradinglab.server.data_jobs.keeping import Keeper
from tradinglab.server.data_jobs.ledger import LateLedger
from tradinglab.server.data_jobs.models import DataJob, DataJobItem
from tradinglab.server.data_jobs.requests import key_of
from tradinglab.server.data_jobs.sources import sources_open
from tradinglab.server.data_jobs.targets import Target, target_get
from tradinglab.server.datasets.refreshing import catalogue_refresh
from tradinglab.server.errors import ServerError
from tradinglab.server.runs.execution import Ended, Ending, SandboxKeeper, Watcher
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.patience import patiently

_TOLD_EVERY_S: Final = 1.0
_MOST_KEPT: Final = 100
_LONGEST: Final = 2_000
_REFRESH_S: Final = 10.0
_log = logging.getLogger(__name__)
_COUNTED = ("added", "known", "left_out", "actions", "fraction", "ranges", "restated", "notes")


class DownloadKind:
    """Items that download or update, as runs."""

    sandboxes: tuple[SandboxKeeper, ...] = ()

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Bring what the store lacks, from where the last attempt stopped."""
        item = patiently(lambda: DataJobItem.objects.select_related("job__run").get(pk=run.manifest["item"]))
        try:
            with Keeper(watcher) as keeper, sources_open(is_cancelled=keeper.is_stopped) as sources:
                ended = _carried_out(item, keeper, watcher, sources)
        except (SourceError, ServerError) as error:
            return failed_as(error.code, str(error))
        except StoreFullError as error:
            return failed_full(item, error.reason)
        except TradingLabError as error:
            return failed_as(error.code, f"{item.ticker}: {target_of(item).without_place(str(error))}")
        except OSError as error:
            return _failed_disk(item, error)
        if ended.ending != Ending.CANCELLED:
            catalogue_follow(item)
        return ended

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Have nothing left to store: each part was, when it was stored."""


def _carried_out(item: DataJobItem, keeper: Keeper, watcher: Watcher, sources: OpenSources) -> Ended:
    try:
        return _Download(item, keeper, watcher, sources).carry_out()
    except FetchCancelledError:
        keeper.is_cancelled()  # raises that the run is lost, if that is why it stopped
        return Ended(ending=Ending.CANCELLED)


def failed_as(code: str, message: str) -> Ended:
    """Return how an item ended that failed."""
    return Ended(ending=Ending.FAILED, error={"code": code, "message": message[:_LONGEST]})


def _failed_disk(item: DataJobItem, error: OSError) -> Ended:
    if not is_full(error):
        raise error
    return failed_full(item, reason_of(error))


def failed_full(item: DataJobItem, reason: str) -> Ended:
    """Return how an item ended for which the disk had no room."""
    _log.error("%s: the disk of the bar store %s is full: %s", item.series, item.job.target, reason)
    text = (
        f"{item.ticker}: the disk of the bar store '{item.job.target}' is full ({reason}). What it holds is "
        "whole. Make room, then try the item again: it goes on where it was."
    )
    return failed_as("storage_full", text)


def target_of(item: DataJobItem) -> Target:
    """Return the store of an item.

    Raises
    ------
    NotFoundError
        If the operator names it no more.
    """
    return target_get(name=item.job.target)


def catalogue_follow(item: DataJobItem) -> None:
    """Have the catalogue know what came, when the last item of a job is done; it follows by itself otherwise."""
    others = DataJobItem.objects.filter(job=item.job_id, state__in=(DataJobItem.State.WAITING, "running"))
    if patiently(lambda: not others.exclude(pk=item.pk).exists()):
        try:
            catalogue_refresh(seconds=_REFRESH_S)
        except Exception as problem:
            _log.warning("the catalogue follows later: %s", problem)


class _Download:
    """One item, part by part."""

    def __init__(self, item: DataJobItem, keeper: Keeper, watcher: Watcher, sources: OpenSources) -> None:
        self.item, self.keeper, self.watcher, self.sources = item, keeper, watcher, sources
        self.options = item.job.options
        self.is_update = item.job.kind == DataJob.Kind.UPDATE
        self.key = key_of(item)
        self.target = target_of(item)
        self.store = BarStore(self.target.where)
        # What is asked for again was mostly answered before: then only what was answered since the job was made counts.
        asks_again = self.is_update or self.options["refresh"]
        self.ledger = LateLedger(self.store, since=item.job.run.created_at.timestamp() if asks_again else 0.0)
        self.failed: list[Given] = []
        self._told_at = 0.0

    def carry_out(self) -> Ended:
        names = self._sources()
        start_us, end_us = self._range(names)
        on_restated: OnRestated = "replace" if self.options["on_restated"] == "replace" else "keep"
        for step in download_steps(
            self.key,
            start_us,
            end_us,
            store=self.store,
            ledger=self.ledger,
            sources=names,
            open_source=self.sources,
            on_restated=on_restated,
        ):
            self._take(step, start_us, end_us)
            if self.keeper.is_cancelled():
                raise FetchCancelledError(names[0], "The download was stopped.", symbol=self.key.ticker)
        return self._ended(start_us, end_us)

    def _sources(self) -> tuple[str, ...]:
        named = tuple(self.options["sources"])
        if not named:
            named = sources_before(self.store, self.key)
        if not named:
            text = "It is not known from whom its bars are. Name the sources to ask, for example yahoo."
            raise SourceSettingError("update", text, symbol=self.key.ticker)
        return named

    def _range(self, names: tuple[str, ...]) -> tuple[int, int]:
        today = datetime.now(UTC).date()
        if self.is_update:
            return update_range(self.store, self.key, today, overlap_days=self.options["overlap_days"])
        end = date.fromisoformat(self.options["end"]) if self.options["end"] else today
        if self.options["start"]:
            return range_of_days(self.key, date.fromisoformat(self.options["start"]), end)
        first_us = first_us_known(self.key, StoreLedger(self.store), self.sources(names[0]))
        if first_us is None:
            text = "It does not say from when on it has bars. Give the first day, 'start'."
            raise SourceSettingError(names[0], text, symbol=self.key.ticker)
        first = date.fromisoformat(day_text_of(self.key, first_us))
        return range_of_days(self.key, first, max(first, end))

    def _take(self, step: DownloadStep, start_us: int, end_us: int) -> None:
        """Count a part in, and write down that it was answered."""
        item = self.item
        if step.given.fetched is None:
            self.failed.append(step.given)
        item.added += step.added
        item.known += step.known
        item.left_out += step.left_out
        item.actions += step.actions
        item.notes = list(dict.fromkeys((*item.notes, *step.notes)))[:_MOST_KEPT]
        if step.restated is not None:
            told = asdict(step.restated) | {"day": day_text_of(self.key, step.restated.first_us)}
            told |= {"kept": "new" if self.options["on_restated"] == "replace" else "stored"}
            item.restated = [*item.restated, told][-_MOST_KEPT:]
        last_us = min(end_us, int(time.time() * 1e6))
        item.fraction = max(0.0, min(1.0, (step.given.end_us - start_us) / max(1, last_us - start_us)))
        is_told = time.monotonic() - self._told_at >= _TOLD_EVERY_S
        if is_told:
            self._told_at = time.monotonic()
            self.watcher.hear(fraction=item.fraction, date=day_text_of(self.key, step.given.end_us - 1), lines=())
        self._keep(is_told=is_told)

    def _keep(self, *, is_told: bool) -> None:
        def write() -> None:
            if is_told:
                # First the job, then the item: who looks after the whole locks them so, too.
                item_tell(self.item)
            self.item.save(update_fields=_COUNTED)

        self.watcher.keep(write)
        self.ledger.write()

    def _ended(self, start_us: int, end_us: int) -> Ended:
        answered = [
            each
            for each in merged(StoreLedger(self.store).read(self.key))
            if each.start_us < end_us and each.end_us > start_us
        ]
        self.item.ranges = [
            {
                "first_day": day_text_of(self.key, each.start_us),
                "last_day": day_text_of(self.key, each.end_us - 1),
                "source": each.source,
                "bars": each.bars,
                "passed": [{"source": one.source, "code": one.code, "reason": one.reason} for one in each.passed],
            }
            for each in answered[-_MOST_KEPT:]
        ]
        self.item.fraction = 1.0 if not self.failed else self.item.fraction
        self._keep(is_told=False)
        return self._failed() if self.failed else Ended(ending=Ending.COMPLETED)

    def _failed(self) -> Ended:
        """Say which days nobody gave, who did not and why, and what to do."""
        first = self.failed[0]
        days = f"{day_text_of(self.key, first.start_us)} to {day_text_of(self.key, first.end_us - 1)}"
        why = "; ".join(f"{one.source}: {one.reason.rstrip('.')}" for one in first.passed)
        waits = [one.wait_s for one in first.passed if one.wait_s is not None]
        when = f" in {max(60.0, min(waits)) / 60:.0f} min or later" if waits else ""
        more = f" (and {len(self.failed) - 1} more ranges)" if len(self.failed) > 1 else ""
        code = first.passed[-1].code if first.passed else "source"
        advice = f"Try the item again{when}, or name another source."
        return failed_as(code, f"{self.key.ticker}, {days}{more}: nobody gave bars. {why}. {advice}")

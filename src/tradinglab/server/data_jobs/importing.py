"""Asking for an import, and carrying it out in a process of its own."""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final

from tradinglab.core.clock import zone
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.data.errors import StoreError
from tradinglab.data.quality import Policy
from tradinglab.data.quality.errors import PolicyError
from tradinglab.data.store.layout import SeriesKey, folder_of
from tradinglab.data.store.markets import type_of_market
from tradinglab.server.accounts.models import User
from tradinglab.server.data_jobs.coordinating import item_tell
from tradinglab.server.data_jobs.downloading import catalogue_follow, failed_as, target_of
from tradinglab.server.data_jobs.keeping import Keeper
from tradinglab.server.data_jobs.models import DataJob, DataJobItem, DataUpload
from tradinglab.server.data_jobs.requests import ImportRequest
from tradinglab.server.data_jobs.services import items_create, job_create, once
from tradinglab.server.data_jobs.uploads import upload_path
from tradinglab.server.errors import InputError, ServerError
from tradinglab.server.runs.execution import Ended, Ending, OutputFile, SandboxKeeper, Watcher
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.patience import patiently
from tradinglab.server.runs.services import Submission

_ANY: Final = "ANY"
_MODULE: Final = "tradinglab.server.data_jobs.import_process"
_LOOK_EVERY_S: Final = 0.2
_TOLD_EVERY_S: Final = 1.0
_MOST_NOTES: Final = 100
#: What of the environment a store in a bucket needs.
_PASSED_ON: Final = ("AWS_", "HOME", "XDG_CACHE_HOME", "TMPDIR")
#: What the report of an import is called among the files of its run, and of which kind it is.
REPORTS: Final = {"quality.json": "application/json", "quality.html": "text/html"}
_COUNTED: Final = ("added", "known", "left_out", "actions", "quality", "notes", "fraction")
_log = logging.getLogger(__name__)


def import_submit(
    *, owner: User, upload: DataUpload, request: ImportRequest, idempotency_key: str | None = None
) -> Submission:
    """Store a job that imports a file.

    Raises
    ------
    InputError
        If what is asked for cannot be done.
    """
    key = _checked(request)

    def start() -> Run:
        job = job_create(
            owner=owner, kind=DataJob.Kind.IMPORT, target=request.target, options=request.options(), upload=upload
        )
        items_create(job=job, target=request.target, keys=[key])
        if not request.symbol:
            # Its series are those that a column names: it is in nobody's way, and the store lets several write.
            DataJobItem.objects.filter(job=job).update(ticker="", series=f"{folder_of(key)}?{job.pk}")
        return job.run

    return once(owner, idempotency_key, ["import", str(upload.pk), request.target.name, request.options()], start)


def _checked(request: ImportRequest) -> SeriesKey:
    """Return the series of an import whose options can be used."""
    if request.policy:
        if request.policy.strip().lower().endswith((".toml", ".json")) or "\n" in request.policy:
            text = "Write a policy in one line, such as repair,outlier=drop; files are not read here."
            raise InputError("policy", request.policy, text)
        try:
            Policy.parse(request.policy)
        except PolicyError as error:
            raise InputError("policy", request.policy, str(error)) from None
        if not request.symbol:
            raise InputError("symbol", "", "Files of one symbol are repaired at a time: give it, or no policy.")
        if request.on_bad != "error":
            raise InputError("on_bad", request.on_bad, "It and the policy contradict each other; leave it out.")
    if request.time_zone is not None:
        try:
            zone(request.time_zone)
        except (KeyError, ValueError, OSError):
            text = "There is no such time zone. Give a name such as America/New_York."
            raise InputError("time_zone", request.time_zone, text) from None
    kind = type_of_market(request.market)
    if request.security_type is not None:
        kind = SecurityType[request.security_type.upper()]
    resolution, tick = Resolution[request.resolution.upper()], TickType[request.tick_type.upper()]
    key = SeriesKey(kind, request.market.lower(), (request.symbol or _ANY).upper(), resolution, tick)
    for name, one in (("market", replace(key, ticker=_ANY)), ("symbol", key)):
        try:
            folder_of(one)
        except StoreError as error:
            raise InputError(name, getattr(request, name), str(error)) from None
    return key


class ImportKind:
    """Imports, as runs."""

    sandboxes: tuple[SandboxKeeper, ...] = ()

    def execute(self, run: Run, folder: Path, watcher: Watcher) -> Ended:
        """Import the file; what was stopped goes on where it was."""
        item = patiently(lambda: DataJobItem.objects.select_related("job__upload").get(pk=run.manifest["item"]))
        upload = item.job.upload
        path = None if upload is None else upload_path(upload)
        if path is None or not path.is_file():
            text = "The file is not there any more, or not on this machine's disk. Upload it again, and import that."
            return failed_as("upload_gone", text)
        try:
            target = target_of(item)
        except ServerError as error:
            return failed_as(error.code, str(error))
        order = {
            "path": str(path),
            "store": target.where,
            "target": target.name,
            "options": item.job.options,
            "folder": str(folder),
            "memory_mb": run.memory_mb,
        }
        with Keeper(watcher) as keeper:
            answer = _carried_out(order, item, keeper, watcher)
        if answer is None:
            return Ended(ending=Ending.CANCELLED)
        files = {name: OutputFile(folder / name, kind) for name, kind in REPORTS.items() if (folder / name).is_file()}
        if said := answer.get("error"):
            return replace(failed_as(str(said["code"])[:64], str(said["message"])), files=files)
        _count(item, answer["done"], watcher)
        catalogue_follow(item)
        return Ended(ending=Ending.COMPLETED, files=files)

    def record(self, run: Run, summary: Mapping[str, Any]) -> None:
        """Have nothing left to store: the item has its counts."""


def _count(item: DataJobItem, done: Mapping[str, Any], watcher: Watcher) -> None:
    for name in ("added", "known", "left_out", "actions", "quality"):
        setattr(item, name, done[name])
    item.notes, item.fraction = list(done["notes"])[:_MOST_NOTES], 1.0
    watcher.keep(lambda: item.save(update_fields=_COUNTED))


def _carried_out(
    order: Mapping[str, Any], item: DataJobItem, keeper: Keeper, watcher: Watcher
) -> Mapping[str, Any] | None:
    """Return the last answer of the process; ``None`` if it was stopped."""
    told_at = 0.0
    with _process(order) as (process, lines):
        while True:
            if keeper.is_cancelled():
                return None
            try:
                line = lines.get(timeout=_LOOK_EVERY_S)
            except queue.Empty:
                continue
            if line is None:
                return {"error": _lost(process)}
            answer: dict[str, Any] = json.loads(line)
            if "fraction" not in answer:
                return answer
            if time.monotonic() - told_at >= _TOLD_EVERY_S:
                told_at = time.monotonic()
                item.fraction = answer["fraction"]
                watcher.hear(fraction=item.fraction, date="", lines=())
                watcher.keep(lambda: _tell(item))


def _tell(item: DataJobItem) -> None:
    item_tell(item)
    item.save(update_fields=["fraction"])


def _lost(process: subprocess.Popen[bytes]) -> dict[str, str]:
    status = process.wait()
    _log.error("an import's process ended with the status %s", status)
    text = "The import took more memory than it may, or failed; the server's log says why. Import the file in parts."
    return {"code": "import_lost", "message": text}


@contextmanager
def _process(
    order: Mapping[str, Any],
) -> Iterator[tuple[subprocess.Popen[bytes], queue.Queue[bytes | None]]]:
    """Start the process, and end it in any case: the store is whole whenever that is."""
    passed_on = {name: value for name, value in os.environ.items() if name.startswith(_PASSED_ON)}
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", _MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2", **passed_on},
        cwd="/",
    )
    lines: queue.Queue[bytes | None] = queue.Queue()
    assert process.stdin is not None
    assert process.stdout is not None
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        # It stays open: when this worker dies, the process finds it closed, and is in nobody's way.
        process.stdin.write(json.dumps(order).encode() + b"\n")
        process.stdin.flush()
        yield process, lines
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        reader.join()
        process.stdout.close()


def _read(stream: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)

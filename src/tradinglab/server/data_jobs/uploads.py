"""Files of bars that users send: streamed to the disk, looked at in a process of its own, forgotten after a week."""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path, PurePath
from typing import IO, Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tradinglab.data.store.full_disk import is_full
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.data_jobs.errors import PreviewBusyError, StorageFullError, UploadTooLargeError
from tradinglab.server.data_jobs.models import DataUpload
from tradinglab.server.errors import ConflictError, InputError, LimitReachedError
from tradinglab.server.runs.models import FINAL_STATES
from tradinglab.server.strategies.limited import BeyondLimitsError, CrashedError, carried_out
from tradinglab.server.texts import check_name

MOST_UPLOADS: Final = 50
KEPT: Final = timedelta(days=7)
_PIECE: Final = 1 << 20
_LONGEST_NAME: Final = 100
_ODD = re.compile(r"[^A-Za-z0-9._ -]")
_PREVIEW: Final = "tradinglab.server.data_jobs.preview_process"
_PREVIEW_S: Final = 60
_PATIENCE_S: Final = 5
#: So many at once in each process of the server.
_places = threading.BoundedSemaphore(2)


def upload_create(*, owner: User, name: str, stream: IO[bytes]) -> DataUpload:
    """Store a file as it comes, piece by piece.

    Raises
    ------
    InputError
        If the name cannot be used, or nothing came.
    UploadTooLargeError
        If it has more bytes than the operator lets a file have.
    LimitReachedError
        If the owner has as many files here as may be.
    StorageFullError
        If the disk has no room.
    """
    check_name("name", name)
    plain = _ODD.sub("_", PurePath(name).name).lstrip(".")[-_LONGEST_NAME:]
    if not plain:
        raise InputError("name", name, "Give the file's name, such as spy.csv.")
    current = DataUpload.objects.filter(owner=owner).count()
    if current >= MOST_UPLOADS:
        text = f"You have {current} files here, and may have {MOST_UPLOADS}. Delete one first."
        raise LimitReachedError(text, limit=MOST_UPLOADS, current=current)
    made = DataUpload(owner=owner, name=plain, size=0, sha256="")
    path = upload_path(made)
    try:
        path.parent.mkdir(parents=True, mode=0o700)
        made.size, made.sha256 = _written(stream, path)
        if not made.size:
            raise InputError("body", None, "The body is empty: send the file's bytes.")
        with transaction.atomic():
            made.save()
            audit_note(action="data_upload.created", actor=owner, target=made, details={"name": plain})
    except OSError as error:
        shutil.rmtree(path.parent, ignore_errors=True)
        if not is_full(error):
            raise
        text = "The server's disk has no room for the file. Try again when the operator has made some."
        raise StorageFullError(text) from error
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return made


def _written(stream: IO[bytes], path: Path) -> tuple[int, str]:
    most, size, digest = settings.ENVIRONMENT.upload_mb * 1_000_000, 0, hashlib.sha256()
    with path.open("xb") as file:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > most:
                text = f"A file may have {most:,} bytes here. Send it in parts, or packed (.gz, .zst)."
                raise UploadTooLargeError(text)
            digest.update(piece)
            file.write(piece)
    return size, digest.hexdigest()


def upload_path(upload: DataUpload) -> Path:
    """Return where the bytes are."""
    found: Path = settings.HOME.uploads / str(upload.pk) / upload.name
    return found


def upload_preview(*, upload: DataUpload, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an import would make of a file, as it is read in a process with limits.

    Raises
    ------
    ConflictError
        If the file is not there any more, or takes too much time or memory.
    PreviewBusyError
        If too many are looked at.
    """
    path = upload_path(upload)
    if not path.is_file():
        raise ConflictError("The file is not there any more: upload it again.")
    if not _places.acquire(timeout=_PATIENCE_S):
        raise PreviewBusyError("Too many files are being looked at; try again in some seconds.")
    try:
        order = {"path": str(path), "name": upload.name, "options": dict(options)}
        return carried_out(_PREVIEW, order, timeout_s=_PREVIEW_S, env={"POLARS_MAX_THREADS": "2"})
    except BeyondLimitsError:
        raise ConflictError("To look at the file takes too much time or memory. Send a part of it first.") from None
    except CrashedError:
        raise ConflictError("The file cannot be looked at; the server's log says why.") from None
    finally:
        _places.release()


def upload_delete(*, upload: DataUpload) -> None:
    """Forget a file.

    Raises
    ------
    ConflictError
        If a job is about to import it.
    """
    if upload.jobs.exclude(run__state__in=FINAL_STATES).exists():
        raise ConflictError("A job imports the file. Cancel it first, or wait until it is over.")
    folder = upload_path(upload).parent
    upload.delete()
    shutil.rmtree(folder, ignore_errors=True)


def uploads_forget() -> int:
    """Forget files that were sent a week ago and that no job is at, and what is left of broken uploads."""
    before = timezone.now() - KEPT
    old = DataUpload.objects.filter(created_at__lt=before)
    forgotten = 0
    for each in old:
        with suppress(ConflictError):
            upload_delete(upload=each)
            forgotten += 1
    for folder in settings.HOME.uploads.glob("*"):
        with suppress(OSError, ValueError):
            if folder.stat().st_mtime < before.timestamp():
                if not DataUpload.objects.filter(pk=uuid.UUID(folder.name)).exists():
                    shutil.rmtree(folder, ignore_errors=True)
    return forgotten

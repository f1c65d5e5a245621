"""Making a backup: all rows as of one moment, and the artefacts that they refer to."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import hmac
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.db import connections, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

import tradinglab
from tradinglab.server.errors import StorageError
from tradinglab.server.ops.archive import (
    KEY_FILE,
    MANIFEST,
    BackupError,
    Manifest,
    Table,
    artefact_name,
    table_name,
)
from tradinglab.server.runs.models import Artefact
from tradinglab.server.runs.store import store

_ALIAS = "snapshot"
_ROWS_AT_ONCE = 1000
#: What is made anew, or is nothing to whoever restores.
_LEFT_OUT = {"contenttypes.contenttype", "auth.permission", "auth.group", "sessions.session", "runs.workerbeat"}
#: Artefacts are saved as such, wherever they are kept.
_LEFT_OUT |= {"runs.storedcontent", "runs.storedpiece", "runs.storedobject"}


def backup_create(path: Path, *, with_secret_key: bool = False) -> Manifest:
    """Write a backup to *path*, which must not be there yet; nobody else may read it.

    The server may go on meanwhile: what is saved is the database as of one moment.

    Raises
    ------
    BackupError
        If the file is there already or cannot be written.
    """
    if path.exists():
        raise BackupError(f"{path} is there already; name another file.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                manifest = _write(archive, with_secret_key)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except StorageError as error:
        raise BackupError(f"The artefacts cannot be read: {error.reason}.") from error
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _write(archive: zipfile.ZipFile, with_secret_key: bool) -> Manifest:
    with _snapshot() as alias:
        tables = {model._meta.label_lower: _write_table(archive, model, alias) for model in saved_models()}
        hashes = sorted(set(Artefact.objects.using(alias).values_list("sha256", flat=True)))
        migrations = migrations_applied(alias)
        vendor = connections[alias].vendor
    sizes = {sha256: size for sha256 in hashes if (size := _write_artefact(archive, sha256)) is not None}
    if with_secret_key:
        archive.writestr(KEY_FILE, settings.SECRET_KEY)
    manifest = Manifest(
        tradinglab=tradinglab.__version__,
        made_at=timezone.now().isoformat(),
        database=vendor,
        migrations=migrations,
        tables=tables,
        artefacts=sizes,
        missing=[each for each in hashes if each not in sizes],
        key_mark=key_mark(),
        has_secret_key=with_secret_key,
    )
    text = manifest.to_json()
    archive.writestr(MANIFEST, text)
    archive.comment = hashlib.sha256(text).hexdigest().encode()
    return manifest


@contextlib.contextmanager
def _snapshot() -> Iterator[str]:
    """Open a connection of its own on which nothing changes while it is read."""
    source = connections["default"].settings_dict
    mine = copy.deepcopy(source)
    if connections["default"].vendor == "sqlite":
        # A transaction that only reads sees one moment, and keeps nobody from writing.
        mine["OPTIONS"] = {**mine.get("OPTIONS", {}), "transaction_mode": "DEFERRED"}
    connections.databases[_ALIAS] = mine
    try:
        with transaction.atomic(using=_ALIAS):
            if connections[_ALIAS].vendor == "postgresql":
                with connections[_ALIAS].cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield _ALIAS
    finally:
        connections[_ALIAS].close()
        del connections[_ALIAS]
        del connections.databases[_ALIAS]


def saved_models() -> list[type[models.Model]]:
    """Return the models whose rows are saved, in the order in which they can be put back."""
    by_app = [(config, list(config.get_models())) for config in apps.get_app_configs()]
    ordered: list[type[models.Model]] = serializers.sort_dependencies(by_app, allow_cycles=True)
    return [each for each in ordered if each._meta.managed and each._meta.label_lower not in _LEFT_OUT]


def migrations_applied(alias: str = "default") -> list[str]:
    """Return the migrations that a database has."""
    loader = MigrationLoader(connections[alias])
    return sorted(f"{app}.{name}" for app, name in loader.applied_migrations if app in loader.migrated_apps)


def key_mark() -> str:
    """Return a mark by which the secret key is known again."""
    return hmac.new(settings.SECRET_KEY.encode(), b"tradinglab backup", hashlib.sha256).hexdigest()[:16]


class _Measured:
    """A text stream into the archive that counts what goes through it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.size = 0

    def write(self, text: str) -> int:
        data = text.encode()
        self._digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def table(self, rows: int) -> Table:
        return Table(rows=rows, size=self.size, sha256=self._digest.hexdigest())


def _write_table(archive: zipfile.ZipFile, model: type[models.Model], alias: str) -> Table:
    rows = 0

    def counted() -> Iterator[models.Model]:
        nonlocal rows
        manager = model._base_manager.using(alias).order_by(model._meta.pk.name)
        for row in manager.iterator(chunk_size=_ROWS_AT_ONCE):
            rows += 1
            yield row

    with archive.open(table_name(model._meta.label_lower), "w", force_zip64=True) as file:
        measured = _Measured(file)
        names = [each.name for each in model._meta.local_concrete_fields]
        serializers.serialize("jsonl", counted(), stream=measured, fields=names)
    return measured.table(rows)


def _write_artefact(archive: zipfile.ZipFile, sha256: str) -> int | None:
    """Save an artefact and return its size; ``None`` if its bytes are gone, or are no longer its own."""
    try:
        path = store().file(sha256)
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                return None
        archive.write(path, artefact_name(sha256))
        return path.stat().st_size
    except FileNotFoundError:
        return None

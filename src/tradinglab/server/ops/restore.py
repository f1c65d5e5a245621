"""Putting a backup back, into an installation that is empty."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from pathlib import Path

from django.conf import settings
from django.core import serializers
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone

from tradinglab.server.ops.archive import Archive, BackupError, Manifest
from tradinglab.server.ops.backup import key_mark, migrations_applied, saved_models
from tradinglab.server.runs.selectors import worker_count
from tradinglab.server.runs.store import store

_MOST_SHOWN = 20


def backup_verify(path: Path) -> Manifest:
    """Read a backup from end to end and compare every hash; nothing is written.

    Raises
    ------
    BackupError
        If something is missing, damaged, or does not belong there.
    """
    with Archive(path) as archive:
        _check(archive)
        return archive.manifest


def backup_restore(path: Path, *, force: bool = False) -> Manifest:
    """Put a backup back.

    Parameters
    ----------
    force
        Whether what the installation holds may go. An SQLite file is kept beside the new one, under another name.

    Raises
    ------
    BackupError
        If the backup is damaged or of another version, the installation is running, or it is not empty and *force* is
        not given. Nothing has been changed then.
    """
    with Archive(path) as archive:
        _check(archive)
        _check_stopped()
        call_command("migrate", interactive=False, verbosity=0)
        _check_version(archive.manifest)
        if not _is_empty():
            if not force:
                raise BackupError(
                    "This installation is not empty. Restore into a new TRADINGLAB_HOME or database, or say --force: "
                    "what is there now is then replaced."
                )
            _clear()
        _restore_artefacts(archive)
        with transaction.atomic():
            _restore_rows(archive)
        if archive.manifest.has_secret_key and settings.ENVIRONMENT.secret_key is None:
            _restore_key(archive.secret_key())
        return archive.manifest


def knows_key(manifest: Manifest) -> bool:
    """Whether the secret key here is the one of the backup: without it sealed secrets and tokens do not open."""
    return manifest.key_mark == key_mark()


def _check(archive: Archive) -> None:
    if found := archive.problems():
        more = f"\n  … and {len(found) - _MOST_SHOWN} more" if len(found) > _MOST_SHOWN else ""
        raise BackupError("The backup is damaged:\n" + "\n".join(f"  {each}" for each in found[:_MOST_SHOWN]) + more)


def _check_stopped() -> None:
    with (settings.HOME.folder / "up.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError("The server is running on this home folder; stop it first.") from None


def _check_version(manifest: Manifest) -> None:
    here, there = set(migrations_applied()), set(manifest.migrations)
    if here != there:
        what = "an older" if there < here else "a newer" if here < there else "another"
        raise BackupError(
            f"The backup is of {what} version (TradingLab {manifest.tradinglab}), whose tables are different. Install "
            "that version, restore, then change the version: the tables are brought up to date."
        )


def _is_empty() -> bool:
    if worker_count():
        raise BackupError("A worker has given a sign of life lately; stop all processes, and try again in a minute.")
    return not any(model._base_manager.exists() for model in saved_models())


def _clear() -> None:
    """Make the tables anew. What may never be deleted row by row, the audit log, goes with its table only."""
    if connection.vendor != "sqlite":
        call_command("flush", interactive=False, verbosity=0)
        return
    database = Path(str(connection.settings_dict["NAME"]))
    connection.close()
    aside = database.with_name(f"{database.name}.before-{timezone.now():%Y%m%dT%H%M%S}")
    for ending in ("", "-wal", "-shm"):
        source = database.with_name(database.name + ending)
        if source.exists():
            source.rename(aside.with_name(aside.name + ending))
    call_command("migrate", interactive=False, verbosity=0)


def _restore_artefacts(archive: Archive) -> None:
    settings.HOME.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.HOME.work) as folder:
        part = Path(folder) / "artefact"
        for sha256, size in archive.manifest.artefacts.items():
            with archive.artefact(sha256) as reader, part.open("wb") as writer:
                while block := reader.read(1 << 20):
                    writer.write(block)
            stored = store().put(part, most_bytes=size)
            if stored.sha256 != sha256:
                raise BackupError(f"The artefact {sha256} changed while it was read; try again.")


def _restore_rows(archive: Archive) -> None:
    models = saved_models()
    with connection.constraint_checks_disabled():
        for model in models:
            label = model._meta.label_lower
            if label not in archive.manifest.tables:
                raise BackupError(f"The backup has no table {label}.")
            for line in archive.lines(label):
                # Not "jsonl": that ends a line at U+2028 and its kin too, which a text may hold.
                for row in serializers.deserialize("python", [json.loads(line)]):
                    if type(row.object) is not model:
                        raise BackupError(f"The table {label} holds a row of another one.")
                    row.object.save_base(raw=True, force_insert=True)
    connection.check_constraints(table_names=[model._meta.db_table for model in models])
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def _restore_key(key: str) -> None:
    part = settings.HOME.key_file.with_name(".secret_key.restored")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(key)
    part.replace(settings.HOME.key_file)

"""Backup and restore, by the commands, from one home folder to another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.server.postgres import PostgresServer

from tradinglab.server.ops.archive import BackupError
from tradinglab.server.ops.restore import backup_verify

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
#: A run with its outcome, an event and two artefacts, in an installation that `setup` has made.
FILL = """
import pathlib, tempfile
from django.utils import timezone
from tradinglab.server.runs.models import Artefact, Run, RunEvent
from tradinglab.server.runs.store import store
run = Run.objects.get()
Run.objects.update(state="completed", started_at=timezone.now(), finished_at=timezone.now())
RunEvent.objects.create(run=run, sequence=99, kind="log", data={"b": "\u20ac\\n\\u2028\\x85\\x1c", "a": [1, None, 0.1]})
with tempfile.TemporaryDirectory() as folder:
    for name, text in {"equity.json": b"[1, 2]" * 9000, "log.json": b""}.items():
        path = pathlib.Path(folder) / name
        path.write_bytes(text)
        stored = store().put(path, most_bytes=10**6)
        Artefact.objects.create(run=run, name=name, media_type="text/plain", size=stored.size, sha256=stored.sha256)
"""


def _run(program: list[str], home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *program],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src"), "TRADINGLAB_HOME": str(home), **variables},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, cwd=home.parent,
    )  # fmt: skip


def command(home: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return _run(["-m", "tradinglab.cli.main", *words], home, **variables)


def ok(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of an installation."""
    home = tmp_path_factory.mktemp("backup") / "home"
    ok(command(home, "setup", TRADINGLAB_ADMIN_PASSWORD="a long password 1"))
    ok(_run([str(ROOT / "manage.py"), "shell", "-c", FILL], home))
    said = command(home, "backup", str(home.parent / "saved.zip"))
    assert "2 artefacts" in ok(said)
    assert "secret key is not in it" in said.stderr
    return home.parent / "saved.zip"


def rows(path: Path) -> dict[str, list[Any]]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith("tables/")]
        return {name: [json.loads(line) for line in archive.read(name).splitlines() if line] for name in names}


def test_what_is_restored_is_what_was_saved(saved: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    verified = command(home, "restore", str(saved), "--verify")
    assert "is whole" in ok(verified)
    restored = command(home, "restore", str(saved))
    assert "2 artefacts" in ok(restored)
    assert "the secret key here is another one" in restored.stderr
    ok(command(home, "backup", str(tmp_path / "again.zip")))
    assert rows(tmp_path / "again.zip") == rows(saved)
    again, first = (sorted(zipfile.ZipFile(each).namelist()) for each in (tmp_path / "again.zip", saved))
    assert again == first
    # Numbers that the database gives go on where they were, and the owner's password still opens.
    check = (
        "from django.contrib.auth import authenticate; from tradinglab.server.accounts.audit import audit_note; "
        "from tradinglab.server.accounts.models import AuditAction; "
        "assert authenticate(username='admin@localhost', password='a long password 1'); "
        "audit_note(action=AuditAction.LOGIN_SUCCEEDED, actor=None)"
    )
    ok(_run([str(ROOT / "manage.py"), "shell", "-c", check], home))


def test_from_sqlite_to_postgresql(saved: Path, tmp_path: Path, postgres_server: PostgresServer) -> None:
    home, postgres_url = tmp_path / "home", postgres_server.database(has_tables=False)
    ok(command(home, "restore", str(saved), DATABASE_URL=postgres_url))
    more = (
        "from tradinglab.server.runs.models import Run, RunEvent; "
        "RunEvent.objects.create(run=Run.objects.get(), sequence=100, kind='log').delete()"
    )
    ok(_run([str(ROOT / "manage.py"), "shell", "-c", more], home, DATABASE_URL=postgres_url))
    ok(command(home, "backup", str(tmp_path / "again.zip"), DATABASE_URL=postgres_url))
    assert rows(tmp_path / "again.zip") == rows(saved)
    refused = command(home, "restore", str(saved), DATABASE_URL=postgres_url)
    assert (refused.returncode, "not empty" in refused.stderr) == (2, True)
    ok(command(home, "restore", str(saved), "--force", DATABASE_URL=postgres_url))


def test_what_is_there_is_not_overwritten(saved: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    ok(command(home, "setup"))
    refused = command(home, "restore", str(saved))
    assert refused.returncode == 2
    assert "not empty" in refused.stderr
    ok(command(home, "restore", str(saved), "--force"))
    assert len(list(home.glob("tradinglab.sqlite3.before-*"))) == 1
    ok(command(home, "backup", str(tmp_path / "again.zip")))
    assert rows(tmp_path / "again.zip") == rows(saved)
    assert command(home, "backup", str(tmp_path / "again.zip")).returncode == 2


def test_the_secret_key_comes_along_if_it_is_asked_for(saved: Path, tmp_path: Path) -> None:
    first, second = saved.parent / "home", tmp_path / "home"
    said = command(first, "backup", str(tmp_path / "key.zip"), "--with-secret-key")
    assert "not in it" not in ok(said) + said.stderr
    assert (tmp_path / "key.zip").stat().st_mode & 0o077 == 0
    restored = command(second, "restore", str(tmp_path / "key.zip"))
    assert "another one" not in ok(restored) + restored.stderr
    assert (second / "secret_key").read_text() == (first / "secret_key").read_text()


def _flip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        largest = max(archive.infolist(), key=lambda each: each.compress_size)
        place = largest.header_offset + 30 + len(largest.filename) + largest.compress_size // 2
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)
        file.seek(place)
        file.write(bytes([byte[0] ^ 0xFF]))


def _rewritten(path: Path, change: Callable[[str, bytes], bytes | None], more: dict[str, bytes] | None = None) -> None:
    with zipfile.ZipFile(path) as archive:
        comment = archive.comment
        entries = [(name, change(name, archive.read(name))) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in [*entries, *(more or {}).items()]:
            if content is not None:
                archive.writestr(name, content)
        archive.comment = comment


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_flip, "damaged"),
        (_cut, "damaged"),
        (lambda path: path.write_bytes(b"no zip"), "damaged"),
        (lambda path: path.unlink(), "There is no file"),
        (lambda path: _rewritten(path, lambda name, content: None if "user" in name else content), "accounts.user"),
        (lambda path: _rewritten(path, lambda name, content: content + b" " if "/" in name else content), "not those"),
        (lambda path: _rewritten(path, lambda name, content: content, {"../../evil": b"x"}), "does not belong"),
        (
            lambda path: _rewritten(
                path, lambda name, content: content.replace(b'"format": 1', b'"format": 2')
            ),
            "not the one that was written",
        ),
    ],
)  # fmt: skip
def test_damage_is_found(harm: Callable[[Path], None], said: str, saved: Path, tmp_path: Path) -> None:
    harmed = tmp_path / "harmed.zip"
    shutil.copy(saved, harmed)
    harm(harmed)
    with pytest.raises(BackupError, match=said):
        backup_verify(harmed)


def test_nothing_is_written_of_a_damaged_backup(saved: Path, tmp_path: Path) -> None:
    harmed = tmp_path / "harmed.zip"
    shutil.copy(saved, harmed)
    _rewritten(harmed, lambda name, content: content, {"../../evil": b"x"})
    done = command(tmp_path / "home", "restore", str(harmed), "--force")
    assert done.returncode == 2, done.stdout
    assert "does not belong" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home" / "tradinglab.sqlite3").exists()
    assert not any((tmp_path / "home" / "artefacts").iterdir())
    assert not (tmp_path.parent / "evil").exists()

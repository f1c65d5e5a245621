"""Claims: who is creating a thing, and how far that got, for all processes that may be asked for it.

A claim is named by what is to be created. While one process holds it, others wait; what it noted stays when it is done,
or killed, so that the next knows whether the thing exists, may exist, or was never asked for.
"""

from __future__ import annotations

import json
import os
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from tradinglab.core.pacing.notes import locked_file, note_path
from tradinglab.quantconnect.errors import ConfigurationError

_KEPT_S = 90 * 86_400


class Claim(Protocol):
    """A claim that is held."""

    @property
    def made(self) -> str:
        """The id of the thing, if it is known to exist; empty otherwise."""

    @property
    def is_sent(self) -> bool:
        """Whether a request for it may have been sent whose end is not known."""

    def note(self, *, made: str = "", is_sent: bool = False) -> None:
        """Write down how far it got."""

    def release(self) -> None:
        """Let others have it."""


class Claims(Protocol):
    """Where the claims are."""

    def take(self, name: str) -> Claim | None:
        """Return the claim called *name*, or None while another holds it."""


class _HeldInMemory:
    def __init__(self, claims: MemoryClaims, name: str) -> None:
        self._claims = claims
        self._name = name
        self.made, self.is_sent = claims.kept.get(name, ("", False))

    def note(self, *, made: str = "", is_sent: bool = False) -> None:
        self.made, self.is_sent = made, is_sent
        self._claims.kept[self._name] = made, is_sent

    def release(self) -> None:
        self._claims.held.pop(self._name, None)


class MemoryClaims:
    """The claims of one process."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, bool]] = {}
        # Weak: a claim that nobody has any more, because a task was cancelled while it was taken, is held by nobody.
        self.held: WeakValueDictionary[str, _HeldInMemory] = WeakValueDictionary()
        self._lock = threading.Lock()

    def take(self, name: str) -> Claim | None:
        """Return the claim called *name*, or None while another holds it."""
        with self._lock:
            if name in self.held:
                return None
            self.held[name] = claim = _HeldInMemory(self, name)
            return claim


class _HeldInFile:
    def __init__(self, lock: ExitStack, file: int) -> None:
        self._lock = lock
        self._file = file
        self.made, self.is_sent = "", False
        text = os.pread(file, 4096, 0)
        if text:
            try:
                kept = json.loads(text)
                self.made, self.is_sent = str(kept["made"]), bool(kept["is_sent"])
            except (ValueError, KeyError, TypeError):
                # A process was killed while it wrote: it may have sent.
                self.is_sent = True

    def note(self, *, made: str = "", is_sent: bool = False) -> None:
        self.made, self.is_sent = made, is_sent
        text = json.dumps({"made": made, "is_sent": is_sent}).encode()
        os.pwrite(self._file, text, 0)
        os.ftruncate(self._file, len(text))
        # Before anything is sent it has to be known that it may be.
        os.fsync(self._file)

    def release(self) -> None:
        self._lock.close()


class FileClaims:
    """The claims of all processes that name the same folder.

    Parameters
    ----------
    folder
        Where the files are; made when the first is needed. Those of three months ago are removed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._is_cleared = False

    def take(self, name: str) -> Claim | None:
        """Return the claim called *name*, or None while another holds it.

        Raises
        ------
        ConfigurationError
            If the folder cannot be used: without a claim, two processes could create the same thing.
        """
        lock = ExitStack()
        try:
            file = lock.enter_context(locked_file(note_path(self._folder, name), is_patient=False))
            claim = _HeldInFile(lock, file)
            self._clear()
        except BlockingIOError:
            lock.close()
            return None
        except OSError as error:
            lock.close()
            raise ConfigurationError(
                f"{self._folder} cannot be used: {error}. Name another TRADINGLAB_HOME."
            ) from error
        return claim

    def _clear(self) -> None:
        if self._is_cleared:
            return
        self._is_cleared = True
        oldest = time.time() - _KEPT_S
        for path in self._folder.glob("*.json"):
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()

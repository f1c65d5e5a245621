"""What a search has done, line by line on the disk: whatever ends the process, no outcome is lost that was noted.

The first line says what is searched. Then ``asked`` has what a number stands for, ``told`` what came of it, and ``end``
that the search is over. A line that was being written when the process ended is taken off.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self

from tradinglab.optimize.errors import SearchError
from tradinglab.optimize.local.trials import Done
from tradinglab.optimize.tried import Tried, TriedState

_VERSION: Final = 1
#: What of a search may differ when it is gone on with: more trials, other processes.
_FREE: Final = ("most_trials",)


class JournalError(SearchError):
    """A journal that cannot be gone on with."""

    code = "search_journal"


class Journal:
    """The journal of one search, from its enter to its exit.

    Parameters
    ----------
    search
        What is searched, as JSON takes it.
    is_resumed
        Whether to go on with what is there; otherwise an unfinished search is refused, and a finished one replaced.

    Raises
    ------
    JournalError
        On entering, if another process is at it, it is unfinished, or of another search, or no journal.
    """

    def __init__(self, path: Path, search: Mapping[str, Any], *, is_resumed: bool) -> None:
        self.path = path
        self.asked: dict[int, dict[str, str]] = {}
        self.told: dict[int, Done] = {}
        #: What each number is a part of, where a search has parts.
        self.parts: dict[int, str] = {}
        self._search = dict(search)
        self._is_resumed = is_resumed
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        self._file = file = self.path.open("a+b")
        try:
            self._open(file)
        except BaseException:
            file.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        assert self._file is not None
        self._file.close()

    @property
    def tried(self) -> list[Tried]:
        """The trials, by their numbers; those without an outcome are pending."""
        return [
            Tried(
                number=number,
                parameters=parameters,
                state=self.told[number].state if number in self.told else TriedState.PENDING,
                figures=self.told[number].figures if number in self.told else {},
            )
            for number, parameters in sorted(self.asked.items())
        ]

    def ask(self, number: int, parameters: Mapping[str, str], part: str = "") -> None:
        """Note which combination a number stands for, and of what it is a part."""
        self.asked[number] = dict(parameters)
        line: dict[str, Any] = {"asked": number, "parameters": dict(parameters)}
        if part:
            self.parts[number] = line["part"] = part
        self._write(line, is_kept=False)

    def tell(self, done: Sequence[Done]) -> None:
        """Note what came of some trials; when this returns it is on the disk."""
        for place, each in enumerate(done, 1):
            self.told[each.number] = each
            # The disk is waited for once.
            self._write(_line_of(each), is_kept=place == len(done))

    def end(self) -> None:
        """Note that nothing is left."""
        self._write({"end": "completed"}, is_kept=True)

    def _open(self, file: IO[bytes]) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise JournalError(f"Another process is at the search of {self.path}; wait for it, or end it.") from None
        file.seek(0)
        lines, whole = _lines(self.path, file.read())
        if lines and not self._is_resumed:
            if not any("end" in line for line in lines):
                raise JournalError(
                    f"{self.path} is the journal of a search that was not finished: go on with it (--resume), delete "
                    "it, or have this one written elsewhere (--out)."
                )
            lines, whole = [], 0
        file.truncate(whole)
        if not lines:
            self._write({"version": _VERSION, "search": self._search}, is_kept=True)
            _keep_folder(self.path.parent)
            return
        self._compare(lines[0])
        for line in lines[1:]:
            self._take(line)

    def _compare(self, head: Mapping[str, Any]) -> None:
        """Refuse to mix two searches."""
        if head.get("version") != _VERSION or not isinstance(head.get("search"), dict):
            raise JournalError(f"{self.path} is no journal of a search; have this one written elsewhere (--out).")
        begun = head["search"]
        wanted = json.loads(json.dumps(self._search))
        for name in dict.fromkeys([*begun, *wanted]):
            if name not in _FREE and begun.get(name) != wanted.get(name):
                was, now = (json.dumps(each.get(name))[:120] for each in (begun, wanted))
                raise JournalError(
                    f"{self.path} is of another search: {name} was {was}, and is now {now}. Ask for the same, or have "
                    "this one written elsewhere (--out)."
                )

    def _take(self, line: Mapping[str, Any]) -> None:
        try:
            if "asked" in line:
                self.asked[int(line["asked"])] = {str(name): str(text) for name, text in line["parameters"].items()}
                self.parts[int(line["asked"])] = str(line.get("part", ""))
            elif "told" in line:
                self.told[int(line["told"])] = _done_of(line)
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise JournalError(f"{self.path} has a line that cannot be read: {json.dumps(line)[:120]}") from problem

    def _write(self, line: Mapping[str, Any], *, is_kept: bool) -> None:
        assert self._file is not None
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()
        if is_kept:
            os.fsync(self._file.fileno())


def _lines(path: Path, told: bytes) -> tuple[list[dict[str, Any]], int]:
    """Return the lines that are whole, and how many bytes they take."""
    whole = told.rfind(b"\n") + 1
    lines = []
    for number, text in enumerate(told[:whole].splitlines(), 1):
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise JournalError(f"{path}, line {number}, is not what a search notes; have this one written elsewhere.")
        lines.append(line)
    return lines, whole


def _line_of(done: Done) -> dict[str, Any]:
    line: dict[str, Any] = {"told": done.number, "state": str(done.state), "seconds": round(done.seconds, 6)}
    if done.figures:
        line["figures"] = dict(done.figures)
    if done.error:
        line["error"] = done.error
    if done.findings:
        line["findings"] = list(done.findings)
    if done.days:
        line |= {"days": [day.isoformat() for day in done.days], "equity": list(done.equity)}
    return line


def _done_of(line: Mapping[str, Any]) -> Done:
    days: Sequence[str] = line.get("days", ())
    return Done(
        number=int(line["told"]),
        state=TriedState(line["state"]),
        figures={str(name): float(value) for name, value in line.get("figures", {}).items()},
        error=str(line.get("error", "")),
        seconds=float(line["seconds"]),
        days=tuple(date.fromisoformat(day) for day in days),
        equity=tuple(float(value) for value in line.get("equity", ())),
        findings=tuple(str(each) for each in line.get("findings", ())),
    )


def _keep_folder(folder: Path) -> None:
    """Have the disk know of a new file, not only of what is in it."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

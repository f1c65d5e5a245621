"""Unified diffs, as git writes them: read, and applied to files.

A hunk is looked for where it says it belongs, then ever further away, as other programs do. A context line that is
empty altogether, because an editor took the space away that ends nowhere, counts as an empty line.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tradinglab.server.errors import InputError

_HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@.*")
_NOTHING = "/dev/null"
_MOST_HUNKS = 2_000
#: How many lines are compared with those of hunks; it takes about a second.
_MOST_LOOKS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hunk:
    """Lines that go, and lines that come in their place; their ends are those of the file."""

    at: int
    old: Sequence[str]
    new: Sequence[str]


@dataclass(slots=True)
class _Change:
    """What a diff says of one file; ``None`` stands for no file."""

    old: str | None
    new: str | None
    hunks: list[_Hunk] = field(default_factory=list)


def patched(files: Mapping[str, str], patch: str) -> dict[str, str]:
    """Return the files after a patch.

    Raises
    ------
    InputError
        If the patch is none, or does not fit.
    """
    changes = list(_read(patch))
    if not changes:
        raise _wrong("It has no change in it. Send a unified diff, as 'git diff' writes it.")
    result = dict(files)
    work = _Work()
    for change in changes:
        if change.old == change.new and not change.hunks:
            raise _wrong(f"It names the file '{change.old}', and changes nothing in it.")
        text = "" if change.old is None else _text(result, change.old)
        if change.old is None and change.new in result:
            raise _wrong(f"It makes the file '{change.new}', which is there already.")
        for name in {change.old, change.new} - {None}:
            result.pop(str(name), None)
        if change.new is not None:
            result[change.new] = _applied(text, change, work)
    return result


def _text(files: Mapping[str, str], name: str) -> str:
    if name not in files:
        raise _wrong(f"It changes the file '{name}', which is not there.")
    return files[name]


def _read(patch: str) -> Iterator[_Change]:
    lines = patch.replace("\r\n", "\n").split("\n")
    place = hunks = 0
    change: _Change | None = None
    renamed: str | None = None
    while place < len(lines):
        line = lines[place]
        following = lines[place + 1] if place + 1 < len(lines) else ""
        if line.startswith("rename from "):
            renamed = line.removeprefix("rename from ")
        elif line.startswith("rename to ") and renamed is not None:
            if change is not None:
                yield change
            change = _Change(renamed, line.removeprefix("rename to "))
        elif line.startswith("--- ") and following.startswith("+++ "):
            if renamed is None or change is None or change.hunks:
                if change is not None:
                    yield change
                change = _Change(_name(line, "a/"), _name(following, "b/"))
            renamed, place = None, place + 1
        elif (found := _HUNK.fullmatch(line)) is not None:
            if change is None:
                raise _wrong("It has a hunk ('@@') before it names a file ('--- a/main.py', '+++ b/main.py').")
            hunks += 1
            if hunks > _MOST_HUNKS:
                raise _wrong(f"It has more than {_MOST_HUNKS:,} hunks; send several.")
            hunk, place = _hunk(found, lines, place)
            change.hunks.append(hunk)
        elif line.startswith("@@"):
            raise _wrong(f"The line '{line[:60]}' is no beginning of a hunk; write '@@ -1,3 +1,4 @@'.")
        place += 1
    if change is not None:
        yield change


def _name(line: str, prefix: str) -> str | None:
    name = line[4:].split("\t")[0].strip()
    return None if name == _NOTHING else name.removeprefix(prefix)


def _hunk(found: re.Match[str], lines: Sequence[str], place: int) -> tuple[_Hunk, int]:
    """Read the lines of a hunk; return it, and where its last line is."""
    at, old_left, new_left = int(found[1]), int(found[2] or 1), int(found[4] or 1)
    old: list[str] = []
    new: list[str] = []
    while old_left > 0 or new_left > 0:
        place += 1
        if place >= len(lines):
            raise _wrong(f"The hunk '{found[0]}' is cut off.")
        line = lines[place]
        mark, text = (line[0], line[1:]) if line else (" ", "")
        if mark == "\\":
            continue
        if mark not in " +-":
            raise _wrong(f"A line of the hunk '{found[0]}' begins with neither ' ', '+' nor '-': '{line[:60]}'.")
        if mark in " -":
            old.append(text)
            old_left -= 1
        if mark in " +":
            new.append(text)
            new_left -= 1
    return _Hunk(at=max(at - 1, 0) if int(found[2] or 1) else at, old=old, new=new), place


class _Work:
    """What looking for the places of hunks may cost: a patch that is made for its file hardly needs any of it."""

    def __init__(self) -> None:
        self._left = _MOST_LOOKS

    def take(self, looks: int) -> None:
        """Count lines that are looked at.

        Raises
        ------
        InputError
            If they are too many by now.
        """
        self._left -= looks
        if self._left < 0:
            raise _wrong(
                "Its hunks stand too far from where they say. Read the files again, and make the patch of them."
            )


def _applied(text: str, change: _Change, work: _Work) -> str:
    if not change.hunks:
        return text
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(ending)
    has_end = text == "" or lines[-1] == ""
    if lines[-1] == "":
        lines.pop()
    file = _Lines(lines, work)
    made: list[str] = []
    moved = behind = 0
    for hunk in change.hunks:
        at = file.find(hunk.old, hunk.at + moved, behind)
        if at is None:
            raise _wrong(
                f"The hunk at line {hunk.at + 1} of '{change.old or change.new}' does not fit the file. Read the file "
                "again, and make the patch from what is there."
            )
        made += lines[behind:at]
        made += hunk.new
        moved = at - hunk.at
        behind = at + len(hunk.old)
    made += lines[behind:]
    return ending.join(made) + (ending if has_end and made else "")


class _Lines:
    """The lines of a file, and where each of them stands."""

    def __init__(self, lines: Sequence[str], work: _Work) -> None:
        work.take(len(lines))
        self._lines = lines
        self._work = work
        self._places: dict[str, list[int]] = {}
        for place, line in enumerate(lines):
            self._places.setdefault(line, []).append(place)

    def find(self, wanted: Sequence[str], near: int, behind: int) -> int | None:
        """Return where *wanted* stands, not before *behind*, and nearest to where it should."""
        last = len(self._lines) - len(wanted)
        if last < behind:
            return None
        near = min(max(near, behind), last)
        if not wanted:
            return near
        return next((at for at in self._from(wanted[0], near, behind, last) if self._fits(wanted, at)), None)

    def _from(self, line: str, near: int, first: int, last: int) -> Iterator[int]:
        """Yield where a line stands between two places, the nearest first; of two as near, the one before."""
        places = self._places.get(line, [])
        after = bisect_left(places, near)
        before = after - 1
        while True:
            left = near - places[before] if before >= 0 and places[before] >= first else None
            right = places[after] - near if after < len(places) and places[after] <= last else None
            if left is not None and (right is None or left <= right):
                yield near - left
                before -= 1
            elif right is not None:
                yield near + right
                after += 1
            else:
                return

    def _fits(self, wanted: Sequence[str], at: int) -> bool:
        same = 0
        for line in wanted:
            if self._lines[at + same] != line:
                break
            same += 1
        self._work.take(same + 1)
        return same == len(wanted)


def _wrong(why: str) -> InputError:
    return InputError("patch", "…", f"The patch cannot be applied. {why}")

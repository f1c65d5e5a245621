"""What differs between two sets of files: counts for a program, a unified text for a reader and for ``git apply``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_CONTEXT = 3
#: How many comparisons of lines all files together may cost; where they are used up, the middle of a file is replaced.
_MOST_WORK = 100_000_000
#: ``SequenceMatcher`` leaves lines out of account that make up more than a hundredth of a file that is so long.
_POPULAR_FROM = 200

_Opcode = tuple[str, int, int, int, int]


class FileChange(StrEnum):
    """What became of a file."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiff:
    """What differs in one file.

    Attributes
    ----------
    lines_added, lines_removed
        How many lines only the new file has, and how many only the old one.
    unified
        The difference as a patch; empty if a file without a line came or went.
    """

    path: str
    change: FileChange
    lines_added: int
    lines_removed: int
    unified: str


def files_diff(old: Mapping[str, str], new: Mapping[str, str]) -> list[FileDiff]:
    """Return what differs between two sets of files, by path; files that are equal are left out."""
    budget = _Budget()
    paths = [path for path in sorted({*old, *new}) if old.get(path) != new.get(path)]
    return [_file_diff(path, old.get(path), new.get(path), budget) for path in paths]


class _Budget:
    """What may still be spent on comparing lines."""

    def __init__(self) -> None:
        self._left = _MOST_WORK

    def takes(self, work: int) -> bool:
        """Spend so much, if it is there."""
        if work > self._left:
            return False
        self._left -= work
        return True


def _file_diff(path: str, old: str | None, new: str | None, budget: _Budget) -> FileDiff:
    change = FileChange.ADDED if old is None else FileChange.REMOVED if new is None else FileChange.CHANGED
    before, after = _lines(old or ""), _lines(new or "")
    opcodes = _opcodes(before, after, budget)
    hunks = list(_hunks(before, after, opcodes))
    heads = [
        "--- /dev/null\n" if old is None else f"--- a/{path}\n",
        "+++ /dev/null\n" if new is None else f"+++ b/{path}\n",
    ]
    return FileDiff(
        path=path,
        change=change,
        lines_added=sum(end - start for tag, _, _, start, end in opcodes if tag != "equal"),
        lines_removed=sum(end - start for tag, start, end, _, _ in opcodes if tag != "equal"),
        unified="".join([*heads, *hunks]) if hunks else "",
    )


def _lines(text: str) -> list[str]:
    """Return the lines with their ends; only a line feed ends one, as for every tool that applies patches."""
    lines = [f"{line}\n" for line in text.split("\n")]
    if lines[-1] == "\n":
        return lines[:-1]
    lines[-1] = lines[-1][:-1]
    return lines


def _opcodes(old: Sequence[str], new: Sequence[str], budget: _Budget) -> list[_Opcode]:
    """Return how the lines of one file become those of another, in the form of ``SequenceMatcher``."""
    shorter = min(len(old), len(new))
    start = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    tail = next((place for place in range(shorter - start) if old[-1 - place] != new[-1 - place]), shorter - start)
    before, after = old[start : len(old) - tail], new[start : len(new) - tail]
    middle: list[_Opcode] = []
    if budget.takes(_work(before, after)):
        middle += SequenceMatcher(None, before, after).get_opcodes()
    elif before or after:
        middle += [("replace", 0, len(before), 0, len(after))]
    shifted = [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in middle]
    first: list[_Opcode] = [("equal", 0, start, 0, start)] if start else []
    last: list[_Opcode] = [("equal", len(old) - tail, len(old), len(new) - tail, len(new))] if tail else []
    return [*first, *shifted, *last]


def _work(old: Sequence[str], new: Sequence[str]) -> int:
    """Return an upper bound of what comparing two files costs: lines that are often in both make it dear."""
    counts = Counter(new)
    popular = len(new) // 100 + 1 if len(new) >= _POPULAR_FROM else len(new)
    pairs = sum(counts[line] for line in old if counts[line] <= popular)
    return (pairs + len(old)) * max(1, min(len(old), len(new)))


def _hunks(old: Sequence[str], new: Sequence[str], opcodes: Sequence[_Opcode]) -> Iterator[str]:
    for group in _groups(opcodes):
        _, old_start, _, new_start, _ = group[0]
        _, _, old_end, _, new_end = group[-1]
        yield f"@@ -{_range(old_start, old_end)} +{_range(new_start, new_end)} @@\n"
        for tag, a, b, c, d in group:
            if tag == "equal":
                yield from (_marked(" ", line) for line in old[a:b])
                continue
            yield from (_marked("-", line) for line in old[a:b])
            yield from (_marked("+", line) for line in new[c:d])


def _groups(opcodes: Sequence[_Opcode]) -> Iterator[list[_Opcode]]:
    """Yield what belongs into one hunk: changes with up to three equal lines around them."""
    group: list[_Opcode] = []
    for place, (tag, a, b, c, d) in enumerate(opcodes):
        if tag != "equal":
            group.append((tag, a, b, c, d))
            continue
        is_last = place == len(opcodes) - 1
        if group and (is_last or b - a > 2 * _CONTEXT):
            kept = min(_CONTEXT, b - a)
            yield [*group, (tag, a, a + kept, c, c + kept)]
            group = []
        if group:
            group.append((tag, a, b, c, d))
        elif not is_last:
            kept = min(_CONTEXT, b - a)
            group = [(tag, b - kept, b, d - kept, d)]
    if any(tag != "equal" for tag, *_ in group):
        yield group


def _range(start: int, end: int) -> str:
    length = end - start
    return f"{start if length == 0 else start + 1},{length}"


def _marked(mark: str, line: str) -> str:
    return f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"

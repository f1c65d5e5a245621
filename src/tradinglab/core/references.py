"""Whether an object is held by nobody but who made it, so that it may be used again instead of making another one.

Making an object is the dearest part of a look at something that nobody keeps. CPython counts who holds an object; the
count that stands for "only us" is measured here, because what a call itself adds differs between versions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable


class _Keeper:
    __slots__ = ("kept",)

    def __init__(self) -> None:
        self.kept = object()


def _never(thing: object) -> int:
    return -1


def _count_of_kept() -> int:
    keeper = _Keeper()
    kept = keeper.kept
    return holders(kept)


#: Returns by how many an object is held; where nobody counts that, none is ever held by us alone.
holders: Callable[[object], int] = getattr(sys, "getrefcount", _never)
#: What ``holders`` says of an object that one attribute and one local variable hold.
KEPT_ONCE = _count_of_kept() if holders is not _never else 0

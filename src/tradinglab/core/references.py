"""Whether an object is held by nobody but who made it, so that it may be used again instead of making another one.

Making an object is the dearest part of a look at something that nobody keeps. CPython counts who holds an object; the
counts that stand for "only us" are measured here, because what a call itself adds differs between versions.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

#: Returns by how many an object is held.
holders: Callable[[object], int] = getattr(sys, "getrefcount", lambda thing: -2)


class _Keeper:
    __slots__ = ("kept",)

    def __init__(self) -> None:
        self.kept = object()


def _count_of_kept() -> int:
    keeper = _Keeper()
    kept = keeper.kept
    count = holders(kept)
    return count if kept is not None else -1


#: What ``holders`` says of an object that one attribute and one local variable hold.
KEPT_ONCE = _count_of_kept()
if KEPT_ONCE < 0:
    KEPT_ONCE = -1

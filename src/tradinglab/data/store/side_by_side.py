"""The same for many series, in a few threads: most of the time is waiting for the disk or a bucket."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_THREADS: Final = 16

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


def each_of(keys: Sequence[_Key], do: Callable[[_Key], _Value], threads: int = _THREADS) -> dict[_Key, _Value]:
    """Return what *do* makes of each key; if some fail, the others are carried out, and the first error is raised."""
    if len(keys) < 2:
        return {key: do(key) for key in keys}
    with ThreadPoolExecutor(min(threads, len(keys)), thread_name_prefix="bars") as pool:
        futures = {key: pool.submit(do, key) for key in keys}
    return {key: future.result() for key, future in futures.items()}

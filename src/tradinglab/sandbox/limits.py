"""How much a run may take, and the kernel's limits that hold it to that."""

from __future__ import annotations

import resource
from collections.abc import Mapping
from typing import Final

from tradinglab.core.values import dataclass

_MEGABYTE: Final = 1 << 20
_DESCRIPTORS: Final = 64
_STACK_BYTES: Final = 16 * _MEGABYTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a run may take before it is ended.

    Attributes
    ----------
    memory_mb
        Address space beyond what the zygote has.
    cpu_s
        Seconds of processor time; ``None`` for no limit.
    cpu_share
        Part of a processor that a run without an end may take in the long run; ``None`` for no limit.
    threads
        How many threads may be started; none by default. The kernel does not hold root to it.
    wall_s
        Seconds by the clock after which the process is killed; ``None`` for no limit.
    answer_bytes, answer_items
        Size of the answer, and how many values it may have: a value takes far more memory than its text.
    output_bytes
        What is kept of that which the run prints.
    output_most_bytes
        Printing more than this ends the run.
    """

    memory_mb: int = 1024
    cpu_s: int | None = None
    cpu_share: float | None = None
    threads: int = 0
    wall_s: float | None = None
    answer_bytes: int = 32 * _MEGABYTE
    answer_items: int = 1_000_000
    output_bytes: int = 1 * _MEGABYTE
    output_most_bytes: int = 16 * _MEGABYTE

    def __post_init__(self) -> None:
        for name in ("memory_mb", "answer_bytes", "answer_items", "output_bytes", "output_most_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be above zero; it was {getattr(self, name)}")
        for name in ("cpu_s", "cpu_share", "wall_s"):
            if getattr(self, name) is not None and getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above zero; it was {getattr(self, name)}")

    def as_order(self) -> dict[str, int | None]:
        """Return what the zygote has to know of them."""
        return {"memory_mb": self.memory_mb, "cpu_s": self.cpu_s, "threads": self.threads}


def apply_limits(order: Mapping[str, int | None], base_bytes: int, base_tasks: int = 0) -> None:
    """Set the limits of this process; none of them can be raised again.

    Parameters
    ----------
    order
        From :meth:`Limits.as_order`.
    base_bytes
        Address space of the zygote, which the memory of a run comes on top of.
    base_tasks
        Threads and processes that the user has already, which those of a run come on top of.
    """
    memory_mb, cpu_s, threads = order["memory_mb"], order["cpu_s"], order.get("threads")
    if memory_mb is not None:
        _limit(resource.RLIMIT_AS, base_bytes + memory_mb * _MEGABYTE)
    if cpu_s is not None:
        _limit(resource.RLIMIT_CPU, cpu_s, cpu_s + 1)
    if threads:
        _limit(resource.RLIMIT_NPROC, base_tasks + threads)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _DESCRIPTORS)
    _limit(resource.RLIMIT_STACK, _STACK_BYTES)
    for name in ("RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_SIGPENDING"):
        _limit(getattr(resource, name), 0)


def _limit(which: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, or keep the one in force if that is lower."""
    ceiling = resource.getrlimit(which)[1]
    wanted = (soft, soft if hard is None else hard)
    if ceiling != resource.RLIM_INFINITY:
        wanted = (min(wanted[0], ceiling), min(wanted[1], ceiling))
    resource.setrlimit(which, wanted)

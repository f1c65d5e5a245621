"""The layers that a child of the zygote puts on before it runs a strategy, in their order."""

from __future__ import annotations

import fcntl
import gc
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.sandbox import kernel, landlock, seccomp
from tradinglab.sandbox.descriptors import ANSWER, INPUT, NEWS, REPORT
from tradinglab.sandbox.limits import apply_limits

#: Where a child that waits has the rules of Landlock, and the line on which its run is asked for.
RULES, LINE = 3, 4
_HIGH: Final = 100
_STANDARD_ERROR: Final = 2
#: A user that nothing else runs as, for a zygote that is root and has no namespace of users.
UNUSED_USER: Final = 61299


class Layer(StrEnum):
    """What stands between a strategy and the machine."""

    LIMITS = "limits"
    LANDLOCK = "landlock"
    SECCOMP = "seccomp"
    NAMESPACES = "namespaces"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What the zygote has ready for every child: its layers, the rules of Landlock, its own size, and the guest's work.

    Attributes
    ----------
    rehearse
        Does what runs do, with a strategy of our own.
    prepare
        Reads a request and returns the run.
    """

    layers: frozenset[Layer]
    rules: int | None
    base_bytes: int
    rehearse: Callable[[], None]
    prepare: Callable[[bytes], Callable[[], None]]


def lock_in(cell: Cell, parent: int) -> None:
    """Put on what needs no knowledge of the run, and wait for one in that.

    Parameters
    ----------
    parent
        The process that this one was forked from, and ends with.

    Raises
    ------
    OSError
        If a layer cannot be put on. No strategy may run then.
    """
    os.setsid()
    _hold_interrupts()
    _own_chance()
    if Layer.LIMITS in cell.layers:
        os.nice(5)
    if os.geteuid() == 0 and Layer.NAMESPACES not in cell.layers:
        become_nobody()
    kernel.no_new_privileges()
    kernel.not_dumpable()
    kernel.die_with_parent(signal.SIGKILL)
    if os.getppid() != parent:
        raise ProcessLookupError("the process that this one belongs to has ended")
    if Layer.LANDLOCK in cell.layers:
        landlock.restrict(RULES)
        os.close(RULES)
    if Layer.SECCOMP in cell.layers:
        seccomp.program(os.getpid(), threads=False)  # made while there is time, for nearly all runs


def lock_down(
    cell: Cell, limits: Mapping[str, int | None], descriptors: Sequence[int], prepare: Callable[[], None]
) -> None:
    """Put on what is left, after :func:`lock_in`; only then may a strategy run.

    Parameters
    ----------
    descriptors
        Input, answer, standard output, standard error, news and the line to the supervisor.
    prepare
        Called when files are restricted and system calls are not yet.

    Raises
    ------
    OSError
        If a layer cannot be put on. The strategy must not run then.
    """
    source, answer, output, errors, news, report = descriptors
    keep({1: output, 2: errors, INPUT: source, ANSWER: answer, REPORT: report, NEWS: news})
    if Layer.LIMITS in cell.layers:
        apply_limits(limits, cell.base_bytes, limits.get("tasks") or 0)
    gc.enable()
    prepare()
    if Layer.SECCOMP in cell.layers:
        seccomp.install(os.getpid(), threads=bool(limits.get("threads")))
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def keep(wanted: Mapping[int, int]) -> None:
    """Keep some descriptors, at the numbers given, and the three standard ones; close all others."""
    # Out of the way first: a number that is wanted may be that of another one's source.
    moved = {place: fcntl.fcntl(each, fcntl.F_DUPFD, _HIGH) for place, each in wanted.items()}
    for place, each in moved.items():
        os.dup2(each, place)
    last = _STANDARD_ERROR
    for place in sorted({*wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[0]}):
        os.closerange(last + 1, place)
        last = max(last, place)


def _hold_interrupts() -> None:
    """Keep an interrupt, which asks a run to stop, until there is one; the zygote ignores it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _own_chance() -> None:
    """Forked from one zygote, all children would draw the same numbers."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))


def become_nobody() -> None:
    """Give up being root, for good."""
    kernel.drop_bounding_set()
    os.setgroups([])
    os.setresgid(UNUSED_USER, UNUSED_USER, UNUSED_USER)
    os.setresuid(UNUSED_USER, UNUSED_USER, UNUSED_USER)
    kernel.drop_capabilities()

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

_RULES: Final = 7
_HIGH: Final = 100
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
    """What the zygote has ready for every child: its layers, the rules of Landlock, its own size, and the guest."""

    layers: frozenset[Layer]
    rules: int | None
    base_bytes: int
    prepare: Callable[[bytes], Callable[[], None]]


def lock_down(
    cell: Cell, limits: Mapping[str, int | None], descriptors: Sequence[int], prepare: Callable[[], None]
) -> None:
    """Put on the layers; only then may a strategy run.

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
    os.setsid()
    _own_descriptors(descriptors, cell.rules)
    _plain_signals()
    _own_chance()
    if Layer.LIMITS in cell.layers:
        apply_limits(limits, cell.base_bytes, limits.get("tasks") or 0)
        os.nice(5)
    if os.geteuid() == 0 and Layer.NAMESPACES not in cell.layers:
        become_nobody()
    kernel.no_new_privileges()
    kernel.not_dumpable()
    kernel.die_with_parent(signal.SIGKILL)
    if Layer.LANDLOCK in cell.layers:
        landlock.restrict(_RULES)
        os.close(_RULES)
    prepare()
    if Layer.SECCOMP in cell.layers:
        seccomp.install(os.getpid(), threads=bool(limits.get("threads")))


def _own_descriptors(descriptors: Sequence[int], rules: int | None) -> None:
    """Keep the descriptors of this run, at fixed numbers, and close all others."""
    null = os.open("/dev/null", os.O_RDONLY)
    source, answer, output, errors, news, report = descriptors
    wanted = {0: null, 1: output, 2: errors, INPUT: source, ANSWER: answer, REPORT: report, NEWS: news}
    if rules is not None:
        wanted[_RULES] = rules
    # Out of the way first: a number that is wanted may be that of another one's source.
    moved = {place: fcntl.fcntl(each, fcntl.F_DUPFD, _HIGH) for place, each in wanted.items()}
    for place, each in moved.items():
        os.dup2(each, place)
    os.closerange(max(wanted) + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _plain_signals() -> None:
    """Listen to an interrupt again, which asks a run to stop; the zygote has changed no other signal."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


def _own_chance() -> None:
    """Forked from one zygote, all children would draw the same numbers."""
    random.seed()
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(int.from_bytes(os.urandom(4), "little"))
    gc.enable()


def become_nobody() -> None:
    """Give up being root, for good."""
    kernel.drop_bounding_set()
    os.setgroups([])
    os.setresgid(UNUSED_USER, UNUSED_USER, UNUSED_USER)
    os.setresuid(UNUSED_USER, UNUSED_USER, UNUSED_USER)
    kernel.drop_capabilities()

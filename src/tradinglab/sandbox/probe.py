"""What this machine can enforce, found out by doing it in throw-away children, and the grade that follows.

``strong``: limits, a filter of system calls, Landlock and namespaces. ``standard``: all but namespaces, or all but
Landlock (the private root stands in for it). ``weak``: anything less.
"""

from __future__ import annotations

import os
import platform
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from tradinglab.core.values import dataclass
from tradinglab.sandbox import landlock, namespaces, seccomp
from tradinglab.sandbox.limits import apply_limits
from tradinglab.sandbox.lockdown import Layer

_CONSEQUENCES = {
    Layer.LIMITS: "limits of memory, time and files cannot be set",
    Layer.LANDLOCK: (
        "Landlock is missing (it needs Linux 5.13, 'landlock' among the security modules, and a container that lets it "
        "through): files are kept apart by a private root only, if there is one"
    ),
    Layer.SECCOMP: "system calls cannot be filtered: network, new processes and signals stay open",
    Layer.NAMESPACES: (
        "user namespaces are closed (by AppArmor, a container's default profile, or a setting of the kernel): names, "
        "sizes and times of files can be seen, and the network is closed by the filter alone"
    ),
}


class Grade(StrEnum):
    """How well strategies can be kept apart from the machine."""

    STRONG = "strong"
    STANDARD = "standard"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What a machine has: the layers that work, and why the others do not."""

    layers: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def grade(self) -> Grade:
        """The grade of a sandbox of these layers."""
        return grade_of(self.layers)

    def as_json(self) -> dict[str, object]:
        """Return it as JSON can hold it."""
        return {"layers": list(self.layers), "reasons": list(self.reasons)}


def grade_of(layers: Iterable[str]) -> Grade:
    """Return what a set of layers is worth."""
    present = frozenset(layers)
    missing = frozenset(Layer) - present
    if not missing:
        return Grade.STRONG
    if missing in ({Layer.NAMESPACES}, {Layer.LANDLOCK}):
        return Grade.STANDARD
    return Grade.WEAK


def assess(readable: Sequence[str]) -> Assessment:
    """Try each layer in a child of this process, which must have one thread only."""
    if sys.platform != "linux":
        return Assessment(layers=(), reasons=(f"The sandbox needs Linux; this is {platform.system()}.",))
    trials: tuple[tuple[Layer, Callable[[], bool]], ...] = (
        (Layer.LIMITS, _try_limits),
        (Layer.LANDLOCK, _try_landlock),
        (Layer.SECCOMP, _try_seccomp),
        (Layer.NAMESPACES, lambda: _try_namespaces(readable)),
    )
    layers, reasons = [], []
    for layer, trial in trials:
        problem = _in_a_child(trial)
        if problem is None:
            layers.append(layer.value)
        else:
            reasons.append(f"{layer.value}: {_CONSEQUENCES[layer]}{f' [{problem}]' if problem else ''}")
    return Assessment(layers=tuple(layers), reasons=tuple(reasons))


def _in_a_child(trial: Callable[[], bool]) -> str | None:
    """Return None if a trial succeeds in a child, what it raised if it does not."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            verdict = b"yes" if trial() else b"no"
        except BaseException as problem:
            verdict = str(problem)[:200].encode("utf-8", "replace")
        os.write(sink, verdict)
        os._exit(0)
    os.close(sink)
    verdict = os.read(source, 1024)
    os.close(source)
    os.waitpid(child, 0)
    if verdict == b"yes":
        return None
    return "" if verdict in (b"", b"no") else verdict.decode("utf-8", "replace")


def _try_limits() -> bool:
    apply_limits({"memory_mb": 1 << 20, "cpu_s": 1000}, 0)
    try:
        return os.open("/dev/null", os.O_RDONLY) >= 0 and not _can_write_a_file()
    except OSError:
        return False


def _can_write_a_file() -> bool:
    held = os.memfd_create("probe")
    try:
        return bool(os.write(held, b"x"))
    except OSError:
        return False


def _try_landlock() -> bool:
    landlock.restrict(landlock.ruleset(["/usr"]))
    try:
        list(Path("/").iterdir())
    except PermissionError:
        return True
    return False


def _try_seccomp() -> bool:
    if not seccomp.is_supported():
        raise OSError(f"there is no list of calls for {platform.machine()}")
    seccomp.install(os.getpid())
    try:
        socket.socket().close()
    except PermissionError:
        return True
    return False


def _try_namespaces(readable: Sequence[str]) -> bool:
    namespaces.enter(readable)
    return not Path("/proc/self").exists() and os.getpid() == 1

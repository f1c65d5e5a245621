"""The process that runs are forked from: started fresh, without environment, with the libraries read in once.

It is started as ``python -I -B -c … DESCRIPTOR ORDER`` by the supervisor, with a socket as its only descriptor. It
first finds out what the machine has, enters its namespaces, imports, and says what it is; then each datagram asks for
a run, and brings the descriptors of the run along. Strategy code is never in this process.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from tradinglab.core.values import dataclass
from tradinglab.sandbox import kernel, landlock, namespaces
from tradinglab.sandbox.descriptors import INPUT, REPORT, read_all
from tradinglab.sandbox.lockdown import UNUSED_USER, Cell, Layer, become_nobody, lock_down
from tradinglab.sandbox.places import DEVICES
from tradinglab.sandbox.probe import Assessment, assess

_LARGEST_DATAGRAM: Final = 1 << 16
_DESCRIPTORS_OF_A_RUN: Final = 6
_SETUP_FAILED: Final = 120
_LARGEST_MESSAGE: Final = 1000


def main(descriptor: int, order: dict[str, Any]) -> NoReturn:
    """Be the zygote, until the supervisor closes its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    try:
        cell, assessment = _settle(order)
    except BaseException as problem:
        _say(control, {"problem": f"{type(problem).__name__}: {problem}"[:2000]})
        os._exit(1)
    _say(control, {"ready": True, "assessment": assessment.as_json(), "layers": sorted(cell.layers)})
    _Nursery(cell, control).serve()
    os._exit(0)


def _settle(order: dict[str, Any]) -> tuple[Cell, Assessment]:
    """Take the place that runs will have, and read in what they need."""
    assessment = assess(order["readable"])
    layers = {Layer(name) for name in order["layers"] or assessment.layers}
    if Layer.NAMESPACES in layers:
        size = namespaces.enter(order["readable"])
    else:
        size = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        kernel.not_dumpable()
        if os.geteuid() == 0:
            _check_readable(order["readable"])
    for name in order["modules"]:
        importlib.import_module(name)
    guest = importlib.import_module(order["guest"])
    guest.warm_up()
    rules = None
    if Layer.LANDLOCK in layers:
        rules = landlock.ruleset([*order["readable"], *DEVICES])
    gc.disable()
    gc.collect()
    gc.freeze()
    pages = int(os.pread(size, 256, 0).split()[0])
    os.close(size)
    base_bytes = pages * os.sysconf("SC_PAGE_SIZE")
    return Cell(layers=frozenset(layers), rules=rules, base_bytes=base_bytes, prepare=guest.prepare), assessment


def _check_readable(places: Sequence[str]) -> None:
    """See that runs, which are not root here, can read what they need; see it here, and not as a riddle in a run.

    Raises
    ------
    PermissionError
        If something is for root alone.
    """
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        become_nobody()
        closed = [place for place in places if not os.access(place, os.R_OK)]
        os.write(sink, ", ".join(closed).encode()[:_LARGEST_MESSAGE])
        os._exit(0)
    os.close(sink)
    closed_to_others = os.read(source, _LARGEST_MESSAGE).decode("utf-8", "replace")
    os.close(source)
    os.waitpid(child, 0)
    if closed_to_others:
        raise PermissionError(
            f"runs that root starts give up being root, and could then not read {closed_to_others}; let every user "
            "read that, or start the program as another user"
        )


def _say(line: socket.socket, message: Mapping[str, object], descriptors: tuple[int, ...] = ()) -> None:
    """Send a message; nobody is there any more if the run was given up."""
    try:
        socket.send_fds(line, [json.dumps(message).encode()], descriptors)
    except OSError:
        return


@dataclass(slots=True)
class _Run:
    """A child that is running: its number, and the line on which its end is told."""

    pid: int
    line: socket.socket


class _Nursery:
    """Forks a child for each request, and tells the supervisor how it ended."""

    def __init__(self, cell: Cell, control: socket.socket) -> None:
        self._cell = cell
        self._control = control
        self._runs: dict[int, _Run] = {}
        #: The handle of the run that a line belongs to.
        self._lines: dict[int, int] = {}
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Work until the supervisor has gone; children that are left then die with this process."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self._runs:
                    self._bury(descriptor)
                elif descriptor in self._lines:
                    self._give_up(descriptor)
                elif descriptor == self._control.fileno() and not self._take():
                    return

    def _take(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, _LARGEST_DATAGRAM, _DESCRIPTORS_OF_A_RUN)
        if not message:
            return False
        request = json.loads(message)
        line = socket.socket(fileno=descriptors[0])
        pid = os.fork()
        if pid == 0:
            self._be_born(request, descriptors)
        for each in descriptors[1:]:
            os.close(each)
        handle = os.pidfd_open(pid)
        self._runs[handle] = _Run(pid, line)
        self._lines[line.fileno()] = handle
        self._poll.register(handle, select.POLLIN)
        self._poll.register(line, 0)  # tells of the other end's closing all the same
        _say(line, {"started": True}, (handle,))
        return True

    def _be_born(self, request: dict[str, Any], descriptors: list[int]) -> NoReturn:
        """Lock this child down and run what was asked for; it never returns into the zygote's loop."""
        report, *others = descriptors
        try:
            work: list[Callable[[], None]] = []

            def prepare() -> None:
                work.append(self._cell.prepare(read_all(INPUT)))

            limits = request["limits"]
            if limits.get("threads"):
                limits["tasks"] = _tasks_of_user() + len(self._runs) * (limits["threads"] + 1)
            lock_down(self._cell, limits, [*others, report], prepare)
        except BaseException as problem:
            message = {"setup": f"{type(problem).__name__}: {problem}"[:2000]}
            for place in (REPORT, report):
                try:
                    os.write(place, json.dumps(message).encode())
                except OSError:
                    continue
                break
            os._exit(_SETUP_FAILED)
        os.close(REPORT)
        work[0]()
        os._exit(0)

    def _give_up(self, line: int) -> None:
        """Kill a run that nobody watches any more."""
        self._poll.unregister(line)
        handle = self._lines.pop(line)
        with suppress(OSError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)

    def _bury(self, handle: int) -> None:
        run = self._runs.pop(handle)
        if self._lines.pop(run.line.fileno(), None) is not None:
            self._poll.unregister(run.line)
        self._poll.unregister(handle)
        os.close(handle)
        _, status, usage = os.wait4(run.pid, 0)
        message = {"ended": status, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_kb": usage.ru_maxrss}
        _say(run.line, message)
        run.line.close()


def _tasks_of_user() -> int:
    """Return how many threads a run's user has; in a namespace of users, where there is no list, its own and ours."""
    user = os.geteuid() or UNUSED_USER
    found = 2
    for task in Path("/proc").glob("[0-9]*/task/[0-9]*"):
        with suppress(OSError):
            found += task.stat().st_uid == user
    return found


def start() -> NoReturn:
    """Start from the arguments of the process."""
    main(int(sys.argv[1]), json.loads(sys.argv[2]))

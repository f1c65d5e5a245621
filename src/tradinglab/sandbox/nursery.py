"""The zygote's children: those that wait for a run, each locked in already, and those that have one.

A child serves one run. The ones that wait are made and rehearsed while there is nothing else to do, so that a run need
not wait for what it has in common with all others.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn

from tradinglab.core.values import dataclass
from tradinglab.sandbox.descriptors import INPUT, REPORT, read_all
from tradinglab.sandbox.lockdown import LINE, RULES, UNUSED_USER, Cell, keep, lock_down, lock_in

_LARGEST_DATAGRAM: Final = 1 << 16
_DESCRIPTORS_OF_A_RUN: Final = 6
_SETUP_FAILED: Final = 120
_REHEARSE: Final = b"rehearse"
#: Rehearsals take processors from runs, and from who reads their answers after that: there are none until two
#: processors, or all that there are, were free for as long as this.
_CALM_S: Final = 0.05
#: Where others use the processors as well, what is free cannot be known: there are none until no run came for so long.
_CALM_AMONG_OTHERS_S: Final = 2.0


def say(line: socket.socket, message: Mapping[str, object], descriptors: tuple[int, ...] = ()) -> None:
    """Send a message; nobody is there any more if the run was given up."""
    try:
        socket.send_fds(line, [json.dumps(message).encode()], descriptors)
    except OSError:
        return


@dataclass(slots=True)
class _Child:
    """A process, its handle, the line on which it waits, and, once it has a run, the line on which its end is told."""

    pid: int
    handle: int
    waiting: socket.socket
    is_rehearsed: bool = False
    line: socket.socket | None = None


class Nursery:
    """Gives each request a child, and tells the supervisor how it ended.

    Parameters
    ----------
    control
        Where requests come from.
    spares
        How many children are to wait for one.
    is_alone
        Whether the processors are there for these runs alone.
    """

    def __init__(self, cell: Cell, control: socket.socket, *, spares: int, is_alone: bool) -> None:
        self._cell = cell
        self._control = control
        self._wanted = spares
        self._own_pid = os.getpid()
        # A rehearsal and who waits for a run should not have to share a processor.
        self._most_runs = max(1, len(os.sched_getaffinity(0)) - 1) if is_alone else 1
        self._calm_s = _CALM_S if is_alone else _CALM_AMONG_OTHERS_S
        #: Both by their handles; the spares in the order of their birth.
        self._spares: dict[int, _Child] = {}
        self._runs: dict[int, _Child] = {}
        #: The handle of the run that a line belongs to.
        self._lines: dict[int, int] = {}
        self._calm_at = 0.0
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)

    def serve(self) -> None:
        """Work until the supervisor has gone; children that are left then die with this process."""
        while True:
            ready = [descriptor for descriptor, _ in self._poll.poll(self._patience_ms())]
            for descriptor in ready:
                if descriptor in self._runs:
                    self._bury(descriptor)
                elif descriptor in self._spares:
                    self._mourn(self._spares.pop(descriptor))
                elif descriptor in self._lines:
                    self._give_up(descriptor)
            # Last: what is opened for a run may get a number that is closed above.
            if self._control.fileno() in ready and not self._take():
                return
            self._provide()

    # Children that wait.

    def _patience_ms(self) -> float | None:
        """Return how long to wait for what comes, before there is something to provide."""
        if len(self._spares) < self._wanted:
            return 0.0
        if all(each.is_rehearsed for each in self._spares.values()) or self._is_busy:
            return None
        return max(0.0, self._calm_at - time.monotonic()) * 1000

    @property
    def _is_busy(self) -> bool:
        return len(self._runs) >= self._most_runs

    def _provide(self) -> None:
        """Do one thing for the runs to come, and look after those that are there before the next."""
        if len(self._spares) < self._wanted:
            try:
                child = self._born()
            except OSError:
                self._wanted = len(self._spares)  # a machine that has no room for them
                return
            self._spares[child.handle] = child
        elif not self._is_busy and time.monotonic() >= self._calm_at:
            for child in self._spares.values():
                if not child.is_rehearsed:
                    child.is_rehearsed = True
                    with suppress(OSError):  # its end is told by its handle
                        child.waiting.send(_REHEARSE)
                    return

    def _mourn(self, child: _Child) -> None:
        """Let go of a child that ended before it had a run, and have no more from now on: something ends them."""
        self._wanted = min(self._wanted, len(self._spares))
        self._poll.unregister(child.handle)
        os.close(child.handle)
        _part_with(child.pid, child.waiting)

    def _born(self) -> _Child:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            pid = os.fork()
        except OSError:
            ours.close()
            raise
        finally:
            if os.getpid() == self._own_pid:
                theirs.close()
        if pid == 0:
            self._live(theirs)
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            _part_with(pid, ours)
            raise
        self._poll.register(handle, select.POLLIN)
        return _Child(pid, handle, ours)

    # Runs.

    def _take(self) -> bool:
        message, descriptors, _, _ = socket.recv_fds(self._control, _LARGEST_DATAGRAM, _DESCRIPTORS_OF_A_RUN)
        if not message:
            return False
        line = socket.socket(fileno=descriptors[0])
        request = json.loads(message)
        limits = request["limits"]
        if limits.get("threads"):
            limits["tasks"] = (
                _tasks_of_user() + len(self._spares) + self._wanted + len(self._runs) * (limits["threads"] + 1)
            )
        try:
            child = self._handed(json.dumps(request).encode(), descriptors)
        except OSError as problem:
            say(line, {"setup": f"no process could be started: {problem}", "ended": 0})
            line.close()
            return True
        finally:
            for each in descriptors[1:]:
                os.close(each)
        child.line = line
        self._runs[child.handle] = child
        self._lines[line.fileno()] = child.handle
        self._poll.register(line, 0)  # tells of the other end's closing all the same
        say(line, {"started": True}, (child.handle,))
        return True

    def _handed(self, message: bytes, descriptors: list[int]) -> _Child:
        """Hand a request to a child that waits, the one rehearsed longest ago if there is one, or to a new one."""
        while True:
            ready = sorted(self._spares.values(), key=lambda each: not each.is_rehearsed)
            child = ready[0] if ready else self._born()
            self._spares.pop(child.handle, None)
            try:
                socket.send_fds(child.waiting, [message], descriptors)
            except OSError:
                self._mourn(child)
                if not ready:
                    raise
                continue
            child.waiting.close()
            return child

    def _give_up(self, line: int) -> None:
        """Kill a run that nobody watches any more."""
        self._poll.unregister(line)
        handle = self._lines.pop(line)
        with suppress(OSError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)

    def _bury(self, handle: int) -> None:
        if self._is_busy:
            self._calm_at = time.monotonic() + self._calm_s
        run = self._runs.pop(handle)
        assert run.line is not None
        if self._lines.pop(run.line.fileno(), None) is not None:
            self._poll.unregister(run.line)
        self._poll.unregister(handle)
        os.close(handle)
        _, status, usage = os.wait4(run.pid, 0)
        message = {"ended": status, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_kb": usage.ru_maxrss}
        say(run.line, message)
        run.line.close()

    # What follows is in the child.

    def _live(self, line: socket.socket) -> NoReturn:
        """Lock this child in, wait for its run, lock it down and do it; never return into the zygote's loop."""
        try:
            keep({LINE: line.detach()} | ({} if self._cell.rules is None else {RULES: self._cell.rules}))
            waiting = socket.socket(fileno=LINE)
            problem = self._failure_to_lock_in()
            request, (report, *others) = self._awaited(waiting)
        except BaseException:
            os._exit(_SETUP_FAILED)
        work: list[Any] = []

        def prepare() -> None:
            work.append(self._cell.prepare(read_all(INPUT)))

        try:
            if problem is not None:
                raise problem
            lock_down(self._cell, request["limits"], [*others, report], prepare)
        except BaseException as found:
            message = {"setup": f"{type(found).__name__}: {found}"[:2000]}
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

    def _failure_to_lock_in(self) -> BaseException | None:
        """Lock in, and return why that failed, to be told to whom it concerns."""
        try:
            lock_in(self._cell, self._own_pid)
        except BaseException as problem:
            return problem
        return None

    def _awaited(self, line: socket.socket) -> tuple[dict[str, Any], list[int]]:
        """Wait for a request, and rehearse if told to; end if the zygote does."""
        while True:
            message, descriptors, _, _ = socket.recv_fds(line, _LARGEST_DATAGRAM, _DESCRIPTORS_OF_A_RUN)
            if message == _REHEARSE:
                self._cell.rehearse()
            elif message:
                line.detach()
                return json.loads(message), descriptors
            else:
                os._exit(0)


def _part_with(pid: int, line: socket.socket) -> None:
    """Wait for the end of a child that has no run: it ends when nobody holds the other end of its line."""
    line.close()
    os.waitpid(pid, 0)


def _tasks_of_user() -> int:
    """Return how many threads a run's user has; in a namespace of users, where there is no list, its own and ours."""
    user = os.geteuid() or UNUSED_USER
    found = 2
    with suppress(OSError):
        for process in Path("/proc").iterdir():
            with suppress(OSError):  # it has ended since
                if process.name.isdigit() and process.stat().st_uid == user:
                    found += sum(1 for _ in (process / "task").iterdir())
    return found

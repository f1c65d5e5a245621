"""The filter of system calls: a list of what is allowed, compiled to the kernel's BPF.

A call that is not on the list fails with "not permitted", one that the list's authors did not know with "no such
call", so that a C library tries its older twin. A call in the form of another architecture kills the process.
"""

from __future__ import annotations

import errno
import platform
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from tradinglab.core.values import dataclass
from tradinglab.sandbox import kernel
from tradinglab.sandbox.syscalls import AARCH64, LAST_KNOWN, X86_64

_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_ERROR: Final = 0x00050000
_DENY: Final = _ERROR | errno.EPERM
_UNKNOWN: Final = _ERROR | errno.ENOSYS

# Operations of classic BPF, and where the kernel's description of a call has what.
_LOAD, _EQUAL, _ABOVE, _AT_LEAST, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32_BIT: Final = 0x40000000

# The flags by which the C libraries (GNU's and musl) start a thread, and nothing but a thread.
_THREAD: Final = (0x3D0F00, 0x7D0F00)

#: Calls that can be made with any arguments.
# fmt: off
PLAIN: Final = (
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "close", "close_range", "lseek",
    "dup", "dup2", "dup3", "pipe", "pipe2", "open", "openat", "openat2", "access", "faccessat", "faccessat2",
    "fstat", "stat", "lstat", "newfstatat", "statx", "getcwd", "readlink", "readlinkat", "getdents", "getdents64",
    "mmap", "munmap", "mremap", "madvise", "brk", "mprotect", "msync", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "sigaltstack", "pause", "restart_syscall", "select",
    "pselect6", "poll", "ppoll", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "eventfd", "eventfd2", "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq",
    "membarrier", "set_tid_address", "sched_yield", "sched_getaffinity", "getpid", "gettid", "getppid", "getuid",
    "geteuid", "getgid", "getegid", "getpgrp", "getpgid", "getsid", "getgroups", "getresuid", "getresgid",
    "getrandom", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times",
    "getitimer", "setitimer", "alarm", "uname", "sysinfo", "getrusage", "getrlimit", "getcpu", "exit", "exit_group",
)
# fmt: on

# F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC: no locks, no leases, no larger pipes.
_FCNTL: Final = (0, 1, 2, 3, 4, 1030)
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
_IOCTL: Final = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, and the naming of memory.
_PRCTL: Final = (3, 15, 16, 0x53564D41)


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture: the kernel's code for it, and its numbers."""

    code: int
    numbers: dict[str, int]

    @property
    def has_x32(self) -> bool:
        """Whether the same code has a second set of numbers, for pointers of 32 bits."""
        return self.numbers is X86_64


MACHINES: Final = {
    "x86_64": Machine(0xC000003E, X86_64),
    "aarch64": Machine(0xC00000B7, AARCH64),
}


def is_supported(machine: str | None = None) -> bool:
    """Whether there are numbers for an architecture, by default for this one."""
    return (machine or platform.machine()) in MACHINES


@lru_cache(maxsize=4)
def program(own_pid: int, machine: str | None = None, *, threads: bool = False) -> bytes:
    """Return the filter for a process, which is made once.

    Parameters
    ----------
    own_pid
        The only process that may be sent signals.
    machine
        The architecture, by default this one.
    threads
        Whether threads may be started; processes never.

    Raises
    ------
    KeyError
        If there are no numbers for the architecture.
    """
    target = MACHINES[machine or platform.machine()]
    numbers = target.numbers
    code = [_step(_LOAD, _ARCHITECTURE), _jump(_EQUAL, target.code, 1, 0), _step(_RETURN, _KILL), _step(_LOAD, _NUMBER)]
    if target.has_x32:
        code += [_jump(_AT_LEAST, _X32_BIT, 0, 1), _step(_RETURN, _KILL)]
    for name in PLAIN:
        if name in numbers:
            code += _on(numbers[name], [_step(_RETURN, _ALLOW)])
    code += _on(numbers["kill"], _if_all([(0, own_pid)]))
    code += _on(numbers["tgkill"], _if_all([(0, own_pid)]))
    # Its own limits may be read: no process named, no new limits.
    code += _on(numbers["prlimit64"], _if_all([(0, 0), (2, 0)]))
    for name, choices in (("fcntl", _FCNTL), ("ioctl", _IOCTL)):
        code += _on(numbers[name], _if_one_of(1, choices))
    code += _on(numbers["prctl"], _if_one_of(0, _PRCTL))
    if threads:
        code += _on(numbers["clone"], _if_one_of(0, _THREAD))
    # The C library then tries `clone`, which is denied, like everything below, unless threads are allowed.
    code += _on(numbers["clone3"], [_step(_RETURN, _UNKNOWN)])
    code += [_jump(_ABOVE, LAST_KNOWN, 0, 1), _step(_RETURN, _UNKNOWN), _step(_RETURN, _DENY)]
    return b"".join(code)


def install(own_pid: int, *, threads: bool = False) -> None:
    """Filter the calls of this process from now on. There is no way back."""
    kernel.no_new_privileges()
    kernel.install_filter(MACHINES[platform.machine()].numbers["seccomp"], program(own_pid, threads=threads))


def _step(operation: int, value: int) -> bytes:
    return struct.pack("=HBBI", operation, 0, 0, value)


def _jump(operation: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("=HBBI", operation, if_true, if_false, value)


def _on(number: int, steps: Sequence[bytes]) -> list[bytes]:
    """Return steps that are taken for one call only; they end in a verdict."""
    return [_jump(_EQUAL, number, 0, len(steps)), *steps]


def _if_all(conditions: Iterable[tuple[int, int]]) -> list[bytes]:
    """Allow if each argument has its value in all 64 bits, deny otherwise."""
    checks = [check for index, value in conditions for check in _words(index, value)]
    steps = []
    for place, (offset, value) in enumerate(checks):
        left = len(checks) - place - 1
        steps += [_step(_LOAD, offset), _jump(_EQUAL, value, 0, 2 * left + 1)]
    return [*steps, _step(_RETURN, _ALLOW), _step(_RETURN, _DENY)]


def _words(index: int, value: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where the halves of an argument lie, and what they must be; both architectures put the low one first."""
    offset = _ARGUMENTS + 8 * index
    return (offset, value & 0xFFFFFFFF), (offset + 4, value >> 32)


def _if_one_of(index: int, values: Iterable[int]) -> list[bytes]:
    """Allow if an argument, which the kernel reads as 32 bits, is one of some values, deny otherwise."""
    steps = [_step(_LOAD, _ARGUMENTS + 8 * index)]
    for value in values:
        steps += [_jump(_EQUAL, value, 0, 1), _step(_RETURN, _ALLOW)]
    return [*steps, _step(_RETURN, _DENY)]

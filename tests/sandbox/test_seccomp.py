"""The filter of system calls, run by an interpreter of BPF that knows nothing of how it was made."""

from __future__ import annotations

import errno
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradinglab.sandbox.seccomp import MACHINES, PLAIN, program
from tradinglab.sandbox.syscalls import LAST_KNOWN

_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_PID = 4711
_OTHERS = ("x86_64", "aarch64")
_DANGEROUS = {
    "x86_64": {
        "socket": 41, "connect": 42, "sendto": 44, "socketpair": 53, "clone": 56, "fork": 57, "vfork": 58,
        "execve": 59, "ptrace": 101, "chmod": 90, "truncate": 76, "unlink": 87, "mkdir": 83, "setuid": 105,
        "mount": 165, "bpf": 321, "io_uring_setup": 425, "userfaultfd": 323, "process_vm_readv": 310, "unshare": 272,
        "memfd_create": 319, "pidfd_open": 434, "shmget": 29, "keyctl": 250, "setrlimit": 160, "execveat": 322,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "sendto": 206, "clone": 220, "execve": 221, "ptrace": 117, "fchmodat": 53,
        "truncate": 45, "unlinkat": 35, "mount": 40, "bpf": 280, "io_uring_setup": 425, "process_vm_readv": 270,
        "unshare": 97, "memfd_create": 279, "shmget": 194, "keyctl": 219, "setrlimit": 164, "execveat": 281,
    },
}  # fmt: skip


def verdict(code: bytes, number: int, arguments: tuple[int, ...] = (), *, architecture: int) -> int:
    """Return what a filter says of a call."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *padded)
    steps = [struct.unpack_from("=HBBI", code, place) for place in range(0, len(code), 8)]
    place, held = 0, 0
    while True:
        operation, if_true, if_false, value = steps[place]
        place += 1
        if operation == 0x20:
            held = struct.unpack_from("=I", data, value)[0]
        elif operation == 0x06:
            return int(value)
        else:
            is_true = {0x15: held == value, 0x25: held > value, 0x35: held >= value}[operation]
            place += if_true if is_true else if_false


def _ask(machine: str, number: int, *arguments: int) -> int:
    target = MACHINES[machine]
    return verdict(program(_PID, machine), number, arguments, architecture=target.code)


@pytest.mark.parametrize("machine", _OTHERS)
def test_what_is_on_the_list_is_allowed(machine: str) -> None:
    """With any arguments."""
    numbers = MACHINES[machine].numbers
    assert all(_ask(machine, numbers[name], 1, 2, 3) == _ALLOW for name in PLAIN if name in numbers)
    assert {"read", "write", "openat", "mmap", "futex", "exit_group"} <= numbers.keys()


@pytest.mark.parametrize("machine", _OTHERS)
def test_what_is_dangerous_is_denied(machine: str) -> None:
    """Network, processes, files, the kernel."""
    for name, number in _DANGEROUS[machine].items():
        assert _ask(machine, number, 1, 2, 3) == _ERROR | errno.EPERM, name


@pytest.mark.parametrize("machine", _OTHERS)
def test_threads_are_allowed_only_where_they_are_asked_for(machine: str) -> None:
    """And with them nothing else that is made by the same call: no process, no namespace."""
    target = MACHINES[machine]
    code = program(_PID, machine, threads=True)
    clone = target.numbers["clone"]
    assert _ask(machine, clone, 0x3D0F00) == _ERROR | errno.EPERM
    assert verdict(code, clone, (0x3D0F00,), architecture=target.code) == _ALLOW
    for flags in (17, 0x01200011, 0x3D0F00 | 0x10000000, 0x3D0F00 & ~0x10000, 0):
        assert verdict(code, clone, (flags,), architecture=target.code) == _ERROR | errno.EPERM


@pytest.mark.parametrize("machine", _OTHERS)
def test_signals_go_to_oneself_only(machine: str) -> None:
    """Nor to a group, to all, or to a number that only begins like one's own."""
    numbers = MACHINES[machine].numbers
    for name in ("kill", "tgkill"):
        assert _ask(machine, numbers[name], _PID, 9) == _ALLOW
        for other in (0, 1, _PID + 1, (1 << 64) - 1, _PID | 1 << 32):
            assert _ask(machine, numbers[name], other, 9) == _ERROR | errno.EPERM


@pytest.mark.parametrize("machine", _OTHERS)
def test_limits_are_read_only(machine: str) -> None:
    """A new limit, or another process, is denied."""
    number = MACHINES[machine].numbers["prlimit64"]
    assert _ask(machine, number, 0, 7, 0, 4096) == _ALLOW
    assert _ask(machine, number, 0, 7, 4096, 0) == _ERROR | errno.EPERM
    assert _ask(machine, number, 0, 7, 1 << 40, 0) == _ERROR | errno.EPERM
    assert _ask(machine, number, 77, 7, 0, 4096) == _ERROR | errno.EPERM


@pytest.mark.parametrize("machine", _OTHERS)
def test_controls_are_chosen(machine: str) -> None:
    """No locks, no larger pipes, no typing into a terminal, no way back from what cannot be dumped."""
    numbers = MACHINES[machine].numbers
    for name, good, bad in (("fcntl", 1030, 1031), ("fcntl", 3, 6), ("ioctl", 0x5401, 0x5412)):
        assert _ask(machine, numbers[name], 1, good) == _ALLOW
        assert _ask(machine, numbers[name], 1, bad) == _ERROR | errno.EPERM
    assert _ask(machine, numbers["prctl"], 15) == _ALLOW
    assert _ask(machine, numbers["prctl"], 4) == _ERROR | errno.EPERM


@pytest.mark.parametrize("machine", _OTHERS)
def test_calls_of_the_future_do_not_exist(machine: str) -> None:
    """So that a C library tries their older twins."""
    assert _ask(machine, LAST_KNOWN + 1) == _ERROR | errno.ENOSYS
    assert _ask(machine, MACHINES[machine].numbers["clone3"]) == _ERROR | errno.ENOSYS


@given(st.integers(0, (1 << 32) - 1), st.sampled_from(_OTHERS))
def test_other_architectures_are_killed(number: int, machine: str) -> None:
    """Calls of 32 bits have other numbers."""
    assert verdict(program(_PID, machine), number, architecture=0x40000003) == _KILL


@given(st.integers(0x40000000, (1 << 32) - 1))
def test_the_second_set_of_numbers_is_killed(number: int) -> None:
    """x32 has the code of x86-64."""
    assert _ask("x86_64", number) == _KILL


@given(st.integers(0, (1 << 32) - 1), st.lists(st.integers(0, (1 << 64) - 1), max_size=6), st.sampled_from(_OTHERS))
def test_every_call_has_a_verdict(number: int, arguments: list[int], machine: str) -> None:
    """What is allowed is on the list, or one of the few whose arguments are looked at."""
    target = MACHINES[machine]
    said = verdict(program(_PID, machine), number, tuple(arguments), architecture=target.code)
    assert said in (_ALLOW, _KILL, _ERROR | errno.EPERM, _ERROR | errno.ENOSYS)
    if said == _ALLOW:
        name = {value: key for key, value in target.numbers.items()}[number]
        assert name in PLAIN or name in ("kill", "tgkill", "prlimit64", "fcntl", "ioctl", "prctl")

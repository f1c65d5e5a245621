"""The few calls to Linux that Python has no function for, through the C library."""

from __future__ import annotations

import ctypes
import os
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
_PR_CAPBSET_DROP: Final = 24
_PR_SET_NO_NEW_PRIVS: Final = 38
_PR_CAP_AMBIENT: Final = 47
_PR_CAP_AMBIENT_CLEAR_ALL: Final = 4
_CAPABILITY_VERSION_3: Final = 0x20080522
_CAPABILITIES: Final = 64

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def checked(result: int, what: str) -> int:
    """Return the result of a call, or raise the error that the C library has noted."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call and return its result, negative if it failed."""
    passed = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result: int = _libc.syscall(ctypes.c_long(number), *passed)
    return result


def prctl(option: int, *arguments: int, what: str = "prctl") -> int:
    """Call ``prctl`` with up to four arguments."""
    padded = (*arguments, 0, 0, 0, 0)[:4]
    result: int = _libc.prctl(ctypes.c_int(option), *(ctypes.c_ulong(each) for each in padded))
    return checked(result, what)


def no_new_privileges() -> None:
    """Let neither this process nor its children gain rights by running a file."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1, what="no_new_privs")


def not_dumpable() -> None:
    """Close ``/proc/PID`` and ptrace of this process to others of the same user; no core is written."""
    prctl(_PR_SET_DUMPABLE, 0, what="dumpable")


def die_with_parent(signal_number: int) -> None:
    """Have this process sent a signal when its parent ends."""
    prctl(_PR_SET_PDEATHSIG, signal_number, what="parent death signal")


def unshare(flags: int) -> None:
    """Leave namespaces that are shared with the parent."""
    checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    """Mount, bind or change a mount."""

    def text(value: str | None) -> bytes | None:
        return None if value is None else os.fsencode(value)

    result = _libc.mount(text(source), text(target), text(kind), ctypes.c_ulong(flags), text(options))
    checked(result, f"mount {target}")


def unmount(target: str, flags: int) -> None:
    """Take a mount away."""
    checked(_libc.umount2(os.fsencode(target), ctypes.c_int(flags)), f"unmount {target}")


def drop_bounding_set() -> None:
    """Let no file that is run give a capability back."""
    for number in range(_CAPABILITIES):
        # Fails for numbers that this kernel does not know, and where there is nothing to give up.
        _libc.prctl(ctypes.c_int(_PR_CAPBSET_DROP), *(ctypes.c_ulong(each) for each in (number, 0, 0, 0)))


def drop_capabilities() -> None:
    """Give up every capability, those that could be had back included."""
    drop_bounding_set()
    prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, what="ambient capabilities")
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    checked(_libc.capset(ctypes.byref(header), ctypes.byref(none)), "capset")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install_filter(number: int, program: bytes) -> None:
    """Hand the kernel a seccomp program, for all threads of this process."""
    held = ctypes.create_string_buffer(program, len(program))
    handed = _Program(len(program) // 8, ctypes.addressof(held))
    set_mode_filter, all_threads = 1, 1
    result: int = _libc.syscall(
        ctypes.c_long(number), ctypes.c_long(set_mode_filter), ctypes.c_long(all_threads), ctypes.byref(handed)
    )
    if result > 0:
        raise OSError(f"seccomp: thread {result} could not be filtered")
    checked(result, "seccomp")

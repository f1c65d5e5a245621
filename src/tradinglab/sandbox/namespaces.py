"""Namespaces of its own for the zygote and its runs: users, network, processes, IPC, and a root with little in it."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tradinglab.sandbox import kernel
from tradinglab.sandbox.places import DEVICES
from tradinglab.sandbox.seccomp import MACHINES

_NEW_MOUNTS, _NEW_NAMES, _NEW_IPC = 0x20000, 0x4000000, 0x8000000
_NEW_USERS, _NEW_PROCESSES, _NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000
_ALL: Final = _NEW_USERS | _NEW_MOUNTS | _NEW_NAMES | _NEW_IPC | _NEW_PROCESSES | _NEW_NETWORK

_READ_ONLY, _NO_SUID, _NO_DEVICES, _REMOUNT, _BIND, _RECURSIVE, _PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
_NO_ATIME, _RELATIVE_ATIME, _NO_EXEC = 1024, 1 << 21, 8
_DETACH: Final = 2
#: Who a run is in its own namespace of users.
_NOBODY: Final = 65534
_EMPTY: Final = "size=1m,mode=755"


def enter(readable: Iterable[str]) -> int:
    """Move this process into namespaces of its own, and return in a child that is the first process there.

    The process that called becomes a stub which waits for that child and ends with it. *readable* is all that the new
    root holds, read-only; there is no ``/proc`` in it.

    Returns
    -------
    int
        A descriptor of the ``statm`` file of the child, which tells its size when read at its beginning.

    Raises
    ------
    OSError
        If the kernel does not allow it; this process is then in an undefined state and must end.
    """
    user, group = os.geteuid(), os.getegid()
    kernel.unshare(_ALL)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} {group} 1")
    kernel.mount(None, "/", None, _RECURSIVE | _PRIVATE)
    processes = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    _change_root(readable)
    _become_first()
    size = os.open("self/statm", os.O_RDONLY | os.O_CLOEXEC, dir_fd=processes)
    os.close(processes)
    kernel.drop_capabilities()
    kernel.not_dumpable()
    return size


def _become_first() -> None:
    """Go on in a child, as the new namespace of processes begins with the next one."""
    child = os.fork()
    if child:
        os.closerange(0, 64)
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    kernel.die_with_parent(signal.SIGKILL)


def _change_root(readable: Iterable[str]) -> None:
    # Opened before anything is hidden below the mounts that follow.
    places = [(path, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path in (*readable, *DEVICES)]
    stage = "/tmp"
    kernel.mount("tmpfs", stage, "tmpfs", _NO_SUID | _NO_DEVICES, _EMPTY)
    root = f"{stage}/root"
    Path(root).mkdir()
    kernel.mount("tmpfs", root, "tmpfs", _NO_SUID | _NO_DEVICES, _EMPTY)
    for path, descriptor in places:
        _show(f"/proc/self/fd/{descriptor}", root + path, is_device=path in DEVICES)
        os.close(descriptor)
    old = f"{root}/.old"
    Path(old).mkdir()
    number = MACHINES[platform.machine()].numbers["pivot_root"]
    kernel.checked(kernel.syscall(number, os.fsencode(root), os.fsencode(old)), "pivot_root")
    os.chdir("/")
    kernel.unmount("/.old", _DETACH)
    Path("/.old").rmdir()
    kernel.mount(None, "/", None, _BIND | _REMOUNT | _READ_ONLY | _NO_SUID | _NO_DEVICES)


def _show(source: str, target: str, *, is_device: bool) -> None:
    """Bind a file or a folder, read-only, to its place in the new root."""
    if Path(source).is_dir():
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    kernel.mount(source, target, None, _BIND | _RECURSIVE)
    flags = _BIND | _REMOUNT | _READ_ONLY | _NO_SUID | (0 if is_device else _NO_DEVICES)
    # What the original mount forbids must be forbidden here too; which of these it does is not known.
    for locked in (0, _NO_DEVICES, _RELATIVE_ATIME, _NO_EXEC, _NO_ATIME, _NO_EXEC | _RELATIVE_ATIME):
        try:
            kernel.mount(None, target, None, flags | locked)
        except PermissionError:
            continue
        return
    raise OSError(f"{target} cannot be made read-only")

"""Landlock: which files may be read. Nothing may be written, run, made or removed, and no TCP port reached."""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Iterable
from typing import Final

from tradinglab.sandbox import kernel

# The same numbers on every architecture.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_ASKED: Final = 1
_PATH_BENEATH: Final = 1

_READ_FILE: Final = 1 << 2
_READ_FOLDER: Final = 1 << 3
#: The rights on files that each version of Landlock knows of: all of them are taken away.
_FILE_RIGHTS: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_NEWEST_RIGHTS: Final = 5
_WITH_NETWORK, _WITH_SCOPES = 4, 6
_ALL_PORTS: Final = 0b11
#: Abstract sockets and signals stay among the restricted.
_ALL_SCOPES: Final = 0b11


def version() -> int:
    """Return the kernel's version of Landlock, zero if it has none or it is switched off."""
    return max(0, kernel.syscall(_CREATE_RULESET, None, 0, _VERSION_ASKED))


def ruleset(readable: Iterable[str]) -> int:
    """Return a descriptor of rules by which only *readable* files and folders may be read.

    A path that is not there is left out: what cannot be opened here cannot be read later.

    Raises
    ------
    OSError
        If this kernel has no Landlock, or refuses a rule.
    """
    known = version()
    if not known:
        raise OSError(errno.ENOSYS, "this kernel has no Landlock, or it is switched off")
    handled = _FILE_RIGHTS[min(known, _NEWEST_RIGHTS)]
    attributes = struct.pack("=Q", handled)
    if known >= _WITH_NETWORK:
        attributes += struct.pack("=Q", _ALL_PORTS)
    if known >= _WITH_SCOPES:
        attributes += struct.pack("=Q", _ALL_SCOPES)
    rules = kernel.checked(kernel.syscall(_CREATE_RULESET, attributes, len(attributes), 0), "Landlock")
    for path in readable:
        _allow_reading(rules, path)
    return rules


def _allow_reading(rules: int, path: str) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        is_folder = stat.S_ISDIR(os.fstat(place).st_mode)
        rights = _READ_FILE | _READ_FOLDER if is_folder else _READ_FILE
        rule = struct.pack("=Qi", rights, place)
        kernel.checked(kernel.syscall(_ADD_RULE, rules, _PATH_BENEATH, rule, 0), f"Landlock: {path}")
    finally:
        os.close(place)


def restrict(rules: int) -> None:
    """Hold this thread, and what it starts, to the rules. There is no way back."""
    kernel.no_new_privileges()
    kernel.checked(kernel.syscall(_RESTRICT_SELF, rules, 0), "Landlock")

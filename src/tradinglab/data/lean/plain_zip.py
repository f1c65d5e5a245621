"""The archives that nearly all data folders have, read without ``zipfile``.

The standard library's module takes a hundredth of a second to import, with all that it can unpack, and as long as the
unpacking for each small file. What follows knows stored and deflated entries with plain names; for an archive that has
anything else, or an error, it returns None and leaves the rest to ``zipfile``.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

#: Method, check sum, packed and unpacked size of an entry, where it begins, and where the next thing does.
Entry = tuple[int, int, int, int, int, int]

_END = struct.Struct("<4s4H2LH")
_LISTED = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_RAW_DEFLATE = -15
_VERSION = 20  # of the format, that says what may be asked of a reader
_HARMLESS_FLAGS = 0b1110  # how hard the packer tried, and that sizes follow the data: the list has them too
_AT_MOST = 0xFFFF_FFFF
_LARGE = 1 << 20  # bytes; of a large archive only the entry that is asked for should be read


class PlainZip:
    """The entries of an archive that are still packed."""

    __slots__ = ("_data", "_entries")

    def __init__(self, data: bytes, entries: dict[str, Entry]) -> None:
        self._data = data
        self._entries = entries

    @property
    def names(self) -> list[str]:
        """The names, in the archive's order."""
        return list(self._entries)

    def read(self, name: str) -> bytes | None:
        """Return an entry; None if it is not as the list says."""
        method, check, packed, size, begin, end = self._entries[name]
        data = self._data
        if data[begin : begin + 4] != b"PK\x03\x04" or begin + _LOCAL.size > len(data):
            return None
        local = _LOCAL.unpack_from(data, begin)
        first = begin + _LOCAL.size
        if data[first : first + local[9]] != name.encode("ascii"):
            return None
        first += local[9] + local[10]
        if first + packed > end:  # entries that overlap are a way to pack far too much
            return None
        found = data[first : first + packed]
        if method == _DEFLATED:
            try:
                found = zlib.decompress(found, _RAW_DEFLATE, size or 1)
            except zlib.error:
                return None
        return found if len(found) == size and zlib.crc32(found) == check else None


def open_plain(path: Path) -> PlainZip | None:
    """Return the entries of an archive; None if it takes more than this module knows.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    if path.stat().st_size > _LARGE:
        return None
    data = path.read_bytes()
    if len(data) < _END.size:
        return None
    mark, disk, first_disk, here, count, length, offset, comment = _END.unpack_from(data, len(data) - _END.size)
    if mark != b"PK\x05\x06" or disk or first_disk or here != count or comment:
        return None
    if offset + length + _END.size != len(data):
        return None
    directory = offset
    entries: dict[str, tuple[int, int, int, int, int]] = {}
    for _ in range(count):
        if offset + _LISTED.size > len(data):
            return None
        found = _LISTED.unpack_from(data, offset)
        mark, _, version, flags, method, _, _, check, packed, size = found[:10]
        name_length, extra, remark, begin = *found[10:13], found[16]
        offset += _LISTED.size
        name = data[offset : offset + name_length]
        offset += name_length + extra + remark
        is_plain = mark == b"PK\x01\x02" and version <= _VERSION and not flags & ~_HARMLESS_FLAGS
        if (
            not is_plain
            or method not in (_STORED, _DEFLATED)
            or _AT_MOST in (packed, size, begin)
            or not name.isascii()
            or b"\0" in name
        ):
            return None
        entries[name.decode("ascii")] = (method, check, packed, size, begin)
    return PlainZip(data, _bounded(entries, directory)) if len(entries) == count else None


def _bounded(entries: dict[str, tuple[int, int, int, int, int]], directory: int) -> dict[str, Entry]:
    """Return the entries, each with where the next one or the directory begins."""
    ends: dict[str, int] = {}
    end = directory
    for name in sorted(entries, key=lambda name: entries[name][-1], reverse=True):
        ends[name] = end
        end = entries[name][-1]
    return {name: (*entry, ends[name]) for name, entry in entries.items()}

"""The offsets of a time zone, read from the compiled tz database (TZif, RFC 8536).

``zoneinfo`` answers one instant at a time; the engine converts whole columns and needs the table.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from tradinglab.core.errors import UnknownTimeZoneError

_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_DAY = 86_400
_USUAL_FOLDER = "/usr/share/zoneinfo"
_EARLIEST = -(2**33)  # 1697: before anything that a zone file speaks of
_FIXED = re.compile(r"UTC([+-])(\d{1,2})(?::?(\d{2}))?")
_RULE = re.compile(
    r"(?P<std>[A-Za-z]+|<[^>]+>)(?P<std_offset>[-+]?[\d:]+)"
    r"(?:(?P<dst>[A-Za-z]+|<[^>]+>)(?P<dst_offset>[-+]?[\d:]+)?,(?P<start>[^,]+),(?P<end>.+))?"
)

Changes = list[tuple[int, int]]
"""From which instant on which offset from UTC holds, both in seconds; the first holds since ever."""


def read_changes(name: str, last_year: int) -> Changes:
    """Return the offsets of a zone up to the end of *last_year*.

    Parameters
    ----------
    name
        An IANA name, or a fixed offset such as ``UTC-05``.

    Raises
    ------
    UnknownTimeZoneError
        If there is no such zone.
    """
    fixed = _FIXED.fullmatch(name)
    if fixed is not None:
        sign, hours, minutes = fixed.groups()
        offset = int(hours) * 3_600 + int(minutes or 0) * 60
        return [(_EARLIEST, -offset if sign == "-" else offset)]
    return _parse(_load(name), last_year)


def _load(name: str) -> bytes:
    parts = name.split("/")
    if all(re.fullmatch(r"[A-Za-z0-9_+-]+", part) for part in parts):
        for folder in _folders():
            path = Path(folder, *parts)
            if path.is_file():
                return path.read_bytes()
        found = _load_from_package(parts)
        if found is not None:
            return found
    raise UnknownTimeZoneError(
        f"There is no time zone '{name}'. Use an IANA name such as America/New_York, or UTC-05. "
        "On a system without a tz database, install the package tzdata."
    )


def _folders() -> Iterator[str]:
    """Yield the folders of the system's tz database; the usual one first, since zoneinfo takes long to import."""
    if "PYTHONTZPATH" not in os.environ:
        yield _USUAL_FOLDER
    from zoneinfo import TZPATH

    yield from TZPATH


def _load_from_package(parts: list[str]) -> bytes | None:
    from importlib import resources

    try:
        return resources.files("tzdata").joinpath("zoneinfo", *parts).read_bytes()
    except (ModuleNotFoundError, OSError):
        return None


def _parse(data: bytes, last_year: int) -> Changes:
    """Return the offsets that a TZif file holds, continued by the rule in its last line."""
    start, width, letter = 0, 4, "l"
    if data[4:5] >= b"2":  # the 64-bit block follows the 32-bit one
        isutc, isstd, leap, times, types, chars = struct.unpack_from(">6l", data, 20)
        start = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isutc
        width, letter = 8, "q"
    isutc, isstd, leap, times, types, chars = struct.unpack_from(">6l", data, start + 20)
    at = start + 44
    instants = struct.unpack_from(f">{times}{letter}", data, at)
    indices = data[at + times * width : at + times * (width + 1)]
    at += times * (width + 1)
    kinds = [struct.unpack_from(">lbB", data, at + 6 * kind) for kind in range(types)]
    at += types * 6 + chars + leap * (width + 4) + isstd + isutc
    before = next((offset for offset, is_dst, _ in kinds if not is_dst), kinds[0][0])
    changes = [(_EARLIEST, before)]
    changes += [(instant, kinds[index][0]) for instant, index in zip(instants, indices, strict=True)]
    tail = data[at:].strip(b"\n").decode() if width == 8 else ""
    return _without_repeats(changes + _continue(tail, changes[-1][0], last_year))


def _without_repeats(changes: Changes) -> Changes:
    kept = changes[:1]
    for change in changes[1:]:
        if change[1] != kept[-1][1] and change[0] > kept[-1][0]:
            kept.append(change)
    return kept


def _continue(rule: str, after: int, last_year: int) -> Changes:
    """Return the changes that a POSIX rule (``EST5EDT,M3.2.0,M11.1.0``) brings after an instant."""
    match = _RULE.fullmatch(rule)
    if match is None or match["dst"] is None:
        return []
    standard = -_seconds(match["std_offset"])
    summer = -_seconds(match["dst_offset"]) if match["dst_offset"] else standard + 3_600
    first_year = date.fromordinal(max(after, 0) // _DAY + _EPOCH_ORDINAL).year
    changes = []
    for year in range(first_year, last_year + 1):
        changes.append((_rule_second(match["start"], year) - standard, summer))
        changes.append((_rule_second(match["end"], year) - summer, standard))
    return sorted(change for change in changes if change[0] > after)


def _rule_second(rule: str, year: int) -> int:
    """Return the wall-clock second since 1970 at which a rule (``M3.2.0/1``) strikes in a year."""
    day_rule, _, time = rule.partition("/")
    new_year = date(year, 1, 1).toordinal() - _EPOCH_ORDINAL
    if day_rule[0] == "M":
        month, week, weekday = map(int, day_rule[1:].split("."))
        first = date(year, month, 1)
        day = first.toordinal() - _EPOCH_ORDINAL + (weekday - first.isoweekday()) % 7 + 7 * (week - 1)
        following = date(year + month // 12, month % 12 + 1, 1).toordinal() - _EPOCH_ORDINAL
        if day >= following:  # the fifth such day means the last one
            day -= 7
    elif day_rule[0] == "J":  # counted without the 29th of February
        number = int(day_rule[1:])
        leap_day = date(year, 3, 1).toordinal() - date(year, 2, 28).toordinal() == 2
        day = new_year + number - 1 + (leap_day and number >= 60)
    else:
        day = new_year + int(day_rule)
    return day * _DAY + (_seconds(time) if time else 7_200)


def _seconds(text: str) -> int:
    """Return the seconds of ``[-]h[:mm[:ss]]``."""
    sign = -1 if text.startswith("-") else 1
    parts = [int(part) for part in text.lstrip("+-").split(":")]
    return sign * sum(part * unit for part, unit in zip(parts, (3_600, 60, 1), strict=False))

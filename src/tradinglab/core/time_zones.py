"""Time zones that markets live in, by name."""

from __future__ import annotations

from tradinglab.core.clock import Zone, zone
from tradinglab.core.dual import Dual, DualType, fold
from tradinglab.core.surface import missing_member

_NAMES = {
    "UTC": "UTC",
    "EASTERN_STANDARD": "UTC-05",
    "BUENOS_AIRES": "America/Argentina/Buenos_Aires",
    **{name.rpartition("/")[2].upper(): name for name in (
        "Africa/Cairo", "Africa/Johannesburg", "America/Anchorage", "America/Chicago", "America/Denver",
        "America/Detroit", "America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Phoenix",
        "America/Sao_Paulo", "America/Toronto", "America/Vancouver", "Asia/Hong_Kong", "Asia/Jerusalem",
        "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo", "Australia/Brisbane", "Australia/Melbourne",
        "Australia/Sydney", "Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Bucharest",
        "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul", "Europe/London", "Europe/Madrid", "Europe/Minsk",
        "Europe/Moscow", "Europe/Paris", "Europe/Rome", "Europe/Zurich", "Pacific/Auckland", "Pacific/Honolulu",
    )},
}  # fmt: skip
_BY_FOLDED_NAME = {fold(name): iana for name, iana in _NAMES.items()}


class _TimeZonesType(DualType):
    """Makes a zone when it is first asked for: reading them all would take longer than most programs need."""

    def __getattr__(cls, name: str) -> Zone:  # noqa: N805 - the self of a metaclass
        iana = _BY_FOLDED_NAME.get(fold(name))
        if iana is None:
            raise missing_member(cls, name)
        return zone(iana)

    def __dir__(cls) -> list[str]:  # noqa: N805
        return [*super().__dir__(), *_NAMES]


class TimeZones(Dual, metaclass=_TimeZonesType):
    """Time zones as constants: ``TimeZones.NEW_YORK``."""

"""Properties that an author hangs on a security: ``security.ema = …``, ``security["ema"]``, ``security.get("ema")``."""

from __future__ import annotations

from typing import Any

from tradinglab.core.dual import Spelled


class _Getter:
    """``security.get(key)`` and ``security.get[Type](key)``."""

    __slots__ = ("_properties",)

    def __init__(self, properties: dict[str, Any]) -> None:
        self._properties = properties

    def __call__(self, key: str) -> Any:
        return self._properties[key]

    def __getitem__(self, value_type: type) -> _Getter:
        return self


class _Remover(_Getter):
    """``security.remove(key)`` and ``security.remove[Type](key)``."""

    __slots__ = ()

    def __call__(self, key: str) -> bool:
        return self._properties.pop(key, _ABSENT) is not _ABSENT

    def __getitem__(self, value_type: type) -> _Remover:
        return self


_ABSENT = object()


class DynamicProperties(Spelled):
    """Takes any attribute that the class does not have; it also reads as an item and through ``get``."""

    __slots__ = ("__dict__",)

    def __getitem__(self, key: str) -> Any:
        return self.__dict__[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.__dict__[key] = value

    def add(self, key: str, value: Any) -> None:
        """Set a property."""
        self.__dict__[key] = value

    def set(self, key: str, value: Any) -> None:
        """Set a property."""
        self.__dict__[key] = value

    @property
    def get(self) -> _Getter:
        """Get a property: ``security.get(key)`` or ``security.get[Type](key)``; KeyError if there is none."""
        return _Getter(self.__dict__)

    @property
    def remove(self) -> _Remover:
        """Remove a property: ``security.remove(key)``; returns whether there was one."""
        return _Remover(self.__dict__)

    def try_get(self, key: str) -> tuple[bool, Any]:
        """Return whether there is a property, and its value."""
        return key in self.__dict__, self.__dict__.get(key)

    def clear(self) -> None:
        """Remove all properties."""
        self.__dict__.clear()

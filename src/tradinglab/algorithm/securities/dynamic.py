"""Properties that an author hangs on a security: ``security.ema = …``, ``security["ema"]``, ``security.get("ema")``."""

from __future__ import annotations

from typing import Any

from tradinglab.core.dual import Dual


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


class DynamicProperties(Dual):
    """Takes any attribute that the class does not have into a dictionary of the author's own."""

    __slots__ = ()

    @property
    def _properties(self) -> dict[str, Any]:
        raise NotImplementedError

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            object.__setattr__(self, name, value)
        except AttributeError:
            if hasattr(type(self), name):
                raise
            self._properties[name] = value

    def _missing(self, name: str) -> Any:
        if not name.startswith("__"):
            properties = self._properties
            if name in properties:
                return properties[name]
        return self._missing_member(name)

    def _missing_member(self, name: str) -> Any:
        return super()._missing(name)

    def __getitem__(self, key: str) -> Any:
        return self._properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._properties[key] = value

    def add(self, key: str, value: Any) -> None:
        """Set a property."""
        self._properties[key] = value

    def set(self, key: str, value: Any) -> None:
        """Set a property."""
        self._properties[key] = value

    @property
    def get(self) -> _Getter:
        """Get a property: ``security.get(key)`` or ``security.get[Type](key)``; KeyError if there is none."""
        return _Getter(self._properties)

    @property
    def remove(self) -> _Remover:
        """Remove a property: ``security.remove(key)``; returns whether there was one."""
        return _Remover(self._properties)

    def try_get(self, key: str) -> tuple[bool, Any]:
        """Return whether there is a property, and its value."""
        return key in self._properties, self._properties.get(key)

    def clear(self) -> None:
        """Remove all properties."""
        self._properties.clear()

"""Dictionaries as an author's Python sees LEAN's: pairs when iterated, and Python's own methods."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Generic, NoReturn, TypeVar, overload

from tradinglab.algorithm.slice import KeyValuePair
from tradinglab.core.dual import Spelled

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")


class ExtendedDictionary(Spelled, Generic[K, V]):
    """A read-only mapping with the methods of a Python dict; iterating it gives pairs.

    A subclass provides ``_table``, the dict behind it, and may widen what counts as a key.
    """

    __slots__ = ()

    @abstractmethod
    def _table(self) -> dict[K, V]:
        """Return the dict behind the mapping."""

    def _find(self, key: object) -> V | None:
        """Return the value of a key in any of its forms, or ``None``."""
        return self._table().get(key)  # type: ignore[arg-type]

    def _missing_key(self, key: object) -> KeyError:
        return KeyError(f"'{key}' was not found in {type(self).__name__}.")

    def __getitem__(self, key: object) -> V:
        found = self._find(key)
        if found is None:
            raise self._missing_key(key)
        return found

    def __contains__(self, key: object) -> bool:
        return self._find(key) is not None

    def __iter__(self) -> Iterator[KeyValuePair[V]]:
        return iter([KeyValuePair(key, value) for key, value in self._table().items()])

    def __len__(self) -> int:
        return len(self._table())

    def __bool__(self) -> bool:
        return True

    @property
    def count(self) -> int:
        """The number of entries."""
        return len(self)

    @property
    def is_read_only(self) -> bool:
        """Whether entries cannot be set or removed by the author."""
        return True

    def contains_key(self, key: object) -> bool:
        """Return whether there is an entry for *key*."""
        return key in self

    @overload
    def get(self, key: object) -> V | None: ...
    @overload
    def get(self, key: object, default_value: V | D) -> V | D: ...
    def get(self, key: object, default_value: V | D | None = None) -> V | D | None:
        """Return the value of *key*, or the default."""
        found = None if key is None else self._find(key)
        return default_value if found is None else found

    def try_get_value(self, key: object) -> tuple[bool, V | None]:
        """Return whether *key* has a value, and the value."""
        found = self.get(key)
        return found is not None, found

    Keys = property(lambda self: self.keys(), doc="The keys.")
    Values = property(lambda self: self.values(), doc="The values.")

    def keys(self) -> list[K]:
        """Return the keys."""
        return list(self._table())

    def values(self) -> list[V]:
        """Return the values."""
        return list(self._table().values())

    def items(self) -> list[tuple[K, V]]:
        """Return the entries as tuples."""
        return list(self._table().items())

    get_keys = keys
    get_values = values

    def get_items(self) -> list[KeyValuePair[V]]:
        """Return the entries as pairs."""
        return list(self)

    def copy(self) -> dict[K, V]:
        """Return the entries as a plain dict."""
        return dict(self._table())

    def fromkeys(self, sequence: Iterable[object], value: V | None = None) -> dict[object, V | None]:
        """Return a plain dict with the given keys and, for those that have none here, *value*."""
        return {key: self.get(key, value) for key in sequence if key is not None}

    def setdefault(self, key: object, default_value: V | None = None) -> V | None:
        """Return the value of *key*; a mapping that is only read cannot take a default."""
        found = self.get(key)
        if found is None:
            raise self._missing_key(key)
        return found

    def clear(self) -> None:
        """Refuse: the mapping is only read."""
        self._refuse("clear")

    def pop(self, key: object, default_value: V | None = None) -> V | None:
        """Refuse: the mapping is only read."""
        self._refuse("pop")

    def remove(self, key: object) -> bool:
        """Refuse: the mapping is only read."""
        self._refuse("remove")

    def popitem(self) -> tuple[K, V]:
        """Refuse, as LEAN does."""
        self._refuse("popitem")

    def update(self, other: object) -> None:
        """Refuse: the mapping is only read."""
        self._refuse("update")

    def _refuse(self, what: str) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__} does not support '{what}': it is kept by the engine.")

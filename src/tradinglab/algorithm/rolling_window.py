"""The last items of a series, newest first."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tradinglab.core.dual import Derivable, Dual

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")

_ZEROS: dict[object, object] = {float: 0.0, int: 0, bool: False, Decimal: Decimal(0)}


class RollingWindow(Derivable, Generic[T]):
    """Keeps the last ``size`` items: ``window[0]`` is the newest, ``window[-1]`` the oldest.

    Reading beyond the newest ``size`` items grows the window and gives what LEAN's empty item
    is: zero in a ``RollingWindow[float]``, else ``None``.
    """

    def __init__(self, size: int) -> None:
        if size < 0:
            raise ValueError(f"A rolling window holds 0 items or more; size was {size}.")
        self._items: list[T] = []
        self._size = size
        self._samples = 0
        self._removed: T | None = None

    @property
    def size(self) -> int:
        """How many items the window keeps at most. Shrinking drops the oldest."""
        return self._size

    @size.setter
    def size(self, value: int) -> None:
        self._resize(value)

    def _resize(self, size: int) -> None:
        excess = len(self._items) - size
        if excess > 0:
            del self._items[:excess]
        self._size = size

    @property
    def count(self) -> int:
        """How many items the window holds."""
        return len(self._items)

    @property
    def samples(self) -> int:
        """How many items were ever added."""
        return self._samples

    @property
    def is_ready(self) -> bool:
        """Whether as many items were added as the window keeps."""
        return self._samples >= self._size

    @property
    def most_recently_removed(self) -> T:
        """The item that the last addition pushed out."""
        if self._samples <= self._size:
            raise ValueError("No items have been removed from the rolling window yet.")
        return self._removed  # type: ignore[return-value]

    def add(self, item: T) -> None:
        """Add *item* as the newest; the oldest leaves when the window is full."""
        items = self._items
        self._samples += 1
        if len(items) >= self._size:
            if not items:
                self._removed = item
                return
            self._removed = items.pop(0)
        items.append(item)

    def reset(self) -> None:
        """Forget everything."""
        self._items.clear()
        self._samples = 0

    def _empty_item(self) -> Any:
        alias = self.__dict__.get("__orig_class__")
        return None if alias is None else _ZEROS.get(alias.__args__[0])

    def __getitem__(self, index: int) -> T:
        items = self._items
        if 0 <= index < len(items):
            return items[-1 - index]
        if index < 0:
            if self._size + index < 0:
                raise IndexError(f"Index {index} is outside of a rolling window of size {self._size}.")
            return items[-1 - index - len(items)] if index + len(items) >= 0 else self._empty_item()
        self._size = max(self._size, index + 1)
        return self._empty_item()  # type: ignore[no-any-return]

    def __setitem__(self, index: int, item: T) -> None:
        if index < 0:
            if self._size + index < 0:
                raise IndexError(f"Index {index} is outside of a rolling window of size {self._size}.")
            index += self._size
        if index >= len(self._items):
            self._size = max(self._size, index + 1)
            for _ in range(index + 1 - len(self._items)):
                self.add(self._empty_item())
        self._items[-1 - index] = item

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[T]:
        return iter(self._items[::-1])


class WindowBase(Dual, Generic[T]):
    """Something that remembers its last values: ``self[0]`` is the current one, ``self[1]`` the one before."""

    _window: RollingWindow[T] | None = None

    @property
    def window(self) -> RollingWindow[T]:
        """The last values, two of them unless more are asked for."""
        if self._window is None:
            self._window = RollingWindow(2)
        return self._window

    @property
    def current(self) -> T:
        """The last value."""
        return self.window[0]

    @property
    def previous(self) -> T | None:
        """The value before the last."""
        window = self.window
        return window[1] if window.count > 1 else None

    def _remember(self, value: T) -> None:
        self.window.add(value)

    def _forget_window(self) -> None:
        if self._window is not None:
            self._window.reset()

    def __getitem__(self, index: int) -> T:
        return self.window[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self.window)

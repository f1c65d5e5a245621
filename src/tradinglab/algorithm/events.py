"""Events that an author listens to with ``+=`` and leaves with ``-=``, as in C#."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Handler = Callable[..., object]


class Event:
    """A list of handlers that are called in the order in which they were added.

    A handler that adds or removes handlers while the event is raised does so from the next time on.
    """

    __slots__ = ("_handlers",)

    def __init__(self) -> None:
        self._handlers: tuple[Handler, ...] = ()

    def __iadd__(self, handler: Handler) -> Event:
        if not callable(handler):
            raise TypeError(f"An event takes something that can be called; it was {handler!r}.")
        self._handlers = (*self._handlers, handler)
        return self

    def __isub__(self, handler: Handler) -> Event:
        handlers = list(self._handlers)
        for index in range(len(handlers) - 1, -1, -1):
            if handlers[index] == handler:
                del handlers[index]
                self._handlers = tuple(handlers)
                break
        return self

    def __call__(self, *args: object) -> None:
        """Raise the event: call every handler."""
        for handler in self._handlers:
            handler(*args)

    def __bool__(self) -> bool:
        """Whether anybody listens."""
        return bool(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)

    def __iter__(self) -> Iterator[Handler]:
        return iter(self._handlers)

    def clear(self) -> None:
        """Forget all handlers."""
        self._handlers = ()


class EventMember:
    """A member of a class that is an :class:`Event` of each instance.

    The event is made when first asked for, so that a strategy's class that does not call the
    constructor of its base has it too. Assigning is what ``owner.event += handler`` ends with.
    """

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = self._name or "_event_" + name  # two names of one member are one event
        _add_pascal_name(owner, name, self)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        members = instance.__dict__
        event = members.get(self._name)
        if event is None:
            event = members[self._name] = Event()
        return event

    def is_heard(self, instance: Any) -> bool:
        """Return whether anybody listens; the event is not made for that."""
        return bool(instance.__dict__.get(self._name))

    def __set__(self, instance: Any, event: Event) -> None:
        if event is not self.__get__(instance):
            raise AttributeError("An event is changed with += and -= only.")


def _add_pascal_name(owner: type, name: str, member: EventMember) -> None:
    """Give an event its second spelling: ``data_consolidated`` is ``DataConsolidated``, too."""
    setattr(owner, "".join(part.capitalize() for part in name.split("_")), member)

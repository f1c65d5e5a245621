"""What an operation asks of the world, one step at a time.

An operation is a generator: it yields steps and is sent what came of them. It does no input or output itself, so that
one text serves both faces of the client; `drivers` carries the steps out, blocking or awaiting.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TypeAlias, TypeVar, cast

from tradinglab.core.values import dataclass, field

T = TypeVar("T")
#: Says whether the caller has lost interest.
IsCancelled: TypeAlias = Callable[[], bool]


@dataclass(slots=True, frozen=True, kw_only=True)
class Request:
    """One HTTP request, signed and ready to be sent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    json: Mapping[str, object] | None = field(default=None, repr=False)
    #: Fields and the file of a form with parts.
    form: Mapping[str, str] | None = field(default=None, repr=False)
    file: tuple[str, bytes] | None = field(default=None, repr=False)
    #: When the attempt is given up, by the clock that only goes forward.
    ends_at: float
    most_bytes: int


@dataclass(slots=True, frozen=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    #: Names in lower case.
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    #: Whether the body was longer than it may be, and is not here.
    is_too_long: bool = False


@dataclass(slots=True, frozen=True)
class Send:
    """Send a request."""

    request: Request


@dataclass(slots=True, frozen=True)
class Pause:
    """Wait, but no longer than the caller is interested."""

    seconds: float
    is_cancelled: IsCancelled | None = None


@dataclass(slots=True, frozen=True)
class Ask:
    """Call a function that may block for a moment, such as one that locks a file."""

    question: Callable[[], object]


Step: TypeAlias = Send | Pause | Ask
Plan: TypeAlias = Generator[Step, object, T]


def send(request: Request) -> Plan[Reply]:
    """Send a request and return the reply."""
    return cast(Reply, (yield Send(request)))


def pause(seconds: float, is_cancelled: IsCancelled | None = None) -> Plan[None]:
    """Wait."""
    yield Pause(max(0.0, seconds), is_cancelled)


def ask(question: Callable[[], T]) -> Plan[T]:
    """Call what may block for a moment."""
    return cast(T, (yield Ask(question)))

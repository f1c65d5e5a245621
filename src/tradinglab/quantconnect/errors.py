"""What can go wrong between a program and QuantConnect.

::

    QuantConnectError
    ├── AuthenticationError   user id and token are not accepted
    ├── NotFoundError         there is no such project, file, backtest, …
    ├── InvalidRequestError   the request was understood and refused
    ├── RateLimitError        too many requests; says how long to wait
    ├── NoSpareNodeError      all nodes are busy
    ├── ServerError           the server failed
    ├── TransportError        no answer: no connection, a reset, a timeout
    ├── MalformedAnswerError  an answer that cannot be read
    ├── CircuitOpenError      not asked: the last requests failed, and it is not yet time to try again
    ├── OutcomeUnknownError   the request may have been carried out or not, and must not be repeated
    ├── DeadlineError         what was waited for did not come in time; it may still come
    ├── CancelledError        the caller cancelled the wait
    └── ConfigurationError    credentials or settings that cannot be used

Each says which request it was; none holds the token.
"""

from __future__ import annotations

from typing import ClassVar

from tradinglab.core.errors import TradingLabError
from tradinglab.core.values import dataclass


@dataclass(slots=True, frozen=True, kw_only=True)
class Trace:
    """Which request it was."""

    method: str
    path: str
    attempt: int = 1
    request_id: str = ""
    status: int | None = None

    def __str__(self) -> str:
        parts = [f"{self.method} {self.path}", f"attempt {self.attempt}"]
        if self.status is not None:
            parts.append(f"HTTP {self.status}")
        if self.request_id:
            parts.append(f"request {self.request_id}")
        return ", ".join(parts)


class QuantConnectError(TradingLabError):
    """Root of the client's errors.

    Attributes
    ----------
    reason
        What went wrong, without the request.
    trace
        Which request it was; None if none was made.
    errors
        The server's own texts.
    is_uncertain
        Whether the server may have carried out the request, or an earlier attempt at it, all the same.
    """

    code = "quantconnect"
    _is_uncertain: ClassVar[bool] = False

    def __init__(self, reason: str, *, trace: Trace | None = None, errors: tuple[str, ...] = ()) -> None:
        self.reason = reason
        self.trace = trace
        self.errors = errors
        self.is_uncertain = self._is_uncertain
        super().__init__(f"{reason} ({trace})" if trace else reason)

    @property
    def method(self) -> str | None:
        """The request's method."""
        return self.trace.method if self.trace else None

    @property
    def path(self) -> str | None:
        """The request's path below the base URL."""
        return self.trace.path if self.trace else None

    @property
    def attempt(self) -> int | None:
        """Which attempt it was, from 1."""
        return self.trace.attempt if self.trace else None

    @property
    def request_id(self) -> str | None:
        """The server's number of the request, else the one that was sent along."""
        return self.trace.request_id if self.trace else None

    @property
    def status(self) -> int | None:
        """The HTTP status, if there was an answer."""
        return self.trace.status if self.trace else None


class AuthenticationError(QuantConnectError):
    """User id and token are not accepted."""

    code = "quantconnect_authentication"


class NotFoundError(QuantConnectError):
    """There is no such thing."""

    code = "quantconnect_not_found"


class InvalidRequestError(QuantConnectError):
    """The request was understood and refused."""

    code = "quantconnect_invalid_request"


class RateLimitError(QuantConnectError):
    """There were too many requests.

    Attributes
    ----------
    wait_s
        Seconds until the next may succeed; None if the server did not say.
    """

    code = "quantconnect_rate_limit"
    retryable = True

    def __init__(
        self, reason: str, *, trace: Trace | None = None, errors: tuple[str, ...] = (), wait_s: float | None = None
    ) -> None:
        self.wait_s = wait_s
        super().__init__(reason, trace=trace, errors=errors)


class NoSpareNodeError(QuantConnectError):
    """All nodes are busy: stop what runs there, or try again when it is over."""

    code = "quantconnect_no_spare_node"
    retryable = True


class ServerError(QuantConnectError):
    """The server failed.

    Attributes
    ----------
    wait_s
        Seconds until it wants to be asked again; None if it did not say.
    """

    code = "quantconnect_server"
    retryable = True
    _is_uncertain = True

    def __init__(
        self, reason: str, *, trace: Trace | None = None, errors: tuple[str, ...] = (), wait_s: float | None = None
    ) -> None:
        self.wait_s = wait_s
        super().__init__(reason, trace=trace, errors=errors)


class TransportError(QuantConnectError):
    """There was no answer.

    Attributes
    ----------
    is_sent
        False if the request surely never left; True if it may have arrived.
    """

    code = "quantconnect_transport"
    retryable = True

    def __init__(self, reason: str, *, trace: Trace | None = None, is_sent: bool = True) -> None:
        super().__init__(reason, trace=trace)
        self.is_sent = is_sent
        self.is_uncertain = is_sent


class MalformedAnswerError(QuantConnectError):
    """The answer cannot be read.

    Attributes
    ----------
    is_garbled
        True if it was damaged on the way (cut off, empty, a page of a proxy) and another attempt may bring it whole;
        False if it was whole and not what it should be.
    """

    code = "quantconnect_malformed_answer"
    _is_uncertain = True

    def __init__(self, reason: str, *, trace: Trace | None = None, is_garbled: bool = True) -> None:
        self.is_garbled = is_garbled
        super().__init__(reason, trace=trace)


class CircuitOpenError(QuantConnectError):
    """Nothing was sent: the last requests failed, and it is not yet time to try again.

    Attributes
    ----------
    wait_s
        Seconds until one request will be let through.
    """

    code = "quantconnect_circuit_open"
    retryable = True

    def __init__(self, reason: str, *, trace: Trace | None = None, wait_s: float = 0.0) -> None:
        self.wait_s = wait_s
        super().__init__(reason, trace=trace)


class OutcomeUnknownError(QuantConnectError):
    """A request that must not be carried out twice may have been carried out, and could not be found.

    Attributes
    ----------
    unknown
        What is not known, in words.
    token
        What the name of the thing holds, if it exists; give it to the same call again to have it looked for first.
    project_id
        Where it would be.
    """

    code = "quantconnect_outcome_unknown"
    _is_uncertain = True

    def __init__(
        self, unknown: str, *, trace: Trace | None = None, token: str | None = None, project_id: int | None = None
    ) -> None:
        self.unknown = unknown
        self.token = token
        self.project_id = project_id
        super().__init__(unknown, trace=trace)


class DeadlineError(QuantConnectError):
    """What was waited for did not come in time; wait again with the same ids."""

    code = "quantconnect_deadline"
    retryable = True


class CancelledError(QuantConnectError):
    """The caller cancelled the wait; what runs at QuantConnect goes on."""

    code = "quantconnect_cancelled"


class ConfigurationError(QuantConnectError):
    """Credentials or settings cannot be used as they are."""

    code = "quantconnect_configuration"

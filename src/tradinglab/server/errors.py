"""What the server refuses, and why.

::

    ServerError
    ├── SettingsError         the environment does not hold what the server needs
    ├── InputError            a value that cannot be used; names field and value
    ├── NotFoundError         no such thing, or it is another user's
    ├── DamagedResultError    what a run has left can no longer be read
    ├── StorageError          the store of artefacts does not answer, or refuses the server
    ├── ConflictError         the thing is not in the state that the call needs
    │   └── SlimTrialError    a trial was asked for what only a full run leaves
    ├── LimitReachedError     a user has as much as may be had at once; names limit and current number
    ├── SealError             a stored secret cannot be opened
    └── WeakSandboxError      a second user, where strategies could read each other's files

Each has the HTTP status with which the REST API answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from tradinglab.core.errors import TradingLabError


class ServerError(TradingLabError):
    """Base of the server's errors.

    Attributes
    ----------
    wait
        Seconds after which the same may succeed; ``None`` for what does not pass by itself. It is told as
        ``Retry-After``.
    """

    code = "server_error"
    status: ClassVar[int] = 400
    wait: int | None = None


class SettingsError(ServerError):
    """Settings are missing or cannot be used.

    Attributes
    ----------
    problems
        One line for each setting that is wrong.
    """

    code = "settings"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("The server's settings cannot be used:\n" + "\n".join(f"  {each}" for each in problems))


class InputError(ServerError):
    """A value cannot be used.

    Attributes
    ----------
    field
        Where the value stands in the request.
    value
        What was given.
    """

    code = "invalid"

    def __init__(self, field: str, value: object, message: str) -> None:
        self.field = field
        self.value = value
        super().__init__(message)


class NotFoundError(ServerError):
    """There is no such thing, or it belongs to somebody else."""

    code = "not_found"
    status = 404


class DamagedResultError(ServerError):
    """What a run has left can no longer be read: its bytes have changed in the store."""

    code = "result_damaged"
    status = 404

    def __init__(self) -> None:
        super().__init__(
            "What the run has left is damaged on the server's disk. Run the backtest again, or have the operator "
            "restore a backup."
        )


class StorageError(ServerError):
    """The store of artefacts does not answer; it may in a while.

    Attributes
    ----------
    reason
        What it says, for the operator.
    """

    code = "unavailable"
    status = 503
    wait = 2

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            "What runs have left cannot be reached for now. Try again in a moment; the server's log says why."
        )


class StorageRefusedError(StorageError):
    """The store of artefacts refuses the server, and will until the operator changes something."""


class ConflictError(ServerError):
    """The thing is not in the state that the call needs."""

    code = "conflict"
    status = 409


class SlimTrialError(ConflictError):
    """A trial of a search was asked for what only a full run leaves."""

    code = "slim_trial"

    def __init__(self, run_id: UUID, artefact: str) -> None:
        super().__init__(
            f"The backtest {run_id} is a trial of a search, which keeps what it is judged by and has no '{artefact}'. "
            f"'POST /api/v1/backtests/{run_id}/open/' runs it again in full, to the same figures, once; so does the "
            "button on its page."
        )


class LimitReachedError(ServerError):
    """A user has as many of something as may be had at once.

    Attributes
    ----------
    limit
        How many there may be.
    current
        How many there are.
    """

    code = "limit_reached"
    status = 429

    def __init__(self, message: str, *, limit: int, current: int) -> None:
        self.limit = limit
        self.current = current
        super().__init__(message)


class TooManyQueuedError(LimitReachedError):
    """A user has as many runs waiting as may wait."""

    code = "too_many_queued"
    wait = 10


class IdempotencyKeyReusedError(ServerError):
    """An idempotency key came before, with another request."""

    code = "idempotency_key_reused"
    status = 422


class WeakSandboxError(ServerError):
    """A second user was to be made on a machine whose sandbox does not keep users apart."""

    code = "weak_sandbox"
    status = 409


class SealError(ServerError):
    """No key opens a stored secret."""

    code = "seal_broken"
    status = 409

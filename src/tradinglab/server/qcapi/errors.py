"""Why a request is not even looked at.

::

    ServerError
    ├── SignatureError     the signature is missing, wrong, or too old
    ├── UnreadableError    the body cannot be read
    ├── BusyError          too many do the same already
    ├── LockedError        another editor holds a project's lock
    └── ForbiddenError     the token or the role does not allow it
"""

from __future__ import annotations

from tradinglab.server.errors import ServerError


class SignatureError(ServerError):
    """The signature is missing, wrong or too old; which of them is not told."""

    code = "signature"
    status = 401

    def __init__(self) -> None:
        # Clients look for these words.
        super().__init__(
            "The API token hash is not valid. This could be due to an old hash, invalid API token, or an invalid "
            "timestamp."
        )


class TooManyFailuresError(SignatureError):
    """So many signatures were wrong that none is tried for a while."""

    code = "too_many_attempts"


class UnreadableError(ServerError):
    """The body of a request cannot be read."""

    code = "unreadable"


class ForbiddenError(ServerError):
    """The token may not do that."""

    code = "permission_denied"


class BusyError(ServerError):
    """So many do the same already that one has to come again.

    Attributes
    ----------
    retry_after_s
        When.
    """

    code = "busy"
    retryable = True

    def __init__(self, text: str, *, retry_after_s: int) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class LockedError(ServerError):
    """Another editor holds a project's lock."""

    code = "locked"

    def __init__(self, holder: str) -> None:
        # The command line looks for 'write permission', and then proposes --force.
        super().__init__(
            f"The editor '{holder}' holds the project's lock, so this one has no write permission. Acquire the lock "
            "with projects/collaboration/lock/acquire, or leave 'codeSourceId' out."
        )

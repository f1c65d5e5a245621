"""What QuantConnect answered, or did not, as the server's own errors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from tradinglab.quantconnect import (
    AuthenticationError,
    ConfigurationError,
    InvalidRequestError,
    NoSpareNodeError,
    NotFoundError,
    OutcomeUnknownError,
    QuantConnectError,
    RateLimitError,
)
from tradinglab.server import errors

_WAIT_S = 5
_NODE_WAIT_S = 30
_LONGEST_WAIT_S = 300


class CloudError(errors.ServerError):
    """QuantConnect could not, or would not, do what was asked."""

    code = "quantconnect"
    status: ClassVar[int] = 502


class CloudUnreachableError(CloudError):
    """QuantConnect does not answer, or its answer cannot be read; it may in a while."""

    code = "quantconnect_unreachable"


class CloudRefusedError(CloudError):
    """QuantConnect understood the request, and refused it."""

    code = "quantconnect_refused"
    status = 409


class CloudCredentialsError(CloudError):
    """QuantConnect does not accept the stored user id and token."""

    code = "quantconnect_credentials"
    status = 409


class CloudBusyError(CloudError):
    """All nodes at QuantConnect are busy."""

    code = "quantconnect_no_spare_node"
    status = 409


class CloudRateError(CloudError):
    """QuantConnect wants fewer requests."""

    code = "quantconnect_rate_limit"
    status = 429


class CloudUnknownError(CloudError):
    """It is not known whether QuantConnect carried a request out."""

    code = "quantconnect_outcome_unknown"


def cloud_error(error: QuantConnectError) -> errors.ServerError:
    """Return what the client's error is called here."""
    said = error.reason
    made: errors.ServerError
    match error:
        case AuthenticationError():
            made = CloudCredentialsError(
                f"QuantConnect does not accept the user id and token: {said} Copy both anew from Account > Security at "
                "QuantConnect, and look at this machine's clock."
            )
        case NotFoundError():
            made = errors.NotFoundError(f"QuantConnect has no such thing: {said}")
        case NoSpareNodeError():
            made = CloudBusyError(f"QuantConnect has no spare node: {said} Stop what runs there, or try again later.")
            made.wait = _NODE_WAIT_S
        case RateLimitError():
            made = CloudRateError(f"QuantConnect wants fewer requests: {said}")
            made.wait = _whole(error.wait_s)
        case OutcomeUnknownError():
            made = CloudUnknownError(said)
        case InvalidRequestError() | ConfigurationError():
            made = CloudRefusedError(f"QuantConnect refused: {said}")
        case _:
            made = CloudUnreachableError(f"QuantConnect does not answer as it should: {said} Try again later.")
            made.wait = _whole(getattr(error, "wait_s", None))
    return made


def _whole(wait_s: float | None) -> int:
    return _WAIT_S if wait_s is None or not math.isfinite(wait_s) else min(math.ceil(wait_s), _LONGEST_WAIT_S)


@contextmanager
def told() -> Iterator[None]:
    """Have what the client raises inside go on as the server's own error."""
    try:
        yield
    except QuantConnectError as error:
        # The client's traceback ends here: what it holds is for nobody's log.
        raise cloud_error(error) from None


class CloudConflictError(CloudError):
    """Files were changed on the side that would be overwritten.

    Attributes
    ----------
    files
        Their names.
    """

    code = "quantconnect_conflict"
    status = 409

    def __init__(self, files: tuple[str, ...], where: str, what_to_do: str) -> None:
        self.files = files
        shown = ", ".join(files[:20])
        super().__init__(f"These files were changed {where} since both sides agreed: {shown}. {what_to_do}")

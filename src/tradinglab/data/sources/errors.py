"""What can go wrong between this machine and a source of bars.

::

    SourceError
    ├── UnknownSymbolError     the source does not know the security
    ├── NotServedError         it has no bars of this kind, or not on this plan
    ├── CredentialError        its key is missing or not accepted
    ├── RefusedError           it understood the request and does not answer it
    ├── RateLimitedError       too many requests; says how long to wait
    ├── QuotaUsedUpError       no more requests today; says how long to wait
    ├── UnavailableError       it failed, or could not be reached
    ├── GarbledReplyError      what it sent is cut off, a web page, or not what it should be
    ├── SourcePausedError      not asked: it failed again and again, and it is not yet time to try again
    ├── FetchCancelledError    the caller lost interest
    └── SourceSettingError     a source or a setting that cannot be used

Each names the source, and none holds a key.
"""

from __future__ import annotations

from tradinglab.data.errors import DataError


class SourceError(DataError):
    """Root of the errors of sources.

    Attributes
    ----------
    source
        The source's name.
    symbol
        What it was asked for, as the user calls it; empty if nothing in particular.
    reason
        What went wrong.
    wait_s
        Seconds until it makes sense to ask again; None if it is not known, or makes none.
    """

    code = "source"

    def __init__(self, source: str, reason: str, *, symbol: str = "", wait_s: float | None = None) -> None:
        self.source = source
        self.symbol = symbol
        self.reason = reason
        self.wait_s = wait_s
        super().__init__(f"{source}, {symbol}: {reason}" if symbol else f"{source}: {reason}")


class UnknownSymbolError(SourceError):
    """The source does not know the security."""

    code = "source_unknown_symbol"


class NotServedError(SourceError):
    """The source has no bars of this kind, or does not give them on this plan."""

    code = "source_not_served"


class CredentialError(SourceError):
    """The key of a source is missing or not accepted."""

    code = "source_credential"


class RefusedError(SourceError):
    """The source understood the request and does not answer it."""

    code = "source_refused"


class RateLimitedError(SourceError):
    """There were too many requests."""

    code = "source_rate_limited"
    retryable = True


class QuotaUsedUpError(SourceError):
    """There are no more requests for today."""

    code = "source_quota_used_up"
    retryable = True


class UnavailableError(SourceError):
    """The source failed, or could not be reached."""

    code = "source_unavailable"
    retryable = True


class GarbledReplyError(SourceError):
    """What the source sent is cut off, a web page, or not what it should be."""

    code = "source_garbled_reply"
    retryable = True


class SourcePausedError(SourceError):
    """Nothing was sent: the source failed again and again, and it is not yet time to try again."""

    code = "source_paused"
    retryable = True


class FetchCancelledError(SourceError):
    """The caller lost interest."""

    code = "source_cancelled"


class SourceSettingError(SourceError):
    """A source or a setting of it cannot be used."""

    code = "source_setting"

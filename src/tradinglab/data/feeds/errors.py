"""What can be wrong with a feed."""

from __future__ import annotations

from tradinglab.data.errors import DataError


class FeedError(DataError):
    """Root of the errors of feeds."""

    code = "feed"


class FeedSpecError(FeedError):
    """There is no such feed."""

    code = "feed_spec"


class NotFedError(FeedError):
    """A strategy wants bars that its feed does not have."""

    code = "feed_not_offered"

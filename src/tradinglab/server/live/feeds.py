"""The feeds that a deployment may have."""

from __future__ import annotations

from tradinglab.data.feeds.errors import FeedSpecError
from tradinglab.data.feeds.opening import feed_problem
from tradinglab.data.feeds.spec import FeedKind, FeedSpec
from tradinglab.server.backtests.data_sources import NamedSource, data_source_get, data_source_usual, data_source_wanted
from tradinglab.server.errors import InputError


def feed_wanted(*, name: str) -> FeedSpec:
    """Return the feed that a request names.

    Raises
    ------
    InputError
        If there is none.
    """
    try:
        spec = FeedSpec.parse(name)
    except FeedSpecError as error:
        raise InputError("data", name, str(error)) from None
    if spec.kind == FeedKind.REPLAY:
        data_source_wanted(name=spec.source)
        return spec
    problem = feed_problem(spec)
    if problem:
        raise InputError("data", name, problem)
    return spec


def feed_stored(*, spec: FeedSpec) -> NamedSource:
    """Return what is stored from before a feed's bars, and of what it does not offer; for a replay, what it replays.

    Raises
    ------
    NotFoundError
        If the source is not there any more.
    """
    return data_source_get(name=spec.source) if spec.kind == FeedKind.REPLAY else data_source_usual()

"""How indicators stop reading arrays, and how they take up others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.algorithm.indicators.tracks import BarSeries, Link, point_of

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.indicators.base import IndicatorBase


def release(link: Link, *, replay: bool) -> None:
    """Let all indicators of a tree stream again, from the state that the bars so far give."""
    last = link.feed.row()
    for node in link.nodes:
        node._track = None
    if replay:
        for row in range(link.offset, last + 1):
            link.owner.consume(_input(link, row))
    link.feed.stream()


def follow_anew(indicator: IndicatorBase) -> None:
    """Let an attached indicator read arrays over its feed's new columns, whose rows so far are the same."""
    track = indicator._track
    if track is None:
        return
    for node in track.link.nodes:
        node._track = None
    if not indicator.attach(track.link.feed):
        release(track.link, replay=True)


def _input(link: Link, row: int) -> BaseData:
    feed, source = link.feed, link.source
    if isinstance(source, BarSeries):
        return feed.bar(row)
    return point_of(feed.symbol, feed.time(row), source.view[row - link.offset])

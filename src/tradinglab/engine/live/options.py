"""How a live run is set up."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tradinglab.core.values import dataclass, field
from tradinglab.data.feeds.protocol import Feed
from tradinglab.engine.live.link import LiveLink, SilentLink
from tradinglab.engine.live.pace import Pace


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What an account holds of a security when a run starts.

    Attributes
    ----------
    symbol_id
        LEAN's identifier, ``BTCUSD 2XR``; empty where only the ticker is known.
    ticker
        The ticker, which finds a security that the strategy adds.
    """

    symbol_id: str
    ticker: str
    quantity: Decimal
    average_price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """What the caller of a live run sets.

    Attributes
    ----------
    pace
        The clock.
    end_ns
        The instant at which the run ends by itself; ``None`` for one that goes on until it is stopped.
    repeat
        Whether the last weeks of stored bars come again after the last one.
    feed
        What brings the bars; ``None`` for a replay of the stored ones by *pace*.
    cash
        Amounts by currency, in place of the strategy's own; empty leaves them to the strategy.
    positions
        What the account holds at the start.
    parameters
        Values for ``get_parameter``.
    orders_before
        How many orders were sent by this account before; their numbers are not given out again.
    open_orders
        Those of them that may still be filled, as LEAN's JSON with their ``events``.
    deployment_id
        What the run is called in its log and in the ids of its order events.
    """

    pace: Pace
    end_ns: int | None = None
    repeat: bool = False
    feed: Feed | None = None
    cash: Mapping[str, Decimal] = field(default_factory=dict)
    positions: tuple[Position, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    orders_before: int = 0
    open_orders: tuple[Mapping[str, Any], ...] = ()
    deployment_id: str = ""
    seed: int | None = None
    link: LiveLink = field(default_factory=SilentLink)

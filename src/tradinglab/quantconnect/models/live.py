"""Live deployments."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import Field

from tradinglab.quantconnect.models.base import Answered, Flag, Items, Map, Moment, Number, Whole

_OVER = frozenset({"stopped", "liquidated", "deleted", "completed", "runtimeerror", "deployerror", "invalid"})


class LiveFile(Answered):
    """A file as it was deployed."""

    name: str = ""
    content: str = ""


class LiveDeployment(Answered):
    """A deployment of a project."""

    deploy_id: str
    project_id: Whole = None
    project_name: str = ""
    status: str = ""
    launched: Moment = None
    stopped: Moment = None
    brokerage: str = ""
    subscription: str = ""
    security_types: str = ""
    datacenter: str = ""
    environment: str = ""
    description: str = ""
    equity: Number = None
    public: Flag = False
    message: str = ""
    error: str = ""
    files: Items[LiveFile] = ()
    charts: Map[str, object] = Field(default_factory=dict)
    runtime_statistics: Map[str, str] = Field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether it trades no more."""
        return self.status.replace(" ", "").lower() in _OVER or self.stopped is not None


class Holding(Answered):
    """What is held of a security; the API's letters in words."""

    average_price: Number = Field(default=None, validation_alias="a")
    quantity: Number = Field(default=None, validation_alias="q")
    price: Number = Field(default=None, validation_alias="p")
    value: Number = Field(default=None, validation_alias="v")
    unrealized: Number = Field(default=None, validation_alias="u")
    unrealized_percent: Number = Field(default=None, validation_alias="up")


class Cash(Answered):
    """What is held of a currency."""

    symbol: str = ""
    amount: Number = None
    conversion_rate: Number = None
    currency_symbol: str = ""
    value_in_account_currency: Number = None


class LivePortfolio(Answered):
    """What a deployment holds, as of minutes ago."""

    holdings: Map[str, Holding] = Field(default_factory=dict)
    cash: Map[str, Cash] = Field(default_factory=dict)

    @property
    def is_flat(self) -> bool:
        """Whether no security is held."""
        return not any(each.quantity for each in self.holdings.values())


class LiveLogPage(NamedTuple):
    """Lines of the log of all of a project's deployments.

    Attributes
    ----------
    lines
        Some of them.
    length
        How many there are in all; None if that is not told.
    offset
        How many come before those of the deployment that was asked for.
    """

    lines: tuple[str, ...]
    length: int | None
    offset: int

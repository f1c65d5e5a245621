"""What a brokerage says about an order that it does not take."""

from __future__ import annotations

from tradinglab.core.dual import Dual, DualEnum


class BrokerageMessageType(DualEnum):
    """The kind of a brokerage's message."""

    INFORMATION = 0
    WARNING = 1
    ERROR = 2
    RECONNECT = 3
    DISCONNECT = 4
    ACTION_REQUIRED = 5


class BrokerageMessageEvent(Dual):
    """A brokerage's message: its kind, a code and a text."""

    __slots__ = ("code", "message", "type")

    def __init__(self, type: BrokerageMessageType, code: str | int, message: str) -> None:
        self.type = type
        self.code = str(code)
        self.message = message

    def __str__(self) -> str:
        return f"{self.type} - Code: {self.code} - {self.message}"

    to_string = __str__


def not_supported(message: str) -> BrokerageMessageEvent:
    """Return the message that a brokerage does not do what was asked."""
    return BrokerageMessageEvent(BrokerageMessageType.WARNING, "NotSupported", message)

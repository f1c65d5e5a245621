"""A client of QuantConnect's REST API. ``docs/quantconnect.md`` shows how it is used."""

from __future__ import annotations

from tradinglab.core.lazy_names import lazy_names

with lazy_names(globals()):
    from tradinglab.quantconnect.client import AsyncQuantConnect, QuantConnect
    from tradinglab.quantconnect.credentials import Credentials
    from tradinglab.quantconnect.errors import (
        AuthenticationError,
        CancelledError,
        CircuitOpenError,
        ConfigurationError,
        DeadlineError,
        InvalidRequestError,
        MalformedAnswerError,
        NoSpareNodeError,
        NotFoundError,
        OutcomeUnknownError,
        QuantConnectError,
        RateLimitError,
        ServerError,
        TransportError,
    )
    from tradinglab.quantconnect.settings import BASE_URL, LostAnswers, Retries, Settings, Timeouts
    from tradinglab.quantconnect.shared import Shared

__all__ = [
    "BASE_URL",
    "AsyncQuantConnect",
    "AuthenticationError",
    "CancelledError",
    "CircuitOpenError",
    "ConfigurationError",
    "Credentials",
    "DeadlineError",
    "InvalidRequestError",
    "LostAnswers",
    "MalformedAnswerError",
    "NoSpareNodeError",
    "NotFoundError",
    "OutcomeUnknownError",
    "QuantConnect",
    "QuantConnectError",
    "RateLimitError",
    "Retries",
    "ServerError",
    "Settings",
    "Shared",
    "Timeouts",
    "TransportError",
]

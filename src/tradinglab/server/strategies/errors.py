"""What is refused about strategies beside what :mod:`tradinglab.server.errors` has."""

from __future__ import annotations

from tradinglab.server.errors import ConflictError, ServerError


class StaleVersionError(ConflictError):
    """What the caller has changed is no longer the newest version."""

    code = "stale_version"


class SourceChangedError(ConflictError):
    """Rules come to another source than when their run was asked for: TradingLab was changed since."""

    code = "generated_source_changed"


class CheckBusyError(ServerError):
    """Too many checks are under way."""

    code = "check_busy"
    status = 429
    wait = 5

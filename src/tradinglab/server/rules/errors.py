"""What is refused about simulations beside what :mod:`tradinglab.server.errors` has."""

from __future__ import annotations

from tradinglab.server.errors import ServerError


class SimulationBusyError(ServerError):
    """Too many simulations are under way."""

    code = "simulation_busy"
    status = 429
    wait = 5


class SimulationLimitError(ServerError):
    """A simulation took more time or memory than it may."""

    code = "simulation_limit"


class SimulationFailedError(ServerError):
    """The simulator itself failed."""

    code = "simulation_failed"
    status = 503

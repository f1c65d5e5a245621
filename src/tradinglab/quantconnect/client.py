"""The client, in two faces: `QuantConnect` blocks, `AsyncQuantConnect` awaits."""

from __future__ import annotations

from random import Random
from types import TracebackType
from typing import Generic, Self

import httpx2

from tradinglab import __version__
from tradinglab.core.pacing.clocks import Clock, SystemClock
from tradinglab.quantconnect.credentials import Credentials
from tradinglab.quantconnect.drivers import AsyncDriver, BlockingDriver
from tradinglab.quantconnect.exchange import Exchange
from tradinglab.quantconnect.operations import D
from tradinglab.quantconnect.polling import Cancel, cancelled_by
from tradinglab.quantconnect.resources.account import AccountResource, Organizations
from tradinglab.quantconnect.resources.backtests import Backtests
from tradinglab.quantconnect.resources.compiling import Compiling
from tradinglab.quantconnect.resources.files import Files
from tradinglab.quantconnect.resources.live import Live
from tradinglab.quantconnect.resources.live_results import LiveResults
from tradinglab.quantconnect.resources.nodes import Lean, NodesResource
from tradinglab.quantconnect.resources.object_store import ObjectStore
from tradinglab.quantconnect.resources.optimizations import Optimizations
from tradinglab.quantconnect.resources.projects import Projects
from tradinglab.quantconnect.resources.results import BacktestResults
from tradinglab.quantconnect.settings import Settings
from tradinglab.quantconnect.shared import Shared


class Client(Generic[D]):
    """What both faces share: the resources.

    Attributes
    ----------
    account, organizations, projects, files, compiling, backtests, results, optimizations, live, live_results,
    object_store, nodes, lean
        The parts of the API.
    exchange
        What they talk through.
    """

    def __init__(self, exchange: Exchange, driver: D) -> None:
        self.exchange = exchange
        self.account = AccountResource(exchange, driver)
        self.organizations = Organizations(exchange, driver)
        self.projects = Projects(exchange, driver)
        self.files = Files(exchange, driver)
        self.compiling = Compiling(exchange, driver)
        self.backtests = Backtests(exchange, driver)
        self.results = BacktestResults(exchange, driver)
        self.optimizations = Optimizations(exchange, driver)
        self.live = Live(exchange, driver)
        self.live_results = LiveResults(exchange, driver)
        self.object_store = ObjectStore(exchange, driver)
        self.nodes = NodesResource(exchange, driver)
        self.lean = Lean(exchange, driver)
        self._driver = driver

    @property
    def user_id(self) -> str:
        """Who asks."""
        return self.exchange.user_id


class QuantConnect(Client[BlockingDriver]):
    """A client whose calls return when they are over. Threads may share one.

    Parameters
    ----------
    credentials
        User id and token; by default those of the environment.
    settings
        Base URL, timeouts, retries; by default the base URL of the environment, else QuantConnect's.
    shared
        What it has in common with other processes; by default a folder of TRADINGLAB_HOME.
    cancel
        An event, or a function, that ends whatever the client is about with CancelledError.
    clock, transport, random
        For tests.

    Examples
    --------
    >>> with QuantConnect(Credentials(1001, "token")) as client:
    ...     project = client.projects.create("Momentum")
    """

    def __init__(
        self,
        credentials: Credentials | None = None,
        settings: Settings | None = None,
        *,
        shared: Shared | None = None,
        cancel: Cancel | None = None,
        clock: Clock | None = None,
        transport: httpx2.BaseTransport | None = None,
        random: Random | None = None,
    ) -> None:
        settings, clock = settings or Settings.from_environment(), clock or SystemClock()
        exchange = _exchange(credentials, settings, shared, cancel, clock, random)
        super().__init__(exchange, BlockingDriver(settings, clock, transport))

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncQuantConnect(Client[AsyncDriver]):
    """A client whose calls are awaited; otherwise like `QuantConnect`."""

    def __init__(
        self,
        credentials: Credentials | None = None,
        settings: Settings | None = None,
        *,
        shared: Shared | None = None,
        cancel: Cancel | None = None,
        clock: Clock | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        random: Random | None = None,
    ) -> None:
        settings, clock = settings or Settings.from_environment(), clock or SystemClock()
        exchange = _exchange(credentials, settings, shared, cancel, clock, random)
        super().__init__(exchange, AsyncDriver(settings, clock, transport))

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


def _exchange(
    credentials: Credentials | None,
    settings: Settings,
    shared: Shared | None,
    cancel: Cancel | None,
    clock: Clock,
    random: Random | None,
) -> Exchange:
    return Exchange(
        credentials or Credentials.from_environment(),
        settings,
        clock,
        shared or Shared.in_folder(),
        cancelled_by(cancel),
        random or Random(),
        f"TradingLab {__version__}",
    )

"""The state of an algorithm, and what every group of its methods builds on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from tradinglab.algorithm.api.callbacks import AlgorithmCallbacks
from tradinglab.algorithm.charting import Chart
from tradinglab.algorithm.models.brokerage import DefaultBrokerageModel
from tradinglab.algorithm.models.interest_rate import InterestRateProvider
from tradinglab.algorithm.models.security_initializer import BrokerageModelSecurityInitializer, SecuritySeeder
from tradinglab.algorithm.orders import OrderProperties
from tradinglab.algorithm.runtime import AlgorithmContext, AlgorithmError, Runtime, current_context
from tradinglab.algorithm.scheduling import DateRules, ScheduleManager, TimeRules
from tradinglab.algorithm.securities import (
    Security,
    SecurityManager,
    SecurityPortfolioManager,
    SecurityTransactionManager,
    TimeKeeper,
)
from tradinglab.algorithm.settings import AlgorithmSettings, UniverseSettings
from tradinglab.algorithm.subscriptions import SubscriptionManager
from tradinglab.algorithm.universes.manager import UniverseManager
from tradinglab.core.clock import NEW_YORK_ZONE, Zone, from_ns, zone
from tradinglab.core.enums import AlgorithmMode, AlgorithmStatus, DeploymentTarget
from tradinglab.core.run_warnings import RunWarning, WarningKind
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.framework.pipeline import Framework
    from tradinglab.algorithm.insights import InsightManager
    from tradinglab.algorithm.slice import Slice

SymbolLike = Symbol | Security | str

#: LEAN's default: the first day that its data covers.
_FIRST_DAY = datetime(1998, 1, 1)
_LOG_TIME = "%Y-%m-%d %H:%M:%S"


class AlgorithmCore(AlgorithmCallbacks):
    """What an algorithm holds: its clock, securities, portfolio, orders, schedule, settings and logs."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make the algorithm ready before the author's ``__init__``, which need not call ours."""
        self = super().__new__(cls)
        self.lab_prepare(current_context())
        return self

    def lab_prepare(self, context: AlgorithmContext) -> None:
        """Set what an algorithm starts with."""
        self.lab_context = context
        self.lab_parameters = {str(key): str(value) for key, value in context.parameters.items()}
        self.lab_parameters_asked: set[str] = set()
        self.name = context.name or type(self).__name__
        self.tags: set[str] = set()
        self.algorithm_id = ""
        self.project_id = 0
        self.status = AlgorithmStatus.RUNNING
        self.settings = AlgorithmSettings()
        self.universe_settings = UniverseSettings()
        self.default_order_properties = OrderProperties()
        self.lab_maximum_orders = 2**31 - 1
        self.lab_is_live = False
        self.lab_commands: dict[str, type[Any]] = {}
        self.lab_locked = False
        self.lab_quit_message: str | None = None
        self.lab_warned: set[str] = set()
        self.lab_warnings: list[RunWarning] = []
        self.lab_prepare_clock()
        self.lab_prepare_managers(context)
        self.lab_prepare_output()

    def lab_prepare_clock(self) -> None:
        """Set the clock, the dates and the time zone to their defaults."""
        self.lab_zone = zone(NEW_YORK_ZONE)
        self.lab_start_date = _FIRST_DAY
        self.lab_end_date = from_ns(self.lab_now_ns())
        self.time_keeper = TimeKeeper(self.lab_zone.to_utc(self.lab_start_date))
        self.lab_is_warming_up = True
        self.lab_warm_up_span: Any = None
        self.lab_start_ns = 0
        self.lab_no_data: list[Any] = []
        self.lab_refusals: dict[str, int] = {}

    def lab_prepare_managers(self, context: AlgorithmContext) -> None:
        """Make what manages securities, orders, the portfolio and the schedule."""
        source = context.source
        self.market_hours_database = source.market_hours
        self.symbol_properties_database = source.symbol_properties
        self.subscription_manager = SubscriptionManager(self.time_keeper, self)
        self.securities = SecurityManager(self.time_keeper)
        self.universe_manager = UniverseManager(self.securities)
        self.securities.data_source = source
        self.securities.set_benchmark_maker(self.lab_benchmark_security)
        self.transactions = SecurityTransactionManager(self, self.securities)
        self.portfolio = SecurityPortfolioManager(self.securities, self.transactions, self.settings)
        self.date_rules = DateRules(self.securities, self.lab_zone, self.market_hours_database, self.time_keeper)
        self.time_rules = TimeRules(self.securities, self.lab_zone, self.market_hours_database)
        self.schedule = ScheduleManager(self.date_rules, self.time_rules, self.time_keeper)
        self.brokerage_message_handler: Any = None
        self.brokerage_model: Any = DefaultBrokerageModel()
        self.risk_free_interest_rate_model: Any = InterestRateProvider(source.interest_rates())
        self.security_initializer: Any = BrokerageModelSecurityInitializer(self.brokerage_model, SecuritySeeder.NULL)
        self.lab_user_set_initializer = False
        self.benchmark: Any = None

    def lab_prepare_output(self) -> None:
        """Make what the run is told by: logs, charts, figures."""
        self.lab_logs: list[str] = []
        self.lab_charts: dict[str, Chart] = {}
        self.runtime_statistics: dict[str, str] = {}
        self.lab_summary_statistics: dict[str, str] = {}
        self.lab_insights: InsightManager | None = None
        self.lab_framework: Framework | None = None
        self.lab_current_slice: Slice | None = None

    @staticmethod
    def lab_now_ns() -> int:
        """Return the real time of day, nanoseconds UTC."""
        import time

        return time.time_ns()

    @property
    def lab_runtime(self) -> Runtime:
        """The engine that runs the algorithm."""
        runtime = self.lab_context.runtime
        if runtime is None:
            raise AlgorithmError("the algorithm is not attached to an engine")
        return runtime

    # Time.

    @property
    def lab_utc_ns(self) -> int:
        """The present instant, nanoseconds UTC."""
        return self.time_keeper.utc_ns

    @property
    def utc_time(self) -> datetime:
        """The present time, UTC."""
        return from_ns(self.time_keeper.utc_ns)

    @property
    def time(self) -> datetime:
        """The present time in the algorithm's time zone."""
        return self.lab_zone.datetime(self.time_keeper.utc_ns)

    @property
    def time_zone(self) -> Zone:
        """The algorithm's time zone."""
        return self.lab_zone

    @property
    def start_date(self) -> datetime:
        """The first day, in the algorithm's time zone."""
        return self.lab_start_date

    @property
    def end_date(self) -> datetime:
        """The end of the last day, in the algorithm's time zone."""
        return self.lab_end_date

    @property
    def is_warming_up(self) -> bool:
        """Whether the algorithm is fed the past before its start."""
        return self.lab_is_warming_up

    @property
    def live_mode(self) -> bool:
        """Whether the algorithm trades live, on paper or not; in a backtest it does not."""
        return self.lab_is_live

    @property
    def algorithm_mode(self) -> AlgorithmMode:
        """What the algorithm runs for."""
        return AlgorithmMode.LIVE if self.lab_is_live else AlgorithmMode.BACKTESTING

    @property
    def deployment_target(self) -> DeploymentTarget:
        """Where the algorithm runs."""
        return DeploymentTarget.LOCAL_PLATFORM

    @property
    def current_slice(self) -> Slice | None:
        """The data of the present time step."""
        return self.lab_current_slice

    @property
    def active_securities(self) -> SecurityManager:
        """The securities that are subscribed to."""
        return self.securities

    def get_locked(self) -> bool:
        """Return whether ``initialize`` is over."""
        return self.lab_locked

    # Logs.

    def log(self, message: object) -> None:
        """Write a line to the run's log."""
        self.lab_write("", message)

    def debug(self, message: object) -> None:
        """Write a line to the run's log, for the author's eyes."""
        self.lab_write("", message)

    def error(self, message: object) -> None:
        """Write an error to the run's log; the run goes on."""
        self.lab_write("ERROR: ", message)

    def lab_write(self, prefix: str, message: object) -> None:
        """Write a line to the log, unless it is full."""
        if len(self.lab_logs) < self.lab_context.log_limit:
            line = f"{self.time.strftime(_LOG_TIME)} {prefix}{message}"
            self.lab_logs.append(line)
            if self.lab_context.on_log is not None:
                self.lab_context.on_log(line)
        elif len(self.lab_logs) == self.lab_context.log_limit:
            self.lab_logs.append(f"The log is full: further lines are dropped after {self.lab_context.log_limit}.")

    def lab_once(self, key: str, message: str) -> None:
        """Write a warning the first time only."""
        if key not in self.lab_warned:
            self.lab_warned.add(key)
            self.debug(message)
            self.lab_keep_warning(message)

    def lab_keep_warning(self, message: str) -> None:
        """Let the result show a warning that was written to the log."""
        self.lab_warnings.append(RunWarning(WarningKind.STRATEGY, message.removeprefix("Warning: ")))

    def quit(self, message: str = "") -> None:
        """End the run after this time step."""
        self.lab_quit_message = message
        if message:
            self.debug(f"quit(): {message}")
        self.lab_stop()

    def set_quit(self, quit: bool) -> None:
        """End the run after this time step, if asked."""
        if quit:
            self.quit()

    def lab_stop(self) -> None:
        """End the run after this time step."""
        self.status = AlgorithmStatus.STOPPED
        self.lab_runtime.wake()

    # Symbols and securities.

    def lab_symbol(self, value: object) -> Symbol:
        """Return the symbol that an author means by a symbol, a security or a ticker."""
        if isinstance(value, Symbol):
            return value
        if isinstance(value, Security):
            return value.symbol
        if isinstance(value, str):
            found = self.securities.find_symbol(value)
            return found if found is not None else self.lab_resolve_ticker(value)
        symbol = getattr(value, "symbol", None)
        if isinstance(symbol, Symbol):
            return symbol
        raise TypeError(f"expected a Symbol, a Security or a ticker, got {value!r}")

    def lab_benchmark_security(self, symbol: Symbol) -> Security:
        """Return a security for a benchmark."""
        raise NotImplementedError

    def lab_resolve_ticker(self, ticker: str) -> Symbol:
        """Return the symbol of a ticker that no security was added for."""
        raise NotImplementedError

    def lab_security(self, value: SymbolLike) -> Security:
        """Return the security that an author means; it must have been added."""
        return self.securities[self.lab_symbol(value)]

    def lab_add_security_by_symbol(self, symbol: Symbol) -> Security:
        """Add a security with the default settings."""
        raise NotImplementedError

    def lab_last_known(self, security: Security) -> list[Any]:
        """Return the last bars before now of a security."""
        raise NotImplementedError

    def lab_seed(self, securities: Iterable[Security]) -> None:
        """Give securities their last known prices."""
        raise NotImplementedError

"""What an algorithm asks of the engine that runs it, and how the two are joined."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

from tradinglab.core.errors import TradingLabError
from tradinglab.core.values import dataclass, field

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.core.enums import DataNormalizationMode, Resolution
    from tradinglab.core.market_hours import SecurityExchangeHours
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.columns import BarColumns
    from tradinglab.data.source import DataSource


class AlgorithmError(TradingLabError):
    """A strategy asked for something that cannot be."""

    code = "algorithm"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRequest:
    """Bars of the past, of one subscription: those that end after ``start_ns`` and by ``end_ns``."""

    symbol: Symbol
    config: SubscriptionDataConfig
    hours: SecurityExchangeHours
    start_ns: int
    end_ns: int
    resolution: Resolution
    fill_forward: bool
    extended_market_hours: bool
    data_normalization_mode: DataNormalizationMode


class Runtime(Protocol):
    """The engine, as an algorithm sees it."""

    def add_subscriptions(self, security: Security, configs: Iterable[SubscriptionDataConfig]) -> None:
        """Start the streams of a security at the end of this time step."""
        ...

    def remove_security(self, security: Security) -> None:
        """End the streams of a security at the end of this time step."""
        ...

    def read_history(self, request: HistoryRequest) -> BarColumns:
        """Return bars of the past."""
        ...

    def wake(self) -> None:
        """Look, after this callback, at more than the next bar."""
        ...

    def attach_indicator(self, config: SubscriptionDataConfig, indicator: object, selector: str) -> bool:
        """Let an indicator read the columns of a subscription; return whether it could."""
        ...

    def detach_indicator(self, indicator: object) -> None:
        """Stop an indicator that was attached: it gets no more bars."""
        ...

    def statistics(self) -> object:
        """Return the statistics of the run so far: ``summary``, ``total_performance``, ``rolling_performances``."""
        ...

    def current_data(self) -> Iterable[BaseData]:
        """Return the data of the present time step."""
        ...


@dataclass(slots=True, kw_only=True)
class AlgorithmContext:
    """What an algorithm is made with: its data, its parameters and the engine behind it."""

    source: DataSource
    runtime: Runtime | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    log_limit: int = 100_000
    on_log: Callable[[str], None] | None = None


_context: ContextVar[AlgorithmContext | None] = ContextVar("algorithm_context", default=None)


@contextmanager
def making_with(context: AlgorithmContext) -> Iterator[None]:
    """Give *context* to every algorithm that is made inside."""
    token = _context.set(context)
    try:
        yield
    finally:
        _context.reset(token)


def current_context() -> AlgorithmContext:
    """Return the context for an algorithm that is being made.

    Raises
    ------
    AlgorithmError
        If a strategy class is called by hand: the engine makes it.
    """
    context = _context.get()
    if context is None:
        raise AlgorithmError(
            "An algorithm cannot be made by calling its class. Run it with `tradinglab backtest FILE`, "
            "or `tradinglab.backtest(TheClass)`."
        )
    return context

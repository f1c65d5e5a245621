"""A backtest from a strategy to its result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

from tradinglab.algorithm.orders import MarketOnCloseOrder
from tradinglab.algorithm.portfolio_target import PortfolioTarget
from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.algorithm.runtime import AlgorithmContext, making_with
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.market_hours_database import MarketHoursDatabase
from tradinglab.core.security_definitions import SecurityDefinitions
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol_cache import SymbolCache
from tradinglab.core.symbol_properties import SymbolPropertiesDatabase
from tradinglab.core.values import dataclass, field
from tradinglab.data.errors import DataError
from tradinglab.data.reads import reads_noted
from tradinglab.data.source import DataSource, open_source
from tradinglab.engine.attribute_reads import plain_reads
from tradinglab.engine.errors import StrategyError, TimeLimitError, UsageError
from tradinglab.engine.host import Host
from tradinglab.engine.journal import Journal
from tradinglab.engine.keyword_spellings import keywords_both_ways
from tradinglab.engine.loader import load_strategy, strategy_modules
from tradinglab.engine.loop import Progress
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.seeding import SEEDS, seeded
from tradinglab.engine.time_limit import TimeIsUp, time_limit
from tradinglab.engine.traces import explain, own_trace


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What the caller of a backtest may set over the strategy's own choice.

    Attributes
    ----------
    start, end
        First and last day; ``None`` leaves them to the strategy.
    cash
        Starting cash in the account's currency.
    parameters
        Values for ``get_parameter``.
    timeout_s
        Seconds of wall-clock time after which the run is stopped; ``None`` for no limit.
    journal
        Where to take down what the strategy asks for, for a replay.
    seed
        What ``random`` and ``numpy.random`` start from; ``None`` leaves them as they are.
    """

    start: date | None = None
    end: date | None = None
    cash: Number | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    on_progress: Callable[[Progress], None] | None = None
    on_log: Callable[[str], None] | None = None
    journal: Journal | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise UsageError(f"the start ({self.start}) is after the end ({self.end}); swap them")
        if self.timeout_s is not None and self.timeout_s <= 0:
            raise UsageError(f"the time limit must be more than 0 seconds; it was {self.timeout_s}")
        if self.cash is not None and not to_decimal(self.cash) > 0:
            raise UsageError(f"cash: an amount above zero is expected, it was {self.cash}")
        if self.seed is not None and not 0 <= self.seed < SEEDS:
            raise UsageError(f"the seed is a whole number from 0 to {SEEDS - 1}; it was {self.seed}")


def backtest(
    strategy: str | Path | type[QCAlgorithm],
    *,
    data: str | DataSource = "sample",
    start: date | str | None = None,
    end: date | str | None = None,
    cash: Number | None = None,
    parameters: Mapping[str, object] | None = None,
    import_paths: Iterable[str | Path] = (),
    class_name: str | None = None,
    timeout_s: float | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_log: Callable[[str], None] | None = None,
    journal: Journal | None = None,
    seed: int | None = None,
) -> BacktestResult:
    """Run a strategy over historical bars.

    Parameters
    ----------
    strategy
        A Python file written for QuantConnect, or an algorithm class.
    data
        Where bars come from: ``sample``, ``lean:DIR``, ``store:DIR``, or a source.
    start, end
        First and last day (``2013-10-07`` or a date), over the strategy's own.
    cash
        Starting cash, over the strategy's own.
    parameters
        Values for ``get_parameter``.
    import_paths
        Folders whose modules the strategy may import, beside its own.
    class_name
        The class to run, if the file has several.
    timeout_s
        Seconds after which the run is stopped.
    on_progress
        Called now and then while the run goes on.
    on_log
        Called with each line that the strategy logs.
    journal
        Where to take down what the strategy asks for, for a replay.
    seed
        What the common generators of ``random`` and ``numpy.random`` start from, so that lots fall the same way again.

    Returns
    -------
    BacktestResult
        Its ``status`` is ``completed``, or ``interrupted`` after Ctrl+C.

    Raises
    ------
    UsageError
        If an argument cannot be used, or the file cannot be loaded.
    DataSourceError
        If there is no such source.
    StrategyError
        If the strategy raises; ``result`` has what was computed until then.
    TimeLimitError
        If the strategy did not come back within ``timeout_s``.
    """
    options = RunOptions(
        start=given_day("start", start),
        end=given_day("end", end),
        cash=cash,
        parameters={key: str(value) for key, value in (parameters or {}).items()},
        timeout_s=timeout_s,
        on_progress=on_progress,
        on_log=on_log,
        journal=journal,
        seed=seed,
    )
    folders = _folders(import_paths)
    path = None if isinstance(strategy, type) else Path(strategy).expanduser()
    if path is not None:
        folders.insert(0, path.resolve().parent)
    source = open_source(data) if isinstance(data, str) else data
    with stage(source, folders, seed=seed), contextlib.ExitStack() as stack:
        if timeout_s is not None:
            stack.enter_context(time_limit(timeout_s))
        try:
            cls = strategy if isinstance(strategy, type) else load_strategy(path, class_name)  # type: ignore[arg-type]
        except TimeIsUp:
            raise TimeLimitError(
                f"the strategy's file did not load within {timeout_s:g} s", phase="import", time="", trace=""
            ) from None
        stack.enter_context(keywords_both_ways(cls, folders))
        stack.enter_context(plain_reads(cls, folders))
        return _run(cls, path, source, options)


@contextlib.contextmanager
def stage(source: DataSource, folders: Iterable[Path], *, seed: int | None = None) -> Iterator[None]:
    """Set the process up for one strategy, and as it was before afterwards."""
    with strategy_modules(folders), reads_noted(), _databases_of(source), _classes_restored(), seeded(seed):
        yield


def _folders(import_paths: Iterable[str | Path]) -> list[Path]:
    folders = [Path(folder).expanduser().resolve() for folder in import_paths]
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"--import-path: there is no folder {folder}")
    return folders


@contextlib.contextmanager
def _databases_of(source: DataSource) -> Iterator[None]:
    """Let symbols, market hours and symbol properties be those of a source, which is global in LEAN's API."""
    SymbolCache.clear()
    SecurityIdentifier.use_listings(source)
    MarketHoursDatabase.use(source.market_hours)
    SymbolPropertiesDatabase.use(source.symbol_properties)
    SecurityDefinitions.use(source.security_definitions)
    try:
        yield
    finally:
        SecurityIdentifier.use_listings(None)
        MarketHoursDatabase.use(None)
        SymbolPropertiesDatabase.use(None)
        SecurityDefinitions.use(None)


@contextlib.contextmanager
def _classes_restored() -> Iterator[None]:
    """Undo what a run does to classes, for the next run: the deadline of orders at the close, a warning given once."""
    before = MarketOnCloseOrder.submission_time_buffer
    PortfolioTarget.minimum_order_margin_percentage_warning_sent = None
    try:
        yield
    finally:
        MarketOnCloseOrder.submission_time_buffer = before


def _run(cls: type[QCAlgorithm], path: Path | None, source: DataSource, options: RunOptions) -> BacktestResult:
    context = AlgorithmContext(source=source, parameters=options.parameters, name=cls.__name__, on_log=options.on_log)
    host = Host(context, options)
    try:
        with making_with(context):
            algorithm = cls()
        host.prepare(algorithm)
        host.run()
    except KeyboardInterrupt:
        return host.result(path, status="interrupted")
    except TimeIsUp as problem:
        message = f"the strategy was still in {host.phase.name} after {options.timeout_s:g} s"
        trace = own_trace(problem)
        raise TimeLimitError(
            message,
            phase=host.phase.name,
            time=host.time_text,
            trace=trace,
            result=host.partial_result(path, message, trace),
        ) from None
    except (DataError, UsageError):
        raise
    except BaseException as problem:  # exit() and whatever else an author's code raises end the strategy, not its host
        message, trace = explain(problem), own_trace(problem)
        raise StrategyError(
            message,
            phase=host.phase.name,
            time=host.time_text,
            trace=trace,
            result=host.partial_result(path, message, trace),
        ) from problem
    return host.result(path, status="completed")


def given_day(name: str, value: date | str | None) -> date | None:
    """Return the date that a caller gave as one or as text.

    Raises
    ------
    UsageError
        If the text is no date.
    """
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    for form in ("%Y-%m-%d", "%Y%m%d"):
        try:
            return datetime.strptime(value, form).date()
        except ValueError:
            continue
    raise UsageError(f"{name}: '{value}' is not a date; write it as 2013-10-07")

"""What a strategy will read, found without running it: ``initialize`` alone is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.algorithm.benchmark import SecurityBenchmark
from tradinglab.algorithm.runtime import AlgorithmContext, making_with
from tradinglab.core.clock import DAY_NS, day_of_date
from tradinglab.core.decimals import Number
from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.core.values import dataclass
from tradinglab.data.columns import BarColumns
from tradinglab.data.delegating import DelegatingSource
from tradinglab.data.errors import DataError
from tradinglab.data.preflight import DataNeed, NeedRole
from tradinglab.data.source import DataSource, open_source
from tradinglab.engine.benchmark import benchmark_resolution
from tradinglab.engine.errors import StrategyError, TimeLimitError, UsageError
from tradinglab.engine.host import Host
from tradinglab.engine.keyword_spellings import keywords_both_ways
from tradinglab.engine.loader import load_strategy
from tradinglab.engine.run import RunOptions, stage
from tradinglab.engine.time_limit import TimeIsUp, time_limit
from tradinglab.engine.traces import explain, explain_where, own_trace

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig

_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DataNeeds:
    """What a strategy will read.

    Attributes
    ----------
    start, end
        The first and the last day of the run; ``None`` if it failed before they were known.
    needs
        By security and by what for; a subscription that came by a universe's own list is among them.
    notes
        What cannot be told before the run.
    problem
        Why ``initialize`` did not come to its end, which may be the want of bars; empty if it did.
    """

    start: date | None
    end: date | None
    needs: tuple[DataNeed, ...]
    notes: tuple[str, ...] = ()
    problem: str = ""


class _NotingSource(DelegatingSource):
    """Another source, which takes down the bars that it is asked for."""

    def __init__(self, source: DataSource) -> None:
        super().__init__(source)
        self.asked: dict[tuple[Symbol, Resolution, TickType], tuple[int, int]] = {}

    def bars(
        self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int, end_ns: int
    ) -> BarColumns:
        """Return raw bars that start in ``[start_ns, end_ns)``."""
        series = symbol, resolution, tick_type
        first_ns, last_ns = self.asked.get(series, (start_ns, end_ns))
        self.asked[series] = min(first_ns, start_ns), max(last_ns, end_ns)
        return self._source.bars(symbol, resolution, tick_type, start_ns, end_ns)


class _NeedsHost(Host):
    """Prepares a strategy, and knows what it had read when ``initialize`` came to its end."""

    def __init__(self, context: AlgorithmContext, options: RunOptions, source: _NotingSource) -> None:
        super().__init__(context, options)
        self._noting = source
        self.histories: dict[tuple[Symbol, Resolution, TickType], tuple[int, int]] = {}

    @property
    def begin_ns(self) -> int:
        """The instant at which the run begins, or its warm-up."""
        return self._begin_ns

    def _apply_options(self, algorithm: QCAlgorithm) -> None:
        # What is read from here on are last prices before the start, which a run can do without.
        self.histories = dict(self._noting.asked)
        super()._apply_options(algorithm)


def data_needs(
    strategy: str | Path,
    *,
    data: str | DataSource = "sample",
    start: date | None = None,
    end: date | None = None,
    cash: Number | None = None,
    parameters: Mapping[str, str] | None = None,
    import_paths: Iterable[Path] = (),
    class_name: str | None = None,
    timeout_s: float | None = None,
) -> DataNeeds:
    """Return what a strategy will read: subscriptions, warm-up, benchmark, rates of currencies, histories at the start.

    Raises
    ------
    UsageError
        If the file cannot be loaded, or the dates are reversed.
    StrategyError
        If the strategy raises before it has subscribed to anything.
    TimeLimitError
        If it did not come back within ``timeout_s``.
    """
    path = Path(strategy).expanduser()
    source = _NotingSource(open_source(data) if isinstance(data, str) else data)
    options = RunOptions(start=start, end=end, cash=cash, parameters=dict(parameters or {}))
    folders = [path.resolve().parent, *import_paths]
    seconds = timeout_s or _LONGEST_S
    host: _NeedsHost | None = None
    algorithm: QCAlgorithm | None = None
    with stage(source, folders), time_limit(seconds):
        try:
            cls = load_strategy(path, class_name)
            context = AlgorithmContext(source=source, parameters=options.parameters, name=cls.__name__)
            host = _NeedsHost(context, options, source)
            with keywords_both_ways(cls, folders):
                with making_with(context):
                    algorithm = cls()
                host.prepare(algorithm)
            return _found(algorithm, source, options, host)
        except TimeIsUp:
            phase = "import" if host is None else host.phase.name
            message = f"the strategy was still in {phase} after {seconds:g} s"
            raise TimeLimitError(message, phase=phase, time="", trace="") from None
        except (KeyboardInterrupt, DataError, UsageError, StrategyError):
            raise
        except BaseException as problem:  # exit() and whatever else an author's code raises
            if algorithm is None or host is None or not _configs(algorithm):
                phase = "import" if host is None else host.phase.name
                raise StrategyError(explain(problem), phase=phase, time="", trace=own_trace(problem)) from problem
            # It may have failed for the want of the very bars that are to be told of.
            host.histories = dict(source.asked)
            return _found(algorithm, source, options, host, problem=explain_where(problem))


def _found(
    algorithm: QCAlgorithm, source: _NotingSource, options: RunOptions, host: _NeedsHost, *, problem: str = ""
) -> DataNeeds:
    start = options.start or algorithm.start_date.date()
    end = options.end or algorithm.end_date.date()
    zone = algorithm.time_zone
    start_ns, end_ns = (zone.utc_ns(day_of_date(day) * DAY_NS) for day in (start, end + timedelta(days=1)))
    begin_ns = start_ns if problem else min(start_ns, host.begin_ns)
    needs = [*_subscriptions(algorithm, begin_ns, start_ns, end_ns), *_histories(host.histories)]
    if not problem:
        needs += _benchmark(algorithm, source, begin_ns, end_ns)
    return DataNeeds(start=start, end=end, needs=tuple(needs), notes=tuple(_notes(algorithm)), problem=problem)


def _configs(algorithm: QCAlgorithm) -> list[SubscriptionDataConfig]:
    service = algorithm.subscription_manager.subscription_data_config_service
    return list(service.get_subscription_data_configs(include_internal_configs=True))


def _subscriptions(algorithm: QCAlgorithm, begin_ns: int, start_ns: int, end_ns: int) -> Iterator[DataNeed]:
    by_series: dict[tuple[Symbol, Resolution, bool], dict[TickType, None]] = {}
    for config in _configs(algorithm):
        if not config.is_custom_data:
            series = config.symbol, config.resolution, config.is_internal_feed
            by_series.setdefault(series, {})[config.tick_type] = None
    warm_up = algorithm.settings.warm_up_resolution
    for (symbol, resolution, is_internal), kinds in by_series.items():
        role = NeedRole.CONVERSION if is_internal else NeedRole.SUBSCRIPTION
        if begin_ns < start_ns:
            finest = resolution if warm_up is None else Resolution(warm_up)
            yield _need(symbol, finest, kinds, NeedRole.WARM_UP, begin_ns, start_ns)
        yield _need(symbol, resolution, kinds, role, start_ns, end_ns)


def _histories(asked: Mapping[tuple[Symbol, Resolution, TickType], tuple[int, int]]) -> Iterator[DataNeed]:
    for (symbol, resolution, kind), (first_ns, last_ns) in asked.items():
        yield _need(symbol, resolution, (kind,), NeedRole.HISTORY, first_ns, last_ns)


def _benchmark(algorithm: QCAlgorithm, source: DataSource, begin_ns: int, end_ns: int) -> Iterator[DataNeed]:
    if not isinstance(algorithm.benchmark, SecurityBenchmark):
        return
    security = algorithm.benchmark.security
    resolution = benchmark_resolution(source, security)
    if resolution is None:
        # LEAN reads hours; where there are neither these nor others, days are the easiest to get.
        resolution = Resolution.HOUR if source.name.startswith("lean:") else Resolution.DAILY
    service = algorithm.subscription_manager.subscription_data_config_service
    kinds = [kind for _, kind in service.lookup_subscription_config_data_types(security.type, resolution)]
    hours = security.exchange.hours
    # Its stream begins a trading day early.
    local_ns = hours.previous_open_ns(hours.time_zone.local_ns(begin_ns), False, first=True)
    first_ns = hours.time_zone.utc_ns(local_ns // DAY_NS * DAY_NS)
    yield _need(security.symbol, resolution, kinds, NeedRole.BENCHMARK, first_ns, end_ns)


def _need(
    symbol: Symbol, resolution: Resolution, kinds: Iterable[TickType], role: NeedRole, start_ns: int, end_ns: int
) -> DataNeed:
    return DataNeed(
        symbol=symbol, resolution=resolution, tick_types=tuple(kinds), role=role, start_ns=start_ns, end_ns=end_ns
    )


def _notes(algorithm: QCAlgorithm) -> Iterator[str]:
    custom = sorted({config.symbol.value for config in _configs(algorithm) if config.is_custom_data})
    if custom:
        yield f"Where the data of {', '.join(custom)} are is the strategy's own affair: they are not looked at."
    if any(not tuple(universe.lab_listed) for universe in algorithm.universe_manager.lab_pending):
        yield "A universe chooses securities while the run goes on: these are not known before it."

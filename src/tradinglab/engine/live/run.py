"""A live run from a strategy to its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.algorithm.runtime import AlgorithmContext, making_with
from tradinglab.core.values import dataclass
from tradinglab.data.errors import DataError
from tradinglab.data.feeds.replay import ReplayFeed
from tradinglab.data.repeated import RepeatedSource
from tradinglab.data.source import DataSource, open_source
from tradinglab.engine.attribute_reads import plain_reads
from tradinglab.engine.errors import StrategyError, UsageError
from tradinglab.engine.keyword_spellings import keywords_both_ways
from tradinglab.engine.live.fed import FeedSource
from tradinglab.engine.live.host import LiveHost
from tradinglab.engine.live.link import LiveStatus
from tradinglab.engine.live.loop import LiveLoop
from tradinglab.engine.live.options import LiveOptions
from tradinglab.engine.live.reporter import Reporter
from tradinglab.engine.loader import load_strategy
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import stage
from tradinglab.engine.traces import explain, own_trace


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEnd:
    """How a live run ended.

    Attributes
    ----------
    status
        ``Stopped``, ``Liquidated`` or ``RuntimeError``.
    message, trace
        What the strategy said when it ended the run, or what it died of, and where.
    phase, time
        In which callback, and when by the algorithm's clock.
    result
        Orders, samples and figures, as of a backtest; ``None`` if it never began.
    """

    status: LiveStatus
    message: str = ""
    phase: str = ""
    time: str = ""
    trace: str = ""
    result: BacktestResult | None = None


def run_live(
    strategy: str | Path | type[QCAlgorithm],
    *,
    data: str | DataSource,
    options: LiveOptions,
    import_paths: Iterable[str | Path] = (),
    class_name: str | None = None,
) -> LiveEnd:
    """Let a strategy trade on paper until it is stopped, and return how that ended.

    Parameters
    ----------
    strategy
        A Python file written for QuantConnect, or an algorithm class.
    data
        Stored bars, as for :func:`tradinglab.engine.run.backtest`: what is replayed, or what was before a feed's bars.

    Raises
    ------
    UsageError
        If an argument cannot be used, or the file cannot be loaded.
    DataSourceError
        If there is no such source.
    NotFedError
        If the strategy wants bars at its start that the feed does not have.
    """
    folders = [Path(folder) for folder in import_paths]
    path = None if isinstance(strategy, type) else Path(strategy)
    if path is not None:
        folders.insert(0, path.resolve().parent)
    source = open_source(data) if isinstance(data, str) else data
    fed = _fed(source, options)
    with stage(fed, folders, seed=options.seed), contextlib.ExitStack() as stack:
        try:
            cls = strategy if isinstance(strategy, type) else load_strategy(path, class_name)  # type: ignore[arg-type]
        except StrategyError as problem:
            return LiveEnd(
                status=LiveStatus.RUNTIME_ERROR, message=str(problem), phase=problem.phase, trace=problem.trace
            )
        stack.enter_context(keywords_both_ways(cls, folders))
        stack.enter_context(plain_reads(cls, folders))
        return _run(cls, path, fed, options)


def _fed(source: DataSource, options: LiveOptions) -> FeedSource:
    """Return the source whose bars come by the feed."""
    if options.feed is not None:
        return FeedSource(source, options.feed, is_replay=False)
    stored = RepeatedSource(source) if options.repeat else source
    pace = options.pace
    feed = ReplayFeed(stored, pace, pace.start_ns, ahead_ns=LiveLoop.window_ns(options), end_ns=options.end_ns)
    return FeedSource(stored, feed, is_replay=True)


def _run(cls: type[QCAlgorithm], path: Path | None, source: FeedSource, options: LiveOptions) -> LiveEnd:
    reporter = Reporter(options.link, options.deployment_id)
    source.on_notice = reporter.feed
    context = AlgorithmContext(source=source, parameters=options.parameters, name=cls.__name__, on_log=reporter.log)
    host = LiveHost(context, options, reporter, source)
    try:
        with making_with(context):
            algorithm = cls()
        host.prepare(algorithm)
        host.run()
    except KeyboardInterrupt:
        return LiveEnd(status=LiveStatus.STOPPED, result=host.finished(path))
    except (DataError, UsageError):
        raise
    except BaseException as problem:  # exit() and whatever else an author's code raises end the strategy, not its host
        return _failed(host, path, problem)
    return LiveEnd(status=host.status, message=host.quit_message, result=host.finished(path))


def _failed(host: LiveHost, path: Path | None, problem: BaseException) -> LiveEnd:
    end = LiveEnd(
        status=LiveStatus.RUNTIME_ERROR,
        message=explain(problem),
        phase=host.phase.name,
        time=host.time_text,
        trace=own_trace(problem),
        result=host.partial_result(path, explain(problem), own_trace(problem)),
    )
    host.tell_last()
    return end

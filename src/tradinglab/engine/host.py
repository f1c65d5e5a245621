"""The engine around one algorithm: it prepares it, runs it and gathers what it did."""

from __future__ import annotations

import time as wall
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.algorithm.api.callbacks import author_overrides
from tradinglab.algorithm.scheduling import EndOfDayEvents
from tradinglab.algorithm.securities.noted_values import ValueNotes
from tradinglab.algorithm.trade_builder import TradeBuilder
from tradinglab.core.clock import from_ns, to_ns
from tradinglab.core.decimals import to_decimal
from tradinglab.core.enums import AlgorithmStatus
from tradinglab.engine.benchmark import choose_benchmark
from tradinglab.engine.brokerage import BacktestingBrokerage
from tradinglab.engine.capacity import CapacityEstimate
from tradinglab.engine.corporate import CorporateActions
from tradinglab.engine.currencies import CurrencyFeeds
from tradinglab.engine.errors import UsageError
from tradinglab.engine.feed import DataFeed
from tradinglab.engine.history import HistoryReader
from tradinglab.engine.indicators import IndicatorDesk
from tradinglab.engine.journal import JournaledTransactions, Removed, Subscribed
from tradinglab.engine.loop import Loop
from tradinglab.engine.outcome import Outcome, began_now, build_result, statistics_input
from tradinglab.engine.parts import RunParts
from tradinglab.engine.phases import END_PHASE, Attention, Phase
from tradinglab.engine.resting import RestingOrders
from tradinglab.engine.sampled_account import AlgorithmAccount
from tradinglab.engine.sampling import ResultSampler
from tradinglab.engine.statistics import StatisticsResults, build_statistics
from tradinglab.engine.transactions import TransactionHandler
from tradinglab.engine.universe_desk import UniverseDesk

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.orders import OrderEvent
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.runtime import AlgorithmContext, HistoryRequest
    from tradinglab.algorithm.securities import Security
    from tradinglab.algorithm.subscriptions import SubscriptionDataConfig
    from tradinglab.data.columns import BarColumns
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.run import RunOptions

_TRADING_DAYS_ALWAYS_OPEN = 365
_TRADING_DAYS = 252
_STOPPED = AlgorithmStatus.STOPPED
#: The brokerages whose markets never close: their statistics count 365 days a year.
_EVERY_DAY = {f"{name}BrokerageModel" for name in ("Coinbase", "Binance", "Bitfinex", "Bybit", "FTX", "Kraken")}


class Host:
    """Implements what an algorithm asks of its engine (``Runtime``), and drives the run."""

    def __init__(self, context: AlgorithmContext, options: RunOptions) -> None:
        self._context = context
        self._options = options
        self._source = context.source
        self._journal = options.journal
        self.phase = Phase()
        self.attention = Attention()
        self._parts: RunParts | None = None
        self._loop: Loop | None = None
        self._algorithm: QCAlgorithm | None = None
        context.runtime = self
        self._began = began_now()
        self._clock = wall.perf_counter()

    # Preparing.

    def prepare(self, algorithm: QCAlgorithm) -> None:
        """Call the author's ``initialize`` and set up what it asked for."""
        self._algorithm = algorithm
        algorithm.trade_builder = TradeBuilder()
        self._feed = DataFeed(algorithm, self._source)
        self._desk = IndicatorDesk(self._feed, self.attention)
        algorithm.subscription_manager.consolidators_changed += self._desk.on_consolidators_changed
        self._history = HistoryReader(algorithm, self._source)
        self._universes = UniverseDesk(algorithm, self._feed, self._journal)
        brokerage = BacktestingBrokerage(algorithm)
        brokerage.resting = resting = RestingOrders(algorithm, self._feed)
        transactions = self._transactions(algorithm, brokerage)
        algorithm.transactions.set_order_processor(transactions)
        algorithm.schedule.on_change = self.wake
        self.phase.name = "initialize"
        algorithm.initialize()
        self._apply_options(algorithm)
        self._check_dates(algorithm)
        self._set_clock(algorithm)
        choose_benchmark(algorithm, self._source)
        if algorithm.lab_framework is not None:
            algorithm.lab_framework.finish_set_up()
        self._universes.set_up()
        currencies = CurrencyFeeds(algorithm, self._feed)
        currencies.set_up()
        sampler = self._make_sampler(algorithm)
        self._parts = RunParts(
            algorithm=algorithm,
            feed=self._feed,
            transactions=transactions,
            brokerage=brokerage,
            resting=resting,
            sampler=sampler,
            corporate=CorporateActions(algorithm, self._feed, transactions),
            currencies=currencies,
            end_of_day=self._end_of_day(algorithm),
            phase=self.phase,
            attention=self.attention,
            universes=self._universes,
        )
        if self._journal is not None:
            self._journal.prepared()

    def _transactions(self, algorithm: QCAlgorithm, brokerage: BacktestingBrokerage) -> TransactionHandler:
        """Return what carries orders out, and takes down in the journal what is asked for, if there is one."""
        if self._journal is None:
            return TransactionHandler(algorithm, brokerage, self.attention, self._on_order_event)
        self._journal.open(algorithm, self.phase, self._desk.not_ready)
        return JournaledTransactions(algorithm, brokerage, self.attention, self._on_order_event, self._journal)

    def _make_sampler(self, algorithm: QCAlgorithm) -> ResultSampler:
        account = AlgorithmAccount(algorithm)
        begin, end = algorithm.start_date, algorithm.end_date
        return ResultSampler(
            account,
            CapacityEstimate(account, to_ns(begin), to_ns(end)),
            start_ns=to_ns(begin),
            end_ns=to_ns(end),
            start_utc_ns=algorithm.time_zone.to_utc(begin),
            starting_portfolio_value=algorithm.portfolio.cash_book.exact_total_value_in_account_currency,
            later=ValueNotes(algorithm.portfolio),
        )

    def _apply_options(self, algorithm: QCAlgorithm) -> None:
        options = self._options
        if options.start is not None:
            algorithm.set_start_date(options.start)
        if options.end is not None:
            algorithm.set_end_date(options.end)
        if options.cash is not None:
            for cash in algorithm.portfolio.cash_book.values():
                cash.set_amount(0)
            algorithm.set_cash(to_decimal(options.cash))
        if algorithm.settings.trading_days_per_year is None:
            names = {base.__name__ for base in type(algorithm.brokerage_model).__mro__}
            every_day = not names.isdisjoint(_EVERY_DAY)
            algorithm.settings.trading_days_per_year = _TRADING_DAYS_ALWAYS_OPEN if every_day else _TRADING_DAYS

    def _check_dates(self, algorithm: QCAlgorithm) -> None:
        if algorithm.end_date < algorithm.start_date:
            raise UsageError(
                f"the start date ({algorithm.start_date:%Y-%m-%d}) is after the end date "
                f"({algorithm.end_date:%Y-%m-%d}); set_end_date must come after set_start_date"
            )

    def _set_clock(self, algorithm: QCAlgorithm) -> None:
        """Set the clock to the start, or to that of the warm-up."""
        algorithm.lab_start_ns = self._start_ns(algorithm)
        begin_ns = algorithm.lab_warm_up_start_ns()
        if begin_ns is None or begin_ns >= algorithm.lab_start_ns:
            begin_ns = algorithm.lab_start_ns
            algorithm.set_finished_warming_up()
        self._begin_ns = begin_ns
        algorithm.time_keeper.set_utc_ns(begin_ns)

    def _start_ns(self, algorithm: QCAlgorithm) -> int:
        """Return the instant at which the algorithm's start is."""
        return algorithm.time_zone.to_utc(algorithm.start_date)

    def _end_of_day(self, algorithm: QCAlgorithm) -> EndOfDayEvents:
        method = author_overrides(algorithm, "on_end_of_day")
        takes_symbol = method is not None and _takes_argument(method)
        return EndOfDayEvents(
            algorithm.schedule,
            algorithm.securities,
            algorithm.time_keeper,
            on_security=method if takes_symbol else None,
            on_day=method if method is not None and not takes_symbol else None,
        )

    # Running.

    def run(self) -> None:
        """Run the algorithm from its start, or the start of its warm-up, to its end."""
        parts = self._parts
        assert parts is not None
        algorithm = parts.algorithm
        self._feed.open(self._begin_ns, algorithm.time_zone.to_utc(algorithm.end_date))
        if algorithm.is_warming_up:
            self._universes.pulses.append(algorithm.lab_start_ns)
        algorithm.lab_locked = True
        algorithm.schedule.start()
        parts.end_of_day.start(algorithm.time, algorithm.end_date, algorithm.time_zone)
        algorithm.schedule.look_at_midnights("Daily Sampling", parts.sampler.sample)
        if not algorithm.is_warming_up:
            self.phase.name = "on_warmup_finished"
            algorithm.on_warmup_finished()
        self._loop = self._make_loop(parts)
        if algorithm.status == AlgorithmStatus.RUNNING:
            self._loop.run(self._begin_ns)
        self.phase.name = END_PHASE
        algorithm.on_end_of_algorithm()
        parts.sampler.finish(algorithm.lab_utc_ns)

    def _make_loop(self, parts: RunParts) -> Loop:
        return Loop(parts, self._options.on_progress)

    def _on_order_event(self, event: OrderEvent) -> None:
        parts = self._parts
        assert parts is not None
        parts.sampler.on_order_event(event)
        before, self.phase.name = self.phase.name, "on_order_event"
        if parts.algorithm.lab_framework is not None:
            parts.algorithm.lab_framework.on_order_event(event)
        parts.algorithm.on_order_event(event)
        self.phase.name = before

    # What the algorithm asks for (Runtime).

    def add_subscriptions(self, security: Security, configs: Iterable[SubscriptionDataConfig]) -> None:
        """Start the streams of a security at the end of this time step."""
        streams = tuple(configs)
        if self._journal is not None:
            self._journal.note(Subscribed(security=security, configs=streams), security)
        self._universes.add(security, streams)
        self.attention.raised = True

    def remove_security(self, security: Security) -> None:
        """End the streams of a security at the end of this time step."""
        if self._journal is not None:
            self._journal.note(Removed(security=security))
        self._universes.remove(security)
        self.attention.raised = True

    def statistics(self) -> StatisticsResults:
        """Return the statistics of the run so far."""
        parts = self._parts
        return StatisticsResults() if parts is None else build_statistics(statistics_input(parts))

    def read_history(self, request: HistoryRequest) -> BarColumns:
        """Return bars of the past."""
        return self._history.read(request)

    def wake(self) -> None:
        """Look, after this callback, at more than the next bar."""
        self.attention.raised = True
        if self._journal is not None and self._algorithm is not None and self._algorithm.status == _STOPPED:
            self._journal.note_end(at_once=False)

    def attach_indicator(self, config: SubscriptionDataConfig, indicator: object, selector: str) -> bool:
        """Let an indicator read the columns of a subscription; return whether it could."""
        return self._desk.attach(config, indicator, selector)

    def detach_indicator(self, indicator: object) -> None:
        """Let an indicator that was attached stand still: it reads columns no more."""
        self._desk.detach(indicator)

    def current_data(self) -> Iterable[BaseData]:
        """Return the data of the present time step."""
        current = None if self._algorithm is None else self._algorithm.current_slice
        return [] if current is None else current.all_data

    # Gathering.

    @property
    def time_text(self) -> str:
        """The algorithm's present time, for messages."""
        if self._algorithm is None:
            return ""
        time: datetime = from_ns(self._algorithm.time_zone.local_ns(self._algorithm.lab_utc_ns))
        return time.isoformat(sep=" ")

    def result(self, path: Path | None, *, status: str, problem: str = "", trace: str = "") -> BacktestResult:
        """Return what the run came to."""
        assert self._parts is not None
        loop = self._loop
        if self._journal is not None and status in ("interrupted", "failed"):
            self._journal.note_end(at_once=True)
        ruined = loop is not None and loop.was_ruined
        return build_result(
            Outcome(
                parts=self._parts,
                source=self._source,
                path=path,
                status="ruined" if ruined and status == "completed" else status,
                problem=problem,
                trace=trace,
                began=self._began,
                seconds=wall.perf_counter() - self._clock,
                bars=0 if loop is None else loop.bars,
                steps=0 if loop is None else loop.steps,
                warm_up_steps=0 if loop is None else loop.warm_up_steps,
                never_ready=self._desk.never_ready,
            )
        )

    def partial_result(self, path: Path | None, problem: str, trace: str) -> BacktestResult | None:
        """Return what a failed run came to, ``None`` if it never began."""
        if self._loop is None:
            return None
        return self.result(path, status="failed", problem=problem, trace=trace)


def _takes_argument(method: object) -> bool:
    import inspect

    try:
        return bool(inspect.signature(method).parameters)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False

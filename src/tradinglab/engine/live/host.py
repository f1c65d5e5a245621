"""The engine around an algorithm that runs live."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.core.clock import SECOND_NS
from tradinglab.core.decimals import to_decimal
from tradinglab.core.enums import AlgorithmStatus
from tradinglab.engine.host import Host
from tradinglab.engine.live.account import set_cash, set_positions
from tradinglab.engine.live.link import LiveStatus
from tradinglab.engine.live.loop import LiveLoop
from tradinglab.engine.live.reporter import Reporter
from tradinglab.engine.live.resuming import resume_orders
from tradinglab.engine.run import RunOptions

if TYPE_CHECKING:
    from pathlib import Path

    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.runtime import AlgorithmContext
    from tradinglab.engine.live.fed import FeedSource
    from tradinglab.engine.live.options import LiveOptions
    from tradinglab.engine.parts import RunParts
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.sampling import ResultSampler

#: Of the wall's clock.
_SAMPLE_EVERY_S = 60


class LiveHost(Host):
    """Prepares an algorithm to trade on paper from now on, and drives it until it is stopped."""

    def __init__(self, context: AlgorithmContext, options: LiveOptions, reporter: Reporter, source: FeedSource) -> None:
        super().__init__(context, RunOptions(parameters=options.parameters, seed=options.seed))
        self._live = options
        self._reporter = reporter
        self._fed = source
        self._live_loop: LiveLoop | None = None
        self._resumed: list[Order] = []

    def prepare(self, algorithm: QCAlgorithm) -> None:
        """Call the author's ``initialize`` at the clock's present, and set up account and positions."""
        self._reporter.status(LiveStatus.INITIALIZING)
        algorithm.algorithm_id = self._live.deployment_id
        algorithm.lab_go_live(self._live.pace.start_ns)
        if not self._fed.is_replay:
            # Who is asked for a day's bar has it after midnight.
            algorithm.settings.daily_precise_end_time = False
        algorithm.transactions.lab_skip_order_ids(self._live.orders_before)
        super().prepare(algorithm)
        parts = self._parts
        assert parts is not None
        self._resumed = resume_orders(parts, self._live.open_orders)
        self._reporter.open(parts)

    def _apply_options(self, algorithm: QCAlgorithm) -> None:
        super()._apply_options(algorithm)
        algorithm.lab_end_date = algorithm.time_zone.datetime(self._end_ns)
        set_cash(algorithm, {name: to_decimal(amount) for name, amount in self._live.cash.items()})
        set_positions(algorithm, self._live.positions, self._live.cash)

    def _make_sampler(self, algorithm: QCAlgorithm) -> ResultSampler:
        sampler = super()._make_sampler(algorithm)
        if self._live.pace.is_paced:
            sampler.resample_period_ns = int(_SAMPLE_EVERY_S * self._live.pace.speed * SECOND_NS)
        return sampler

    @property
    def _end_ns(self) -> int:
        """Up to where bars are read at first."""
        if self._live.end_ns is not None:
            return self._live.end_ns
        return self._live.pace.start_ns + LiveLoop.window_ns(self._live)

    def _start_ns(self, algorithm: QCAlgorithm) -> int:
        return self._live.pace.start_ns

    def _make_loop(self, parts: RunParts) -> LiveLoop:
        self._live_loop = LiveLoop(parts, self._live, self._reporter, self._resumed, self._fed)
        return self._live_loop

    @property
    def status(self) -> LiveStatus:
        """Where the run is, or how it ended."""
        return LiveStatus.INITIALIZING if self._live_loop is None else self._live_loop.status

    @property
    def quit_message(self) -> str:
        """What the strategy said when it ended the run by itself."""
        algorithm = self._algorithm
        if algorithm is None or algorithm.status == AlgorithmStatus.RUNNING:
            return ""
        return algorithm.lab_quit_message or ""

    def finished(self, path: Path | None) -> BacktestResult | None:
        """Tell what is new at last, and return what the run came to; ``None`` if it never began."""
        self.tell_last()
        return None if self._loop is None else self.result(path, status="completed")

    def tell_last(self) -> None:
        """Tell what is new, whenever something was told before."""
        self._reporter.tell(at_once=True)

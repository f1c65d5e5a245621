"""How a strategy is run, so that it can be run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.core.decimals import Number
from tradinglab.core.values import dataclass, field
from tradinglab.data.source import DataSource, open_source
from tradinglab.engine.journal import Journal
from tradinglab.engine.loop import Progress
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A strategy and everything that it is told, as :func:`tradinglab.backtest` takes it.

    Attributes
    ----------
    seed
        What lots are drawn from. Runs are compared with each other, so that there always is one.
    timeout_s
        Seconds after which each single run is given up.
    """

    strategy: str | Path | type[QCAlgorithm]
    data: str | DataSource = "sample"
    start: date | str | None = None
    end: date | str | None = None
    cash: Number | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    import_paths: tuple[str | Path, ...] = ()
    class_name: str | None = None
    timeout_s: float | None = None
    seed: int = 0

    def source(self) -> DataSource:
        """Return where bars come from."""
        return open_source(self.data) if isinstance(self.data, str) else self.data

    def run(
        self,
        source: DataSource,
        *,
        journal: Journal | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        cash: Number | None = None,
    ) -> BacktestResult:
        """Run the strategy, with another sum of *cash* if one is given; raises what ``backtest`` raises."""
        return backtest(
            self.strategy,
            data=source,
            start=self.start,
            end=self.end,
            cash=self.cash if cash is None else cash,
            parameters=self.parameters,
            import_paths=self.import_paths,
            class_name=self.class_name,
            timeout_s=self.timeout_s,
            seed=self.seed,
            journal=journal,
            on_progress=on_progress,
        )

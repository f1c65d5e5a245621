"""Trials whose strategy's code may do no harm: each runs in a child of a sandbox, one of which each process keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from tradinglab.data.source import DataSource
    from tradinglab.engine.result import BacktestResult
    from tradinglab.sandbox import Limits, Sandbox

#: A process runs one trial at a time; the child of the next one is made meanwhile.
_SPARES: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What trials may take, and whether they are run where only a weak sandbox can be had."""

    limits: Limits
    allow_weak: bool = False


class Confined:
    """What runs trials in one process.

    Parameters
    ----------
    data
        The spec of the data, which is what runs may read.
    source
        Where their requests are replayed from, outside: bars that processes may share.
    """

    def __init__(self, confinement: Confinement, data: str, source: DataSource) -> None:
        self._confinement = confinement
        self._data = data
        self._source = source
        self._sandbox: Sandbox | None = None

    def backtest(self, strategy: Path, **told: Any) -> BacktestResult:
        """Run a strategy as :func:`tradinglab.sandbox.sandboxed_backtest` does; once more if the sandbox died over it.

        Raises
        ------
        TradingLabError
            As it does.
        """
        from tradinglab.sandbox.errors import SandboxLostError

        try:
            return self._run(strategy, told)
        except SandboxLostError:
            return self._run(strategy, told)

    def _run(self, strategy: Path, told: dict[str, Any]) -> BacktestResult:
        from tradinglab.sandbox import Sandbox, sandboxed_backtest
        from tradinglab.sandbox.places import data_places

        limits, allow_weak = self._confinement.limits, self._confinement.allow_weak
        if self._sandbox is None or not self._sandbox.is_alive:
            self.close()
            places = data_places(self._data)
            self._sandbox = Sandbox(readable=places, allow_weak=allow_weak, spares=_SPARES, is_alone=False)
        return sandboxed_backtest(
            strategy, data=self._data, replay_source=self._source, limits=limits, sandbox=self._sandbox, **told
        )

    def close(self) -> None:
        """End the sandbox."""
        if self._sandbox is not None:
            self._sandbox.close()
            self._sandbox = None

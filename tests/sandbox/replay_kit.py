"""What the tests of the replay share: a run with what it claims and declares, which can be tampered with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import backtest
from tradinglab.sandbox.answer import Reader, parse
from tradinglab.sandbox.packing import packed
from tradinglab.sandbox.replay import Terms, Verification, read_declared, verified
from tradinglab.sandbox.replay.declaring import Declaration
from tradinglab.sandbox.unpacking import unpacked

Tamper = Callable[[dict[str, Any]], object]


class ClaimedRun:
    """A run of a strategy, as its process would tell of it."""

    def __init__(self, strategy: Path | type[QCAlgorithm], *, data: str = "sample", **options: Any) -> None:
        self.data = data
        declaration = Declaration()
        try:
            self.honest = backtest(strategy, data=data, journal=declaration.journal, **options)
        except StrategyError as problem:
            if problem.result is None:
                raise
            self.honest = problem.result
        self._answer = json.dumps({"result": packed(self.honest), "declared": declaration.packed()})

    def checked(self, tamper: Tamper | None = None, terms: Terms | None = None) -> BacktestResult:
        """Return the result with its verification, after the answer was tampered with."""
        answer = json.loads(self._answer)
        if tamper is not None:
            tamper(answer)
        reader = Reader(parse(json.dumps(answer).encode(), most_items=10_000_000))
        claimed = unpacked(reader.member("result"), data=self.honest.data)
        return verified(claimed, read_declared(reader.member("declared")), data=self.data, terms=terms)

    def verification(self, tamper: Tamper | None = None) -> Verification:
        """Return what the check of the result comes to."""
        found = self.checked(tamper).verification
        assert found is not None
        return found

    def answer(self) -> dict[str, Any]:
        """Return the answer, to be looked at."""
        found: dict[str, Any] = json.loads(self._answer)
        return found

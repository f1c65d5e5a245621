"""Strategies of our own that do what LEAN's regression algorithms do: each figure of theirs must come out.

The strategies are in ``strategies``, their figures in ``engine_figures.json``: those that the regression classes
of QuantConnect/LEAN (commit 24863901) declare as expected, each beside the name of its class.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tradinglab import backtest

pytestmark = pytest.mark.lean

HERE = Path(__file__).parent
FIGURES: dict[str, dict[str, Any]] = json.loads((HERE / "engine_figures.json").read_text())


@pytest.mark.parametrize("name", FIGURES)
def test_a_strategy_has_leans_figures(lean_data: Path, name: str) -> None:
    parameters = {"ema-fast": 10, "ema-slow": 20}
    result = backtest(HERE / "strategies" / f"{name}.py", data=f"lean:{lean_data}", parameters=parameters)
    expected = FIGURES[name]["statistics"]
    assert result.status == "completed"
    assert {key: result.statistics[key] for key in expected} == expected


def test_every_strategy_has_figures() -> None:
    assert {path.stem for path in (HERE / "strategies").glob("*.py")} == set(FIGURES)

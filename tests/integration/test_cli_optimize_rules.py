"""``tradinglab optimize`` over rules: simulated, to the figures of the engine; what cannot be is said, or refused."""

from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tradinglab.cli.main import main
from tradinglab.data.source import open_source
from tradinglab.rules import load_bars, load_rules, simulate
from tradinglab.rules.measures import SIMULATED

RULES = """
rules "Cross"
universe AAPL daily
from 2010-01-04 to 2011-03-01
parameter fast = 5 from 2 to 10 step 1
parameter slow = 20 from 12 to 40 step 4
enter long when SMA(fast) crosses above SMA(slow)
exit long when SMA(fast) crosses below SMA(slow)
parameter share = 95
size share % of equity
"""
SPACE = ["--space", "fast=3,8", "--space", "slow=16,32", "--jobs", "1"]

_LARGE = [word for name in ("fast", "slow", "share") for word in ("--space", f"{name}=1:1000:1")]


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "cross.rules"
    path.write_text(RULES)
    return path


def result(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def test_a_simulation_comes_to_the_figures_of_backtests(rules, capsys):
    assert main(["optimize", str(rules), *SPACE, "--out", "quick.json"]) == 0
    assert main(["optimize", str(rules), *SPACE, "--method", "backtests", "--out", "slow.json"]) == 0
    quick, slow = result(Path("quick.json")), result(Path("slow.json"))
    assert quick["search"]["method"] == "simulation"
    assert "method" not in slow["search"]
    for one, other in zip(quick["trials"], slow["trials"], strict=True):
        assert one["parameters"] == other["parameters"]
        theirs = {name: value for name, value in other["figures"].items() if name in SIMULATED}
        assert one["figures"].keys() == theirs.keys()
        for name, value in theirs.items():
            assert math.isclose(one["figures"][name], value, rel_tol=2e-6, abs_tol=1e-9), name
    assert "backtests" not in capsys.readouterr().err


def test_what_was_noted_is_not_simulated_again(rules, capsys):
    assert main(["optimize", str(rules), *SPACE]) == 0
    journal = Path("runs/optimize-cross.journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    told = [place for place, line in enumerate(lines) if b'"told"' in line]
    kept = lines[: told[-1]]  # the last outcome and the end were not written
    journal.write_bytes(b"".join(kept))
    assert main(["optimize", str(rules), *SPACE, "--resume"]) == 0
    again = [line for line in journal.read_bytes().splitlines(keepends=True) if b'"told"' in line]
    assert len(again) == 4
    assert "1 of them were run now" in capsys.readouterr().out
    rules.write_text(RULES.replace("share = 95", "share = 90"))
    journal.write_bytes(b"".join(kept))
    assert main(["optimize", str(rules), *SPACE, "--resume"]) == 2
    assert "of another search: code was" in capsys.readouterr().err


def test_a_figure_that_is_not_simulated_leads_to_the_engine_and_is_said(rules, capsys):
    assert main(["optimize", str(rules), "--space", "fast=3,8", "--target", "capacity"]) == 0
    assert "A simulation does not come to capacity. The trials are backtests" in capsys.readouterr().err


def test_a_slippage_that_is_not_simulated_leads_to_the_engine_and_is_said(rules, capsys):
    rules.write_text(f"{RULES}slippage market_impact\n")
    assert main(["optimize", str(rules), *SPACE, "--out", "found.json"]) == 0
    assert "The trials are backtests" in capsys.readouterr().err
    found = result(Path("found.json"))
    assert "method" not in found["search"]
    assert all(math.isfinite(trial["figures"]["sharpe_ratio"]) for trial in found["trials"])
    assert main(["optimize", str(rules), *SPACE, "--method", "simulation", "--out", "none.json"]) == 2
    assert "market impact" in capsys.readouterr().err
    assert main(["rules", "run", str(rules)]) == 0
    assert "is run in the local engine" in capsys.readouterr().err
    assert main(["rules", "run", str(rules), "--engine", "vectorised"]) != 0


def test_a_walk_forward_over_rules(rules, capsys):
    walk = ["--walk-forward", "train=120", "test=60"]
    assert main(["optimize", str(rules), *SPACE, *walk, "--target", "net_profit", "--out", "quick.json"]) == 0
    more = ["--method", "backtests", "--out", "slow.json"]
    assert main(["optimize", str(rules), *SPACE, *walk, "--target", "net_profit", *more]) == 0
    quick, slow = result(Path("quick.json")), result(Path("slow.json"))
    assert [each["parameters"] for each in quick["steps"]] == [each["parameters"] for each in slow["steps"]]
    one, other = quick, slow
    assert one["days"] == other["days"]
    assert one["equity"] == pytest.approx(other["equity"], rel=1e-7)


def test_each_window_of_a_walk_forward_begins_warm_if_the_rules_say_so(rules, capsys):
    # No window has bars enough for a hundred days' average of its own.
    text = RULES.replace("SMA(slow)", "SMA(100)").replace("crosses above", ">").replace("crosses below", "<")
    space = ["--space", "fast=3,8", "--jobs", "1", "--target", "net_profit"]
    walk = ["--window", "2010-03-01:2010-04-15:2010-04-19:2010-06-30", "--window",
            "2010-06-01:2010-08-31:2010-09-01:2010-10-15"]  # fmt: skip
    found = {}
    rules.write_text(text)
    assert main(["optimize", str(rules), *space, *walk, "--out", "cold.json"]) == 2
    said = "is known after 100 bars, and there are 33 of them from 2010-03-01 to 2010-04-15"
    assert said in capsys.readouterr().err
    assert not Path("cold.json").exists()
    for name, warm_up, more in (
        ("quick", "warm up 110 bars\n", []),
        ("slow", "warm up 110 bars\n", ["--method", "backtests"]),
    ):
        rules.write_text(text.replace("parameter fast", f"{warm_up}parameter fast"))
        assert main(["optimize", str(rules), *space, *walk, *more, "--out", f"{name}.json"]) == 0
        found[name] = result(Path(f"{name}.json"))
    quick, slow = found["quick"], found["slow"]
    assert [each["parameters"] for each in quick["steps"]] == [each["parameters"] for each in slow["steps"]]
    assert quick["equity"] == pytest.approx(slow["equity"], rel=1e-7)
    for step in quick["steps"]:
        rules_of_test = load_rules(rules).model_copy(update={
            "start": date.fromisoformat(step["test_first"]), "end": date.fromisoformat(step["test_last"])})  # fmt: skip
        run = simulate(rules_of_test, load_bars(rules_of_test, open_source("sample")),
                       {"fast": float(step["parameters"]["fast"])})  # fmt: skip
        assert step["test_return"] == pytest.approx(run.final_equity / 100_000 - 1, abs=1e-9)
    # Above its average on the first day, the share is bought at the open of the second.
    assert len(set(quick["equity"][:3])) > 1


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        (("AAPL", "NOPE"), [], "NOPE"),
        (("SMA(fast)", "FOO(fast)"), [], "FOO"),
        (("size", "exit after 0 bars\nsize"), [], "time_stop"),
        (("", ""), ["--space", "quick=1,2"], "does not ask for the parameter quick"),
        (("", ""), ["--space", "fast=3:9:1", "--constraint", "fast > 20"], "No combination keeps to the constraints"),
        (("", ""), [*_LARGE], "there are 1,000,000,000"),
        (("", ""), ["--space", "fast=3,8", "--method", "simulation", "--target", "capacity"], "does not come to"),
        (("", ""), ["--space", "fast=3,8", "--class", "Other"], "--class"),
        (("", ""), ["--space", "fast=3,8", "--walk-forward", "train=5000", "test=20"], "train"),
        (("", ""), ["--space", "fast=3,8", "--start", "2012-01-01"], "is before the first one (2012-01-01)"),
        (("", ""), ["--space", "fast=3,8000"], "with fast = 8000 this is known after 8,000 bars"),
        (("", ""), ["--space", "fast=3:8000:1", "--method", "backtests"], "with fast = 8000 this is known after"),
        (("", ""), ["--space", "fast=3,8", "--start", "2020-01-01", "--end", "2021-01-01"], "has no daily bars"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_refused_and_nothing_started(rules, capsys, change, options, said):
    rules.write_text(RULES.replace(*change) if change[0] else RULES)
    status = main(["optimize", str(rules), *(options or ["--space", "fast=3,8"])])
    assert status != 0
    assert said in capsys.readouterr().err
    assert not list(Path.cwd().rglob("*.journal"))


def test_code_is_not_simulated(rules, capsys):
    status = main(["optimize", "sma-cross", "--space", "fast=3,8", "--method", "simulation"])
    assert status != 0
    assert "--method simulation is for rules" in capsys.readouterr().err

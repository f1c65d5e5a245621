"""The shares of portfolios: those of the analytics library, which goes about it in other ways, and their limits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.rules_kit import QuotingSource, bar_times, price_bars

from tradinglab.analytics.portfolio import (
    covariance_matrix,
    hierarchical_risk_parity,
    minimum_variance,
    risk_parity,
)
from tradinglab.core.enums import Resolution
from tradinglab.rules import (
    RulesInvalidError,
    RulesSyntaxError,
    algorithm_source,
    load_bars,
    read_rules,
    rules_from_json,
    rules_text,
    simulate,
    weighing,
)

HEAD = "universe ABC, DEF, GHI daily\nfrom 2020-03-02 to 2020-09-01\nfees none\nbuffer 0 %\n"
TWICE = "limit sector a 2 % of ABC\nlimit sector a 3 % of DEF"
PORTFOLIO = "rebalance monthly top 3 by close weighted by {} over 20 bars with 100 % of equity\n"


def returns_of(seed: int, bars: int = 120, assets: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    common = rng.normal(0.0005, 0.01, (bars, 1))
    return np.asarray(common * rng.uniform(0.2, 1.5, assets) + rng.normal(0.0002, 0.01, (bars, assets)))


@pytest.mark.parametrize("seed", range(12))
def test_weights_are_those_of_the_library(seed: int) -> None:
    returns = returns_of(seed)
    matrix = covariance_matrix(returns)
    for found, known in (
        (weighing.minimum_variance(returns), minimum_variance(matrix)),
        (weighing.risk_parity(returns), risk_parity(matrix)),
        (weighing.hierarchical_risk_parity(returns), hierarchical_risk_parity(matrix)),
    ):
        np.testing.assert_allclose(found, known, atol=1e-6)


@pytest.mark.parametrize("seed", range(12))
def test_no_weight_makes_the_ratio_better(seed: int) -> None:
    returns = returns_of(seed)
    matrix, means = covariance_matrix(returns), returns.mean(axis=0)
    held = weighing.maximum_sharpe(returns)
    if means.max() <= 0:
        assert not held.any()
        return
    # How much the mean and, at the same price, the risk rise with each weight.
    dearer = matrix @ held * (means @ held) / (held @ matrix @ held) - means
    assert held.sum() == pytest.approx(1.0)
    assert (np.abs(dearer[held > 0]) < 1e-8).all()
    assert (dearer > -1e-8).all()


@pytest.mark.parametrize("method", ["minimum_variance", "maximum_sharpe", "risk_parity", "hierarchical_risk_parity"])
def test_few_returns_of_many_still_have_weights(method: str) -> None:
    returns = returns_of(1, bars=5, assets=30)
    returns[:, 1] = returns[:, 0]
    found = getattr(weighing, method)(returns)
    assert found.min() >= 0
    assert found.sum() == pytest.approx(1.0)
    assert getattr(weighing, method)(np.abs(returns[:, :1])) == pytest.approx([1.0])


def test_nothing_is_held_if_nothing_is_expected_to_earn() -> None:
    assert weighing.maximum_sharpe(-np.abs(returns_of(2))).tolist() == [0.0] * 7


@pytest.mark.parametrize(
    "words", ["equally", *(f"by {each} over n bars" for each in ("volatility", "minimum variance", "maximum sharpe",
                                                                "risk parity", "hierarchical risk parity"))],
)  # fmt: skip
def test_generated_source_is_clean(words: str, tmp_path: Path) -> None:
    text = f"parameter n = 60\nrebalance weekly top 2 by ROC(n) weighted {words}\nlimit position n %\n"
    found = algorithm_source(
        read_rules(HEAD + text + "limit sector some n % of DEF, ABC\nlimit sector other 2 % of ABC")
    )
    assert max(map(len, found.splitlines())) <= 99
    path = tmp_path / "main.py"
    path.write_text(found)
    options = ["--isolated", "--no-cache", "--select=E,F,W,I", "--ignore=F403,F405", "--line-length=99"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *options, str(path)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout


def source() -> QuotingSource:
    found = QuotingSource()
    for place, ticker in enumerate(("ABC", "DEF", "GHI")):
        bars = price_bars(place, bar_times("equity", "daily", 120), first=100.0, places=2, gaps=0.0)
        found.add(ticker, Resolution.DAILY, bars)
    return found


def first_values(text: str) -> dict[str, float]:
    """Return what was ordered first of each security, as a share of the equity, by the close before."""
    rules = read_rules(HEAD + text)
    bars = load_bars(rules, source())
    run = simulate(rules, bars)
    sent = run.fills.sent[0]
    return {
        run.tickers[security]: quantity * float(bars.marks[security, sent]) / rules.cash
        for security, quantity, at in zip(run.fills.security, run.fills.quantity, run.fills.sent, strict=True)
        if at == sent
    }


@pytest.mark.parametrize("words", ["minimum variance", "risk parity", "hierarchical risk parity", "volatility"])
def test_all_is_invested_without_limits(words: str) -> None:
    assert sum(first_values(PORTFOLIO.format(words)).values()) == pytest.approx(1.0, abs=0.01)


def test_limits_cut_off_and_leave_cash() -> None:
    free = first_values(PORTFOLIO.format("risk parity"))
    held = first_values(PORTFOLIO.format("risk parity") + "limit position 30 %\n")
    assert {name: min(value, 0.3) for name, value in free.items()} == pytest.approx(held, abs=0.005)
    held = first_values(PORTFOLIO.format("risk parity") + "limit sector some 20 % of ABC, GHI\n")
    assert held["ABC"] + held["GHI"] == pytest.approx(0.2, abs=0.005)
    assert held["ABC"] / held["GHI"] == pytest.approx(free["ABC"] / free["GHI"], rel=0.05)
    assert held["DEF"] == pytest.approx(free["DEF"], abs=0.005)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (PORTFOLIO.format("risk parity").replace("20 bars", "1 bar"), "rebalance.weighting.bars"),
        (PORTFOLIO.format("risk parity") + "limit position 0 %", "limits.position_percent"),
        (PORTFOLIO.format("risk parity") + "limit position 101 %", "limits.position_percent"),
        (PORTFOLIO.format("risk parity") + "limit sector a 20 % of XYZ", "limits.sectors.0.tickers"),
        (
            PORTFOLIO.format("risk parity") + "limit sector a 2 % of ABC\nlimit sector a 3 % of DEF",
            "limits.sectors.1.name",
        ),
        ("enter long when close > 1\nlimit position 20 %", "limits"),
    ],
)
def test_what_cannot_be_is_refused(text: str, path: str) -> None:
    with pytest.raises(RulesInvalidError) as refused:
        read_rules(HEAD + text)
    assert refused.value.path == path


@pytest.mark.parametrize(
    "text",
    [
        "limit position 20 %\nlimit position 30 %",
        "limit leverage 2 %",
        "limit sector 20 % of ABC",
        "limit sector a 2 %",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(RulesSyntaxError):
        read_rules(HEAD + PORTFOLIO.format("risk parity") + text)


def test_text_and_json_say_the_same() -> None:
    text = (
        PORTFOLIO.format("minimum variance")
        + "limit sector b 2 % of ABC\nlimit position 20 %\nlimit sector a 3 % of DEF"
    )
    rules = read_rules(HEAD + text)
    assert rules.limits is not None
    assert [each.name for each in rules.limits.sectors] == ["b", "a"]
    assert read_rules(rules_text(rules)) == rules
    assert rules_from_json(rules.model_dump_json()) == rules

"""Shares by views: published figures, the analytics library, views by hand, and what cannot be said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.rules_kit import assert_same
from tests.unit.test_rules_weighing import HEAD, PORTFOLIO, first_values, returns_of, source

from tradinglab.analytics.portfolio import black_litterman as posterior_of
from tradinglab.analytics.portfolio import covariance_matrix, implied_returns, maximum_sharpe
from tradinglab.rules import (
    RulesInvalidError,
    RulesSyntaxError,
    algorithm_source,
    load_bars,
    read_rules,
    rules_from_json,
    rules_text,
    simulate,
)
from tradinglab.rules.views import black_litterman, market_of, views_of
from tradinglab.rules.weighing import covariance

SHARES = PORTFOLIO.format("black litterman").replace("20 bars", "20 bars risk aversion 3 tau 0.1")
CERTAIN = (
    "view ABC 5 % a year confidence 100 %\nview DEF 3 % a year confidence 100 %\n"
    "view ABC over DEF 4 % a year confidence 100 %"
)
PLAIN = PORTFOLIO.format("black litterman")


def returns_with(matrix: np.ndarray, bars: int = 60) -> np.ndarray:
    """Returns that have exactly this covariance."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(bars, len(matrix)))
    drawn -= drawn.mean(axis=0)
    whitened = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn, rowvar=False))).T
    return np.asarray(whitened @ np.linalg.cholesky(matrix).T)


def test_the_view_of_a_published_market() -> None:
    # Idzorek's eight assets: "A step-by-step guide to the Black-Litterman model" (2005), covariance, market weights,
    # and returns without and with his three views, to the digits of his inputs.
    above = [
        [0.001005, 0.001328, -0.000579, -0.000675, 0.000121, 0.000128, -0.000445, -0.000437],
        [0.007277, -0.001307, -0.000610, -0.002237, -0.000989, 0.001442, -0.001535],
        [0.059852, 0.027588, 0.063497, 0.023036, 0.032967, 0.048039],
        [0.029609, 0.026572, 0.021465, 0.020697, 0.029854],
        [0.102488, 0.042744, 0.039943, 0.065994],
        [0.032056, 0.019881, 0.032235],
        [0.028355, 0.035064],
        [0.079958],
    ]
    matrix = np.zeros((8, 8))
    for row, values in enumerate(above):
        matrix[row, row:] = matrix[row:, row] = values
    weights = np.array([19.34, 26.13, 12.09, 12.09, 1.34, 1.34, 24.18, 3.49]) / 100
    prior = implied_returns(matrix, weights, 3.07)
    np.testing.assert_allclose(100 * prior, [0.08, 0.67, 6.41, 4.08, 7.43, 3.70, 4.80, 6.60], atol=0.016)
    views = np.zeros((3, 8))
    views[0, 6], views[1, :2], views[2, [2, 3, 4, 5]] = 1, [-1, 1], [0.9, -0.9, 0.1, -0.1]
    found = posterior_of(matrix, prior, views, [0.0525, 0.0025, 0.02], tau=0.025).expected_returns
    np.testing.assert_allclose(100 * found, [0.07, 0.50, 6.50, 4.32, 7.59, 3.94, 4.93, 6.84], atol=0.011)
    # Of its two views that a rule can tell: as sure as the prior, which is a confidence of 50 percent.
    posterior = posterior_of(matrix, prior, views[:2], [0.0525, 0.0025], tau=0.025)
    known = maximum_sharpe(posterior.expected_returns, posterior.covariance)
    told = [(6, None, 0.0525, 0.5), (1, 0, 0.0025, 0.5)]
    held = black_litterman(returns_with(matrix), list(range(8)), weights, told, 3.07, 0.025)
    np.testing.assert_allclose(held, known, atol=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_shares_are_those_of_the_library(seed: int) -> None:
    returns, rng = returns_of(seed), np.random.default_rng(seed)
    market, tau = rng.uniform(0.5, 3, 7), float(rng.uniform(0.01, 0.5))
    places = sorted(rng.choice(7, 5, replace=False).tolist())
    one, other, third = places[:3]
    gone = next(each for each in range(7) if each not in places)
    told = [(one, None, 0.0004, 0.7), (other, third, -0.0003, 0.2), (gone, None, 9.0, 1.0), (one, gone, 9.0, 1.0)]
    # The softened covariance, which is the one that rules go by.
    matrix = covariance(returns[:, places])
    np.testing.assert_allclose(matrix, covariance_matrix(returns[:, places]), rtol=1e-8, atol=1e-12)
    views = np.zeros((2, 5))
    views[0, 0], views[1, 1:3] = 1, [1, -1]
    spread = np.diag(tau * views @ matrix @ views.T)
    prior = implied_returns(matrix, market[places] / market[places].sum(), 2.5)
    posterior = posterior_of(
        matrix, prior, views, [0.0004, -0.0003], uncertainty=spread * [0.3 / 0.7, 0.8 / 0.2], tau=tau
    )
    known = maximum_sharpe(posterior.expected_returns, posterior.covariance)
    np.testing.assert_allclose(black_litterman(returns, places, market, told, 2.5, tau), known, atol=1e-6)


def test_one_view_by_hand() -> None:
    # Variances 0.04 and 0.01 without correlation, weights one half each: the prior of the first is 3 · 0.04 / 2 = 0.06,
    # of the second 0.015. A view of 0.12 at 50 % meets the prior halfway, at 0.09; what is left of its uncertainty is
    # half of tau. Shares go by mean over variance: 0.09 / 0.042 and 0.015 / 0.011.
    returns = returns_with(np.diag([0.04, 0.01]))
    found = black_litterman(returns, [0, 1], np.ones(2), [(0, None, 0.12, 0.5)], 3.0, 0.1)
    parts = np.array([0.09 / 0.042, 0.015 / 0.011])
    np.testing.assert_allclose(found, parts / parts.sum(), atol=1e-7)
    # A certain view leaves nothing of the prior: 0.12 / 0.04.
    found = black_litterman(returns, [0, 1], np.ones(2), [(0, None, 0.12, 1.0)], 3.0, 0.1)
    parts = np.array([0.12 / 0.04, 0.015 / 0.011])
    np.testing.assert_allclose(found, parts / parts.sum(), atol=1e-7)
    # Nothing is held if nothing is expected to earn.
    both = [(0, None, -0.1, 1.0), (1, None, -0.1, 1.0)]
    assert black_litterman(returns, [0, 1], np.ones(2), both, 3.0, 0.1).tolist() == [0.0, 0.0]


def test_without_views_the_market_is_held() -> None:
    held = first_values(SHARES)
    assert held == pytest.approx(dict.fromkeys(("ABC", "DEF", "GHI"), 1 / 3), abs=0.005)
    held = first_values(SHARES + "market weights GHI 600, ABC 300, DEF 100\n")
    assert held == pytest.approx({"ABC": 0.3, "DEF": 0.1, "GHI": 0.6}, abs=0.005)


def test_views_move_shares() -> None:
    held = first_values(SHARES + "view DEF over ABC 30 % a year\n")
    assert held["DEF"] > 0.34 > 0.32 > held["ABC"]
    surer = first_values(SHARES + "view DEF over ABC 30 % a year confidence 90 %\n")
    assert surer["DEF"] > held["DEF"]
    limited = first_values(SHARES + "view DEF over ABC 30 % a year\nlimit position 33 %\n")
    assert limited["DEF"] == pytest.approx(0.33, abs=0.005)


def test_a_years_return_is_shared_out_over_its_bars() -> None:
    text = "parameter much = 6\nmarket weights GHI 6, ABC 3, DEF 1\n"
    rules = read_rules(HEAD + SHARES + text + "view def over ABC much % a year\nview GHI -4 % a year confidence 80 %")
    assert views_of(rules, {"much": 5.04}) == [(1, 0, pytest.approx(0.0504 / 252), 0.5), (2, None, -0.04 / 252, 0.8)]
    assert market_of(rules, {}).tolist() == [3.0, 1.0, 6.0]


def test_parameters_move_views_in_both_ways() -> None:
    text = (
        "parameter much = 6\nparameter sure = 40\nview ABC much % a year confidence sure %\nmarket weights ABC much, "
    )
    rules = read_rules(HEAD + SHARES + text + "DEF 2, GHI 1\nview DEF over GHI 3 % a year\nlimit drawdown 9 %\n")
    one = assert_same(rules, source(), {"much": 20.0, "sure": 90.0})
    other = assert_same(rules, source())
    assert one.fills != other.fills
    with pytest.raises(RulesInvalidError, match="above 0 to 100 percent is expected; it was 101"):
        simulate(rules, load_bars(rules, source()), {"sure": 101.0})


def test_text_and_json_say_the_same() -> None:
    text = 'view ABC 8 % a year confidence 60 %\nview "GHI" over DEF -3 % a year\nmarket weights ABC 1, DEF 2, GHI 0.5'
    rules = read_rules(HEAD + SHARES + text)
    told = rules_text(rules)
    assert "view GHI over DEF -3 % a year confidence 50 %\n" in told
    assert "black litterman over 20 bars risk aversion 3 tau 0.1" in " ".join(told.split())
    assert read_rules(told) == rules
    assert rules_from_json(rules.model_dump_json()) == rules


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("view XYZ 8 % a year", "views.0.ticker", "XYZ is not in the universe"),
        ("view ABC over XYZ 8 % a year", "views.0.over", "XYZ is not in the universe"),
        ("view ABC over abc 8 % a year", "views.0.over", "more than itself"),
        ("view ABC 8 % a year\nview abc 9 % a year", "views.1", "about ABC already"),
        ("view ABC over DEF 8 % a year\nview DEF over ABC 1 % a year", "views.1", "about ABC and DEF already"),
        ("view ABC 8 % a year confidence 0 %", "views.0.confidence", "it was 0"),
        ("view ABC 8 % a year confidence 120 %", "views.0.confidence", "it was 120"),
        ("view ABC -1001 % a year", "views.0.percent", "it was -1001"),
        (
            CERTAIN,
            "views.2",
            "follows from other views that are certain, too, or contradicts them",
        ),
        ("market weights ABC 1, DEF 2", "market_weights", "GHI has no weight"),
        ("market weights ABC 1, DEF 2, GHI 0", "market_weights.2.weight", "it was 0"),
        ("market weights ABC 1, DEF 2, GHI 3, abc 3", "market_weights.3.ticker", "there twice"),
        ("market weights ABC 1, DEF 2, GHI 3, XYZ 3", "market_weights.3.ticker", "not in the universe"),
    ],
)
def test_what_cannot_be_is_refused(text: str, path: str, said: str) -> None:
    with pytest.raises(RulesInvalidError, match=said) as refused:
        read_rules(HEAD + SHARES + text)
    assert refused.value.path == path


def test_numbers_and_places_of_the_weighting() -> None:
    for words, path in (("20 bars tau 0", "tau"), ("20 bars risk aversion 0", "risk_aversion"), ("1 bar", "bars")):
        with pytest.raises(RulesInvalidError) as refused:
            read_rules(HEAD + PLAIN.replace("20 bars", words))
        assert refused.value.path == f"rebalance.weighting.{path}"
    for text, path in (("view ABC 8 % a year", "views"), ("market weights ABC 1, DEF 2, GHI 3", "market_weights")):
        with pytest.raises(RulesInvalidError, match="only shares by black litterman heed this") as refused:
            read_rules(HEAD + PORTFOLIO.format("risk parity") + text)
        assert refused.value.path == path


@pytest.mark.parametrize("text", ["view 8 % a year", "view ABC 8 % a month", "view ABC over 8 % a year", "market ABC 1",
                                  "view ABC 8 % a year confidence 60", "market weights ABC"])  # fmt: skip
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(RulesSyntaxError):
        read_rules(HEAD + SHARES + text)


def test_generated_source_is_clean(tmp_path: Path) -> None:
    tickers = [f"T{place}" for place in range(40)]
    text = (
        f"universe {', '.join(tickers)} daily\nfrom 2020-03-02 to 2020-09-01\nparameter muchofit = 60\n"
        "rebalance weekly top 2 by ROC(muchofit) weighted by black litterman over muchofit bars risk aversion muchofit "
        "tau muchofit\nview T1 over T39 muchofit % a year confidence muchofit %\nlimit drawdown muchofit % then wait "
        f"muchofit bars\nmarket weights {', '.join(f'{each} muchofit' for each in tickers)}"
    )
    found = algorithm_source(read_rules(text))
    assert max(map(len, found.splitlines())) <= 99
    path = tmp_path / "main.py"
    path.write_text(found)
    options = ["--isolated", "--no-cache", "--select=E,F,W,I", "--ignore=F403,F405", "--line-length=99"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *options, str(path)], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout

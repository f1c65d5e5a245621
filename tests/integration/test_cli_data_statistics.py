"""``tradinglab data statistics``: figures of stored bars equal those of a data frame."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tradinglab.analytics import drawdowns, excess_kurtosis, skewness
from tradinglab.cli.main import main
from tradinglab.core.enums import DataNormalizationMode, Resolution, SecurityType, TickType
from tradinglab.data.derivation import Action
from tradinglab.data.store import BarStore, Origin, SeriesKey, store_synthetic_bars

TST = SeriesKey(SecurityType.EQUITY, "usa", "TST", Resolution.MINUTE, TickType.TRADE)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, object]]:
    assert main(["data", "statistics", *words, "--json"]) == 0
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_figures_of_minutes_of_two_years(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several blocks and files, and a file of a day."""
    store_synthetic_bars(tmp_path, "TST", Resolution.MINUTE, date(2023, 3, 1), date(2024, 2, 28), seed=5)
    store = BarStore(tmp_path)
    times, values = store.read(TST)
    day = times[-390:] + 86_400_000_000
    store.append_day(TST, day, {name: column[-390:] * 0.9 for name, column in values.items()}, Origin("feed"))
    times, values = store.read(TST)
    closes = pd.Series(values["close"], pd.to_datetime(times, unit="us", utc=True).tz_convert("America/New_York"))
    (found,) = told(capsys, "--store", str(tmp_path), "--window", "50")
    returns = closes.pct_change().dropna()
    assert (found["bars"], found["left_out"]) == (len(closes), 0)
    moments: dict[str, float] = found["returns"]  # type: ignore[assignment]
    assert moments["count"] == len(returns)
    assert moments["mean"] == pytest.approx(returns.mean())
    assert moments["standard_deviation"] == pytest.approx(returns.std())
    assert moments["skewness"] == pytest.approx(float(skewness(returns.to_numpy())))
    assert moments["excess_kurtosis"] == pytest.approx(float(excess_kurtosis(returns.to_numpy())))
    for share, figure in moments["quantiles"].items():  # type: ignore[attr-defined]
        rank = (returns < figure).mean(), (returns <= figure).mean()
        assert rank[0] - moments["rank_error"] <= float(share) <= rank[1] + moments["rank_error"]
    assert 0 < moments["rank_error"] < 0.001
    spread = returns.rolling(50).std()
    rolling: dict[str, dict[str, object]] = found["rolling"]  # type: ignore[assignment]
    assert rolling["deviation"]["largest"] == pytest.approx(spread.max())
    assert rolling["deviation"]["largest_at"] == spread.idxmax().tz_localize(None).isoformat()
    assert rolling["deviation"]["last"] == pytest.approx(spread.iloc[-1])
    worst = drawdowns(returns.to_numpy(), 1)[0]
    fall: dict[str, object] = found["drawdown"]  # type: ignore[assignment]
    assert fall["deepest"] == pytest.approx(worst.depth)
    assert fall["trough"] == (closes / closes.cummax()).idxmin().tz_localize(None).isoformat()


def test_splits_are_no_returns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = SeriesKey(SecurityType.EQUITY, "usa", "TST", Resolution.DAILY, TickType.TRADE)
    days = np.array([np.datetime64(f"2024-03-{day:02}T05:00", "us").astype(np.int64) for day in (4, 5, 6, 7)])
    close = np.array([100.0, 102.0, 51.0, 53.0])
    store = BarStore(tmp_path)
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    store.write(key, days, {**prices, "volume": np.ones(4)}, [Origin("made up")])
    split = Action(int(days[2] // 86_400_000_000), split_factor=Decimal("0.5"))
    store.add_actions(SecurityType.EQUITY, "usa", "TST", [split], source="made up")
    words = ("--store", str(tmp_path), "--resolution", "daily")
    (adjusted,), (raw,) = told(capsys, *words), told(capsys, *words, "--view", "raw")
    assert adjusted["returns"]["least"] == pytest.approx(0)  # type: ignore[index]
    assert raw["returns"]["least"] == pytest.approx(-0.5)  # type: ignore[index]
    assert (adjusted["view"], raw["drawdown"]["recovery"]) == ("adjusted", None)  # type: ignore[index]
    _, prices_seen = store.read(key, view=DataNormalizationMode.ADJUSTED)
    assert adjusted["price"]["least"] == prices_seen["close"].min()  # type: ignore[index]


def test_quotes_with_a_side_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = SeriesKey(SecurityType.FOREX, "oanda", "EURUSD", Resolution.MINUTE, TickType.QUOTE)
    times = np.datetime64("2024-03-05T10:00", "us").astype(np.int64) + np.arange(3) * 60_000_000
    values = {}
    for side, prices in (("bid", [1.0, 2.0, 3.0]), ("ask", [1.5, np.nan, 4.5])):
        values |= {f"{side}_{name}": np.array(prices) for name in ("open", "high", "low", "close")}
        values[f"{side}_size"] = np.zeros(3)
    BarStore(tmp_path).write(key, times, values, [Origin("made up")])
    (found,) = told(capsys, "--store", str(tmp_path))
    assert (found["bars"], found["left_out"], found["volume"]) == (3, 1, None)
    assert found["returns"]["mean"] == pytest.approx(3.75 / 1.25 - 1)  # type: ignore[index]
    assert main(["data", "statistics", "--store", str(tmp_path)]) == 0
    words = capsys.readouterr().out
    assert "left out: 1 without a price" in words
    assert "deepest fall  none" in words


@pytest.mark.parametrize(
    ("extra", "said"), [(["--window", "1"], "from 2 to 100,000"), (["--symbol", "XYZ"], "has no XYZ")]
)
def test_what_cannot_be_is_said(
    extra: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store_synthetic_bars(tmp_path, "TST", Resolution.MINUTE, date(2024, 3, 1), date(2024, 3, 1))
    assert main(["data", "statistics", "--store", str(tmp_path), *extra]) == 2
    assert said in capsys.readouterr().err

"""Random rules, random bars, and the two ways of carrying rules out."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import dataclass
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from tradinglab.core.enums import OrderStatus, Resolution, TickType
from tradinglab.core.symbol import Symbol
from tradinglab.data.columns import BarColumns
from tradinglab.data.memory import MemorySource
from tradinglab.data.source import DataSource
from tradinglab.engine.run import backtest
from tradinglab.rules import expressions as ex
from tradinglab.rules import portfolios as sp
from tradinglab.rules import schema as sc
from tradinglab.rules.checks import check_rules
from tradinglab.rules.errors import RuinedError, RulesDataError, RulesInvalidError
from tradinglab.rules.generator import algorithm_source
from tradinglab.rules.market import MARKETS, TYPES, load_bars
from tradinglab.rules.plans import has_unit_fees
from tradinglab.rules.simulation import simulate
from tradinglab.rules.tariffs import MODELS, kinds_of

START = date(2020, 3, 2)
_DAY_NS, _HOUR_NS, _MINUTE_NS = 86_400_000_000_000, 3_600_000_000_000, 60_000_000_000
_SPREAD = 0.0002
_CENT = 0.005
_NOTES = """

class Noted({name}):
    def initialize(self):
        self.noted = []
        super().initialize()

    def on_data(self, data):
        known = [data.bars, data.quote_bars] if {counts} else [data.bars]
        is_told = any(watch.symbol in bars for watch in self.watches for bars in known)
        if is_told and not self.is_warming_up:
            since = self.utc_time - datetime(1970, 1, 1)
            self.noted.append((since.days * 86400 + since.seconds, float(self.portfolio.total_portfolio_value)))
        super().on_data(data)

    def on_end_of_algorithm(self):
        import json
        with open({path!r}, "w") as file:
            json.dump([self.noted, float(self.portfolio.total_portfolio_value)], file)
"""


class QuotingSource(MemorySource):
    """Serves currencies as quotes around the prices that it was given, and quotes besides trades that it is given."""

    def __init__(self) -> None:
        super().__init__()
        #: By ticker.
        self.quotes: dict[str, BarColumns] = {}

    def tick_types(self, symbol: Symbol, resolution: Resolution) -> tuple[TickType, ...]:
        found = super().tick_types(symbol, resolution)
        if found and symbol.value in self.quotes:
            return (TickType.TRADE, TickType.QUOTE)
        return (TickType.QUOTE,) if found and symbol.security_type == TYPES["forex"] else found

    def bars(self, symbol: Symbol, resolution: Resolution, tick_type: TickType, start_ns: int,
             end_ns: int) -> BarColumns:  # fmt: skip
        if tick_type == TickType.QUOTE and symbol.value in self.quotes:
            columns = self.quotes[symbol.value]
            first, last = np.searchsorted(columns.time_ns, [start_ns, end_ns])
            return columns.take(slice(int(first), int(last)))
        is_quoted = symbol.security_type == TYPES["forex"]
        if is_quoted and tick_type == TickType.TRADE:
            return BarColumns.empty(tick_type)
        found = super().bars(symbol, resolution, TickType.TRADE, start_ns, end_ns)
        if not is_quoted:
            return found if tick_type == TickType.TRADE else BarColumns.empty(tick_type)
        values = {}
        for side, sign in (("bid", -1), ("ask", 1)):
            for name in ("open", "high", "low", "close"):
                values[f"{side}_{name}"] = np.round(found.values[name] + sign * _SPREAD, 5)
            values[f"{side}_size"] = np.zeros(len(found))
        return BarColumns(TickType.QUOTE, found.time_ns, found.end_ns, values)


def price_bars(seed: int, times: np.ndarray[Any, Any], *, first: float, places: int, gaps: float) -> dict[str, Any]:
    """Return a random walk of bars whose prices have a few places; some bars are missing."""
    rng = np.random.default_rng(seed)
    times = times[rng.random(len(times)) >= gaps] if gaps else times
    count = len(times)
    path = first * np.exp(np.cumsum(rng.normal(0, 0.02, 2 * count)))
    opens, closes = np.round(path[::2], places), np.round(path[1::2], places)
    reach = np.abs(rng.normal(0, 0.01, (2, count)))
    highs = np.round(np.maximum(opens, closes) * (1 + reach[0]), places)
    lows = np.round(np.minimum(opens, closes) * (1 - reach[1]), places)
    volume = rng.integers(0, 5_000, count).astype(float)
    return {"time": times, "open": opens, "high": highs, "low": lows, "close": closes, "volume": volume}


def quotes_of(seed: int, bars: dict[str, Any], span_ns: int, *, gaps: float, places: int = 2) -> BarColumns:
    """Return quotes near the prices of bars; some are missing, and at first one side of them may be."""
    rng = np.random.default_rng(seed)
    kept = rng.random(len(bars["time"])) >= gaps
    kept[int(rng.integers(len(kept)))] = True
    count, tick = int(kept.sum()), 10.0**-places
    values: dict[str, Any] = {}
    shift = np.round(rng.normal(0, 0.002, count), 4)
    half = rng.integers(0, 30, count) * tick
    for side, sign in (("bid", -1), ("ask", 1)):
        for name in ("open", "high", "low", "close"):
            values[f"{side}_{name}"] = np.round(bars[name][kept] * (1 + shift) + sign * half, places)
        values[f"{side}_size"] = rng.integers(0, 3_000, count).astype(float)
    one_sided = str(rng.choice(["bid", "ask", ""]))
    if one_sided and rng.random() < 0.3:
        until = int(rng.integers(0, 5))
        for name in ("open", "high", "low", "close", "size"):
            values[f"{one_sided}_{name}"][:until] = np.nan
    times = bars["time"][kept]
    return BarColumns(TickType.QUOTE, times, times + span_ns, values)


def bar_times(kind: str, resolution: str, count: int, minutes: int = 390) -> np.ndarray[Any, Any]:
    """Return the starts of bars of a market; of shares by the minute, those of the first *minutes* of each day."""
    midnight = int(np.datetime64("2020-03-02T05:00", "ns").astype(np.int64))
    if resolution == "daily":
        zero = midnight if kind == "equity" else midnight + 19 * _HOUR_NS
        return zero + _DAY_NS * np.arange(count)
    if kind == "equity":
        step, a_day, opening = (
            (_HOUR_NS, 7, 9 * _HOUR_NS) if resolution == "hour" else (_MINUTE_NS, minutes, 34_200 * 10**9)
        )
        days, parts = np.divmod(np.arange(count), a_day)
        # New York has summer time from 8 March 2020 on: some bars of later days lie outside of its hours.
        return midnight + opening + days * _DAY_NS + parts * step
    step = _HOUR_NS if resolution == "hour" else _MINUTE_NS
    return midnight + step * np.arange(count)


@dataclass
class Outcome:
    fills: list[tuple[Any, ...]]
    equity: list[tuple[int, float]]
    final: float
    trades: list[tuple[Any, ...]]


def simulated(rules: sc.Rules, source: DataSource, parameters: dict[str, float] | None = None) -> Outcome:
    run = simulate(rules, load_bars(rules, source), parameters)
    fills = [
        (int(run.times[step]), run.tickers[security], quantity, price, taken or fee)
        for step, security, _, _, quantity, price, fee, taken, _ in zip(
            *(part.tolist() for part in run.fills), strict=True
        )
    ]
    trades = [
        (each.ticker, each.direction, each.entry_ns, each.exit_ns, each.quantity, each.entry_price, each.exit_price,
         each.profit_loss, each.total_fees, each.mae, each.mfe)
        for each in run.closed_trades
    ]  # fmt: skip
    return Outcome(fills, list(zip(run.times.tolist(), run.equity.tolist(), strict=True)), run.final_equity, trades)


def generated(rules: sc.Rules, source: DataSource, parameters: dict[str, float] | None = None) -> Outcome:
    text = algorithm_source(rules)
    name = text.rsplit("class ", 1)[1].split("(", 1)[0]
    with tempfile.TemporaryDirectory() as folder:
        path, notes = Path(folder, "main.py"), Path(folder, "notes.json")
        path.write_text(
            text + _NOTES.format(name=name, path=str(notes), counts=rules.universe[0].type != "equity"),
            encoding="utf-8",
        )
        result = backtest(path, data=source, class_name="Noted", parameters=parameters)
        noted, final = json.loads(notes.read_text())
    fills = [
        (event.utc_ns, event.symbol.value, float(event.exact_fill_quantity), float(event.exact_fill_price),
         float(event.order_fee.value.exact_amount))
        for event in result.record.order_events if event.status == OrderStatus.FILLED
    ]  # fmt: skip
    trades = [
        (each.symbol.value, "long" if each.sign > 0 else "short", each.entry_ns, each.exit_ns, each.quantity,
         each.entry_price, each.exit_price, each.profit_loss, each.total_fees, each.mae, each.mfe)
        for each in result.closed_trades
    ]  # fmt: skip
    return Outcome(fills, [(second * 10**9, worth) for second, worth in noted], final, trades)


def assert_same(rules: sc.Rules, source: DataSource, parameters: dict[str, float] | None = None) -> Outcome:
    """Carry rules out in both ways; every fill, trade and worth of the account is the same."""
    try:
        quick = simulated(rules, source, parameters)
    except RuinedError:
        ruined = generated(rules, source, parameters)
        assert min(ruined.final, *(worth for _, worth in ruined.equity)) <= 0.0
        return Outcome([], [], 0.0, [])
    slow = generated(rules, source, parameters)
    if any(each is not None and each.resting for each in (rules.stop_loss, rules.take_profit, rules.trailing_stop)):
        # In which order orders of several securities are filled at one instant is the engine's affair.
        for outcome in (quick, slow):
            outcome.fills.sort(key=lambda fill: fill[:2])
            outcome.trades.sort(key=lambda trade: (trade[3], trade[0]))
    assert [fill[:2] for fill in quick.fills] == [fill[:2] for fill in slow.fills]
    for one, other in zip(quick.fills, slow.fills, strict=True):
        # Whole lots are the same floats; what fees leave of them is nearly so.
        assert one[2] == other[2] or (has_unit_fees(rules) and math.isclose(one[2], other[2], rel_tol=1e-14)), (
            one,
            other,
        )
        assert abs(one[3] - other[3]) <= 1e-9 * other[3], (one, other)
        # Fees in coins are small numbers.
        assert abs(one[4] - other[4]) < (_CENT if abs(other[4]) > 1 else 1e-6), (one, other)
    assert [moment for moment, _ in quick.equity] == [moment for moment, _ in slow.equity]
    for one, other in zip(quick.equity, slow.equity, strict=True):
        assert abs(one[1] - other[1]) < _CENT, (one, other)
    assert abs(quick.final - slow.final) < _CENT
    assert [each[:4] for each in quick.trades] == [each[:4] for each in slow.trades]
    for mine, theirs in zip(quick.trades, slow.trades, strict=True):
        np.testing.assert_allclose(mine[4:], theirs[4:], rtol=1e-9, atol=2 * _CENT)
    return quick


# Random rules.


def _indicator(name: str, *arguments: float | str, line: str | None = None) -> ex.Indicator:
    return ex.Indicator(name=name, arguments=arguments, line=line)


periods = st.integers(1, 8).map(float)
prices = st.sampled_from(["open", "high", "low", "close"]).map(lambda field: ex.Price(field=field))
indicators = st.one_of(
    st.builds(lambda n: _indicator("SMA", n), periods),
    st.builds(lambda n: _indicator("EMA", n), periods),
    st.builds(lambda n, field: ex.Indicator(name="SMA", arguments=(n,), field=field), periods,
              st.sampled_from(["high", "low", "typical", "average"])),
    st.builds(lambda n: _indicator("BB", n + 1, 2.0, line="upper_band"), periods),
    st.builds(lambda n: _indicator("KCH", n, 1.5, line="lower_band"), periods),
    st.just(_indicator("PSAR")),
    st.builds(lambda n: _indicator("STR", n, 2.0), periods),
)  # fmt: skip
#: What is of the size of a price.
levels = st.deferred(lambda: st.one_of(
    prices,
    indicators,
    st.builds(lambda operand, bars: ex.Ago(operand=operand, bars=bars), prices | indicators, periods),
    st.builds(lambda kind, operand, bars: ex.Extreme(kind=kind, operand=operand, bars=bars),
              st.sampled_from(["highest", "lowest"]), prices | indicators, periods),
    st.builds(lambda left, by: ex.Arithmetic(left=left, operator="*", right=ex.Constant(value=by)), prices | indicators,
              st.sampled_from([0.99, 1.0, 1.01])),
    st.builds(lambda left, right: ex.Arithmetic(left=left, operator="-", right=ex.Arithmetic(
        left=_indicator("ATR", right), operator="/", right=ex.Constant(value=2.0))), prices | indicators, periods),
))  # fmt: skip
oscillators = st.one_of(
    st.builds(lambda n: _indicator("RSI", n), periods),
    st.builds(lambda n: _indicator("STO", n, 3.0, 2.0, line="stoch_k"), periods),
    st.builds(lambda n: _indicator("WILR", n), periods),
)
comparisons = st.one_of(
    st.builds(lambda left, sign, right: ex.Compare(left=left, operator=sign, right=right), levels,
              st.sampled_from([">", ">=", "<", "<=", "!=", "=="]), levels),
    st.builds(lambda left, sign, right: ex.Compare(left=left, operator=sign, right=ex.Constant(value=right)),
              oscillators, st.sampled_from([">", "<"]), st.integers(-90, 90).map(float)),
    st.builds(lambda left, way, right: ex.Cross(left=left, direction=way, right=right), levels,
              st.sampled_from(["above", "below"]), levels),
    st.builds(lambda left, way, right: ex.Cross(left=left, direction=way, right=ex.Constant(value=right)), oscillators,
              st.sampled_from(["above", "below"]), st.integers(20, 80).map(float)),
    st.builds(lambda sign, size: ex.Compare(left=ex.Volatility(bars=size), operator=sign, right=ex.Constant(value=0.3)),
              st.sampled_from([">", "<"]), periods.map(lambda n: n + 1)),
    st.builds(lambda days: ex.DayOfWeek(days=tuple(days)),
              st.lists(st.sampled_from(["monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]),
                       min_size=1, max_size=3, unique=True)),
    st.builds(lambda start, end: ex.TimeOfDay(start=time(start), end=time(end, 30)), st.integers(8, 16),
              st.integers(8, 17)),
)  # fmt: skip
conditions = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(lambda parts: ex.All(conditions=tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: ex.AnyOf(conditions=tuple(parts)), st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda part: ex.Not(condition=part), inner),
        st.builds(lambda part, sign, bars: ex.Compare(left=ex.Since(condition=part), operator=sign,
                                                      right=ex.Constant(value=bars)),
                  inner, st.sampled_from([">", "<=", "=="]), periods),
    ),
    max_leaves=4,
)  # fmt: skip
distances = st.one_of(
    st.builds(lambda x, r: sc.PercentAway(percent=x, resting=r), st.sampled_from([0.5, 1.0, 2.0, 5.0]), st.booleans()),
    st.builds(lambda x, r: sc.PointsAway(points=x, resting=r), st.sampled_from([0.01, 0.5, 1.0, 5.0]), st.booleans()),
    st.builds(lambda x, n, r: sc.AtrAway(multiple=x, period=n, resting=r), st.sampled_from([0.5, 1.0, 2.0]), periods,
              st.booleans()),
)  # fmt: skip
sizings = st.one_of(
    st.builds(lambda x: sc.FixedSize(units=x), st.sampled_from([1.0, 100.0, 0.5, 1e6])),
    st.builds(lambda x: sc.ValueSize(value=x), st.sampled_from([100.0, 30_000.0])),
    st.builds(lambda x: sc.PercentSize(percent=x), st.sampled_from([10.0, 50.0, 95.0, 100.0, 200.0])),
    st.just(sc.EqualSize()),
    st.builds(lambda x, n: sc.VolatilitySize(percent=x, bars=n + 1), st.sampled_from([5.0, 15.0, 40.0]), periods),
    st.builds(lambda x, n: sc.KellySize(percent=x, trades=n, start_percent=20.0), st.sampled_from([50.0, 100.0]),
              periods),
    st.builds(lambda x, m, n: sc.RiskSize(percent=x, multiple=m, period=n), st.sampled_from([0.5, 2.0]),
              st.sampled_from([1.0, 3.0]), periods),
)  # fmt: skip
fees = st.one_of(
    st.just(sc.DefaultFees()),
    st.just(sc.NoFees()),
    st.just(sc.FixedFees(amount=2.5)),
    st.just(sc.PercentFees(percent=0.1)),
)
model_fees = {
    kind: st.sampled_from([name for name in MODELS if kind in kinds_of(name)]).map(
        lambda name: sc.ModelFees.model_validate({"kind": name})
    )
    for kind in MARKETS
}
slippages = st.one_of(
    st.just(sc.NoSlippage()), st.just(sc.ConstantSlippage(percent=0.05)), st.just(sc.VolumeSlippage(limit=0.1)),
    st.just(sc.AlphaStreamsSlippage()),
)  # fmt: skip


MARKETS_DRAWN = [
    ("equity", "daily"), ("equity", "hour"), ("equity", "minute"), ("crypto", "daily"), ("crypto", "hour"),
    ("crypto", "minute"), ("forex", "hour"),
]  # fmt: skip
PORTFOLIOS_DRAWN = [("equity", "daily"), ("crypto", "daily"), ("equity", "hour"), ("forex", "hour")]
_TICKERS = {
    "equity": ("ABC", "DEF", "GHI"),
    "crypto": ("BTCUSD", "ETHUSD", "LTCUSD"),
    "forex": ("EURUSD", "GBPUSD", "AUDUSD"),
}


falls = st.builds(lambda most, bars: sp.DrawdownLimit(percent=most, wait_bars=bars),
                  st.sampled_from([0.5, 2.0, 8.0]), st.none() | periods)  # fmt: skip
METHODS = ["minimum_variance", "maximum_sharpe", "risk_parity", "hierarchical_risk_parity"]


@st.composite
def view_shares(draw: st.DrawFn, tickers: list[str]) -> dict[str, Any]:
    """Draw shares by views, the views, and the market's weights."""
    pairs = [(one, None) for one in tickers] + [(one, other) for one in tickers for other in tickers if one < other]
    views = [
        sp.View(ticker=one, over=over, percent=draw(st.sampled_from([-20.0, 3.0, 40.0])),
                confidence=draw(st.sampled_from([10.0, 50.0, 90.0] if place else [100.0, 20.0])))
        for place, (one, over) in enumerate(draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3)))
    ]  # fmt: skip
    weights = [sp.MarketWeight(ticker=each, weight=place + 1.5) for place, each in enumerate(tickers)]
    shares = sp.BlackLittermanShares(
        bars=draw(periods) + 2.0,
        risk_aversion=draw(st.sampled_from([1.0, 2.5])),
        tau=draw(st.sampled_from([0.05, 1.0])),
    )
    given = draw(st.sampled_from([(), tuple(weights)]))
    return {"weighting": shares, "views": tuple(views), "market_weights": given}


def _portfolio(draw: st.DrawFn, rules: sc.Rules) -> sc.Rules:
    """Return rules that put a portfolio together anew in place of entries and exits."""
    defaults = {name: sc.Rules.model_fields[name].default for name in (
        "exit_long", "enter_short", "exit_short", "sizing", "stop_loss", "take_profit", "trailing_stop", "time_stop",
        "cool_down", "max_positions", "rank")}  # fmt: skip
    portfolio = sp.Rebalance(
        schedule=draw(st.sampled_from(["weekly", "weekly", "monthly"])),
        top=draw(st.sampled_from([1.0, 2.0, 5.0])),
        rank=draw(levels | oscillators),
        weighting=draw(
            st.just(sp.EqualShares())
            | st.builds(lambda n: sp.CalmShares(bars=n + 1), periods)
            | st.builds(lambda kind, n: sp.ReturnShares(kind=kind, bars=n + 2), st.sampled_from(METHODS), periods)
        ),
        percent=draw(st.sampled_from([50.0, 95.0, 150.0])),
    )
    tickers = [each.ticker for each in rules.universe]
    sectors = st.lists(st.sampled_from(tickers), min_size=1, unique=True).map(
        lambda names: (sp.Sector(name="some", tickers=tuple(names), percent=40.0),)
    )
    limits = draw(st.just(rules.limits) | st.builds(
        lambda most, parts, fall: sp.Limits(position_percent=most, sectors=parts, drawdown=fall),
        st.none() | st.just(30.0), st.just(()) | sectors, st.none() | falls))  # fmt: skip
    heeded = draw(st.just({}) | st.just({}) | view_shares(tickers))
    if heeded:
        portfolio = portfolio.model_copy(update={"weighting": heeded.pop("weighting")})
    enters = draw(st.none() | st.none() | comparisons)
    end = START + timedelta(days=200)
    return rules.model_copy(
        update={**defaults, "end": end, "rebalance": portfolio, "enter_long": enters, "limits": limits, **heeded}
    )


#: Of some the data are shorter; some are shorter than what looks back.
warm_ups = (
    st.none()
    | st.integers(1, 60).map(lambda n: sc.WarmUpBars(bars=n))
    | st.integers(1, 40).map(lambda n: sc.WarmUpDays(days=n))
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[sc.Rules, MemorySource]:
    """Draw rules and bars for them."""
    is_portfolio = draw(st.integers(0, 4)) == 0
    kind, resolution = draw(st.deferred(lambda: st.sampled_from(PORTFOLIOS_DRAWN if is_portfolio else MARKETS_DRAWN)))
    count = draw(st.integers(60, 150) if is_portfolio else st.integers(20, 90))
    tickers = _TICKERS[kind][: draw(st.integers(1, 3))]
    source = QuotingSource()
    gaps = draw(st.sampled_from([0.0, 0.0, 0.1]))
    minutes = draw(st.sampled_from([390, 25]))
    is_quoted = (kind == "crypto" or (kind, resolution) == ("equity", "minute")) and draw(st.booleans())
    for ticker in tickers:
        first, places = (100.0, 2) if kind != "forex" else (1.2, 5)
        times, seed = bar_times(kind, resolution, count, minutes), draw(st.integers(0, 1 << 20))
        if is_quoted and draw(st.integers(0, 5)):
            # Bars of either kind come without one of the other.
            whole = price_bars(seed, times, first=first, places=places, gaps=0.0)
            absent = np.random.default_rng(seed + 1).random(len(times)) < gaps
            absent[0] = False
            found = {name: column[~absent] for name, column in whole.items()}
            missed = draw(st.sampled_from([0.0, 0.02, 0.2] if resolution == "minute" else [0.0, 0.02]))
            source.quotes[ticker] = quotes_of(seed + 2, whole, STEPS_NS[resolution], gaps=missed)
        else:
            found = price_bars(seed, times, first=first, places=places, gaps=gaps)
        source.add(ticker, getattr(Resolution, resolution.upper()), found, security_type=TYPES[kind],
                   market=MARKETS[kind])  # fmt: skip
    sides = draw(st.sampled_from(["long", "short", "both"]))
    long, short = sides != "short", sides != "long"
    some = st.none() | conditions
    slippage = draw(slippages)
    if kind == "forex" and isinstance(slippage, sc.VolumeSlippage):
        slippage = sc.NoSlippage()
    begin = draw(st.sampled_from([0, 0, 1, 2, 10, 30] if resolution == "daily" else [0, 0, 1, 2]))
    rules = sc.Rules(
        name="Drawn",
        universe=tuple(sc.Listing(ticker=ticker, type=kind) for ticker in tickers),
        resolution=resolution,
        start=START + timedelta(days=begin),
        warm_up=draw(warm_ups),
        end=START + timedelta(days=draw(st.sampled_from([200, 200, 20, 2]))),
        enter_long=draw(conditions) if long else None,
        exit_long=draw(some) if long else None,
        enter_short=draw(conditions) if short else None,
        exit_short=draw(some) if short else None,
        sizing=draw(sizings),
        stop_loss=draw(st.none() | distances),
        take_profit=draw(st.none() | distances),
        trailing_stop=draw(st.none() | distances),
        time_stop=draw(st.none() | periods),
        cool_down=draw(st.sampled_from([0.0, 0.0, 1.0, 3.0])),
        max_positions=draw(st.none() | st.sampled_from([1.0, 2.0])),
        rank=draw(st.none() | levels),
        limits=draw(st.none() | st.none() | falls.map(lambda fall: sp.Limits(drawdown=fall))),
        fees=draw(fees | model_fees[kind]),
        slippage=slippage,
        fill=draw(st.sampled_from(["engine", "next_bar_open"])),
        leverage=draw(st.sampled_from([1.0, 1.0, 2.0])),
    )
    if is_portfolio:
        rules = _portfolio(draw, rules)
    try:
        check_rules(rules, {})
        load_bars(rules, source)
    except (RulesInvalidError, RulesDataError):
        assume(False)
    return rules, source


#: How long a bar is, and how many of them :func:`walk_source` makes.
STEPS_NS = {"daily": 86_400_000_000_000, "hour": 3_600_000_000_000, "minute": 60_000_000_000}
WALK_BARS = {"daily": 900, "hour": 700, "minute": 3_900}


def walk_source(rules: sc.Rules, seed: int) -> MemorySource:
    """Return random bars of the securities of rules, from their start on."""
    source = QuotingSource()
    start = int(np.datetime64(rules.start, "ns").astype(np.int64))
    for place, listing in enumerate(rules.universe):
        opening = (5 * 60 + 570) * STEPS_NS["minute"] if rules.resolution == "minute" else 0
        opening += 5 * STEPS_NS["hour"] if rules.resolution == "daily" and listing.type == "equity" else 0
        count = WALK_BARS[rules.resolution]
        if rules.resolution == "minute":
            days, parts = np.divmod(np.arange(count), 390)
            times = start + opening + days * STEPS_NS["daily"] + parts * STEPS_NS["minute"]
        else:
            times = start + opening + np.arange(count) * STEPS_NS[rules.resolution]
        first, places = (1.2, 5) if listing.type == "forex" else (100.0, 2)
        found = price_bars(seed + place, times, first=first, places=places, gaps=0.0)
        source.add(listing.ticker, getattr(Resolution, rules.resolution.upper()), found,
                   security_type=TYPES[listing.type], market=listing.market or MARKETS[listing.type])  # fmt: skip
    return source

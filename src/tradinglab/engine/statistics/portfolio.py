"""The portfolio's statistics, defined and rounded as LEAN does (Common/Statistics in QuantConnect/LEAN)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import sqrt

from tradinglab.core.clock import DAY_NS
from tradinglab.core.decimals import ZERO, round_half_even, to_decimal
from tradinglab.core.system_decimal import cast_double, divide, double_of
from tradinglab.engine.statistics import moments
from tradinglab.engine.statistics.figures import Figure, FigureRecord, camel_case, json_figure
from tradinglab.engine.statistics.inputs import Period, Point
from tradinglab.engine.statistics.period_moments import PeriodMoments, moments_of

_TICK_NS = 100
_TICKS_PER_DAY = DAY_NS // _TICK_NS


class PortfolioStatistics(FigureRecord):
    """Statistics of the portfolio over a period; rates and ratios are fractions, not percent.

    All are zero, but for the start and end equity and the turnover, when fewer than two returns are known.
    """

    average_win_rate = Figure()
    average_loss_rate = Figure()
    profit_loss_ratio = Figure()
    win_rate = Figure()
    loss_rate = Figure()
    expectancy = Figure()
    start_equity = Figure()
    end_equity = Figure()
    compounding_annual_return = Figure()
    drawdown = Figure()
    total_net_profit = Figure()
    sharpe_ratio = Figure()
    probabilistic_sharpe_ratio = Figure()
    sortino_ratio = Figure()
    alpha = Figure()
    beta = Figure()
    annual_standard_deviation = Figure()
    annual_variance = Figure()
    information_ratio = Figure()
    tracking_error = Figure()
    treynor_ratio = Figure()
    portfolio_turnover = Figure()
    value_at_risk_99 = Figure()
    value_at_risk_95 = Figure()

    drawdown_recovery: int = 0

    def to_json(self) -> dict[str, object]:
        """Return the figures under the names and in the form of LEAN's result file."""
        figures: dict[str, object] = {camel_case(name): json_figure(self.exact[name]) for name in self.figures}
        return figures | {"drawdownRecovery": str(self.drawdown_recovery)}


def has_risk(period: Period) -> bool:
    """Return whether more than start, end and turnover is known of a period."""
    return bool(period.starting_capital) and len(period.benchmark) > 1 and len(period.returns) > 1


def portfolio_statistics(period: Period, trading_days: int, known: PeriodMoments | None = None) -> PortfolioStatistics:
    """Return the statistics of *period*; *known* are its moments, if somebody has worked them out."""
    result = PortfolioStatistics()
    exact = result.exact
    exact["start_equity"] = period.starting_capital
    exact["end_equity"] = period.equity[-1][1]
    if period.turnover:
        exact["portfolio_turnover"] = divide(sum(period.turnover, ZERO), Decimal(len(period.turnover)))
    if not has_risk(period):
        return result
    exact |= _trading_figures(period)
    exact["total_net_profit"] = divide(period.equity[-1][1], period.starting_capital) - 1
    exact["compounding_annual_return"] = _compounding_annual_return(period)
    exact |= _risk_figures(period, trading_days, moments_of(period, trading_days) if known is None else known)
    exact["drawdown"], result.drawdown_recovery = drawdown_and_recovery(period.equity)
    return result


def drawdown_and_recovery(equity: Sequence[Point]) -> tuple[Decimal, int]:
    """Return the deepest drawdown as a fraction with three decimals, and the longest recovery in whole days.

    A recovery lasts from a peak until the peak is reached again; one that never came does not count.
    """
    if len(equity) < 2:
        return ZERO, 0
    peak_time, peak = equity[0]
    worst, from_peak, longest, under_water = ZERO, ZERO, 0, False
    for time, value in equity:
        if not peak:
            return ZERO, 0
        if value >= peak:
            if under_water:
                longest = max(longest, time - peak_time)
            peak_time, peak, under_water = time, value, False
        else:
            # The depths of two drawdowns, compared without dividing.
            if not from_peak or value * from_peak < worst * peak:
                worst, from_peak = value, peak
            under_water = True
    deepest = divide(worst, from_peak) - 1 if from_peak else ZERO
    return round_half_even(abs(deepest), 3), longest // DAY_NS


def _trading_figures(period: Period) -> dict[str, Decimal]:
    capital = period.starting_capital
    gains, losses = ZERO, ZERO
    gain_count = loss_count = 0
    for profit in period.profit_loss:
        # A transaction without profit counts as a loss here. Quotients are only summed: their scale is no matter.
        if profit > 0:
            gains += profit / capital
            gain_count += 1
        else:
            losses += profit / capital
            loss_count += 1
        capital += profit
    average_gain = divide(gains, Decimal(gain_count)) if gain_count else ZERO
    average_loss = divide(losses, Decimal(loss_count)) if loss_count else ZERO
    ratio = divide(average_gain, abs(average_loss)) if average_loss else ZERO
    count = Decimal(period.win_count + period.loss_count)
    win_rate = divide(Decimal(period.win_count), count) if count else ZERO
    loss_rate = divide(Decimal(period.loss_count), count) if count else ZERO
    return {
        "average_win_rate": average_gain,
        "average_loss_rate": average_loss,
        "profit_loss_ratio": ratio,
        "win_rate": win_rate,
        "loss_rate": loss_rate,
        "expectancy": win_rate * ratio - loss_rate,
    }


def _compounding_annual_return(period: Period) -> Decimal:
    ticks = (period.equity[-1][0] - period.equity[0][0]) // _TICK_NS
    years = double_of(divide(to_decimal(ticks / _TICKS_PER_DAY), Decimal(365)))
    if not years:
        return ZERO
    try:
        growth = double_of(period.equity[-1][1]) / double_of(period.starting_capital)
        power = growth ** (1 / years)
    except OverflowError:
        return ZERO
    # A negative base has no real power: .NET has not-a-number there, and LEAN zero.
    return ZERO if isinstance(power, complex) else cast_double(power - 1)


def _risk_figures(period: Period, trading_days: int, known: PeriodMoments) -> dict[str, Decimal]:
    risk_free = period.risk_free_rate
    rate = double_of(risk_free)
    variance = cast_double(_annual_variance(known.variance, trading_days))
    deviation = to_decimal(sqrt(double_of(variance)))
    annual = cast_double(_annual_return(known.mean, trading_days))
    benchmark_annual = cast_double(_annual_return(known.benchmark_mean, trading_days))
    downside = cast_double(sqrt(_annual_variance(known.downside_variance, trading_days)))
    beta = cast_double(known.covariance / known.benchmark_variance) if known.benchmark_variance else ZERO
    tracking_error = cast_double(sqrt(_annual_variance(known.tracking_variance, trading_days)))
    return {
        "annual_variance": variance,
        "annual_standard_deviation": deviation,
        "sharpe_ratio": _sharpe_ratio(annual, deviation, rate),
        "sortino_ratio": _sharpe_ratio(annual, downside, rate),
        "beta": beta,
        "alpha": annual - (risk_free + beta * (benchmark_annual - risk_free)) if beta else ZERO,
        "tracking_error": tracking_error,
        "information_ratio": _ratio(double_of(annual) - double_of(benchmark_annual), tracking_error),
        "treynor_ratio": _ratio(double_of(annual) - rate, beta),
        "probabilistic_sharpe_ratio": cast_double(_probability(len(period.returns), trading_days, rate, known)),
        "value_at_risk_99": _value_at_risk(known, 0.99),
        "value_at_risk_95": _value_at_risk(known, 0.95),
    }


def probabilistic_sharpe_ratio(returns: Sequence[float], trading_days: int, rate: float) -> float:
    """Return the probability that the true Sharpe ratio exceeds 1 a year (Bailey and Lopez de Prado, 2012).

    ``cdf((S - 1/sqrt(days)) / sqrt((1 - skew S + (kurtosis - 1)/4 S^2) / (n - 1)))`` with S the Sharpe ratio of one
    period and the *excess* kurtosis, as in LEAN.
    """
    known = moments.mean(returns), moments.variance(returns), *moments.skewness_and_kurtosis(returns)
    return _probability_of(len(returns), trading_days, rate, *known)


def _probability(count: int, trading_days: int, rate: float, known: PeriodMoments) -> float:
    return _probability_of(count, trading_days, rate, known.mean, known.variance, known.skewness, known.kurtosis)


def _probability_of(
    count: int, trading_days: int, rate: float, mean: float, variance: float, skewness: float, kurtosis: float
) -> float:
    deviation = sqrt(variance)
    observed = (mean - rate / trading_days) / deviation if deviation else 0.0
    spread = (1 - skewness * observed + (kurtosis - 1) / 4 * observed**2) / (count - 1)
    if not spread >= 0:
        return 0.0
    benchmark = 1.0 / sqrt(trading_days)
    return moments.normal_cdf((observed - benchmark) / sqrt(spread) if spread else 0.0)


def _annual_return(mean: float, trading_days: int) -> float:
    try:
        return float((mean + 1) ** trading_days) - 1
    except OverflowError:
        return float("inf")


def _annual_variance(variance: float, trading_days: int) -> float:
    return variance * trading_days if variance > 0 else 0.0


def _sharpe_ratio(annual: Decimal, deviation: Decimal, rate: float) -> Decimal:
    return cast_double((double_of(annual) - rate) / double_of(deviation)) if deviation else ZERO


def _ratio(excess: float, risk: Decimal) -> Decimal:
    try:
        return divide(cast_double(excess), risk) if risk else ZERO
    except OverflowError:
        return ZERO


def _value_at_risk(known: PeriodMoments, confidence: float) -> Decimal:
    mean, deviation = known.late_mean, known.late_deviation
    quantile = mean + deviation * moments.normal_quantile(1 - confidence) if deviation else mean
    return round_half_even(cast_double(quantile), 3)

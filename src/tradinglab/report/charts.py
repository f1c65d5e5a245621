"""The report's charts, each made from its content."""

from __future__ import annotations

import math

from tradinglab.report import paths
from tradinglab.report.chart import Band, Chart, Layer, Line, View, day_axis, hover, line_view, spans
from tradinglab.report.content import PlottedChart, PlottedSeries, ReportContent
from tradinglab.report.figures import Figures
from tradinglab.report.scales import Scale, Tick, fit, number_ticks

#: From this ratio between highest and lowest equity on, the logarithmic view comes first.
_LOG_FROM = 5.0
_PALETTE = ("strategy", "second", "third", "fourth", "fifth", "sixth")


def equity_chart(content: ReportContent, figures: Figures) -> Chart:
    """Return equity against the benchmark, the worst drawdowns shaded."""
    lines = [Line("Strategy", "strategy", figures.equity)]
    if figures.benchmark:
        lines.append(Line(content.benchmark_name, "benchmark", figures.benchmark))
    values = [value for line in lines for value in line.values]
    scales = {"Linear": fit(values)}
    if min(values) > 0:
        scales["Log"] = fit(values, log=True)
    views = [
        line_view(name, figures.days, lines, scale, fill="area strategy", base=scale.low)
        for name, scale in scales.items()
    ]
    if len(views) > 1 and max(values) / min(values) > _LOG_FROM:
        views.reverse()
    return Chart(
        key="equity",
        title="Equity",
        note="shaded: the five deepest drawdowns" if figures.drawdowns else "",
        height="tall",
        views=tuple(views),
        days=day_axis(figures.days),
        bands=_bands(figures),
        legend=tuple((line.name, line.style) for line in lines),
        hover=hover(figures.days, lines),
    )


def underwater_chart(content: ReportContent, figures: Figures) -> Chart:
    """Return how far the equity lay below its peak."""
    lines = [Line("Drawdown", "down", figures.underwater, "percent")]
    if figures.benchmark:
        lines.append(Line(content.benchmark_name, "benchmark", figures.benchmark_underwater, "percent"))
    scale = fit([value for line in lines for value in line.values], include=(0.0,))
    return Chart(
        key="underwater",
        title="Underwater",
        note="distance from the highest equity so far",
        views=(line_view("Drawdown", figures.days, lines, scale, fill="area down"),),
        days=day_axis(figures.days),
        bands=_bands(figures),
        hover=hover(figures.days, lines),
    )


def rolling_sharpe_chart(figures: Figures) -> Chart | None:
    """Return the rolling Sharpe ratio, or None if the run is shorter than its window."""
    if not figures.rolling_sharpe:
        return None
    line = Line("Sharpe ratio", "strategy", figures.rolling_sharpe, "plain")
    scale = fit(line.values, include=(0.0,), margin=0.06)
    view = line_view("Sharpe", figures.days, [line], scale)
    return Chart(
        key="sharpe",
        title="Rolling Sharpe ratio",
        note="six months, risk-free rate zero",
        views=(View(name=view.name, layers=(*view.layers, _zero(scale)), ticks=view.ticks),),
        days=day_axis(figures.days),
        hover=hover(figures.days, [line]),
    )


def yearly_chart(content: ReportContent, figures: Figures) -> Chart | None:
    """Return each year's return beside the benchmark's, or None for a run within one year."""
    own, other = figures.years, figures.benchmark_years
    if len(own) < 2:
        return None
    scale = fit([*own.values(), *other.values()], include=(0.0,), margin=0.06)
    slot, layers, ticks = 1 / len(own), [], []
    for index, (year, value) in enumerate(own.items()):
        middle = (index + 0.5) * slot
        left = middle - slot * (0.34 if other else 0.22)
        right = middle if other else middle + slot * 0.22
        layers.append(Layer(paths.bar(left, right, scale(0), scale(value)), f"bar {'up' if value >= 0 else 'down'}"))
        if other:
            layers.append(Layer(paths.bar(right, middle + slot * 0.34, scale(0), scale(other[year])), "bar benchmark"))
        if index % -(-len(own) // 14) == 0:
            ticks.append(Tick(middle, str(year)))
    return Chart(
        key="years",
        title="Yearly returns",
        views=(View(name="Years", layers=(*layers, _zero(scale)), ticks=tuple(number_ticks(scale, 5, "percent"))),),
        days=tuple(ticks),
        legend=(("Strategy", "up"), (content.benchmark_name, "benchmark")) if other else (),
        hover=_yearly_hover(content, own, other),
    )


def _yearly_hover(content: ReportContent, own: dict[int, float], other: dict[int, float]) -> dict[str, object]:
    named = (("Strategy", "strategy", own), (content.benchmark_name, "benchmark", other))
    return {
        "x": [round((index + 0.5) / len(own), 4) for index in range(len(own))],
        "label": [str(year) for year in own],
        "series": [
            {"name": name, "style": style, "kind": "percent", "y": [round(value, 6) for value in years.values()]}
            for name, style, years in named
            if years
        ],
    }


def trade_histogram(content: ReportContent) -> Chart | None:
    """Return how often trades gained or lost how much, or None for fewer than five."""
    changes = sorted(trade.change for trade in content.trades)
    if len(changes) < 5:
        return None
    # The outermost hundredth on each side is gathered in the outermost bars.
    edge = max(0, len(changes) // 100)
    low, high = min(0.0, changes[edge]), max(0.0, changes[-1 - edge])
    width = _bin_width(low, high)
    first = math.floor(low / width)
    counts = [0] * (math.ceil(high / width) - first + 1)
    for change in changes:
        counts[min(len(counts) - 1, max(0, math.floor(change / width) - first))] += 1
    across = Scale(first * width, (first + len(counts)) * width)
    scale = fit(counts, include=(0.0,), margin=0.08)
    gap = 0.12 / len(counts)
    layers = [
        Layer(
            paths.bar(index / len(counts) + gap, (index + 1) / len(counts) - gap, scale(0), scale(count)),
            f"bar {'up' if first + index >= 0 else 'down'}",
        )
        for index, count in enumerate(counts)
        if count
    ]
    return Chart(
        key="histogram",
        title="Trades by return",
        note="number of closed trades",
        views=(View(name="Trades", layers=tuple(layers), ticks=tuple(number_ticks(scale, 4))),),
        days=tuple(number_ticks(across, 8, "percent")),
    )


def plotted_chart(chart: PlottedChart, key: str) -> Chart | None:
    """Return a chart that the strategy plotted, or None if it holds nothing to draw."""
    series = [each for each in chart.series if each.points]
    if not series:
        return None
    values = [value for each in series for _, value in each.points]
    bars = any(each.kind == "bar" for each in series)
    scale = fit(values, include=(0.0,) if bars else ())
    moments = [moment for each in series for moment, _ in each.points]
    first, last = min(moments), max(moments)
    length = max(1.0, (last - first).total_seconds())
    layers: list[Layer] = []
    for index, each in enumerate(series):
        points = [((moment - first).total_seconds() / length, scale(value)) for moment, value in each.points]
        layers.extend(_plotted_layers(each, points, _PALETTE[index % len(_PALETTE)], scale))
    return Chart(
        key=key,
        title=chart.name,
        views=(View(name=chart.name, layers=tuple(layers), ticks=tuple(number_ticks(scale, 4))),),
        days=day_axis([first.date(), last.date()]),
        legend=tuple((each.name, _PALETTE[index % len(_PALETTE)]) for index, each in enumerate(series)),
    )


def _plotted_layers(series: PlottedSeries, points: list[tuple[float, float]], style: str, scale: Scale) -> list[Layer]:
    if series.kind == "bar":
        kept = paths.thin(points, 400)
        half = 0.35 / max(8, len(kept))
        path = "".join(paths.bar(max(0, x - half), min(1, x + half), scale(0), y) for x, y in kept)
        return [Layer(path, f"bar {style}")]
    if series.kind == "scatter":
        # A line of no length with round ends: a dot that keeps its shape when the drawing is stretched.
        path = "".join(f"M{x * paths.SIZE:.1f} {(1 - y) * paths.SIZE:.1f}h0" for x, y in paths.thin(points, 800))
        return [Layer(path, f"dots {style}")]
    return [Layer(paths.line(paths.thin(points)), f"line {style}")]


def _bands(figures: Figures) -> tuple[Band, ...]:
    days, places = figures.days, spans(figures.days)
    return tuple(
        Band(
            left=places[each.peak],
            width=places[len(days) - 1 if each.recovery is None else each.recovery] - places[each.peak],
            label=f"{each.depth:.1%} from {days[each.peak]} to {days[each.trough]}".replace("-", "−", 1),
        )
        for each in figures.drawdowns
    )


def _zero(scale: Scale) -> Layer:
    y = (1 - scale(0)) * paths.SIZE
    return Layer(f"M0 {y:.1f}H{paths.SIZE:.0f}", "zero")


def _bin_width(low: float, high: float) -> float:
    raw = max(high - low, 1e-6) / 24
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= raw)

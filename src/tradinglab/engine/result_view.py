"""A result in a notebook: a table of statistics and a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tradinglab.engine.result import BacktestResult

_COLUMNS = 3


def telling_statistics(result: BacktestResult) -> dict[str, str]:
    """Return the statistics; of a run in which nothing was traded, those alone that are not zero, and the orders."""
    if result.funnel.filled or result.record.orders:
        return result.statistics
    return {name: value for name, value in result.statistics.items() if name == "Total Orders" or value.strip("$-0.%")}


def html_table(result: BacktestResult) -> str:
    """Return the statistics as an HTML table, with what to be warned of below it."""
    from html import escape

    cells = [
        f"<td>{escape(name)}</td><td style='text-align:right'>{escape(value)}</td>"
        for name, value in telling_statistics(result).items()
        if name != "OrderListHash"
    ]
    rows = "".join(f"<tr>{''.join(cells[at : at + _COLUMNS])}</tr>" for at in range(0, len(cells), _COLUMNS))
    head = f"{escape(result.name)}, {result.start:%Y-%m-%d} to {result.end:%Y-%m-%d} ({escape(result.status)})"
    note = "" if not result.funnel.explanation else f"<p>{escape(result.funnel.explanation)}</p>"
    warnings = "".join(f"<li>{escape(each.text)}</li>" for each in result.warnings)
    warned = f"<p>Warnings</p><ul>{warnings}</ul>" if warnings else ""
    return f"<table><caption>{head}</caption>{rows}</table>{note}{warned}"


def plot(result: BacktestResult) -> Figure:
    """Return a figure of the equity against the benchmark, with the drawdown below."""
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            "plot() draws with matplotlib, which is not installed: pip install 'tradinglab[plot]'", name="matplotlib"
        ) from missing
    figure = Figure(figsize=(10, 6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    equity, daily = result.equity, result.daily
    upper.plot(equity.index, equity["close"], label="Equity")
    known = daily["benchmark"] > 0
    if known.any():
        first = daily["benchmark"][known].iloc[0]
        scaled = daily["benchmark"][known] / first * daily["equity"].iloc[0]
        upper.plot(scaled.index, scaled, label="Benchmark", alpha=0.7)
    upper.set_title(result.name)
    upper.legend(loc="upper left")
    lower.fill_between(equity.index, equity["drawdown"] * 100, 0, alpha=0.4)
    lower.set_ylabel("Drawdown %")
    for axes in (upper, lower):
        axes.grid(alpha=0.3)
    return figure

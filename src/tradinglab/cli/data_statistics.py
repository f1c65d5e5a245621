"""``tradinglab data statistics``: figures of stored bars."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, Namespace
from functools import partial
from typing import TYPE_CHECKING

from tradinglab.cli.console import say
from tradinglab.cli.data_resample import add_series, chosen_series, series_progress
from tradinglab.cli.progress import line_reporter
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands

_VIEWS = ("adjusted", "split_adjusted", "raw", "total_return")


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "statistics",
        help="figures of stored bars: returns, quantiles, falls, rolling figures",
        description="Show returns, their quantiles, the deepest fall, rolling figures and volumes of stored bars, in "
        "one pass and bounded memory.",
    )
    parser.set_defaults(run=run)
    add_series(parser, "whose figures are shown")
    add = parser.add_argument
    add("--view", default="adjusted", choices=_VIEWS, help="in which prices: %(choices)s (default: adjusted)")
    add("--window", metavar="N", type=_window, default=20, help="returns of the rolling figures (default: 20)")
    add("--json", action="store_true", help="print the figures as JSON, all digits")


def _window(text: str) -> int:
    if not text.isdecimal() or not 2 <= int(text) <= 100_000:
        raise ArgumentTypeError(f"a number of returns from 2 to 100,000 is expected, it was '{text}'")
    return int(text)


def run(options: Namespace) -> int:
    """Work figures out and print them."""
    from tradinglab.core.enums import DataNormalizationMode
    from tradinglab.data.streaming.statistics import series_statistics

    view, reports = DataNormalizationMode[options.view.upper()], []
    for store, key in list(chosen_series(options)):
        with line_reporter(partial(series_progress, key)) as show:
            report = series_statistics(store, key, view=view, window=options.window, progress=show)
        reports.append(report)
        if options.json:
            continue
        if len(reports) > 1:
            say()
        for line in report.lines():
            say(line)
    if options.json:
        say(json.dumps([report.to_json() for report in reports], indent=2, allow_nan=False))
    return FINISHED

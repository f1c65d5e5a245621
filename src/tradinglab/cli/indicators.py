"""``tradinglab indicators``: which there are, and the helper that makes each."""

from __future__ import annotations

import inspect

from tradinglab.cli.console import say, show_rows


def command() -> None:
    """List the indicators and the methods that make them."""
    rows = indicator_rows()
    show_rows(("INDICATOR", "METHOD", "WHAT IT IS"), rows)
    say(f"\n{len(rows)} indicators")


def indicator_rows() -> list[tuple[str, str, str]]:
    """Return name, helper method and description of every indicator, by name."""
    from tradinglab.algorithm import imports
    from tradinglab.algorithm.indicator_methods import IndicatorMethods
    from tradinglab.algorithm.indicators.base import IndicatorBase

    helpers: dict[str, str] = {}
    for name, method in inspect.getmembers(IndicatorMethods, inspect.isfunction):
        made = str(method.__annotations__.get("return", ""))
        if name.islower() and not name.startswith("_") and made:
            helpers.setdefault(made, name)
    rows = []
    for name, value in sorted(vars(imports).items()):
        if inspect.isclass(value) and issubclass(value, IndicatorBase) and not inspect.isabstract(value):
            doc = (inspect.getdoc(value) or "").partition("\n")[0].rstrip(".")
            rows.append((name, helpers.get(name, ""), doc))
    return rows

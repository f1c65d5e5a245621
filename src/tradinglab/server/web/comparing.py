"""The page that shows backtests side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.api.comparing import CompareQuery
from tradinglab.server.backtests.comparison import MOST, comparison_of
from tradinglab.server.backtests.figures import Unit
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.selectors import backtests_get
from tradinglab.server.errors import NotFoundError, ServerError
from tradinglab.server.web.line_charts import line_chart

_POINTS = 1_600
_NOTHING = "–"


@require_safe
@login_required
def compare(request: HttpRequest) -> HttpResponse:
    """Show equity, figures, parameters and code of two to eight backtests."""
    query = CompareQuery(data={"ids": ",".join(request.GET.getlist("ids")), "points": _POINTS})
    if not query.is_valid():
        text = f"Choose two to {MOST} finished backtests from the list of runs."
        return render(request, "web/compare.html", {"refusal": text}, status=400)
    assert isinstance(request.user, User)
    try:
        tests = backtests_get(user=request.user, run_ids=query.validated_data["ids"])
        found = comparison_of(tests=tests, points=query.validated_data["points"])
    except NotFoundError as error:
        raise Http404(str(error)) from None
    except ServerError as error:
        return render(request, "web/compare.html", {"refusal": str(error)}, status=error.status)
    return render(request, "web/compare.html", _content(tests, found))


def _content(tests: Sequence[Backtest], found: dict[str, Any]) -> dict[str, Any]:
    times, lines = found["equity"]["time"], found["equity"]["lines"]
    names = {str(test.pk): test.name or test.version.strategy.name for test in tests}
    return {
        "tests": tests,
        "warnings": found["warnings"],
        "growth": line_chart(times, [line["normalised"] for line in lines], label="plain", include=1.0),
        "drawdown": line_chart(times, [line["drawdown"] for line in lines], label="percent", include=0.0),
        "figures": [_row(figure, found) for figure in found["figures"] if any(map(_is_there, figure["values"]))],
        "parameters": found["parameters"],
        "code": [{"name": names[each["id"]], "files": each["files"]} for each in found["code"]],
        "correlation": [
            (test, [_NOTHING if value is None else f"{value:.2f}" for value in row])
            for test, row in zip(tests, found["correlation"], strict=True)
        ],
    }


def _is_there(value: float | None) -> bool:
    return value is not None


def _row(figure: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    unit, cells = Unit(figure["unit"]), []
    for place, line in enumerate(found["equity"]["lines"]):
        delta = figure["deltas"][place]
        cells.append(
            {
                "text": figure_text(figure["values"][place], unit),
                "delta": figure_text(delta, unit, signed=True) if place and delta else "",
                "is_best": line["id"] in figure["best"],
            }
        )
    return {"label": figure["label"], "cells": cells}


def figure_text(value: float | None, unit: Unit, *, signed: bool = False) -> str:
    """Return a figure as people read it."""
    if value is None:
        return _NOTHING
    sign = "+" if signed else ""
    if unit == Unit.FRACTION:
        return f"{value * 100:{sign},.2f} {'pp' if signed else '%'}"
    if unit == Unit.AMOUNT:
        return f"{value:{sign},.2f}"
    return f"{value:{sign},.0f}" if unit in (Unit.COUNT, Unit.DAYS) else f"{value:{sign},.3f}"

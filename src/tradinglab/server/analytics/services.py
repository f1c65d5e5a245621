"""The figures of series: nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from tradinglab.analytics.arrays import AnalyticsError, Floats
from tradinglab.server.accounts.models import User
from tradinglab.server.analytics.given import GivenSeries, series_given
from tradinglab.server.analytics.measuring import MeasuredSeries, Settings, measure
from tradinglab.server.analytics.together import aligned, together
from tradinglab.server.errors import InputError

#: Numbers in all series, benchmarks and factors together.
MOST_NUMBERS: Final = 500_000
#: Returns that rolling figures look at, of one series and of all.
_MOST_ROLLED: Final = 2_000_000
_MOST_ROLLED_IN_ALL: Final = 10_000_000


def analysis_make(
    *,
    user: User,
    series: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
    benchmark: Mapping[str, Any] | None = None,
    factors: Sequence[Mapping[str, Any]] = (),
    weights: Sequence[float] | None = None,
    rebalanced: bool = True,
) -> dict[str, Any]:
    """Return the figures of each series, and of all of them together if there are several.

    Parameters
    ----------
    settings
        Fields of :class:`~tradinglab.server.analytics.measuring.Settings`; what is left out is as it is there, and
        what annualises a run is its own.

    Raises
    ------
    InputError
        If a series, a benchmark, a factor or a setting cannot be used, or there is too much to do.
    NotFoundError, ConflictError
        If there is no such run, or it has nothing to look at.
    """
    given = [
        series_given(user=user, given=each, field=f"series.{place}", name=f"series {place + 1}")
        for place, each in enumerate(series)
    ]
    other = None if benchmark is None else series_given(user=user, given=benchmark, field="benchmark", name="benchmark")
    columns = {
        each["name"]: series_given(user=user, given=each, field=f"factors.{place}", name=each["name"])
        for place, each in enumerate(factors)
    }
    _check(given, other, columns)
    how = _settings(given, settings)
    _check_rolling(given, how)
    found = [_measured(place, each, how, other, columns) for place, each in enumerate(given)]
    answer: dict[str, Any] = {"periods_per_year": how.periods_per_year, "series": found}
    answer |= {"combination": None, "overfitting": None, "notes": []}
    if len(given) > 1:
        try:
            answer["combination"], answer["overfitting"], answer["notes"] = together(
                given, weights=weights, rebalanced=rebalanced, periods_per_year=how.periods_per_year
            )
        except AnalyticsError as error:
            raise InputError("weights", None, f"{error}.") from None
    return answer


def _check(given: Sequence[GivenSeries], benchmark: GivenSeries | None, factors: Mapping[str, GivenSeries]) -> None:
    """Refuse what does not lie side by side, or is too much."""
    places = {f"series.{place}": each for place, each in enumerate(given)}
    places |= {} if benchmark is None else {"benchmark": benchmark}
    places |= {f"factors.{place}": each for place, each in enumerate(factors.values())}
    total = sum(len(each.returns) for each in places.values())
    if total > MOST_NUMBERS:
        text = (
            f"There are {total:,} numbers; at most {MOST_NUMBERS:,} are measured at once. Send fewer or shorter series."
        )
        raise InputError("series", total, text)
    first = given[0]
    for field, each in places.items():
        if (each.times is None) != (first.times is None):
            text = "Some series have times and others have none; give `times` for all of them, or for none."
            raise InputError(f"{field}.times", None, text)
        if first.times is None and len(each.returns) != len(first.returns):
            text = (
                f"It has {len(each.returns):,} returns and the first series has {len(first.returns):,}; without times "
                "they must be as many."
            )
            raise InputError(field, len(each.returns), text)
    for field, each in places.items():
        if not field.startswith("series.") and all(_in_common(each, own) == 0 for own in given):
            text = "It has no time in common with any series; give returns of the same days (or instants)."
            raise InputError(f"{field}.times", None, text)


def _in_common(one: GivenSeries, other: GivenSeries) -> int:
    if one.times is None or other.times is None or not len(other.times):
        return 1
    return len(np.intersect1d(one.times, other.times, assume_unique=True))


def _settings(given: Sequence[GivenSeries], settings: Mapping[str, Any]) -> Settings:
    own = {each.periods_per_year for each in given if each.periods_per_year is not None}
    if "periods_per_year" not in settings and len(own) > 1:
        text = f"The runs have {' and '.join(f'{each:g}' for each in sorted(own))} periods a year; say which to take."
        raise InputError("periods_per_year", None, text)
    found = Settings(**settings)
    return replace(found, periods_per_year=own.pop()) if own and "periods_per_year" not in settings else found


def _check_rolling(given: Sequence[GivenSeries], how: Settings) -> None:
    sizes = [max(0, min(how.points, len(each.returns) - how.window + 1)) * how.window for each in given]
    if max(sizes) > _MOST_ROLLED or sum(sizes) > _MOST_ROLLED_IN_ALL:
        text = (
            f"At {how.points:,} points, windows of {how.window:,} are {sum(sizes):,} returns to look at; at most "
            f"{_MOST_ROLLED:,} of one series and {_MOST_ROLLED_IN_ALL:,} of all are. Choose a shorter window or fewer "
            "points."
        )
        raise InputError("window", how.window, text)


def _measured(
    place: int,
    series: GivenSeries,
    how: Settings,
    benchmark: GivenSeries | None,
    factors: Mapping[str, GivenSeries],
) -> dict[str, Any]:
    against: Floats | None = series.benchmark if benchmark is None else aligned(benchmark, series.times)
    what = MeasuredSeries(
        returns=series.returns,
        times=series.times,
        start=series.start,
        benchmark=against,
        factors={name: aligned(each, series.times) for name, each in factors.items()},
        trades=series.trades,
    )
    try:
        return {"name": series.name, **measure(what, how)}
    except AnalyticsError as error:
        field = "factors" if factors else f"series.{place}"
        raise InputError(field, None, f"'{series.name}' cannot be measured: {error}.") from None

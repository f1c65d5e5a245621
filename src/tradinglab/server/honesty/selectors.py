"""Reads of the ledger: how many were tried, by whom, and how much their Sharpe ratios vary."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Avg, Count, F, Max, Min, Q, QuerySet, Sum

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import NotFoundError
from tradinglab.server.honesty.models import HoldOut, TriedVariant
from tradinglab.server.strategies.models import Strategy

_MOST_PERIODS: Final = 100
_FEWEST: Final = 2
_MOMENTS: Final[Mapping[str, Any]] = {
    "ratios": Count("sharpe_ratio"),
    "mean": Avg("sharpe_ratio"),
    "squares": Sum(F("sharpe_ratio") * F("sharpe_ratio")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many variants had been tried by some moment, where a run was.

    Attributes
    ----------
    trials
        Distinct variants that were tried on any of the days.
    variance
        Of the yearly Sharpe ratios of those that were tried on at least half of them; of all, if these are fewer than
        two. ``None`` if there are not two.
    ratios
        How many ratios that is of.
    """

    trials: int
    variance: float | None
    ratios: int


def trials_of(*, strategy: Strategy, data: str | None = None) -> QuerySet[TriedVariant]:
    """Return what was tried on a strategy."""
    found = TriedVariant.objects.filter(strategy=strategy)
    return found if data is None else found.filter(data=data)


def trials_count(*, strategy: Strategy, data: str | None = None) -> int:
    """Return how many distinct variants were tried."""
    return trials_of(strategy=strategy, data=data).values("variant").distinct().count()


def standing_of(
    *, strategy: Strategy, data: str, first_day: date | None, last_day: date | None, until: datetime | None = None
) -> Standing:
    """Return what had been tried on some days by some moment; without one, by now."""
    tried = trials_of(strategy=strategy, data=data)
    tried = tried if until is None else tried.filter(first_at__lte=until)
    if first_day is not None and last_day is not None:
        tried = overlapping(tried, first_day, last_day)
    rows = tried.exclude(sharpe_ratio=None).values_list("sharpe_ratio", "first_day", "last_day")
    ratios = [(float(ratio or 0.0), first, last) for ratio, first, last in rows]
    alike = [ratio for ratio, first, last in ratios if _covers_half(first, last, first_day, last_day)]
    known = alike if len(alike) >= _FEWEST else [ratio for ratio, _, _ in ratios]
    return Standing(
        trials=tried.values("variant").distinct().count(),
        variance=statistics.variance(known) if len(known) >= _FEWEST else None,
        ratios=len(known),
    )


def overlapping(tried: QuerySet[TriedVariant], first_day: date, last_day: date) -> QuerySet[TriedVariant]:
    """Return what was tried on any of some days; what was tried on days that nobody knows is among it."""
    unknown = Q(first_day=None) | Q(last_day=None)
    return tried.filter(unknown | Q(first_day__lte=last_day, last_day__gte=first_day))


def _covers_half(first: date | None, last: date | None, since: date | None, until: date | None) -> bool:
    if first is None or last is None or since is None or until is None:
        return True
    shared = min(last, until) - max(first, since) + timedelta(days=1)
    return shared * 2 >= until - since + timedelta(days=1)


def trials_summary(*, strategy: Strategy) -> dict[str, Any]:
    """Return what was tried on a strategy: by whom, by what, and on which days of which data."""
    tried = trials_of(strategy=strategy)
    total = tried.aggregate(first=Min("first_at"), last=Max("last_at"), times=Sum("times"), **_MOMENTS)
    sources = tried.values("first_source").annotate(trials=Count("variant", distinct=True)).order_by("first_source")
    people = tried.values(person=F("first_by__email")).annotate(trials=Count("variant", distinct=True))
    return {
        "trials": trials_count(strategy=strategy),
        "times": total["times"] or 0,
        "first_at": total["first"],
        "last_at": total["last"],
        "variance": _variance(total),
        "by_source": {each["first_source"]: each["trials"] for each in sources},
        "by_person": [
            {"email": each["person"], "trials": each["trials"]} for each in people.order_by("-trials", "person")
        ],
        "data": [_data(strategy, name) for name in tried.order_by("data").values_list("data", flat=True).distinct()],
    }


def _data(strategy: Strategy, name: str) -> dict[str, Any]:
    tried = trials_of(strategy=strategy, data=name)
    periods = tried.values("first_day", "last_day").annotate(
        trials=Count("variant", distinct=True),
        times=Sum("times"),
        best=Max("sharpe_ratio"),
        **_MOMENTS,
    )
    listed = periods.order_by("-trials", "first_day", "last_day")[: _MOST_PERIODS + 1]
    found = [dict[str, Any](each) for each in listed]
    rows = [
        {
            "first_day": each["first_day"],
            "last_day": each["last_day"],
            "trials": each["trials"],
            "times": each["times"],
            "best_sharpe_ratio": each["best"],
            "mean_sharpe_ratio": each["mean"],
            "variance": _variance(each),
        }
        for each in found[:_MOST_PERIODS]
    ]
    return {
        "data": name,
        "trials": trials_count(strategy=strategy, data=name),
        "periods": rows,
        "has_more_periods": len(found) > _MOST_PERIODS,
    }


def _variance(found: Mapping[str, Any]) -> float | None:
    """Return the sample variance of the ratios; the databases' own fails, on SQLite, for one ratio."""
    count = found["ratios"]
    if count < _FEWEST:
        return None
    spread: float = (found["squares"] - count * found["mean"] ** 2) / (count - 1)
    return max(0.0, spread)


def hold_out_list(*, strategy: Strategy) -> QuerySet[HoldOut]:
    """Return the hold-outs of a strategy, the latest first."""
    found = HoldOut.objects.filter(strategy=strategy).select_related("sealed_by", "ended_by", "version")
    return found.order_by("-sealed_at")


def hold_out_get(*, strategy: Strategy, hold_out_id: UUID) -> HoldOut:
    """Return one of a strategy's hold-outs."""
    found = hold_out_list(strategy=strategy).filter(pk=hold_out_id).first()
    if found is None:
        raise NotFoundError(f"The strategy has no hold-out {hold_out_id}.")
    return found


def hold_out_sealed(*, strategy: Strategy) -> HoldOut | None:
    """Return the hold-out of a strategy that is sealed now."""
    return HoldOut.objects.filter(strategy=strategy, state=HoldOut.State.SEALED).first()


def stamp_of_run(*, user: User, run_id: UUID) -> HoldOut | None:
    """Return the hold-out that a run of a user's opened."""
    return HoldOut.objects.filter(run_id=run_id, strategy__owner=user).first()

"""Reads about instruments, watch-lists and the catalogue. Data are every user's; watch-lists are their owner's."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.data_sources import data_source_list
from tradinglab.server.datasets.models import CatalogueSeries, CatalogueSource, Instrument, WatchList
from tradinglab.server.datasets.refreshing import catalogue_refresh
from tradinglab.server.errors import InputError, NotFoundError

#: How long who asks first waits for a source that was never read.
_FIRST_LOOK_S = 5.0
_LARGEST_ID = 2**63 - 1


def instrument_list() -> QuerySet[Instrument]:
    """Return the instruments."""
    _look_once()
    return Instrument.objects.all()


def instrument_get(*, instrument_id: int) -> Instrument:
    """Return one instrument."""
    found = instrument_list().filter(pk=instrument_id).first() if instrument_id <= _LARGEST_ID else None
    if found is None:
        raise NotFoundError(f"There is no instrument {instrument_id}.")
    return found


def instruments_called(found: QuerySet[Instrument], text: str) -> QuerySet[Instrument]:
    """Keep the instruments whose ticker, of now or of before, begins so, or whose name has the text in it."""
    by_alias = Instrument.objects.filter(aliases__ticker__istartswith=text).values("pk")
    return found.filter(Q(ticker__istartswith=text) | Q(name__icontains=text) | Q(pk__in=by_alias))


def instrument_named(*, ticker: str, security_type: str | None, market: str | None) -> Instrument:
    """Return the one instrument that has a ticker, now or, if none has it now, before.

    Raises
    ------
    InputError
        If there is none, or several have it.
    """
    wanted = Q()
    if security_type is not None:
        wanted &= Q(security_type=security_type)
    if market is not None:
        wanted &= Q(market=market.lower())
    found = list(instrument_list().filter(wanted, ticker=ticker.upper())[:5])
    if not found:
        found = list(Instrument.objects.filter(wanted, aliases__ticker=ticker.upper()).distinct()[:5])
    if len(found) == 1:
        return found[0]
    if not found:
        text = "There is no such instrument. GET /api/v1/instruments/?search=… finds those that there are."
        raise InputError("ticker", ticker, text)
    known = "; ".join(f"{each.security_type} at {each.market}" for each in found)
    raise InputError("ticker", ticker, f"Several instruments have it: {known}. Give security_type and market, too.")


def series_list() -> QuerySet[CatalogueSeries]:
    """Return what the data sources have."""
    _look_once()
    named = [each.name for each in data_source_list()]
    return CatalogueSeries.objects.filter(source__name__in=named).select_related("source", "instrument")


def series_of(*, instrument: Instrument) -> list[CatalogueSeries]:
    """Return the series that there are of an instrument."""
    return list(series_list().filter(instrument=instrument).order_by("source__name", "resolution", "tick_type"))


def series_get(*, series_id: int) -> CatalogueSeries:
    """Return one series of the catalogue."""
    found = series_list().filter(pk=series_id).first() if series_id <= _LARGEST_ID else None
    if found is None:
        raise NotFoundError(f"There is no series {series_id} in the catalogue.")
    return found


def catalogue_source_list() -> list[CatalogueSource]:
    """Return the data sources with their state and totals."""
    _look_once()
    named = [each.name for each in data_source_list()]
    totals = {
        "series_count": Count("series"),
        "instrument_count": Count("series__instrument", distinct=True),
        "bar_count": Sum("series__bars"),
        "total_size": Sum("series__size"),
        "from_day": Min("series__first_day"),
        "to_day": Max("series__last_day"),
    }
    return sorted(
        CatalogueSource.objects.filter(name__in=named).annotate(**totals), key=lambda each: named.index(each.name)
    )


def watch_list_list(*, user: User) -> QuerySet[WatchList]:
    """Return a user's watch-lists."""
    return WatchList.objects.filter(owner=user).prefetch_related("entries__instrument")


def watch_list_get(*, user: User, watch_list_id: UUID) -> WatchList:
    """Return one of a user's watch-lists."""
    found = watch_list_list(user=user).filter(pk=watch_list_id).first()
    if found is None:
        raise NotFoundError(f"There is no watch-list {watch_list_id}.")
    return found


def _look_once() -> None:
    """Read the sources that were never read; of all others, what is stored is the answer."""
    known = set(CatalogueSource.objects.filter(refreshed_at__isnull=False).values_list("name", flat=True))
    if any(each.name not in known for each in data_source_list()):
        catalogue_refresh(seconds=_FIRST_LOOK_S, only_new=True)

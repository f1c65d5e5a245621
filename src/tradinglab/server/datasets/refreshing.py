"""The catalogue follows the data sources: what has changed since is read, the rest is known by its mark.

A refresh commits place by place. One that ends before everything is read goes on the next time where it was.
"""

from __future__ import annotations

import hashlib
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from tradinglab.core.clock import date_of_day
from tradinglab.core.errors import TradingLabError
from tradinglab.data.inventory import Holding, Place, gaps_of, holdings, places
from tradinglab.data.source import DataSource, open_source
from tradinglab.server.backtests.data_sources import NamedSource, data_source_list
from tradinglab.server.datasets.describing import Describer
from tradinglab.server.datasets.models import CatalogueSeries, CatalogueSource, Instrument, WatchListEntry

_log = logging.getLogger(__name__)
#: Raised when the same place is to be read anew although it is as it was: what is made of it has changed.
_VERSION = "2"
_HELD = timedelta(minutes=10)
_MOST_ORIGINS = 20
_MOST_GAPS = 200
_MOST_UNREADABLE = 20
_LONGEST_MARK = 200


@dataclass(slots=True)
class Refreshed:
    """What a refresh of a source did.

    Attributes
    ----------
    read
        Places that were new or had changed.
    removed
        Series that are gone.
    is_complete
        Whether all that has changed was read; if not, there was no time for it, or somebody else is at it.
    """

    source: str
    read: int = 0
    removed: int = 0
    is_complete: bool = True
    unreadable: list[str] = field(default_factory=list)


def catalogue_job() -> int:
    """Refresh the whole catalogue, now and then; return how many series were removed."""
    return sum(each.removed for each in catalogue_refresh(seconds=_HELD.total_seconds() / 2))


def catalogue_refresh(*, seconds: float, only_new: bool = False) -> list[Refreshed]:
    """Read what has changed in the data sources.

    Parameters
    ----------
    seconds
        How long it may take; what is left is done by the next refresh.
    only_new
        Leave out the sources that were read once.
    """
    until = time.monotonic() + seconds
    named = data_source_list()
    gone = CatalogueSource.objects.exclude(name__in=[each.name for each in named])
    if gone.exists():
        gone.delete()
        _forget_instruments()
    known = set(CatalogueSource.objects.filter(refreshed_at__isnull=False).values_list("name", flat=True))
    return [_refresh(each, until) for each in named if not (only_new and each.name in known)]


def _refresh(named: NamedSource, until: float) -> Refreshed:
    done = Refreshed(source=named.name)
    row, _ = CatalogueSource.objects.get_or_create(name=named.name)
    if not _hold(row):
        done.is_complete = False
        return done
    changes: dict[str, Any] = {"problem": ""}
    try:
        source = open_source(named.spec)
        _read_changed(row, named, source, until, done)
    except (TradingLabError, OSError) as error:
        _log.error("the data source %s cannot be catalogued: %s", named.name, error)
        changes["problem"] = "It cannot be read now; the operator finds the reason in the server's log."
        done.is_complete = False
    finally:
        now = timezone.now()
        changes |= {"refreshed_at": now, "held_until": None, "is_complete": done.is_complete}
        if done.is_complete or done.unreadable:
            changes["unreadable"] = done.unreadable[:_MOST_UNREADABLE]
        if done.read or done.removed:
            changes["changed_at"] = now
        CatalogueSource.objects.filter(pk=row.pk).update(**changes)
    if done.removed:
        _forget_instruments()
    return done


def _hold(row: CatalogueSource) -> bool:
    """Take the source, unless somebody has it: two at once would undo each other's work."""
    now = timezone.now()
    free = CatalogueSource.objects.filter(Q(held_until__isnull=True) | Q(held_until__lt=now), pk=row.pk)
    return bool(free.update(held_until=now + _HELD))


def _read_changed(row: CatalogueSource, named: NamedSource, source: DataSource, until: float, done: Refreshed) -> None:
    spec = hashlib.sha256(named.spec.encode()).hexdigest()
    if row.spec_hash != spec:
        # The name is another folder's now.
        done.removed += CatalogueSeries.objects.filter(source=row).count()
        CatalogueSeries.objects.filter(source=row).delete()
        CatalogueSource.objects.filter(pk=row.pk).update(spec_hash=spec)
    known = dict(CatalogueSeries.objects.filter(source=row).values_list("place", "mark"))
    describer = Describer(source, named.name, named.kind)
    seen = set()
    for place in places(source):
        seen.add(place.name)
        mark = f"{_VERSION}:{place.mark}"[:_LONGEST_MARK]
        if place.mark and known.get(place.name) == mark:
            continue
        if time.monotonic() > until:
            done.is_complete = False
            return
        _read_place(row, source, describer, place, mark, done)
    gone = CatalogueSeries.objects.filter(source=row, place__in=[each for each in known if each not in seen])
    count = gone.count()
    if count:
        gone.delete()
        done.removed += count


def _read_place(
    row: CatalogueSource, source: DataSource, describer: Describer, place: Place, mark: str, done: Refreshed
) -> None:
    done.read += 1
    try:
        found = holdings(source, place)
    except (TradingLabError, OSError) as error:
        # One broken file leaves the others in the catalogue; what was known of it stays until it can be read.
        _log.warning("%s of the data source %s cannot be catalogued: %s", place.name, row.name, error)
        done.unreadable.append(place.name)
        return
    with transaction.atomic():
        kept = [_store(row, describer, place, mark, each) for each in found]
        gone = CatalogueSeries.objects.filter(source=row, place=place.name).exclude(pk__in=kept)
        done.removed += gone.count()
        gone.delete()


def _store(row: CatalogueSource, describer: Describer, place: Place, mark: str, found: Holding) -> int:
    told = found.coverage
    series, _ = CatalogueSeries.objects.update_or_create(
        source=row,
        place=place.name,
        ticker=told.ticker.upper(),
        resolution=told.resolution.name.lower(),
        tick_type=told.tick_type.name.lower(),
        instrument=describer.instrument(told),
        defaults={"mark": mark, "catalogued_at": timezone.now(), **_figures(describer, found)},
    )
    return int(series.pk)


def _figures(describer: Describer, found: Holding) -> dict[str, Any]:
    told, hours = found.coverage, describer.hours(found.coverage)
    gaps = None if found.days is None or hours is None else gaps_of(found.days, hours, told.resolution)
    named = [{"name": PurePath(each.name).name, "sha256": each.sha256} for each in found.origins[:_MOST_ORIGINS]]
    return {
        "first_day": date_of_day(told.first_day),
        "last_day": date_of_day(told.last_day),
        "first_at": _instant(found.first_us),
        "last_at": _instant(found.last_us),
        "bars": told.bars,
        "size": found.size,
        "is_synthetic": told.is_synthetic,
        "missing_days": None if gaps is None else sum(each.days for each in gaps),
        "gaps": [
            {"first_day": _iso(each.first_day), "last_day": _iso(each.last_day), "days": each.days}
            for each in sorted(gaps or (), key=lambda each: (-each.days, each.first_day))[:_MOST_GAPS]
        ],
        "origins": named,
        "origin_count": len(found.origins),
        "downloads": [
            {
                "source": each.source,
                "first_at": _instant_text(each.first_us),
                "last_at": _instant_text(each.last_us),
                "asked_at": each.at,
            }
            for each in found.sources[-_MOST_ORIGINS:]
        ],
        "generation": found.generation,
        "content": found.content,
        "written_at": datetime.fromisoformat(found.written_at) if found.written_at else None,
    }


def _instant(at_us: int | None) -> datetime | None:
    return None if at_us is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)


def _instant_text(at_us: int) -> str:
    found = _instant(at_us)
    return "" if found is None else found.isoformat()


def _iso(day: int) -> str:
    return date_of_day(day).isoformat()


def _forget_instruments() -> None:
    """Forget the instruments of which there is nothing any more, but those that somebody watches."""
    watched = WatchListEntry.objects.values("instrument_id")
    # One that is put on a list, or found again, at this moment stays: the next time tells.
    with suppress(IntegrityError), transaction.atomic():
        Instrument.objects.filter(series__isnull=True).exclude(pk__in=watched).delete()

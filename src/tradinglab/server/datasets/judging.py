"""How good the bars are of each series of the catalogue: judged in the background, whenever they have changed.

A judgement reads all bars of a series and is kept until its place has another mark; no request reads them again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from tradinglab.core.clock import day_of_date
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.errors import TradingLabError
from tradinglab.data.quality import QualityReport
from tradinglab.data.quality.checking import check_series
from tradinglab.data.source import Coverage, DataSource, open_source
from tradinglab.data.store.layout import SeriesKey
from tradinglab.server.backtests.data_sources import data_source_list
from tradinglab.server.datasets.models import CatalogueSeries, SeriesQuality
from tradinglab.server.errors import ConflictError, NotFoundError

_log = logging.getLogger(__name__)
#: How long a periodic job may go on; a series that has begun is judged to its end.
JOB_S = 120.0
_HELD = timedelta(hours=1)
#: So many bars are judged while somebody waits.
MOST_AT_ONCE = 2_000_000
_LONGEST_PROBLEM = 300


def quality_job() -> int:
    """Judge series that have changed, now and then; return how many."""
    return series_judge_changed(seconds=JOB_S)


def series_judge_changed(*, seconds: float) -> int:
    """Judge the series that were never judged or have changed since; return how many.

    Those that wait longest come first, of them the smaller ones.

    Parameters
    ----------
    seconds
        How long it may take; what is left is done the next time.
    """
    until = time.monotonic() + seconds
    specs = {each.name: each.spec for each in data_source_list()}
    opened: dict[str, DataSource | None] = {}
    done = 0
    waiting = _judged().filter(source__name__in=specs).exclude(quality_mark=F("mark"))
    order = (F("quality_at").asc(nulls_first=True), F("bars").asc(nulls_last=True), "pk")
    for series_id in list(waiting.order_by(*order).values_list("pk", flat=True)):
        if time.monotonic() > until:
            break
        row = _hold(series_id)
        if row is None:
            continue
        name = row.source.name
        if name not in opened:
            opened[name] = _open(name, specs[name])
        source = opened[name]
        if source is not None:
            _judge(row, source)
            done += 1
    return done


def series_judge(*, row: CatalogueSeries) -> None:
    """Judge a series now, while somebody waits.

    Raises
    ------
    ConflictError
        If it is too large for that, cannot be judged, or is being judged.
    """
    if not _judged().filter(pk=row.pk).exists():
        raise ConflictError("Ticks, and bars that are made when they are read, are not judged.")
    if row.bars is None or row.bars > MOST_AT_ONCE:
        raise ConflictError(
            f"The series has more than {MOST_AT_ONCE:,} bars: it is judged in the background, soon after each change."
        )
    spec = next((each.spec for each in data_source_list() if each.name == row.source.name), None)
    source = None if spec is None else _open(row.source.name, spec)
    if source is None:
        raise ConflictError("The data source cannot be read now; the operator finds the reason in the server's log.")
    held = _hold(row.pk)
    if held is None:
        raise ConflictError("The series is being judged at this moment; ask again for what was found.")
    _judge(held, source)


def series_quality(*, row: CatalogueSeries) -> Mapping[str, Any]:
    """Return what was found of a series when it was judged last.

    Raises
    ------
    NotFoundError
        If it was not judged yet.
    """
    found = SeriesQuality.objects.filter(series=row).first()
    if found is None:
        why = row.quality_problem or "It is judged within minutes, or at once by POST."
        raise NotFoundError(f"The series {row.pk} was not judged yet. {why}")
    return {**found.report, "judged_at": row.quality_at, "is_current": row.quality_mark == row.mark}


def series_quality_report(*, row: CatalogueSeries) -> QualityReport:
    """Return the same as a report that can be shown."""
    return QualityReport.from_json(series_quality(row=row), _key(row))


def _judged() -> QuerySet[CatalogueSeries]:
    """Return the series that are judged at all: neither ticks nor bars that are made when they are read."""
    return CatalogueSeries.objects.exclude(resolution="tick").filter(size__isnull=False)


def _open(name: str, spec: str) -> DataSource | None:
    try:
        return open_source(spec)
    except (TradingLabError, OSError) as error:
        _log.error("the data source %s cannot be judged: %s", name, error)
        return None


def _hold(series_id: int) -> CatalogueSeries | None:
    """Take a series, unless somebody has it; return it as it is then."""
    now = timezone.now()
    free = CatalogueSeries.objects.filter(Q(quality_held_until=None) | Q(quality_held_until__lt=now), pk=series_id)
    if not free.update(quality_held_until=now + _HELD):
        return None
    return CatalogueSeries.objects.select_related("source", "instrument").filter(pk=series_id).first()


def _judge(row: CatalogueSeries, source: DataSource) -> None:
    changes: dict[str, Any] = {"quality_held_until": None}
    report = None
    try:
        report = check_series(source, _coverage(row))
        changes |= _figures(report)
        changes |= {"quality_mark": row.mark, "quality_at": timezone.now(), "quality_problem": ""}
    except (TradingLabError, OSError) as error:
        # Tried again when it is not held any more; what was found before stays, and is told to be of before.
        _log.warning("%s of the data source %s cannot be judged: %s", row.place, row.source.name, error)
        text = f"The bars could not be judged ({getattr(error, 'code', 'file_error')}); the server's log says more."
        changes = {"quality_problem": text[:_LONGEST_PROBLEM], "quality_held_until": timezone.now() + _HELD}
    finally:
        with transaction.atomic():
            if CatalogueSeries.objects.filter(pk=row.pk).update(**changes) and report is not None:
                told = {**report.to_json(), "name": row.source.name}
                SeriesQuality.objects.update_or_create(series_id=row.pk, defaults={"report": told})


def _figures(report: QualityReport) -> dict[str, Any]:
    return {
        "quality": report.grade.letter,
        "quality_percent": report.grade.percent,
        "missing_bars": report.missing,
        "expected_bars": report.expected,
        "quality_counts": [
            {"check": each.code, "severity": str(each.severity), "count": each.count} for each in report.findings
        ],
    }


def _key(row: CatalogueSeries) -> SeriesKey:
    return SeriesKey(
        SecurityType[row.instrument.security_type.upper()],
        row.instrument.market,
        row.ticker,
        Resolution[row.resolution.upper()],
        TickType[row.tick_type.upper()],
    )


def _coverage(row: CatalogueSeries) -> Coverage:
    key = _key(row)
    return Coverage(
        ticker=key.ticker,
        security_type=key.security_type,
        market=key.market,
        resolution=key.resolution,
        tick_type=key.tick_type,
        first_day=day_of_date(row.first_day),
        last_day=day_of_date(row.last_day),
    )

"""Instruments, watch-lists, and the catalogue of what the data sources have."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone


class Instrument(models.Model):
    """Something that can be traded, or an index; every user's."""

    class Kind(models.TextChoices):
        """What it is; funds are traded like shares, and their bars are of the type ``equity``."""

        EQUITY = "equity"
        ETF = "etf"
        FUND = "fund"
        INDEX = "index"
        FOREX = "forex"
        CRYPTO = "crypto"
        CFD = "cfd"
        FUTURE = "future"
        OTHER = "other"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.OTHER)
    security_type = models.CharField(max_length=20)
    market = models.CharField(max_length=100)
    ticker = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True, default="")
    exchange = models.CharField(max_length=100, blank=True, default="")
    currency = models.CharField(max_length=20, blank=True, default="")
    time_zone = models.CharField(max_length=64, blank=True, default="")
    # As exact texts: a float of a coin's lot is none.
    lot_size = models.CharField(max_length=64, blank=True, default="")
    tick_size = models.CharField(max_length=64, blank=True, default="")
    minimum_order_size = models.CharField(max_length=64, blank=True, default="")
    contract_multiplier = models.CharField(max_length=64, blank=True, default="")
    market_ticker = models.CharField(max_length=100, blank=True, default="")
    hours = models.JSONField(default=list)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    # Which data source said so, and how much of it that kind of source knows.
    described_by = models.CharField(max_length=40, blank=True, default="")
    rank = models.PositiveSmallIntegerField(default=0)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["security_type", "market", "ticker"], name="instrument_unique"),
        ]
        indexes = [models.Index(fields=["ticker", "id"])]

    def __str__(self) -> str:
        return f"{self.ticker} ({self.security_type}, {self.market})"


class InstrumentAlias(models.Model):
    """A ticker under which an instrument traded, and the days from when to when."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="aliases")
    ticker = models.CharField(max_length=100, db_index=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.ticker


class CatalogueSource(models.Model):
    """A data source as the catalogue knows it."""

    name = models.CharField(max_length=40, unique=True)
    spec_hash = models.CharField(max_length=64, blank=True, default="")
    refreshed_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)
    is_complete = models.BooleanField(default=False)
    problem = models.CharField(max_length=300, blank=True, default="")
    unreadable = models.JSONField(default=list)
    # Who refreshes it holds it until then; nobody else does meanwhile.
    held_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class CatalogueSeries(models.Model):
    """What a data source has of an instrument, in one resolution."""

    source = models.ForeignKey(CatalogueSource, on_delete=models.CASCADE, related_name="series")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="series")
    ticker = models.CharField(max_length=100)
    resolution = models.CharField(max_length=10)
    tick_type = models.CharField(max_length=20)
    first_day = models.DateField()
    last_day = models.DateField()
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    bars = models.BigIntegerField(null=True)
    size = models.BigIntegerField(null=True)
    is_synthetic = models.BooleanField(default=False)
    missing_days = models.PositiveIntegerField(null=True)
    gaps = models.JSONField(default=list)
    origins = models.JSONField(default=list)
    origin_count = models.PositiveIntegerField(default=0)
    downloads = models.JSONField(default=list)
    generation = models.BigIntegerField(null=True)
    content = models.CharField(max_length=64, blank=True, default="")
    # The grade, what is behind it, and the mark of the bars that were judged; all bars of the series were read for it.
    quality = models.CharField(max_length=1, null=True)
    quality_percent = models.FloatField(null=True)
    missing_bars = models.BigIntegerField(null=True)
    expected_bars = models.BigIntegerField(null=True)
    quality_counts = models.JSONField(default=list)
    quality_at = models.DateTimeField(null=True)
    quality_mark = models.CharField(max_length=200, blank=True, default="")
    quality_problem = models.CharField(max_length=300, blank=True, default="")
    # Who judges it holds it until then.
    quality_held_until = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)
    catalogued_at = models.DateTimeField(default=timezone.now)
    # Where it was found, and what tells whether that has changed.
    place = models.CharField(max_length=500)
    mark = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "place", "ticker", "resolution", "tick_type", "instrument"],
                name="catalogue_series_unique",
            )
        ]
        indexes = [models.Index(fields=["ticker", "id"]), models.Index(fields=["source", "place"])]

    def __str__(self) -> str:
        return f"{self.ticker} ({self.resolution}, {self.tick_type})"


class SeriesQuality(models.Model):
    """All that was found of a series when it was judged last."""

    series = models.OneToOneField(
        CatalogueSeries, on_delete=models.CASCADE, primary_key=True, related_name="quality_report"
    )
    report = models.JSONField()

    def __str__(self) -> str:
        return f"quality of {self.series_id}"


class WatchList(models.Model):
    """A user's list of instruments."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watch_lists")
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=2_000, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="watch_list_name_unique")]
        indexes = [models.Index(fields=["owner", "-created_at", "-id"])]

    def __str__(self) -> str:
        return self.name


class WatchListEntry(models.Model):
    """An instrument on a watch-list."""

    watch_list = models.ForeignKey(WatchList, on_delete=models.CASCADE, related_name="entries")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveIntegerField()

    class Meta:
        ordering = ["place", "id"]
        constraints = [models.UniqueConstraint(fields=["watch_list", "instrument"], name="watch_list_entry_unique")]

    def __str__(self) -> str:
        return str(self.instrument)

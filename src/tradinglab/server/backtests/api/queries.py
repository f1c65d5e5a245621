"""What may be asked of a backtest's results."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tradinglab.server.backtests.results import Part
from tradinglab.server.backtests.thinning import METHODS
from tradinglab.server.rest.fields import StrictSerializer

MOST_POINTS = 5_000
FORMATS = ("json", "csv", "parquet")


@extend_schema_field(OpenApiTypes.STR)
class MomentField(serializers.Field[datetime, str, str, Any]):
    """A day or an instant; one without a time zone is in UTC. As an end, a day is over when the next one begins."""

    def __init__(self, *, is_end: bool = False, **options: Any) -> None:
        super().__init__(required=False, **options)
        self._is_end = is_end

    def to_representation(self, value: datetime) -> str:
        """Return the instant as text."""
        return value.isoformat()

    def to_internal_value(self, data: str) -> datetime:
        """Return the instant."""
        text = data.strip()
        try:
            day: date | None = parse_date(text)
            moment = parse_datetime(text) if day is None else None
            if day is not None:
                moment = datetime.combine(day, time(), UTC) + timedelta(days=1 if self._is_end else 0)
            elif moment is not None:
                moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            raise serializers.ValidationError("Give a day (2010-01-31) or an instant (2010-01-31T15:30:00Z).")
        return moment


class TableQuery(StrictSerializer):
    """Which rows are wanted, and in what form."""

    format = serializers.ChoiceField(FORMATS, required=False, help_text="Instead of the header `Accept`.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields; the names of two of them are words of Python."""
        bounds = {
            "from": MomentField(help_text="A day or an instant: rows from then on."),
            "to": MomentField(is_end=True, help_text="A day, which is included, or an instant, which is not."),
        }
        return {**super().get_fields(), **bounds}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse an end before the beginning."""
        if "from" in attrs and "to" in attrs and attrs["to"] < attrs["from"]:
            raise serializers.ValidationError({"to": ["The end is before `from`; swap them."]})
        return attrs

    #: Columns that are compared, and searched, by the names of the queries.
    equal: ClassVar[tuple[str, ...]] = ()
    searched: ClassVar[dict[str, str]] = {}

    def part(self) -> Part:
        """Return which rows are wanted."""
        values = self.validated_data
        return Part(
            since=values.get("from"),
            until=values.get("to"),
            equal={name: values[name] for name in self.equal if name in values},
            contains={column: values[name] for name, column in self.searched.items() if name in values},
        )


class SeriesQuery(TableQuery):
    """A series, perhaps with fewer points."""

    points = serializers.IntegerField(
        min_value=2,
        max_value=MOST_POINTS,
        required=False,
        help_text=f"At most so many points. JSON has {MOST_POINTS:,} at most in any case; CSV and Parquet all of them.",
    )
    method = serializers.ChoiceField(
        tuple(METHODS),
        default="lttb",
        help_text="How points are left out: by largest triangles, or all but the lowest and highest of each stretch.",
    )


class RowsQuery(TableQuery):
    """Some rows of a long table."""

    offset = serializers.IntegerField(min_value=0, max_value=10_000_000, default=0)
    limit = serializers.IntegerField(
        min_value=1,
        max_value=5_000,
        required=False,
        help_text="JSON has 100 rows if it is not given, CSV and Parquet all.",
    )


class SymbolRowsQuery(RowsQuery):
    """Some rows of a table of securities."""

    symbol = serializers.CharField(max_length=100, required=False)
    equal: ClassVar[tuple[str, ...]] = ("symbol",)


class OrdersQuery(SymbolRowsQuery):
    """Some of the orders."""

    status = serializers.CharField(max_length=40, required=False, help_text="Such as `Filled`.")
    equal = ("symbol", "status")


class InsightsQuery(SymbolRowsQuery):
    """Some of the insights."""

    direction = serializers.ChoiceField(("Up", "Down", "Flat"), required=False)
    source_model = serializers.CharField(max_length=200, required=False, help_text="Who said so.")
    equal = ("symbol", "direction", "source_model")


class LogQuery(RowsQuery):
    """Some lines of the log."""

    level = serializers.CharField(max_length=20, required=False, help_text="`log` or `error`.")
    equal = ("level",)
    searched = {"contains": "text"}

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields."""
        text = serializers.CharField(
            max_length=200, required=False, trim_whitespace=False, help_text="Lines with this in them, in any case."
        )
        return {**super().get_fields(), "contains": text}

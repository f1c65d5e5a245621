"""Which backtests are listed, and in what order."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from django.db.models import Func, QuerySet, TextField
from django_filters import rest_framework as filters
from rest_framework.request import Request
from rest_framework.views import APIView

from tradinglab.server.backtests.api.serializers import PARAMETER_NAME
from tradinglab.server.backtests.figures import FIGURES, WHOLE_FIGURES, help_of
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import InputError
from tradinglab.server.rest.filters import AskedFilters, InstantFilter, MultipleChoiceFilter, YesNoFilter, values_given
from tradinglab.server.rest.pages import Pages
from tradinglab.server.runs.models import RunState

_LARGEST_WHOLE = (1 << 31) - 1
_MEASURED = ("total_orders", *FIGURES, "duration_s")
#: What of a backtest can be sorted by and may be missing; a sort lists only what has it.
SORTABLE_FIGURES = (*_MEASURED, "first_day", "last_day")
_SORTABLE = (*SORTABLE_FIGURES, "created_at", "name")


class BacktestPages(Pages):
    """Newest first, or by a figure."""

    ordering = ("-created_at", "-run_id")
    # As many may have the same value of a figure: zero, say.
    offset_cutoff = 1_000_000

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: object) -> tuple[str, ...]:
        """Return the columns of the sort that is asked for."""
        wanted = request.query_params.get("sort", "")
        name = wanted.removeprefix("-")
        if not wanted:
            return self.ordering
        if name not in _SORTABLE:
            raise InputError("sort", wanted, f"Sort by one of these, with a '-' for falling: {', '.join(_SORTABLE)}.")
        return (wanted, "-run_id")

    def get_schema_operation_parameters(self, view: APIView) -> list[Any]:
        """Describe the sort, too."""
        described = (
            f"With a '-' for falling. A sort by a figure lists only what has it. One of: {', '.join(_SORTABLE)}."
        )
        sort = {
            "name": "sort",
            "in": "query",
            "required": False,
            "schema": {"type": "string"},
            "description": described,
        }
        return [*super().get_schema_operation_parameters(view), sort]


class ParameterText(Func):
    """The text of one of a backtest's parameters, by a name that may be any: digits, dots."""

    output_field = TextField()

    def __init__(self, name: str) -> None:
        self._name = name
        super().__init__("parameters")

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[str | int, ...]]:
        """Return the expression for SQLite."""
        column, parameters = compiler.compile(self.source_expressions[0])
        return f"JSON_EXTRACT({column}, %s)", (*parameters, f"$.{json.dumps(self._name)}")

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, tuple[str | int, ...]]:
        """Return the expression for PostgreSQL."""
        column, parameters = compiler.compile(self.source_expressions[0])
        return f"({column} ->> %s::text)", (*parameters, self._name)


class WholeBound(filters.NumberFilter):
    """A bound of a column of whole numbers: 1.5 lets 2 in from below, and 1 from above."""

    def filter(self, queryset: QuerySet[Backtest], value: Decimal | None) -> QuerySet[Backtest]:
        """Return what is within the bound."""
        if value is not None:
            whole = math.ceil(value) if self.lookup_expr == "gte" else math.floor(value)
            # A bound that no column can reach would be left out, and let in what has no value.
            value = Decimal(min(max(whole, -_LARGEST_WHOLE), _LARGEST_WHOLE))
        found: QuerySet[Backtest] = super().filter(queryset, value)
        return found


def _bounds() -> dict[str, filters.Filter]:
    """Return a lower and an upper bound for each figure."""
    found: dict[str, filters.Filter] = {}
    for name in _MEASURED:
        about = help_of(name) if name in FIGURES else ""
        kind = WholeBound if name in ("total_orders", *WHOLE_FIGURES) else filters.NumberFilter
        found[f"min_{name}"] = kind(field_name=name, lookup_expr="gte", help_text=about)
        found[f"max_{name}"] = kind(field_name=name, lookup_expr="lte", help_text=about)
    for name in ("first_day", "last_day"):
        found[f"min_{name}"] = filters.DateFilter(field_name=name, lookup_expr="gte")
        found[f"max_{name}"] = filters.DateFilter(field_name=name, lookup_expr="lte")
    for bound, lookup in (("min", "gte"), ("max", "lte")):
        found[f"{bound}_created_at"] = InstantFilter(field_name="run__created_at", lookup_expr=lookup)
    return found


class BacktestFilter(AskedFilters):
    """Which backtests are listed."""

    state = MultipleChoiceFilter(field_name="run__state", choices=RunState.choices)
    engine = MultipleChoiceFilter(choices=Backtest.Engine.choices)
    verification = MultipleChoiceFilter(choices=Backtest.Standing.choices)
    data_changed = YesNoFilter(
        field_name="data_changed_at",
        lookup_expr="isnull",
        exclude=True,
        help_text="Whether bars, splits or dividends that it has read are otherwise in the store now.",
    )
    strategy = filters.UUIDFilter(field_name="version__strategy_id")
    version = filters.UUIDFilter(field_name="version_id")
    optimization = filters.UUIDFilter(field_name="run__parent_id", help_text="Its trials, which are listed only so.")
    name = filters.CharFilter(lookup_expr="icontains", help_text="Part of the name.")
    notes = filters.CharFilter(lookup_expr="icontains", help_text="Part of the notes.")
    tag = filters.CharFilter(method="with_tags", help_text="A tag; given several times, all of them.")
    is_starred = YesNoFilter()
    is_deleted = YesNoFilter(
        field_name="run__deleted_at", lookup_expr="isnull", exclude=True, help_text="Those that can be restored."
    )
    parameter = filters.CharFilter(
        method="with_parameters", help_text="`name:value` of a parameter; given several times, all of them."
    )

    @classmethod
    def get_filters(cls) -> dict[str, filters.Filter]:
        """Return the filters, with a lower and an upper bound for each figure."""
        return {**super().get_filters(), **_bounds()}

    def filter_queryset(self, queryset: QuerySet[Backtest]) -> QuerySet[Backtest]:
        """Refuse bounds of what has none, then filter; what is deleted is listed only if it is asked for."""
        there_are = self.known()
        for name in self.data:
            if name.startswith(("min_", "max_")) and name not in there_are:
                known = ", ".join(each for each in there_are if each.startswith("min_"))
                raise InputError(
                    name, self.data[name], f"There is no such bound. Known are {known}; and each as max_…."
                )
        if self.form.cleaned_data["is_deleted"] is None:
            queryset = queryset.filter(run__deleted_at=None)
        if self.form.cleaned_data["optimization"] is None:
            queryset = queryset.filter(run__parent=None)
        found: QuerySet[Backtest] = super().filter_queryset(queryset)
        return found

    def with_tags(self, queryset: QuerySet[Backtest], name: str, value: str) -> QuerySet[Backtest]:
        """Return what has all the tags."""
        for tag in values_given(self.data, name):
            queryset = queryset.filter(tag_rows__name=tag)
        return queryset

    def with_parameters(self, queryset: QuerySet[Backtest], name: str, value: str) -> QuerySet[Backtest]:
        """Return what was run with all the parameters."""
        for place, text in enumerate(values_given(self.data, name)):
            parameter, colon, wanted = text.partition(":")
            if not colon or not PARAMETER_NAME.fullmatch(parameter):
                raise InputError(name, text, "Give name and value of a parameter with a colon between: `fast:20`.")
            queryset = queryset.alias(**{f"parameter_{place}": ParameterText(parameter)})
            queryset = queryset.filter(**{f"parameter_{place}": wanted})
        return queryset

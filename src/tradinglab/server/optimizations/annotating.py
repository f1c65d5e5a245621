"""What their owner says of optimizations and walk-forwards: name, notes, tags and a star, as of backtests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django_filters import rest_framework as filters

from tradinglab.server.backtests.services import annotations_check
from tradinglab.server.optimizations.models import Annotated, Optimization, RunTag
from tradinglab.server.rest.filters import YesNoFilter, values_given
from tradinglab.server.runs.models import Run


@transaction.atomic
def run_annotate(
    *,
    annotated: Annotated,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
    is_starred: bool | None = None,
) -> None:
    """Change what is given of what its owner says of it, leave the rest; a tag that comes twice counts once.

    Raises
    ------
    InputError
        If a text is too long, or there is something in it that cannot be seen.
    """
    annotations_check(name=name, notes=notes, tags=tags)
    given = {"name": name, "notes": notes, "is_starred": is_starred}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if changes:
        type(annotated)._default_manager.filter(pk=annotated.pk).update(**changes)
    if tags is not None:
        # The row is locked, so that of two sets of tags one is stored, and not a mixture.
        run = Run.objects.select_for_update().get(pk=annotated.pk)
        RunTag.objects.filter(run=run).delete()
        RunTag.objects.bulk_create(RunTag(run=run, name=tag) for tag in dict.fromkeys(tags))


class AnnotationFilter(filters.FilterSet):
    """Finds them by what their owner says."""

    name = filters.CharFilter(lookup_expr="icontains", help_text="Part of the name.")
    notes = filters.CharFilter(lookup_expr="icontains", help_text="Part of the notes.")
    tag = filters.CharFilter(method="with_tags", help_text="A tag; given several times, all of them.")
    is_starred = YesNoFilter()

    def with_tags(self, queryset: QuerySet[Optimization], name: str, value: str) -> QuerySet[Optimization]:
        """Return what has all the tags."""
        for tag in values_given(self.data, name):
            queryset = queryset.filter(run__tag_rows__name=tag)
        return queryset

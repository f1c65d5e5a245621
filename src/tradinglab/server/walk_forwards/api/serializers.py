"""What goes in and out about walk-forwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from tradinglab.optimize.walk_forward import WalkForwardPlan, Window
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.api.serializers import SearchInput
from tradinglab.server.rest.fields import StrictSerializer
from tradinglab.server.runs.models import RunState
from tradinglab.server.walk_forwards.models import WalkForward
from tradinglab.server.walk_forwards.requests import MOST_WINDOWS, Calendar

_MOST_DAYS = 100_000


class WindowInput(StrictSerializer):
    """A window by its dates; all are included."""

    train_first = serializers.DateField()
    train_last = serializers.DateField()
    test_first = serializers.DateField()
    test_last = serializers.DateField()


def _days(least: int, about: str, **options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=least, max_value=_MOST_DAYS, required=False, help_text=f"{about}, in trading days.", **options
    )


class WalkForwardInput(SearchInput):
    """A walk-forward that is to be carried out: a search as of an optimization, and windows."""

    train_days = _days(2, "How long parameters are chosen on")
    test_days = _days(2, "How long they are tried on")
    anchored = serializers.BooleanField(default=False, help_text="Every window begins on the first day, and grows.")
    purge_days = _days(0, "What is left out between choosing and trying")
    embargo_days = _days(0, "What is left out after each test")
    windows = serializers.ListField(
        child=WindowInput(), min_length=1, max_length=MOST_WINDOWS, required=False, help_text="In place of lengths."
    )
    calendar = serializers.ChoiceField(
        choices=[each.value for each in Calendar],
        default=Calendar.US_EQUITY.value,
        help_text="Which days are trading days: those of the US stock exchanges, or all.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse lengths beside windows, and neither."""
        lengths = [name for name in ("train_days", "test_days", "purge_days", "embargo_days") if name in attrs]
        if "windows" in attrs and (lengths or attrs["anchored"]):
            name = lengths[0] if lengths else "anchored"
            raise serializers.ValidationError({name: ["Give `windows`, or lengths; leave one out."]})
        for name in ("train_days", "test_days"):
            if "windows" not in attrs and name not in attrs:
                raise serializers.ValidationError({name: ["Give `train_days` and `test_days`, or `windows`."]})
        return attrs


def windows_given(values: dict[str, Any]) -> tuple[WalkForwardPlan | None, list[Window]]:
    """Return how windows follow each other, or the windows, and take both out of what was given."""
    named = [Window(**each) for each in values.pop("windows", [])]
    train, test = values.pop("train_days", None), values.pop("test_days", None)
    purge, embargo = values.pop("purge_days", 0), values.pop("embargo_days", 0)
    is_anchored = values.pop("anchored")
    if named:
        return None, named
    return WalkForwardPlan(train=train, test=test, is_anchored=is_anchored, purge=purge, embargo=embargo), []


def node_type_refused(values: dict[str, Any]) -> None:
    """Refuse a kind of machine, as walk-forwards are carried out here alone."""
    if (given := values.pop("node_type")) is not None:
        raise InputError("node_type", given, "Walk-forwards are carried out here, and cost nothing: leave it out.")


class WalkForwardSerializer(serializers.ModelSerializer[WalkForward]):
    """A walk-forward: where it is in its life, and what is walked through."""

    id = serializers.UUIDField(source="run_id", help_text="Also the id of the run, for its events.")
    state = serializers.ChoiceField(source="run.state", choices=RunState.choices)
    progress = serializers.FloatField(source="run.progress")
    version = serializers.UUIDField(source="version_id")
    strategy = serializers.UUIDField(source="version.strategy_id")
    strategy_name = serializers.CharField(source="version.strategy.name")
    tags = serializers.ListField(child=serializers.CharField())
    search = serializers.DictField(help_text="What each window is searched for, as of an optimization.")
    parameters = serializers.DictField(child=serializers.CharField())
    calendar = serializers.ChoiceField(choices=[each.value for each in Calendar])
    windows = WindowInput(many=True)
    created_at = serializers.DateTimeField(source="run.created_at")
    started_at = serializers.DateTimeField(source="run.started_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="run.finished_at", allow_null=True)
    is_cancel_requested = serializers.SerializerMethodField()
    error = serializers.DictField(source="run.error", child=serializers.CharField())

    class Meta:
        model = WalkForward
        fields = [
            "id", "state", "progress", "name", "notes", "tags", "is_starred",
            "strategy", "strategy_name", "version", "data", "search", "parameters",
            "cash", "most_parallel", "calendar", "windows", "created_at", "started_at", "finished_at",
            "is_cancel_requested", "error",
        ]  # fmt: skip

    def get_is_cancel_requested(self, walk: WalkForward) -> bool:
        """Say whether its owner wants it stopped."""
        return walk.run.cancel_requested_at is not None


class StepSerializer(serializers.Serializer[Any]):
    """A window, its search and its test, as far as there are any."""

    number = serializers.IntegerField()
    window = WindowInput()
    search = serializers.UUIDField(allow_null=True, help_text="The optimization: `/optimizations/{id}/`.")
    search_state = serializers.ChoiceField(RunState.choices, allow_null=True)
    test = serializers.UUIDField(allow_null=True, help_text="The backtest of the best: `/backtests/{id}/`.")
    test_state = serializers.ChoiceField(RunState.choices, allow_null=True)
    parameters = serializers.DictField(
        child=serializers.CharField(), allow_null=True, help_text="Those that were best on the days to train."
    )
    train_score = serializers.FloatField(allow_null=True)
    test_score = serializers.FloatField(allow_null=True)
    train_growth = serializers.FloatField(allow_null=True, help_text="The annual return on the days to train.")
    test_growth = serializers.FloatField(allow_null=True, help_text="The annual return on the days to test.")
    test_return = serializers.FloatField(allow_null=True)


class DriftSerializer(serializers.Serializer[Any]):
    """How a parameter changes from window to window."""

    values = serializers.ListField(child=serializers.CharField())
    changes = serializers.IntegerField(help_text="How often it is another than in the window before.")
    mean_move = serializers.FloatField(allow_null=True, help_text="How far it moves, as a fraction of its range.")


class WalkForwardResultSerializer(serializers.Serializer[Any]):
    """What came of all windows that were tested so far, one test after the other."""

    windows = serializers.IntegerField(help_text="How many were tested.")
    total_return = serializers.FloatField(allow_null=True)
    annual_return = serializers.FloatField(allow_null=True)
    sharpe_ratio = serializers.FloatField(allow_null=True)
    drawdown = serializers.FloatField(allow_null=True)
    efficiency = serializers.FloatField(
        allow_null=True, help_text="The mean annual return of the tests over that of the training, if that is above 0."
    )
    kept = serializers.FloatField(allow_null=True, help_text="In what share of the tests there was a profit.")
    drift = serializers.DictField(child=DriftSerializer())
    days = serializers.ListField(child=serializers.DateField())
    equity = serializers.ListField(child=serializers.FloatField(), help_text="At the end of each of `days`.")


#: Before anything was tested.
NOTHING: Mapping[str, Any] = {
    "windows": 0,
    **dict.fromkeys(("total_return", "annual_return", "sharpe_ratio", "drawdown", "efficiency", "kept")),
    "drift": {},
    "days": [],
    "equity": [],
}

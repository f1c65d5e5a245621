"""What goes in and out about optimizations."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tradinglab.optimize import (
    Axis,
    Bound,
    Direction,
    Goal,
    Objective,
    Operator,
    Penalty,
    Plan,
    SamplerName,
    Space,
    SpaceError,
    axis_of_range,
    axis_of_span,
    constraint_of,
)
from tradinglab.server.backtests.api.serializers import PARAMETER_NAME, RunWarningSerializer, TermsInput
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.backtests.figures import FIGURES
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.errors import InputError
from tradinglab.server.optimizations.models import Optimization
from tradinglab.server.optimizations.requests import MOST_AXES, MOST_PARALLEL, MOST_TRIALS, NODE_TYPES, space_field
from tradinglab.server.optimizations.selectors import Counts, Outcome, best_of, counts_of
from tradinglab.server.rest.fields import FiniteField, NumberOrTextField, StrictSerializer
from tradinglab.server.runs.models import RunState

_MOST_CONSTRAINTS = 20
_MOST_OTHERS = 4


_SEEDS = 1 << 32


def _number(about: str = "") -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=30, decimal_places=15, required=False, help_text=about or None)


METHOD_HELP = (
    "How trials come to their figures: `backtests` by the engine, or, of rules, `simulation` of many at once, which "
    "comes to the same figures."
)


KEEP_HELP = (
    "What trials keep that are backtests here: `figures` and what they are judged by (equity, daily returns, trades, "
    "log), or `everything`, which takes longer. One that has kept its figures is opened by a full run of its own."
)


class AxisInput(StrictSerializer):
    """A parameter to be searched: its values, or a range, with a step or without."""

    name = serializers.RegexField(
        rf"^{PARAMETER_NAME.pattern}\Z",
        error_messages={
            "invalid": "A parameter's name has up to 100 letters, digits, and the signs _ . -; correct it."
        },
    )
    min = _number()
    max = _number()
    step = _number("Left out, any number of the range may be tried: by the samplers `random` and `bayesian`.")
    min_step = _number("Down to which step the sampler `euler` refines.")
    log = serializers.BooleanField(
        required=False, help_text="Of a range without a step: search it by orders of magnitude."
    )
    values = serializers.ListField(
        child=NumberOrTextField(max_length=1000, allow_blank=True, trim_whitespace=False),
        min_length=1,
        max_length=MOST_TRIALS,
        required=False,
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what is neither values nor a range, or both."""
        of_range = [name for name in ("min", "max", "step", "min_step", "log") if name in attrs]
        if "values" in attrs and of_range:
            raise serializers.ValidationError({of_range[0]: ["Give `values`, or a range; leave one out."]})
        if "values" not in attrs and not {"min", "max"} <= attrs.keys():
            missing = next(name for name in ("min", "max") if name not in attrs)
            raise serializers.ValidationError({missing: ["Give `min`, `max` and `step`, or `values`."]})
        if "min_step" in attrs and "step" not in attrs:
            raise serializers.ValidationError({"step": ["What has a smallest step has a first one; give it."]})
        if attrs.get("log") and "step" in attrs:
            text = "A range with a step is not searched by orders of magnitude; leave out one of the two."
            raise serializers.ValidationError({"log": [text]})
        return attrs


class ConstraintInput(StrictSerializer):
    """A bound that a trial has to keep to, to be the best."""

    figure = serializers.ChoiceField(choices=[*FIGURES])
    operator = serializers.ChoiceField(choices=[each.value for each in Operator])
    value = FiniteField()


class PenaltyInput(StrictSerializer):
    """A figure that counts against a trial."""

    figure = serializers.ChoiceField(choices=[*FIGURES])
    weight = FiniteField(help_text="This times the figure makes the score worse.")


class GoalInput(StrictSerializer):
    """A further figure that counts as much as the target."""

    figure = serializers.ChoiceField(choices=[*FIGURES])
    direction = serializers.ChoiceField(
        choices=[each.value for each in Direction], required=False, help_text="If left out, whichever is better."
    )


class SearchInput(TermsInput):
    """What is to be searched, and what for; what is left out is the strategy's own."""

    version = serializers.UUIDField(help_text="The `id` of a version.")
    space = serializers.ListField(
        child=AxisInput(), min_length=1, max_length=MOST_AXES, help_text="The parameters that are searched."
    )
    space_constraints = serializers.ListField(
        child=serializers.CharField(max_length=500),
        max_length=_MOST_CONSTRAINTS,
        default=list,
        help_text="Between parameters, such as `fast < slow` or `fast + 10 <= slow or mode == 'free'`: a combination "
        "that breaks one is not tried.",
    )
    sampler = serializers.ChoiceField(
        choices=[each.value for each in SamplerName],
        default=SamplerName.GRID.value,
        help_text="`grid` tries all combinations, `random` some by lot, `euler` a grid and then finer ones around the "
        "best, as QuantConnect's, `bayesian` where good ones are dense.",
    )
    most_trials = serializers.IntegerField(
        min_value=1,
        max_value=MOST_TRIALS,
        required=False,
        allow_null=True,
        default=None,
        help_text="100, if left out for `random` and `bayesian`; a grid has all its combinations.",
    )
    seed = serializers.IntegerField(
        min_value=0, max_value=_SEEDS - 1, default=0, help_text="What lots are drawn from; the same draws the same."
    )
    target = serializers.ChoiceField(
        choices=[*FIGURES], default="sharpe_ratio", help_text="The figure that makes one trial better than another."
    )
    direction = serializers.ChoiceField(
        choices=[each.value for each in Direction], required=False, help_text="If left out, whichever is better."
    )
    target_value = FiniteField(
        required=False, allow_null=True, default=None, help_text="When a trial reaches it, the search is over."
    )
    constraints = serializers.ListField(
        child=ConstraintInput(), max_length=_MOST_CONSTRAINTS, default=list, help_text="Bounds for figures."
    )
    penalties = serializers.ListField(
        child=PenaltyInput(),
        max_length=_MOST_CONSTRAINTS,
        default=list,
        help_text="What is taken off the target, or added to it where less is better.",
    )
    other_targets = serializers.ListField(
        child=GoalInput(),
        max_length=_MOST_OTHERS,
        default=list,
        help_text="Further figures that count as much: `pareto-front/` lists the trials that none beats by all.",
    )
    most_parallel = serializers.IntegerField(
        min_value=1, max_value=MOST_PARALLEL, default=4, help_text="How many trials may wait or be under way at once."
    )
    method = serializers.ChoiceField(
        choices=Optimization.Method.choices,
        required=False,
        help_text=f"{METHOD_HELP} If left out, simulations where they come to all figures that count.",
    )
    keep = serializers.ChoiceField(
        choices=Optimization.Keep.choices, default=Optimization.Keep.FIGURES, help_text=KEEP_HELP
    )
    node_type = serializers.ChoiceField(
        choices=NODE_TYPES,
        required=False,
        allow_null=True,
        default=None,
        help_text="At QuantConnect: the machines that it is run on; the smallest, if left out.",
    )


class OptimizationInput(SearchInput):
    """An optimization that is to be carried out; what is left out is the strategy's own."""

    engine = serializers.ChoiceField(
        choices=Backtest.Engine.choices,
        default=Backtest.Engine.LOCAL,
        help_text="Where it is searched: here, or in the QuantConnect account that you have connected, which costs.",
    )
    fallback = serializers.ChoiceField(
        choices=[each.value for each in Fallback],
        default=Fallback.QUEUE.value,
        help_text="If QuantConnect cannot be reached before it was started there: `queue` waits for it, `local` "
        "searches here, and says so.",
    )
    most_cost = serializers.DecimalField(
        max_digits=12,
        decimal_places=2,
        min_value=0,
        required=False,
        allow_null=True,
        default=None,
        help_text="At QuantConnect: dollars. If QuantConnect estimates more, or cannot say, it is not started.",
    )


def space_given(values: dict[str, Any]) -> Space:
    """Return the space that was asked for, and take it out of what was given.

    Raises
    ------
    InputError
        If it cannot be searched.
    """
    given, constraints = values.pop("space"), values.pop("space_constraints")
    try:
        return Space.of([_axis(each) for each in given], [constraint_of(each) for each in constraints])
    except SpaceError as problem:
        names = [each["name"] for each in given]
        raise InputError(space_field(None, problem, names), problem.value, str(problem)) from None


def _axis(given: Mapping[str, Any]) -> Axis:
    if "values" in given:
        return Axis(name=given["name"], values=tuple(dict.fromkeys(given["values"])))
    numbers = {name: Decimal(given[name]) for name in ("min", "max", "step", "min_step") if name in given}
    low, high = numbers["min"], numbers["max"]
    if "step" not in numbers:
        return axis_of_span(given["name"], low=low, high=high, is_log=given.get("log", False))
    return axis_of_range(given["name"], low=low, high=high, step=numbers["step"], min_step=numbers.get("min_step"))


def plan_given(values: dict[str, Any]) -> Plan:
    """Return how the space is gone through, and take it out of what was given."""
    sampler = SamplerName(values.pop("sampler"))
    return Plan(sampler=sampler, most_trials=values.pop("most_trials"), seed=values.pop("seed"))


def objective_given(values: dict[str, Any]) -> Objective:
    """Return what is looked for, and take it out of what was given."""
    given = {"figure": values.pop("target")}
    goal = _goal(given | ({"direction": values.pop("direction")} if "direction" in values else {}))
    return Objective(
        figure=goal.figure,
        direction=goal.direction,
        target=values.pop("target_value"),
        bounds=tuple(
            Bound(figure=each["figure"], operator=Operator(each["operator"]), value=each["value"])
            for each in values.pop("constraints")
        ),
        penalties=tuple(Penalty(figure=each["figure"], weight=each["weight"]) for each in values.pop("penalties")),
        others=tuple(_goal(each) for each in values.pop("other_targets")),
    )


def _goal(given: Mapping[str, str]) -> Goal:
    usual = Direction.MIN if FIGURES[given["figure"]].is_more_better is False else Direction.MAX
    return Goal(figure=given["figure"], direction=Direction(given.get("direction", usual)))


class AxisSerializer(serializers.Serializer[Any]):
    """A parameter and the values that are tried."""

    name = serializers.CharField()
    values = serializers.ListField(
        child=serializers.CharField(), help_text="Of an Euler search the first grid; of a range without a step none."
    )
    min = serializers.CharField(required=False, help_text="Of a range that is refined, or has no step.")
    max = serializers.CharField(required=False)
    step = serializers.CharField(required=False)
    min_step = serializers.CharField(required=False)
    log = serializers.BooleanField(required=False)


class PenaltySerializer(serializers.Serializer[Any]):
    """A figure that counts against a trial."""

    figure = serializers.CharField()
    weight = serializers.FloatField()


class GoalSerializer(serializers.Serializer[Any]):
    """A further figure that counts as much."""

    figure = serializers.CharField()
    direction = serializers.ChoiceField(choices=[each.value for each in Direction])


class ConstraintSerializer(serializers.Serializer[Any]):
    """A bound for a figure."""

    figure = serializers.CharField()
    operator = serializers.ChoiceField(choices=[each.value for each in Operator])
    value = serializers.FloatField()


class CountsSerializer(serializers.Serializer[Any]):
    """How many trials are in which state; those that are left have not been started."""

    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    completed = serializers.IntegerField()
    failed = serializers.IntegerField(help_text="Those that took too long among them.")
    cancelled = serializers.IntegerField()


class OutcomeSerializer(serializers.Serializer[Any]):
    """A trial that completed."""

    trial = serializers.IntegerField(source="number", help_text="Its number among the trials.")
    backtest = serializers.UUIDField(allow_null=True, help_text="Null if it was simulated and not opened.")
    parameters = serializers.DictField(child=serializers.CharField())
    value = serializers.FloatField(help_text="Its score: the figure that counts, with its penalties.")


class OptimizationSerializer(serializers.ModelSerializer[Optimization]):
    """An optimization: where it is in its life, and what is best so far."""

    id = serializers.UUIDField(source="run_id", help_text="Also the id of the run, for its events.")
    state = serializers.ChoiceField(source="run.state", choices=RunState.choices)
    progress = serializers.FloatField(source="run.progress")
    version = serializers.UUIDField(source="version_id")
    strategy = serializers.UUIDField(source="version.strategy_id")
    strategy_name = serializers.CharField(source="version.strategy.name")
    tags = serializers.ListField(child=serializers.CharField())
    engine = serializers.ChoiceField(choices=Backtest.Engine.choices, help_text="Where it is searched, or was.")
    method = serializers.ChoiceField(choices=Optimization.Method.choices, help_text=METHOD_HELP)
    keep = serializers.ChoiceField(choices=Optimization.Keep.choices, help_text=KEEP_HELP)
    space = AxisSerializer(many=True)
    parameters = serializers.DictField(child=serializers.CharField())
    direction = serializers.ChoiceField(choices=[each.value for each in Direction])
    constraints = ConstraintSerializer(many=True)
    space_constraints = serializers.ListField(child=serializers.CharField())
    sampler = serializers.ChoiceField(choices=[each.value for each in SamplerName])
    penalties = PenaltySerializer(many=True)
    other_targets = GoalSerializer(many=True)
    total = serializers.IntegerField(help_text="How many trials there will be; of an Euler search, at most.")
    trials = serializers.SerializerMethodField()
    best = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="run.created_at")
    started_at = serializers.DateTimeField(source="run.started_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="run.finished_at", allow_null=True)
    is_cancel_requested = serializers.SerializerMethodField()
    error = serializers.DictField(source="run.error", child=serializers.CharField())
    warnings = RunWarningSerializer(many=True, help_text="What was done otherwise than one may think.")

    class Meta:
        model = Optimization
        fields = [
            "id", "state", "progress", "name", "notes", "tags", "is_starred",
            "strategy", "strategy_name", "version", "engine", "method", "keep", "data",
            "space", "space_constraints", "sampler", "most_trials", "seed", "parameters", "start", "end", "cash",
            "target", "direction", "target_value", "constraints", "penalties", "other_targets", "most_parallel",
            "total", "trials", "best", "created_at", "started_at", "finished_at", "is_cancel_requested", "error",
            "warnings",
        ]  # fmt: skip

    @extend_schema_field(CountsSerializer)
    def get_trials(self, optimization: Optimization) -> Mapping[str, int]:
        """Return how many trials are in which state."""
        known: Mapping[Any, Counts] = self.context.get("counts", {})
        return (known.get(optimization.pk) or counts_of(optimization=optimization))._asdict()

    @extend_schema_field(OutcomeSerializer(allow_null=True))
    def get_best(self, optimization: Optimization) -> Any:
        """Return the best trial so far that keeps to the constraints."""
        known: Mapping[Any, Outcome] | None = self.context.get("best")
        best = best_of(optimization=optimization) if known is None else known.get(optimization.pk)
        return None if best is None else OutcomeSerializer(best).data

    def get_is_cancel_requested(self, optimization: Optimization) -> bool:
        """Say whether its owner wants it stopped."""
        return optimization.run.cancel_requested_at is not None

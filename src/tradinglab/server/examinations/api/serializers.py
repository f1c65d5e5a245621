"""What goes in and out about examinations."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tradinglab.doctor.findings import FindingCode, Severity
from tradinglab.doctor.jitter import FIGURES
from tradinglab.doctor.moving import MOST_STEPS
from tradinglab.doctor.stress import StressKind
from tradinglab.engine.seeding import SEEDS
from tradinglab.server.examinations.carrying_out import BREAK_EVEN
from tradinglab.server.examinations.models import Examination
from tradinglab.server.examinations.variants import MOST_RUN, MOST_SIMULATED, USUAL_RUN, USUAL_SIMULATED
from tradinglab.server.rest.fields import StrictSerializer
from tradinglab.server.runs.models import Priority, RunState

#: Each is a run of its own.
MOST_CUTS = 50
SCENARIOS = [*(each.value for each in StressKind), BREAK_EVEN]
JITTERED = list(FIGURES)
#: The stable names of findings.
FINDING_CODES = [each.value for each in FindingCode]


class ExaminationInput(StrictSerializer):
    """How an examination is asked for."""

    again = serializers.BooleanField(
        default=False, help_text="Examine anew what was examined with the same options before."
    )
    priority = serializers.ChoiceField(
        choices=Priority.labels,
        default=Priority.NORMAL.label,
        help_text="`interactive` for one that somebody waits for, `batch` for one of many.",
    )

    def validate_priority(self, value: str) -> Priority:
        """Return the priority of that name."""
        return next(each for each in Priority if each.label == value)


class DoctorInput(ExaminationInput):
    """What the doctor is asked."""

    cuts = serializers.IntegerField(
        default=5,
        min_value=0,
        max_value=MOST_CUTS,
        help_text="At how many instants the data is cut to find look-ahead: each is a run of its own. 0 leaves it out.",
    )


class StressInput(ExaminationInput):
    """What is assumed otherwise."""

    scenarios = serializers.ListField(
        child=serializers.ChoiceField(choices=SCENARIOS),
        default=lambda: list(SCENARIOS),
        allow_empty=False,
        help_text="Which assumptions are tried; left out, all of them.",
    )
    seed = serializers.IntegerField(
        default=0, min_value=0, max_value=SEEDS - 1, help_text="What the lots are drawn from by which fills are missed."
    )

    def validate_scenarios(self, value: list[str]) -> list[str]:
        """Return each once, in the order in which they are told."""
        return [each for each in SCENARIOS if each in value]


class JitterInput(ExaminationInput):
    """How far parameters are moved."""

    share = serializers.FloatField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Each number moves by up to this share of its size, between 0 and 1. 0.1, if `steps` is left out, "
        "too.",
    )
    steps = serializers.IntegerField(
        min_value=1,
        max_value=MOST_STEPS,
        required=False,
        allow_null=True,
        default=None,
        help_text="In place of `share`: each moves by up to so many of its declared steps; that of a whole number is "
        "1, where none is declared.",
    )
    trials = serializers.IntegerField(
        min_value=1,
        max_value=MOST_SIMULATED,
        required=False,
        allow_null=True,
        default=None,
        help_text=f"How many variants are tried. Of rules {USUAL_SIMULATED} if left out and {MOST_SIMULATED:,} at "
        f"most, of code {USUAL_RUN} and {MOST_RUN}.",
    )
    seed = serializers.IntegerField(
        default=0, min_value=0, max_value=SEEDS - 1, help_text="What the variants are drawn from."
    )

    def validate_share(self, value: float | None) -> float | None:
        """Refuse what is no share."""
        if value is not None and not 0 < value < 1:
            raise serializers.ValidationError("Give a share between 0 and 1, such as 0.1.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse two reaches at once."""
        if attrs["share"] is not None and attrs["steps"] is not None:
            raise serializers.ValidationError({"steps": "Give `share` or `steps`, not both."})
        return attrs


class DoctorBarSerializer(serializers.Serializer[Any]):
    """Where in the data a finding shows."""

    symbol = serializers.CharField(help_text="The ticker; empty if it is the whole account.")
    time = serializers.DateTimeField(help_text="The instant.")
    row = serializers.IntegerField(
        allow_null=True, help_text="Which of the symbol's bars since the run's first day, from 0; null if no bar is."
    )


class DoctorFindingSerializer(serializers.Serializer[Any]):
    """Something about a run that its author should know."""

    code = serializers.ChoiceField(choices=FINDING_CODES, help_text="Stable name of what was found.")
    severity = serializers.ChoiceField(
        choices=[each.value for each in Severity],
        help_text="`error`: the figures mean nothing; `warning`: they may be better than trading would have been; "
        "`note`: good to know.",
    )
    sentence = serializers.CharField(help_text="What was found.")
    advice = serializers.CharField(help_text="What to do about it.")
    evidence = serializers.DictField(
        child=serializers.JSONField(), help_text="The numbers and texts that it rests on, by name."
    )
    bar = DoctorBarSerializer(allow_null=True, help_text="The first bar that shows it; null if none does.")


class LeftOutSerializer(serializers.Serializer[Any]):
    """What could not be looked for."""

    codes = serializers.ListField(child=serializers.ChoiceField(choices=FINDING_CODES))
    reason = serializers.CharField()


class StressRowSerializer(serializers.Serializer[Any]):
    """What a run came to under one assumption."""

    name = serializers.CharField(help_text="The assumption in words.")
    kind = serializers.ChoiceField(
        choices=[each.value for each in StressKind], allow_blank=True, help_text="Empty of the run as it is."
    )
    amount = serializers.FloatField(
        help_text="How much of its kind it is: times (`fees`, `cash`), basis points (`slippage`), a share (`missed`), "
        "bars (`delay`)."
    )
    net_profit = serializers.FloatField(
        allow_null=True, help_text="Open positions and fees included; null if the run failed."
    )
    net_return = serializers.FloatField(allow_null=True, help_text="A fraction of the starting cash.")
    sharpe = serializers.FloatField(allow_null=True)
    drawdown = serializers.FloatField(allow_null=True, help_text="A fraction.")
    orders = serializers.IntegerField()
    fees = serializers.FloatField()
    problem = serializers.CharField(allow_blank=True, help_text="Why the run failed under this assumption.")


class BreakEvenSerializer(serializers.Serializer[Any]):
    """The cost at which the net profit is nothing."""

    cost_bps = serializers.FloatField(
        allow_null=True,
        help_text="What each order would have to cost besides, in basis points of its value; null if there is no such "
        "cost.",
    )
    sentence = serializers.CharField()
    net_profit = serializers.FloatField(allow_null=True, help_text="Of the run with that cost.")
    traded = serializers.FloatField(help_text="The value of all that was traded without it.")
    runs = serializers.IntegerField(help_text="How many runs were made to find it.")


class JitterFigureSerializer(serializers.Serializer[Any]):
    """What the variants came to in one figure."""

    figure = serializers.ChoiceField(choices=JITTERED)
    chosen = serializers.FloatField(help_text="Of the run with its own parameters.")
    bands = serializers.ListField(
        child=serializers.FloatField(), help_text="Of the variants that did not fail: the figure at each of `levels`."
    )
    rank = serializers.FloatField(
        help_text="The share of these variants that do worse than the run; near 1 it stands out, perhaps by luck."
    )


class JitterFoundSerializer(serializers.Serializer[Any]):
    """What the neighbours of the parameters came to, all together."""

    method = serializers.ChoiceField(
        choices=["simulation", "runs"], help_text="Rules are simulated, code is run by the engine."
    )
    why = serializers.CharField(allow_blank=True, help_text="Why rules were not simulated, if they were not.")
    parameters = serializers.DictField(child=serializers.CharField(), help_text="Those of the run.")
    variants = serializers.IntegerField(help_text="How many there were; there may be fewer than were asked for.")
    failed = serializers.IntegerField()
    problem = serializers.CharField(allow_blank=True, help_text="Why the first of them failed.")
    levels = serializers.ListField(child=serializers.FloatField(), help_text="Quantiles.")
    figures = JitterFigureSerializer(many=True, help_text="Empty if all variants failed.")


class ExaminationSerializer(serializers.ModelSerializer[Examination]):
    """An examination of a backtest: where it is in its life."""

    id = serializers.UUIDField(source="run_id", help_text="Also the id of the run, for its events.")
    backtest = serializers.UUIDField(source="backtest_id")
    kind = serializers.ChoiceField(choices=Examination.Kind.choices)
    options = serializers.DictField(child=serializers.JSONField(), help_text="What was asked for.")
    basis = serializers.ChoiceField(
        choices=Examination.Basis.choices,
        help_text="`runs`: the strategy was run again; `stored`: it cannot be, and what the backtest has left was "
        "looked at.",
    )
    state = serializers.ChoiceField(source="run.state", choices=RunState.choices)
    progress = serializers.FloatField(source="run.progress")
    created_at = serializers.DateTimeField(source="run.created_at")
    started_at = serializers.DateTimeField(source="run.started_at", allow_null=True)
    finished_at = serializers.DateTimeField(source="run.finished_at", allow_null=True)
    error = serializers.DictField(source="run.error", child=serializers.CharField())

    class Meta:
        model = Examination
        fields = [
            "id", "backtest", "kind", "options", "basis", "state", "progress", "created_at", "started_at",
            "finished_at", "error",
        ]  # fmt: skip


class DiagnosisSerializer(ExaminationSerializer):
    """What the doctor said of a backtest."""

    cuts = serializers.IntegerField(allow_null=True, help_text="At how many instants the data was cut.")
    findings = DoctorFindingSerializer(
        many=True, help_text="What weighs most comes first; empty until it has completed."
    )
    left_out = LeftOutSerializer(many=True, help_text="What could not be looked for, and why.")

    class Meta(ExaminationSerializer.Meta):
        fields = [*ExaminationSerializer.Meta.fields, "cuts", "findings", "left_out"]


class StressSerializer(ExaminationSerializer):
    """What other assumptions leave of a backtest."""

    rows = StressRowSerializer(many=True, help_text="The run as it is, then each assumption; empty until completed.")
    break_even = serializers.SerializerMethodField()

    class Meta(ExaminationSerializer.Meta):
        fields = [*ExaminationSerializer.Meta.fields, "rows", "break_even"]

    @extend_schema_field(BreakEvenSerializer(allow_null=True))
    def get_break_even(self, made: Examination) -> dict[str, Any] | None:
        """Return the break-even cost; null until it is known, or if it was not asked for."""
        return made.break_even


class JitterSerializer(ExaminationSerializer):
    """What the neighbours of a backtest's parameters come to."""

    found = serializers.SerializerMethodField()

    class Meta(ExaminationSerializer.Meta):
        fields = [*ExaminationSerializer.Meta.fields, "found"]

    @extend_schema_field(JitterFoundSerializer(allow_null=True))
    def get_found(self, made: Examination) -> dict[str, Any] | None:
        """Return the bands; null until it has completed."""
        return made.jitter or None

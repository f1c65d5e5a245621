"""What goes in and out about a user's QuantConnect account."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tradinglab.quantconnect.models.projects import Compile
from tradinglab.server.backtests.api.serializers import TermsInput
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import MOST_CASH
from tradinglab.server.cloud.compiling import compile_problems
from tradinglab.server.cloud.flow import MOST_WAIT_S
from tradinglab.server.cloud.models import Step
from tradinglab.server.rest.fields import FiniteField, NameField, NumberOrTextField, StrictSerializer
from tradinglab.server.runs.models import RunState


class CredentialsInput(StrictSerializer):
    """User id and token, as QuantConnect shows them under Account > Security."""

    user_id = serializers.RegexField(
        r"\A[0-9]{1,18}\Z",
        help_text="Digits, as a text.",
        error_messages={"invalid": "Write the number that QuantConnect shows as user id: up to 18 digits, as a text."},
    )
    token = serializers.CharField(max_length=200, help_text="Kept encrypted, and never shown again.")


class AccountSerializer(serializers.Serializer[Any]):
    """A QuantConnect account that is connected; its token is shown to nobody."""

    user_id = serializers.CharField(source="remote_user")
    is_of_settings = serializers.BooleanField(help_text="Whether the installation's settings hold it.")
    created_at = serializers.DateTimeField()
    checked_at = serializers.DateTimeField(allow_null=True, help_text="When QuantConnect was last asked.")
    problem = serializers.CharField(help_text="Why QuantConnect did not accept it then; empty if it did.")


class RemoteProjectInput(StrictSerializer):
    """A project that is to be created at QuantConnect."""

    name = NameField(max_length=200)
    language = serializers.ChoiceField(choices=["Py", "C#"], default="Py")


class RemoteProjectSerializer(serializers.Serializer[Any]):
    """A project at QuantConnect."""

    project_id = serializers.IntegerField()
    name = serializers.CharField()
    language = serializers.CharField()
    description = serializers.CharField()
    created = serializers.DateTimeField(allow_null=True)
    modified = serializers.DateTimeField(allow_null=True)


class RemoteFileInput(StrictSerializer):
    """A file that is to be in a project at QuantConnect."""

    name = NameField(max_length=200)
    content = serializers.CharField(allow_blank=True, trim_whitespace=False, default="")


class RemoteFileSerializer(serializers.Serializer[Any]):
    """A file of a project at QuantConnect."""

    name = serializers.CharField()
    content = serializers.CharField()
    modified = serializers.DateTimeField(allow_null=True)


class CompileProblemSerializer(serializers.Serializer[Any]):
    """Something that QuantConnect's compiler says."""

    file = serializers.CharField(allow_null=True)
    line = serializers.IntegerField(allow_null=True)
    column = serializers.IntegerField(allow_null=True)
    message = serializers.CharField()
    is_warning = serializers.BooleanField()


class RemoteCompileSerializer(serializers.Serializer[Any]):
    """A compilation at QuantConnect."""

    compile_id = serializers.CharField()
    state = serializers.CharField(help_text="`InQueue`, `BuildSuccess` or `BuildError`.")
    is_finished = serializers.BooleanField()
    is_success = serializers.BooleanField()
    logs = serializers.ListField(child=serializers.CharField())
    problems = CompileProblemSerializer(many=True, help_text="What the logs say, by file and line.")


def compile_shown(compiled: Compile) -> dict[str, Any]:
    """Return a compilation as the API shows it."""
    return {
        "compile_id": compiled.compile_id,
        "state": compiled.state,
        "is_finished": compiled.is_finished,
        "is_success": compiled.is_success,
        "logs": compiled.logs,
        "problems": [] if compiled.is_success else compile_problems(compiled.logs),
    }


class RemoteBacktestSummarySerializer(serializers.Serializer[Any]):
    """A backtest in the list of a project's."""

    backtest_id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.CharField()
    created = serializers.DateTimeField(allow_null=True)
    progress = serializers.FloatField(allow_null=True)
    sharpe_ratio = serializers.FloatField(allow_null=True)
    compounding_annual_return = serializers.FloatField(allow_null=True)
    drawdown = serializers.FloatField(allow_null=True)
    net_profit = serializers.FloatField(allow_null=True)
    trades = serializers.IntegerField(allow_null=True)


class RemoteBacktestSerializer(serializers.Serializer[Any]):
    """A backtest at QuantConnect, as it is there now."""

    backtest_id = serializers.CharField()
    name = serializers.CharField()
    status = serializers.CharField()
    progress = serializers.FloatField(allow_null=True, help_text="From 0 to 1.")
    is_finished = serializers.BooleanField()
    has_failed = serializers.BooleanField()
    error = serializers.CharField()
    stacktrace = serializers.CharField()
    created = serializers.DateTimeField(allow_null=True)
    statistics = serializers.DictField(child=serializers.CharField())
    runtime_statistics = serializers.DictField(child=serializers.CharField())


class FlowInput(StrictSerializer):
    """A backtest of a strategy at QuantConnect, from its files to its results."""

    strategy_id = serializers.UUIDField()
    content_hash = serializers.RegexField(
        r"\A[0-9a-f]{64}\Z", required=False, help_text="Of the version; without it the newest."
    )
    start_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Replaces what the strategy sets, in what is sent."
    )
    end_date = serializers.DateField(required=False, allow_null=True, default=None)
    cash = serializers.DecimalField(
        max_digits=20, decimal_places=4, required=False, allow_null=True, default=None, min_value=1, max_value=MOST_CASH
    )
    name = NameField(max_length=200, allow_blank=True, default="")
    parameters = serializers.DictField(
        child=NumberOrTextField(max_length=1000, allow_blank=True, trim_whitespace=False), default=dict
    )
    fallback = serializers.ChoiceField(
        choices=[each.value for each in Fallback],
        default=Fallback.QUEUE.value,
        help_text="If QuantConnect cannot be reached: `queue` waits for it, `local` runs it here, and says so.",
    )

    def validate_parameters(self, value: dict[str, str]) -> dict[str, str]:
        """Refuse names that no strategy can ask for."""
        return TermsInput().validate_parameters(value)


class FlowQuery(StrictSerializer):
    """Whether the answer waits for the end."""

    wait = FiniteField(
        min_value=0, max_value=MOST_WAIT_S, default=0, help_text="Seconds to wait for the results, at most."
    )


class RemoteIdsSerializer(serializers.Serializer[Any]):
    """What a backtest is called at QuantConnect, as far as it is there."""

    project_id = serializers.IntegerField(allow_null=True)
    compile_id = serializers.CharField()
    backtest_id = serializers.CharField()


class FlowResultsSerializer(serializers.Serializer[Any]):
    """The figures of a backtest that completed; `/backtests/{id}/…` has all the rest."""

    statistics = serializers.DictField(child=serializers.CharField())
    total_orders = serializers.IntegerField(allow_null=True)
    net_profit = serializers.FloatField(allow_null=True)
    compounding_annual_return = serializers.FloatField(allow_null=True)
    sharpe_ratio = serializers.FloatField(allow_null=True)
    drawdown = serializers.FloatField(allow_null=True)
    end_equity = serializers.FloatField(allow_null=True)
    first_day = serializers.DateField(allow_null=True)
    last_day = serializers.DateField(allow_null=True)


class StandingSerializer(serializers.Serializer[Any]):
    """Where a run at QuantConnect stands."""

    success = serializers.BooleanField(help_text="False once it has failed, or was cancelled.")
    state = serializers.ChoiceField(choices=RunState.choices)
    engine = serializers.ChoiceField(choices=Backtest.Engine.choices, help_text="`local` if it fell back to that.")
    step = serializers.ChoiceField(
        choices=Step.choices, allow_blank=True, help_text="What is done next; empty at the end."
    )
    progress = serializers.FloatField()
    waiting_for = serializers.CharField(help_text="Why it cannot go on for now; empty if it can.")
    error = serializers.DictField(child=serializers.CharField(), allow_null=True)


class FlowSerializer(StandingSerializer):
    """Where a backtest at QuantConnect stands."""

    backtest_id = serializers.UUIDField(help_text="Of the backtest here: `/backtests/{id}/`.")
    remote = RemoteIdsSerializer()
    results = FlowResultsSerializer(allow_null=True)


class ImportInput(StrictSerializer):
    """How what is imported is to be called."""

    name = NameField(max_length=200, required=False, help_text="Without it, as it is called there.")


class ExchangeInput(StrictSerializer):
    """How files are carried over."""

    force = serializers.BooleanField(default=False, help_text="Whether what the other side has changed is overwritten.")


class LinkSerializer(serializers.Serializer[Any]):
    """A strategy and the project that it is pushed to and pulled from."""

    strategy = serializers.UUIDField(source="strategy_id")
    project_id = serializers.IntegerField(source="remote_id")
    project_name = serializers.CharField(source="name")
    synced_at = serializers.DateTimeField(help_text="When both sides last agreed.")


class ExchangedSerializer(LinkSerializer):
    """What was carried over."""

    changed = serializers.ListField(child=serializers.CharField(), help_text="The files.")


class LinkStandingSerializer(serializers.Serializer[Any]):
    """How a strategy and its project stand to each other now."""

    link = LinkSerializer(allow_null=True)
    is_same = serializers.BooleanField()
    changed_here = serializers.ListField(child=serializers.CharField(), help_text="To be pushed.")
    changed_there = serializers.ListField(child=serializers.CharField(), help_text="To be pulled.")
    conflicts = serializers.ListField(child=serializers.CharField(), help_text="Changed on both sides.")

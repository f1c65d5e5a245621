"""What goes in and out about a user's QuantConnect account."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tradinglab.quantconnect.models.projects import Compile
from tradinglab.server.cloud.compiling import compile_problems
from tradinglab.server.rest.fields import NameField, StrictSerializer


class CredentialsInput(StrictSerializer):
    """User id and token, as QuantConnect shows them under Account > Security."""

    user_id = serializers.RegexField(r"\A[0-9]{1,18}\Z", help_text="Digits, as a text.")
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

"""What goes in and out about deployments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from tradinglab.server.backtests.api.serializers import PARAMETER_NAME
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.live.models import Deployment, DeploymentCommand, DeploymentLine, Status
from tradinglab.server.rest.fields import FiniteField, NameField, NumberOrTextField, StrictSerializer

_MOST_PARAMETERS = 200
_MOST_POSITIONS = 500
_MOST_LINES = 250
_LARGEST = 2_147_483_647


def _amount(**options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=28, decimal_places=12, **options)


class PositionInput(StrictSerializer):
    """What the account holds of a security at the start."""

    symbol_id = serializers.CharField(
        max_length=100,
        allow_blank=True,
        default="",
        help_text="QuantConnect's identifier, `SPY R735QTJ8XC9X`; without it a security that the strategy adds.",
    )
    ticker = serializers.CharField(max_length=50)
    quantity = _amount()
    average_price = _amount(min_value=0)


class DeploymentInput(StrictSerializer):
    """A strategy that is to trade on paper."""

    version = serializers.UUIDField(help_text="The `id` of a version.")
    name = NameField(max_length=200, allow_blank=True, default="")
    parameters = serializers.DictField(
        child=NumberOrTextField(max_length=1000, allow_blank=True, trim_whitespace=False),
        default=dict,
        help_text="Texts or numbers for `get_parameter`.",
    )
    data = serializers.CharField(  # type: ignore[assignment]  # where bars come from, not the serializer's
        max_length=60,
        default=SAMPLE,
        help_text="The feed: the name of a data source, whose bars are replayed, also written `replay:NAME`; or "
        "`poll:SOURCE`, a source of downloads such as `yahoo` that is asked for each bar when it should be over; or "
        "`exchange:NAME`, an exchange of coins such as `binance` that tells its bars.",
    )
    start = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Replay the past from here. Left out, the clock is the present, at which the last weeks of stored "
        "bars come again.",
    )
    speed = FiniteField(default=1.0, help_text="How many times as fast as time a replay of the past goes.")
    cash = serializers.DictField(
        child=_amount(), default=dict, help_text="Amounts by currency, from 0; left out, the strategy's own."
    )
    holdings = serializers.ListField(child=PositionInput(), max_length=_MOST_POSITIONS, default=list)
    automatic_redeploy = serializers.BooleanField(
        default=False, help_text="Whether to go on from the last snapshot if the process is lost."
    )

    def validate_parameters(self, value: Mapping[str, str]) -> Mapping[str, str]:
        """Refuse names that a strategy cannot ask for."""
        for name in value:
            if not PARAMETER_NAME.fullmatch(name):
                raise serializers.ValidationError(f"'{name[:100]}' is no name: letters, digits, '_', '.' and '-'.")
        if len(value) > _MOST_PARAMETERS:
            raise serializers.ValidationError(f"At most {_MOST_PARAMETERS} parameters can be given.")
        return value


class ConfirmInput(StrictSerializer):
    """A confirmation by name."""

    confirm = serializers.CharField(
        max_length=200, help_text="The deployment's name, or its `deploy_id` if it has none: all positions are sold."
    )


class CommandInput(StrictSerializer):
    """A command to a strategy."""

    command = serializers.DictField(
        help_text="With `$type` it goes to the class of that name, which the strategy has registered; else to "
        "`on_command`."
    )


class LineQuery(StrictSerializer):
    """Which lines are wanted."""

    start = serializers.IntegerField(min_value=0, max_value=_LARGEST, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=_MOST_LINES, default=_MOST_LINES)


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    """A deployment, and how it stands."""

    deploy_id = serializers.CharField(read_only=True, help_text="What QuantConnect's clients call it.")
    strategy = serializers.UUIDField(source="version.strategy_id", read_only=True)
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    brokerage = serializers.SerializerMethodField(help_text="Always `PaperBrokerage`.")
    start = serializers.DateTimeField(source="start_at", read_only=True, allow_null=True)
    parameters = serializers.DictField(child=serializers.CharField(), read_only=True)
    error = serializers.DictField(child=serializers.CharField(), read_only=True, help_text="Empty if nothing failed.")
    figures = serializers.DictField(
        child=serializers.CharField(), read_only=True, help_text="LEAN's runtime statistics, and the strategy's own."
    )
    is_over = serializers.BooleanField(read_only=True)
    feed = serializers.DictField(
        read_only=True,
        help_text="How the feed is: `status`, `since` when, and `counts` of what happened to it by kind.",
    )

    class Meta:
        model = Deployment
        fields = [
            "id", "deploy_id", "strategy", "version", "name", "status", "brokerage", "message", "error", "data",
            "start", "speed", "parameters", "automatic_redeploy", "created_at", "launched_at", "stopped_at",
            "stop_requested_at", "liquidate_requested_at", "reported_at", "is_silent", "clock_at", "equity", "figures",
            "feed", "order_count", "sandbox_grade", "is_over",
        ]  # fmt: skip
        read_only_fields = fields

    def get_brokerage(self, deployment: Deployment) -> str:
        """Return what trades: nothing but paper."""
        return "PaperBrokerage"


class LiveHoldingSerializer(serializers.Serializer[Any]):
    """A position, in the letters of QuantConnect's API."""

    symbol = serializers.CharField()
    a = serializers.FloatField(help_text="Average price.")
    q = serializers.FloatField(help_text="Quantity.")
    p = serializers.FloatField(help_text="Price.")
    v = serializers.FloatField(help_text="Value.")
    u = serializers.FloatField(help_text="Unrealised profit.")
    up = serializers.FloatField(help_text="That, in percent of the cost.")


class LivePortfolioSerializer(serializers.Serializer[Any]):
    """Positions by QuantConnect's identifier, and cash by currency."""

    holdings = serializers.DictField(child=LiveHoldingSerializer())
    cash = serializers.DictField(child=serializers.DictField())


class LiveRecordPageSerializer(serializers.Serializer[Any]):
    """Some of many, in the order in which they came."""

    items = serializers.ListField(child=serializers.DictField())
    total = serializers.IntegerField()


class LiveLineSerializer(serializers.ModelSerializer[DeploymentLine]):
    """A line of the log."""

    class Meta:
        model = DeploymentLine
        fields = ["number", "text", "at"]


class LiveLinePageSerializer(serializers.Serializer[Any]):
    """Lines of the log, and how many there were in all; the oldest are not kept."""

    lines = LiveLineSerializer(many=True)
    total = serializers.IntegerField()


class LiveCommandSerializer(serializers.ModelSerializer[DeploymentCommand]):
    """A command, and what became of it."""

    body = serializers.DictField()

    class Meta:
        model = DeploymentCommand
        fields = ["id", "body", "created_at", "sent_at", "is_done", "text"]


class LiveSeriesSerializer(serializers.Serializer[Any]):
    """A series of a chart."""

    name = serializers.CharField()
    looks = serializers.DictField()
    points = serializers.ListField(
        child=serializers.ListField(), help_text="Seconds since 1970, then the value, or open, high, low and close."
    )


class LiveChartSerializer(serializers.Serializer[Any]):
    """A chart."""

    name = serializers.CharField()
    series = LiveSeriesSerializer(many=True)

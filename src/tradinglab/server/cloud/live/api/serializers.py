"""What goes in and out about deployments at QuantConnect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from tradinglab.server.backtests.api.serializers import BacktestInput
from tradinglab.server.cloud.live.models import CloudDeployment, Liquidation, LiveStep
from tradinglab.server.cloud.live.services import MOST_LIQUIDATION_S, USUAL_LIQUIDATION_S
from tradinglab.server.cloud.live.terms import HIDDEN
from tradinglab.server.errors import InputError
from tradinglab.server.rest.fields import FiniteField, NameField, NumberOrTextField, StrictSerializer

_LARGEST = 2_147_483_647
_MOST_ITEMS = 500
_MOST_LINES = 200
_MOST_POINTS = 10_000


class SettingsField(serializers.DictField):
    """Settings among which are secrets: what is wrong with them is said without repeating them."""

    def run_validation(self, data: Any = empty) -> Any:
        """Return the settings."""
        if data is not empty and data is not None and not isinstance(data, Mapping):
            raise InputError(str(self.field_name), HIDDEN, "Write an object: names of settings, and their values.")
        return super().run_validation(data)


class DeployInput(StrictSerializer):
    """A version that is to trade in the QuantConnect account."""

    version = serializers.UUIDField(help_text="The `id` of a version.")
    name = NameField(
        max_length=200, required=False, allow_blank=True, default="", help_text="Without it, the strategy's."
    )
    parameters = serializers.DictField(
        child=NumberOrTextField(max_length=1000, allow_blank=True, trim_whitespace=False), default=dict
    )
    brokerage = SettingsField(
        default=lambda: {"id": "QuantConnectBrokerage"},
        help_text="Its `id` and its settings, as `live/brokerages/` lists them; paper trading without it. Kept "
        "encrypted until QuantConnect has them, then forgotten; never shown.",
    )
    data_providers = SettingsField(
        default=dict,
        help_text="The settings of each by its name; QuantConnect's own data without it. One that is the brokerage "
        "needs none again: `{}`.",
    )
    node_id = serializers.CharField(
        max_length=100, allow_blank=True, default="", help_text="The live node; without it one that is free."
    )
    lean_version = serializers.IntegerField(
        min_value=-1, max_value=_LARGEST, default=-1, help_text="The number of a version of LEAN; -1 is the newest."
    )
    automatic_redeploy = serializers.BooleanField(
        default=False, help_text="Whether QuantConnect starts it again after a failure."
    )
    notification = SettingsField(
        default=dict,
        help_text="Whom QuantConnect tells of what: `events` and `targets`, as its API has them. Kept as the "
        "brokerage's settings are.",
    )

    def validate_parameters(self, value: dict[str, str]) -> dict[str, str]:
        """Refuse names that no strategy can ask for."""
        return BacktestInput().validate_parameters(value)


class CloudDeploymentSerializer(serializers.ModelSerializer[CloudDeployment]):
    """A deployment at QuantConnect, as it was when QuantConnect was last asked."""

    version = serializers.UUIDField(source="version_id", allow_null=True, help_text="Null if it is only followed.")
    strategy = serializers.UUIDField(source="version.strategy_id", allow_null=True, default=None)
    step = serializers.ChoiceField(choices=LiveStep.choices, help_text="What is done next.")
    status = serializers.CharField(help_text="In QuantConnect's words; empty before it is there.")
    project_id = serializers.IntegerField(source="remote_project", allow_null=True)
    error = serializers.DictField(child=serializers.CharField(), help_text="`code` and `message`; empty if none.")
    figures = serializers.DictField(child=serializers.CharField(), help_text="QuantConnect's runtime statistics.")
    data_providers = serializers.ListField(child=serializers.CharField())
    parameters = serializers.DictField(child=serializers.CharField())
    is_over = serializers.BooleanField(help_text="Whether nothing more will be told of it.")
    liquidation = serializers.ChoiceField(choices=Liquidation.choices)

    class Meta:
        model = CloudDeployment
        fields = [
            "id", "name", "version", "strategy", "parameters", "brokerage", "environment", "data_providers",
            "automatic_redeploy", "lean_version", "node_id", "step", "status", "is_ended", "is_over",
            "is_superseded", "waiting_for", "message", "error", "alert", "project_id", "project_name", "compile_id",
            "deploy_id", "created_at", "launched_at", "stopped_at", "stop_requested_at", "liquidate_requested_at",
            "liquidate_until", "liquidate_told", "liquidation", "liquidation_note", "reported_at", "equity", "figures",
            "order_count",
        ]  # fmt: skip
        read_only_fields = fields
        extra_kwargs = {
            "environment": {"help_text": "`paper` or `live`: whether real money is traded with; empty if not known."},
            "is_ended": {"help_text": "Whether it trades no more; late orders and log lines may still come."},
            "is_superseded": {"help_text": "Whether its project at QuantConnect has had another deployment since."},
            "waiting_for": {"help_text": "Why it cannot go on for now; empty if it can."},
            "alert": {"help_text": "`silent`, `unchanged` or `outcome_unknown`; empty while all is well."},
            "liquidation_note": {"help_text": "Why it is not flat."},
            "liquidate_told": {"help_text": "How often QuantConnect was told to."},
            "reported_at": {"help_text": "When QuantConnect last told of it."},
        }


class ConfirmedByNameInput(StrictSerializer):
    """That all is to be sold."""

    confirm = serializers.CharField(max_length=200, help_text="The deployment's name: all positions are sold.")
    lasts_s = FiniteField(
        min_value=1,
        max_value=MOST_LIQUIDATION_S,
        default=USUAL_LIQUIDATION_S,
        help_text="After so many seconds without success it is said why.",
    )


class CloudCommandInput(StrictSerializer):
    """A command to the algorithm."""

    command = serializers.DictField(help_text="With `$type` to the class of that name, else to `on_command`.")


class CloudHoldingSerializer(serializers.Serializer[Any]):
    """A position."""

    quantity = serializers.FloatField(allow_null=True)
    average_price = serializers.FloatField(allow_null=True)
    price = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True)
    unrealized = serializers.FloatField(allow_null=True)


class CloudCashSerializer(serializers.Serializer[Any]):
    """What is held of a currency."""

    amount = serializers.FloatField(allow_null=True)
    value = serializers.FloatField(allow_null=True, help_text="In the account's currency.")


class CloudPortfolioSerializer(serializers.Serializer[Any]):
    """Positions by QuantConnect's identifier, and cash by currency; minutes old."""

    holdings = serializers.DictField(child=CloudHoldingSerializer())
    cash = serializers.DictField(child=CloudCashSerializer())


class ItemQuery(StrictSerializer):
    """Which of many."""

    start = serializers.IntegerField(min_value=0, max_value=_LARGEST, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=_MOST_ITEMS, default=100)


class RemoteLineQuery(ItemQuery):
    """Which lines."""

    limit = serializers.IntegerField(min_value=1, max_value=_MOST_LINES, default=200)


class ItemPageSerializer(serializers.Serializer[Any]):
    """Some of many, in QuantConnect's form."""

    items = serializers.ListField(child=serializers.DictField())
    next_start = serializers.IntegerField(allow_null=True, help_text="What to send as `start` next; null at the end.")


class LinePageSerializer(serializers.Serializer[Any]):
    """Lines of the log."""

    items = serializers.ListField(child=serializers.CharField())
    next_start = serializers.IntegerField(allow_null=True, help_text="What to send as `start` next; null at the end.")


class ChartQuery(StrictSerializer):
    """Which part of a chart."""

    start = serializers.IntegerField(min_value=0, max_value=10**11, default=0, help_text="In Unix seconds.")
    end = serializers.IntegerField(
        min_value=0, max_value=10**11, required=False, help_text="In Unix seconds; now without it."
    )
    count = serializers.IntegerField(
        min_value=1, max_value=_MOST_POINTS, default=1000, help_text="At most so many points a series."
    )

    def validate(self, attrs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse an end before the start."""
        if "end" in attrs and attrs["end"] < attrs["start"]:
            raise serializers.ValidationError({"end": "The end comes after the start; swap them."})
        return attrs


class CloudSeriesSerializer(serializers.Serializer[Any]):
    """A series of a chart."""

    name = serializers.CharField()
    unit = serializers.CharField()
    series_type = serializers.IntegerField(allow_null=True)
    values = serializers.ListField(help_text="As QuantConnect has them: `[seconds, value]`, or with four of a candle.")


class CloudChartSerializer(serializers.Serializer[Any]):
    """A chart."""

    name = serializers.CharField()
    series = CloudSeriesSerializer(many=True)


class SettingSerializer(serializers.Serializer[Any]):
    """Something that a brokerage or data provider has to be told."""

    name = serializers.CharField()
    is_required = serializers.BooleanField()
    is_secret = serializers.BooleanField()
    choices = serializers.ListField(child=serializers.CharField(), help_text="Empty for any text.")


class FormSerializer(serializers.Serializer[Any]):
    """Settings that belong together; a brokerage with several exchanges has one form for each."""

    settings = SettingSerializer(many=True)


class BrokerageSerializer(serializers.Serializer[Any]):
    """What trades."""

    id = serializers.CharField()
    title = serializers.CharField()
    forms = FormSerializer(many=True)
    has_cash = serializers.BooleanField(help_text="Whether `cash` may be told: a list of `currency` and `amount`.")
    has_holdings = serializers.BooleanField(
        help_text="Whether `holdings` may be told: a list of `symbolId`, `symbol`, `quantity` and `averagePrice`."
    )


class DataProviderSerializer(serializers.Serializer[Any]):
    """Where prices come from."""

    name = serializers.CharField()
    title = serializers.CharField()
    forms = FormSerializer(many=True)


class BrokeragesSerializer(serializers.Serializer[Any]):
    """What can be deployed with."""

    brokerages = BrokerageSerializer(many=True)
    data_providers = DataProviderSerializer(many=True)

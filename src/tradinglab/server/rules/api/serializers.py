"""What goes in and out about rules."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.rest.fields import StrictSerializer
from tradinglab.server.strategies.api.serializers import CheckSerializer
from tradinglab.server.strategies.files import MOST_BYTES

_MOST_POINTS = 5_000
_MOST_PARAMETERS = 64


class RulesInput(StrictSerializer):
    """Rules: as text, or as JSON."""

    text = serializers.CharField(
        required=False, trim_whitespace=False, max_length=MOST_BYTES, help_text="The readable form, or JSON as text."
    )
    rules = serializers.JSONField(required=False, help_text="The same as data, by the schema; this or `text`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take one of the two."""
        if ("text" in attrs) == ("rules" in attrs):
            raise serializers.ValidationError({"text": ["Give either 'text' or 'rules'."]})
        if "rules" in attrs:
            given = attrs.pop("rules")
            if not isinstance(given, dict):
                raise serializers.ValidationError({"rules": ["Rules are an object with fields."]})
            attrs["text"] = json.dumps(given)
        return attrs


class SimulationInput(RulesInput):
    """Rules that are to be simulated."""

    parameters = serializers.DictField(
        child=serializers.FloatField(), required=False, default=dict, help_text="Values in place of the defaults."
    )
    data = serializers.CharField(  # type: ignore[assignment]  # a serializer's own data are another thing
        max_length=100, default=SAMPLE, help_text="Name of the source of the bars."
    )
    strategy = serializers.UUIDField(
        required=False,
        help_text="In whose ledger of trials it is noted, and whose sealed days it may not touch; by default the "
        "strategy that has a version of just these rules.",
    )
    points = serializers.IntegerField(
        min_value=2, max_value=_MOST_POINTS, default=500, help_text="How many points of the equity at most."
    )

    def validate_parameters(self, value: dict[str, float]) -> dict[str, float]:
        """Refuse more than rules have."""
        if len(value) > _MOST_PARAMETERS:
            raise serializers.ValidationError(f"Rules have at most {_MOST_PARAMETERS} parameters.")
        return value


class RulesCheckSerializer(CheckSerializer):
    """What a check of rules found, and the rules in both of their forms."""

    text = serializers.CharField(allow_null=True, help_text="The canonical text; null if there are errors.")
    rules = serializers.DictField(
        child=serializers.JSONField(), allow_null=True, help_text="The same as data; null if there are errors."
    )


class SourceSerializer(serializers.Serializer[Any]):
    """The QuantConnect strategy that rules are."""

    source = serializers.CharField(  # type: ignore[assignment]  # a field's own source is another thing
        help_text="A `main.py` that runs here and at QuantConnect as it stands."
    )
    generator = serializers.CharField(help_text="What generated it.")


class EquityPointSerializer(serializers.Serializer[Any]):
    """What the account was worth."""

    time = serializers.DateTimeField(help_text="When a bar closed.")
    equity = serializers.FloatField()


class SimulatedFillSerializer(serializers.Serializer[Any]):
    """One order that was filled."""

    bar = serializers.DateTimeField(help_text="When the bar closed in which it was filled.")
    at = serializers.ChoiceField(choices=["open", "close"], help_text="At which of its prices.")
    symbol = serializers.CharField()
    quantity = serializers.FloatField(help_text="Below zero for what was sold.")
    price = serializers.FloatField()
    fee = serializers.FloatField()


class SimulatedTradeSerializer(serializers.Serializer[Any]):
    """A position, or a part of one, from its entry to its exit."""

    symbol = serializers.CharField()
    direction = serializers.ChoiceField(choices=["long", "short"])
    entry_time = serializers.DateTimeField(help_text="When the bar closed in which it was entered.")
    exit_time = serializers.DateTimeField(help_text="When the bar closed in which it was left.")
    entry_price = serializers.FloatField()
    exit_price = serializers.FloatField()
    quantity = serializers.FloatField(help_text="Never below zero.")
    profit_loss = serializers.FloatField(help_text="Before fees.")
    total_fees = serializers.FloatField(help_text="Of the entry and the exit.")
    mae = serializers.FloatField(help_text="The worst unrealised profit: zero, or below it.")
    mfe = serializers.FloatField(help_text="The best unrealised profit: zero, or above it.")


class SimulationSerializer(serializers.Serializer[Any]):
    """What rules came to."""

    bars = serializers.IntegerField(help_text="How many bars were looked at.")
    parameters = serializers.DictField(child=serializers.FloatField(), help_text="The values that the run had.")
    statistics = serializers.DictField(
        child=serializers.CharField(),
        help_text="The figures that a backtest defines alike, under the same names and written the same.",
    )
    figures = serializers.DictField(
        child=serializers.FloatField(),
        help_text="Those figures of a backtest that a simulation has, such as `sharpe_ratio` and `drawdown`.",
    )
    cash = serializers.FloatField(help_text="Cash at the end.")
    final_equity = serializers.FloatField()
    equity = EquityPointSerializer(many=True, help_text="The first, the last, the lowest and the highest of stretches.")
    fills_count = serializers.IntegerField()
    fills = SimulatedFillSerializer(many=True, help_text="In the order of time; the first 5,000.")
    trades_count = serializers.IntegerField()
    trades = SimulatedTradeSerializer(
        many=True, help_text="What was closed, as a backtest has it: the oldest entry first; the first 5,000."
    )

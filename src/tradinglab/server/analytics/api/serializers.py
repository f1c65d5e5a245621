"""What goes in about figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tradinglab.server.analytics.given import (
    MOST_PERIODS,
    MOST_SERIES,
    MOST_TRADES,
    TRADE_NUMBERS,
    TRADE_TEXTS,
    TRADE_TIMES,
)
from tradinglab.server.analytics.measuring import Settings
from tradinglab.server.rest.fields import FiniteField, NameField, StrictSerializer

_MOST_FACTORS: Final = 20
_MOST_TAILS: Final = 10
_LONGEST_TEXT: Final = 100


class _ColumnField(serializers.Field[list[Any], list[Any], list[Any], Any]):
    """A list of values of one kind, looked at in one go: the library's own takes a second for a hundred thousand."""

    def __init__(self, *, most: int, wanted: str, allows: Callable[[Any], bool], **options: Any) -> None:
        super().__init__(required=False, **options)
        self._most = most
        self._wanted = wanted
        self._allows = allows

    def to_representation(self, value: list[Any]) -> list[Any]:
        """Return the values."""
        return value

    def to_internal_value(self, data: object) -> list[Any]:
        """Return the values, if each is of the kind."""
        if not isinstance(data, list):
            raise serializers.ValidationError(f"Give a list of {self._wanted}.")
        if not 1 <= len(data) <= self._most:
            raise serializers.ValidationError(f"Give 1 to {self._most:,} of them; there are {len(data):,}.")
        wrong = next((place for place, each in enumerate(data) if not self._allows(each)), None)
        if wrong is not None:
            raise serializers.ValidationError({str(wrong): [f"It is not one of {self._wanted}."]})
        return data


def _is_number(value: object) -> bool:
    # What a 64-bit number does not hold was refused with the body.
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


@extend_schema_field({"type": "array", "items": {"type": ["number", "null"]}, "minItems": 1})
class NumbersField(_ColumnField):
    """Numbers, ``null`` for what is missing."""

    def __init__(self, *, most: int = MOST_PERIODS, **options: Any) -> None:
        super().__init__(most=most, wanted="numbers (null for what is missing)", allows=_is_number, **options)


@extend_schema_field({"type": "array", "items": {"type": "string", "maxLength": _LONGEST_TEXT}, "minItems": 1})
class TextsField(_ColumnField):
    """Texts."""

    def __init__(self, *, most: int = MOST_PERIODS, **options: Any) -> None:
        super().__init__(most=most, wanted=f"texts of up to {_LONGEST_TEXT} characters", allows=_is_text, **options)


@extend_schema_field({"type": "array", "items": {"type": ["string", "null"]}, "minItems": 1})
class SomeTextsField(_ColumnField):
    """Texts, ``null`` for what is missing."""

    def __init__(self, *, most: int, **options: Any) -> None:
        wanted = f"texts of up to {_LONGEST_TEXT} characters (null for what is missing)"
        super().__init__(most=most, wanted=wanted, allows=lambda each: each is None or _is_text(each), **options)


class TradesInput(StrictSerializer):
    """Closed trades as columns of one length; `profit_loss` has to be there."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the columns."""
        numbers = {name: NumbersField(most=MOST_TRADES, help_text=_TRADE_HELP.get(name, "")) for name in TRADE_NUMBERS}
        times = {name: SomeTextsField(most=MOST_TRADES, help_text="Days or instants.") for name in TRADE_TIMES}
        texts = {name: TextsField(most=MOST_TRADES, help_text=_TRADE_HELP.get(name, "")) for name in TRADE_TEXTS}
        return {**numbers, **times, **texts}


_TRADE_HELP: Final = {
    "profit_loss": "Before fees, in the account's currency.",
    "total_fees": "Of entry and exit; zero if they are left out.",
    "mae": "The maximum adverse excursion, zero or below.",
    "mfe": "The maximum favourable excursion.",
    "duration_s": "Seconds, if they are not those between the times.",
    "direction": "`long` or `short`.",
}


class SeriesInput(StrictSerializer):
    """A series: one of `returns`, `values` and `run`."""

    name = NameField(max_length=_LONGEST_TEXT, required=False)
    run = serializers.UUIDField(required=False, help_text="A backtest or a walk-forward of yours that has completed.")
    returns = NumbersField(help_text="Simple returns of each period, as fractions: 0.01 is one percent.")
    values = NumbersField(help_text="What the account, or one share, was worth; the first is the start.")
    times = TextsField(
        help_text="One for each number, rising: days or instants. Without them there are no months, and several "
        "series lie side by side as they stand."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take one of the three."""
        kinds = [name for name in ("returns", "values", "run") if name in attrs]
        if len(kinds) != 1:
            raise serializers.ValidationError("Give one of 'returns', 'values' and 'run'.")
        if kinds == ["run"] and (beside := sorted(attrs.keys() & {"times", "trades"})):
            raise serializers.ValidationError({beside[0]: ["A run has its own; leave it out."]})
        return attrs


class TradedSeriesInput(SeriesInput):
    """A series with the trades that it comes of."""

    trades = TradesInput(required=False)

    def validate_trades(self, value: dict[str, Any]) -> dict[str, Any]:
        """Refuse trades without profits."""
        if "profit_loss" not in value:
            raise serializers.ValidationError({"profit_loss": ["Trades have to have their profits."]})
        return value


class FactorInput(SeriesInput):
    """A factor that returns may be owed to; in excess of the risk-free rate, unless it takes no capital."""

    name = NameField(max_length=_LONGEST_TEXT)


class AnalyticsInput(StrictSerializer):
    """What is to be measured, and how."""

    run = serializers.UUIDField(required=False, help_text="Short for one series of this run.")
    series = serializers.ListField(child=TradedSeriesInput(), min_length=1, max_length=MOST_SERIES, required=False)
    benchmark = SeriesInput(required=False, help_text="For all series; runs have their own if there is none.")
    factors = serializers.ListField(
        child=FactorInput(), max_length=_MOST_FACTORS, required=False, help_text="What a regression explains them by."
    )
    weights = serializers.ListField(
        child=FiniteField(min_value=-100, max_value=100),
        max_length=MOST_SERIES,
        required=False,
        help_text="Of each series in the combination, fractions of the account; equal ones if they are left out.",
    )
    rebalanced = serializers.BooleanField(default=True, help_text="Whether the weights are restored in every period.")
    periods_per_year = FiniteField(
        min_value=0.01, max_value=40_000_000, required=False, help_text="What annualises; 252, or that of the run."
    )
    risk_free = FiniteField(
        min_value=-1, max_value=10, required=False, help_text="A year, as a fraction; spread evenly over the periods."
    )
    required_return = FiniteField(
        min_value=-1, max_value=10, required=False, help_text="A year, as a fraction: what Sortino and Omega ask for."
    )
    tails = serializers.ListField(
        child=FiniteField(min_value=0.0001, max_value=0.5),
        min_length=1,
        max_length=_MOST_TAILS,
        required=False,
        help_text="The shares of the worst returns for values at risk; 0.05 and 0.01 if they are left out.",
    )
    window = serializers.IntegerField(
        min_value=2, max_value=MOST_PERIODS, required=False, help_text="Returns in a rolling window; 63."
    )
    drawdowns = serializers.IntegerField(
        min_value=0, max_value=100, required=False, help_text="How many of the worst; 10."
    )
    points = serializers.IntegerField(
        min_value=4, max_value=5_000, required=False, help_text="At most so many points of what goes over time; 500."
    )
    threshold = FiniteField(
        min_value=-100, max_value=100, required=False, help_text="A Sharpe ratio a year to be above; 0."
    )
    confidence = FiniteField(
        min_value=0.5, max_value=0.9999, required=False, help_text="For the minimum track record length; 0.95."
    )
    trials = FiniteField(
        min_value=1, max_value=1e12, required=False, help_text="Of how many independent trials each series is the best."
    )
    trials_variance = FiniteField(
        min_value=0,
        max_value=1e6,
        required=False,
        help_text="The variance of the yearly Sharpe ratios of those trials.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what contradicts itself."""
        if ("run" in attrs) == ("series" in attrs):
            raise serializers.ValidationError({"series": ["Give either 'series' or 'run'."]})
        if "run" in attrs:
            attrs["series"] = [{"run": attrs.pop("run")}]
        count = len(attrs["series"])
        if "weights" in attrs and len(attrs["weights"]) != count:
            raise serializers.ValidationError({"weights": [f"Give one weight for each of the {count} series."]})
        names = [each["name"] for each in attrs.get("factors", ())]
        if len(set(names)) < len(names):
            raise serializers.ValidationError({"factors": ["Two factors have one name."]})
        if ("trials" in attrs) != ("trials_variance" in attrs):
            raise serializers.ValidationError({"trials": ["Give 'trials' and 'trials_variance', or neither."]})
        return attrs

    def asked(self) -> dict[str, Any]:
        """Return what :func:`~tradinglab.server.analytics.services.analysis_make` takes."""
        values = dict(self.validated_data)
        of_settings = {field.name for field in fields(Settings)}
        settings = {name: values.pop(name) for name in list(values) if name in of_settings}
        return {**values, "settings": settings}

"""What figures look like as JSON."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


def _number(text: str = "") -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=text)


def _numbers(text: str = "", **options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.FloatField(allow_null=True), help_text=text, **options)


def _figures(text: str, **options: Any) -> serializers.DictField:
    return serializers.DictField(child=serializers.FloatField(allow_null=True), help_text=text, **options)


def _times() -> serializers.ListField:
    return serializers.ListField(child=serializers.DateTimeField(), allow_null=True, help_text="`null` without times.")


class ValueAtRiskSerializer(serializers.Serializer[Any]):
    """What a loss may be, by one model."""

    value_at_risk = _number()
    conditional_value_at_risk = _number()


class TailSerializer(serializers.Serializer[Any]):
    """Losses to expect in the worst share of the periods; they are returns, so losses are negative."""

    tail = serializers.FloatField()
    historical = ValueAtRiskSerializer()
    gaussian = ValueAtRiskSerializer()
    cornish_fisher = ValueAtRiskSerializer()


class DrawdownFoundSerializer(serializers.Serializer[Any]):
    """A drawdown; period 0 is the start, and 1 that of the first return."""

    depth = serializers.FloatField(help_text="A fraction below zero.")
    peak = serializers.IntegerField()
    trough = serializers.IntegerField()
    recovery = serializers.IntegerField(allow_null=True)
    periods_down = serializers.IntegerField()
    periods_to_recover = serializers.IntegerField(allow_null=True)
    peak_time = serializers.DateTimeField(allow_null=True)
    trough_time = serializers.DateTimeField(allow_null=True)
    recovery_time = serializers.DateTimeField(allow_null=True)


class UnderwaterSerializer(serializers.Serializer[Any]):
    """The fall from the highest value so far; of many points the lowest and highest of each stretch."""

    period = serializers.ListField(child=serializers.IntegerField())
    time = _times()
    drawdown = _numbers()


class MonthSerializer(serializers.Serializer[Any]):
    """The compounded return of a month."""

    year = serializers.IntegerField()
    month = serializers.IntegerField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields; the name of one is a word of Python."""
        return {**super().get_fields(), "return": _number()}


class YearSerializer(serializers.Serializer[Any]):
    """The compounded return of a year."""

    year = serializers.IntegerField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields; the name of one is a word of Python."""
        return {**super().get_fields(), "return": _number()}


class RollingSerializer(serializers.Serializer[Any]):
    """Figures of the last so many returns, at places that are spread evenly."""

    window = serializers.IntegerField()
    period = serializers.ListField(child=serializers.IntegerField())
    time = _times()
    sharpe_ratio = _numbers()
    annual_volatility = _numbers()
    annual_return = _numbers()
    max_drawdown = _numbers()
    beta = _numbers("If there is a benchmark.", required=False)
    correlation = _numbers("If there is a benchmark.", required=False)


class LuckSerializer(serializers.Serializer[Any]):
    """How likely the Sharpe ratio is skill."""

    threshold = serializers.FloatField()
    confidence = serializers.FloatField()
    probabilistic_sharpe_ratio = _number("How likely the true ratio is above the threshold.")
    minimum_track_record_length = _number("Returns that it takes to be confident; `null` if it is not above it.")
    trials = _number()
    expected_maximum_sharpe_ratio = _number("What the best of the trials has without any skill; `null` without trials.")
    deflated_sharpe_ratio = _number("How likely the true ratio is above that; `null` without trials.")


class FactorsSerializer(serializers.Serializer[Any]):
    """What the returns owe to factors."""

    alpha = _number("A year.")
    betas = _figures("By the factor's name.")
    alpha_t = _number()
    beta_t = _figures("Each over its standard error.")
    r_squared = _number()
    adjusted_r_squared = _number()
    residual_volatility = _number("A year.")
    contributions = _figures("What each brought, a year.")
    periods = serializers.IntegerField()


class TradesFoundSerializer(serializers.Serializer[Any]):
    """Figures of the trades, of all and by what tells them apart."""

    all = _figures("Figures by name.")
    by_symbol = serializers.DictField(child=_figures(""), allow_null=True, help_text="`null` if there are over 200.")
    by_side = serializers.DictField(child=_figures(""))
    by_hour = serializers.DictField(child=_figures(""))
    by_weekday = serializers.DictField(child=_figures(""))


class SeriesFoundSerializer(serializers.Serializer[Any]):
    """A series' figures."""

    name = serializers.CharField()
    periods = serializers.IntegerField(help_text="Returns that are known.")
    missing = serializers.IntegerField(help_text="Returns that are not.")
    first = serializers.DateTimeField(allow_null=True)
    last = serializers.DateTimeField(allow_null=True)
    metrics = _figures("Every metric by its name, those against the benchmark if there is one.")
    tails = TailSerializer(many=True)
    drawdowns = DrawdownFoundSerializer(many=True, help_text="The deepest first.")
    underwater = UnderwaterSerializer()
    monthly = MonthSerializer(many=True, allow_null=True, help_text="`null` without times.")
    yearly = YearSerializer(many=True, allow_null=True, help_text="`null` without times.")
    rolling = RollingSerializer(allow_null=True, help_text="`null` if the series is shorter than the window.")
    luck = LuckSerializer()
    factors = FactorsSerializer(allow_null=True)
    trades = TradesFoundSerializer(allow_null=True)


class CombinationSerializer(serializers.Serializer[Any]):
    """What the series come to in one account, over the periods that all of them have."""

    periods = serializers.IntegerField()
    weights = _numbers()
    correlation = serializers.ListField(child=_numbers())
    volatility = _number("A year.")
    marginal_risk = _numbers("How much the volatility rises with each weight.")
    risk_share = _numbers("How much of the variance each brings.")
    max_drawdown = _number()
    max_drawdowns = _numbers("Of each alone.")
    sharpe_ratio = _number()
    sharpe_ratios = _numbers("Of each alone.")
    sharpe_without = _numbers("Of the combination without each.")
    metrics = _figures("Of the combination.")


class OverfittingSerializer(serializers.Serializer[Any]):
    """How likely the best of the series is luck, if they are all that was tried."""

    trials = serializers.IntegerField()
    independent_trials = _number("What they amount to, by their mean correlation.")
    blocks = serializers.IntegerField()
    combinations = serializers.IntegerField()
    probability = _number("How often the best of one half of the past is not above the middle in the other.")
    probability_of_loss = _number()
    degradation = _number()
    best = serializers.CharField(help_text="The one with the highest Sharpe ratio.")
    variance = _number("Of the yearly Sharpe ratios.")
    expected_maximum_sharpe_ratio = _number()
    deflated_sharpe_ratio = _number("Of the best.")


class AnalysisSerializer(serializers.Serializer[Any]):
    """The figures of each series, and of all of them together."""

    periods_per_year = serializers.FloatField()
    series = SeriesFoundSerializer(many=True)
    combination = CombinationSerializer(allow_null=True)
    overfitting = OverfittingSerializer(allow_null=True)
    notes = serializers.ListField(child=serializers.CharField(), help_text="What is left out, and why.")

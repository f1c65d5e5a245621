"""What the results look like as JSON; the endpoints themselves hand over what the tables hold."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

_TOTAL = "How many there were before points were left out."


def _floats(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.FloatField(allow_null=True), **options)


class TimesSerializer(serializers.Serializer[Any]):
    """Columns of the same length."""

    total = serializers.IntegerField(help_text=_TOTAL)
    time = serializers.ListField(child=serializers.DateTimeField())


class EquitySerializer(TimesSerializer):
    """The account's value over time: its close, and open, high and low since the sample before."""

    equity = _floats()
    open = _floats()
    high = _floats()
    low = _floats()
    drawdown = _floats(help_text="Zero or a fraction below it.")


class DrawdownSerializer(TimesSerializer):
    """The fall from the highest value so far."""

    drawdown = _floats(help_text="Zero or a fraction below it.")


class DaysSerializer(TimesSerializer):
    """What was sampled once a day."""

    equity = _floats()
    benchmark = _floats()
    # The name of a column, as the data has it.
    turnover = _floats(help_text="The share of the account that was traded since the day before.")
    long_exposure = _floats(help_text="A fraction of the account.")
    short_exposure = _floats(help_text="A fraction of the account, zero or below.")
    capacity = _floats(help_text="The estimate of the strategy's capacity.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Return the fields; the name of one of them is a word of Python."""
        return {**super().get_fields(), "return": _floats(help_text="Of the day, a fraction.")}


class RowsSerializer(serializers.Serializer[Any]):
    """A page of a table."""

    total = serializers.IntegerField(help_text="How many rows there are in the range that was asked for.")
    offset = serializers.IntegerField()
    limit = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="How many more there were than are kept.")


class OrderSerializer(serializers.Serializer[Any]):
    """An order."""

    id = serializers.IntegerField()
    symbol = serializers.CharField()
    type = serializers.CharField()
    direction = serializers.CharField()
    status = serializers.CharField()
    quantity = serializers.FloatField()
    price = serializers.FloatField(help_text="The average price of its fills.")
    value = serializers.FloatField()
    time = serializers.DateTimeField()
    last_fill_time = serializers.DateTimeField(allow_null=True)
    tag = serializers.CharField()


class OrderEventSerializer(serializers.Serializer[Any]):
    """A change of an order, perhaps a fill."""

    order_id = serializers.IntegerField()
    id = serializers.IntegerField()
    time = serializers.DateTimeField()
    symbol = serializers.CharField()
    status = serializers.CharField()
    direction = serializers.CharField()
    quantity = serializers.FloatField()
    fill_quantity = serializers.FloatField()
    fill_price = serializers.FloatField()
    fee = serializers.FloatField()
    fee_currency = serializers.CharField()
    message = serializers.CharField()


class TradeSerializer(serializers.Serializer[Any]):
    """A closed trade."""

    number = serializers.IntegerField()
    symbol = serializers.CharField()
    direction = serializers.ChoiceField(["long", "short"])
    quantity = serializers.FloatField()
    entry_time = serializers.DateTimeField()
    entry_price = serializers.FloatField()
    exit_time = serializers.DateTimeField()
    exit_price = serializers.FloatField()
    profit_loss = serializers.FloatField(help_text="Before fees.")
    total_fees = serializers.FloatField()
    mae = serializers.FloatField(help_text="The maximum adverse excursion.")
    mfe = serializers.FloatField(help_text="The maximum favourable excursion.")
    end_trade_drawdown = serializers.FloatField()
    duration_s = serializers.FloatField()
    is_win = serializers.BooleanField()
    order_ids = serializers.CharField(help_text="With spaces between them.")


class InsightSerializer(serializers.Serializer[Any]):
    """What a strategy expected of a security."""

    id = serializers.CharField()
    group_id = serializers.CharField(allow_null=True, help_text="Insights that belong together have the same.")
    symbol = serializers.CharField()
    symbol_id = serializers.CharField(help_text="LEAN's identifier of the security.")
    type = serializers.ChoiceField(["Price", "Volatility"])
    direction = serializers.ChoiceField(["Up", "Down", "Flat"])
    generated_time = serializers.DateTimeField()
    close_time = serializers.DateTimeField()
    period_s = serializers.FloatField(help_text="The period that was given, or that to the close.")
    magnitude = serializers.FloatField(allow_null=True, help_text="How far it would go, a fraction.")
    confidence = serializers.FloatField(allow_null=True)
    weight = serializers.FloatField(allow_null=True, help_text="A fraction of the portfolio.")
    reference_value = serializers.FloatField(help_text="Price or volatility when it was emitted.")
    reference_value_final = serializers.FloatField(help_text="Zero, if the strategy has not set it.")
    estimated_value = serializers.FloatField(help_text="Zero, if the strategy has not set it.")
    score_direction = serializers.FloatField(help_text="From 0 to 1, as the strategy has judged it.")
    score_magnitude = serializers.FloatField()
    is_final_score = serializers.BooleanField()
    source_model = serializers.CharField()
    tag = serializers.CharField()


class PositionSerializer(serializers.Serializer[Any]):
    """A position at the end of a day."""

    time = serializers.DateTimeField()
    symbol = serializers.CharField()
    security_type = serializers.CharField()
    value = serializers.FloatField(help_text="Negative for a short position.")
    weight = serializers.FloatField(allow_null=True, help_text="A fraction of the account.")
    margin = serializers.FloatField()


class LineSerializer(serializers.Serializer[Any]):
    """A line of the log."""

    line = serializers.IntegerField()
    time = serializers.DateTimeField(allow_null=True)
    level = serializers.CharField()
    text = serializers.CharField()


class OrdersSerializer(RowsSerializer):
    """The orders in their order."""

    results = OrderSerializer(many=True)


class OrderEventsSerializer(RowsSerializer):
    """What happened to the orders, in order."""

    results = OrderEventSerializer(many=True)


class TradesSerializer(RowsSerializer):
    """The closed trades, in the order in which they closed."""

    results = TradeSerializer(many=True)


class InsightsSerializer(RowsSerializer):
    """What the strategy expected, in the order in which it said so."""

    results = InsightSerializer(many=True)


class PositionsSerializer(RowsSerializer):
    """The positions at the end of each day."""

    results = PositionSerializer(many=True)


class LogSerializer(RowsSerializer):
    """The run's messages."""

    left_out = serializers.IntegerField(
        allow_null=True, help_text="How many more there were than are kept; `null` where nobody knows."
    )
    results = LineSerializer(many=True)


class ChartSeriesSerializer(serializers.Serializer[Any]):
    """A series of a chart, and how it is to be drawn."""

    name = serializers.CharField()
    type = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    pane = serializers.IntegerField()
    color = serializers.CharField(allow_blank=True)
    points = serializers.IntegerField()


class SeriesPointsSerializer(ChartSeriesSerializer):
    """A series with its points; candles have open, high and low, too."""

    time = serializers.ListField(child=serializers.DateTimeField())
    value = _floats()
    open = _floats(required=False)
    high = _floats(required=False)
    low = _floats(required=False)


class ChartSerializer(serializers.Serializer[Any]):
    """A chart and its series."""

    name = serializers.CharField()
    series = ChartSeriesSerializer(many=True)


class ChartsSerializer(serializers.Serializer[Any]):
    """The charts that every run has, and the author's own."""

    charts = ChartSerializer(many=True)


class ChartPointsSerializer(serializers.Serializer[Any]):
    """A chart with the points of its series."""

    name = serializers.CharField()
    series = SeriesPointsSerializer(many=True)


class WindowSerializer(serializers.Serializer[Any]):
    """The statistics of some months."""

    months = serializers.IntegerField()
    end = serializers.DateField()
    figures = serializers.DictField(child=serializers.FloatField(allow_null=True))


class WorstSerializer(serializers.Serializer[Any]):
    """A drawdown."""

    depth = serializers.FloatField(help_text="A fraction below zero.")
    peak = serializers.DateField()
    trough = serializers.DateField()
    recovery = serializers.DateField(allow_null=True)
    days = serializers.IntegerField(help_text="From the peak to the recovery, or to the end.")


def _texts(**options: Any) -> serializers.DictField:
    return serializers.DictField(child=serializers.CharField(), **options)


class StatisticsSerializer(serializers.Serializer[Any]):
    """All that is measured of a backtest."""

    summary = _texts(help_text="LEAN's statistics, as it writes them.")
    runtime = _texts(help_text="The account at the end, and the author's own figures.")
    portfolio = _texts(help_text="The portfolio's statistics with all digits.")
    trades = _texts(help_text="The statistics of the closed trades with all digits.")
    rolling = WindowSerializer(many=True, help_text="By windows of 1, 3, 6 and 12 months.")
    monthly = serializers.ListField(child=serializers.DictField(), help_text="`year`, `month` and `return`.")
    yearly = serializers.ListField(child=serializers.DictField(), help_text="`year` and `return`.")
    drawdowns = WorstSerializer(many=True, help_text="The deepest first.")
    warnings = serializers.ListField(child=_texts(), help_text="`kind`, `text` and `no_bars_of`.")
    left_out = serializers.DictField(child=serializers.IntegerField(), help_text="Rows that were too many, by table.")

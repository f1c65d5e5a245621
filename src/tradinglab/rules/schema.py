"""Rules: a strategy as data.

What they mean is told in ``docs/rules.md``; ``json_schema`` gives the same as JSON Schema.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from tradinglab.rules.expressions import Condition, Name, Number, Operand, Part
from tradinglab.rules.portfolios import MOST_SYMBOLS, Limits, MarketWeight, Rebalance, View

Kind = Literal["equity", "forex", "crypto"]
Pace = Literal["minute", "hour", "daily"]

MOST_WARM_UP_BARS = 100_000
MOST_WARM_UP_DAYS = 15_000


class Listing(Part):
    """A security: its ticker, what it is, and its market (by default QuantConnect's for its kind)."""

    ticker: Annotated[str, Field(pattern=r"^[A-Za-z0-9.]{1,20}$")]
    type: Kind = "equity"
    market: Annotated[str, Field(pattern=r"^[a-z0-9]{2,20}$")] | None = None


class Parameter(Part):
    """A named number, and the range in which a search may vary it."""

    default: float
    minimum: float | None = None
    maximum: float | None = None
    step: Annotated[float, Field(gt=0)] | None = None


# What is seen before the first day.


class WarmUpBars(Part):
    """So many bars of the rules' own length, counted back from the start by the hours in which exchanges are open.

    Of several securities the one counts for which they go back furthest.
    """

    kind: Literal["bars"] = "bars"
    bars: Annotated[int, Field(ge=1, le=MOST_WARM_UP_BARS)]


class WarmUpDays(Part):
    """So many days of the calendar."""

    kind: Literal["days"] = "days"
    days: Annotated[int, Field(ge=1, le=MOST_WARM_UP_DAYS)]


WarmUp: TypeAlias = Annotated[WarmUpBars | WarmUpDays, Field(discriminator="kind")]


# How far away a stop or a target is. One that is ``resting`` is an order in the market, which is filled within a bar at
# its price; one that is not compares closes.


class PercentAway(Part):
    """A percentage of the price at which the position was opened (of its best close, for a trailing stop)."""

    kind: Literal["percent"] = "percent"
    percent: Number
    resting: bool = False


class PointsAway(Part):
    """An amount of money per unit."""

    kind: Literal["points"] = "points"
    points: Number
    resting: bool = False


class AtrAway(Part):
    """A multiple of the average true range, as it is when the bar closes (of an order that rests: before entry)."""

    kind: Literal["atr"] = "atr"
    multiple: Number
    period: Number
    resting: bool = False


Away: TypeAlias = Annotated[PercentAway | PointsAway | AtrAway, Field(discriminator="kind")]


# How much is bought or sold.


class FixedSize(Part):
    """So many units."""

    kind: Literal["units"] = "units"
    units: Number


class ValueSize(Part):
    """Units for so much money."""

    kind: Literal["value"] = "value"
    value: Number


class PercentSize(Part):
    """Units for a percentage of the equity."""

    kind: Literal["percent"] = "percent"
    percent: Number


class EqualSize(Part):
    """Units for an equal share of a percentage of the equity: as many shares as there may be positions."""

    kind: Literal["equal"] = "equal"
    percent: Number = 100.0


class VolatilitySize(Part):
    """As much of the equity as brings a yearly volatility of so many percent, at most ``most_percent``."""

    kind: Literal["volatility"] = "volatility"
    percent: Number
    bars: Number
    most_percent: Number = 100.0


class RiskSize(Part):
    """As much as loses so many percent of the equity when the price moves by a multiple of the average true range."""

    kind: Literal["risk"] = "risk"
    percent: Number
    multiple: Number
    period: Number


class KellySize(Part):
    """A part of the Kelly fraction of the trades so far, at most ``most_percent`` of the equity.

    Attributes
    ----------
    percent
        How much of the Kelly fraction: 50 is half Kelly.
    trades
        How many closed trades are needed; until then ``start_percent`` of the equity.
    """

    kind: Literal["kelly"] = "kelly"
    percent: Number
    most_percent: Number = 100.0
    trades: Number = 20.0
    start_percent: Number = 10.0


Sizing: TypeAlias = Annotated[
    FixedSize | ValueSize | PercentSize | EqualSize | VolatilitySize | RiskSize | KellySize,
    Field(discriminator="kind"),
]


# What trading costs.


class DefaultFees(Part):
    """Those of QuantConnect's default brokerage: Interactive Brokers' for shares, none for currencies and crypto."""

    kind: Literal["default"] = "default"


class NoFees(Part):
    """Nothing."""

    kind: Literal["none"] = "none"


class BrokerFees(Part):
    """Those of Interactive Brokers, for shares and currencies."""

    kind: Literal["interactive_brokers"] = "interactive_brokers"


class FixedFees(Part):
    """The same amount for every order."""

    kind: Literal["fixed"] = "fixed"
    amount: Number


class PercentFees(Part):
    """A percentage of the value of an order, as crypto exchanges charge it."""

    kind: Literal["percent"] = "percent"
    percent: Number


class ModelFees(Part):
    """Those of a broker or an exchange, as LEAN's fee model of that name has them."""

    kind: Literal[
        "alpaca", "alpha_streams", "axos", "binance", "bitfinex", "bybit", "charles_schwab", "coinbase", "exante",
        "eze", "ftx", "ftxus", "fxcm", "kraken", "public", "rbi", "tastytrade", "td_ameritrade", "trade_station",
        "webull", "wolverine",
    ]  # fmt: skip


Fees: TypeAlias = Annotated[
    DefaultFees | NoFees | BrokerFees | FixedFees | PercentFees | ModelFees, Field(discriminator="kind")
]


class NoSlippage(Part):
    """Orders are filled at the price that they meet."""

    kind: Literal["none"] = "none"


class ConstantSlippage(Part):
    """A percentage of the last price."""

    kind: Literal["constant"] = "constant"
    percent: Number


class VolumeSlippage(Part):
    """Grows with the square of the order's share in the bar's volume, as LEAN's ``VolumeShareSlippageModel``."""

    kind: Literal["volume"] = "volume"
    limit: Number = 0.025
    impact: Number = 0.1


class AlphaStreamsSlippage(Part):
    """A hundredth of a percent of the last price of a share, nothing of other securities."""

    kind: Literal["alpha_streams"] = "alpha_streams"


class MarketImpactSlippage(Part):
    """LEAN's ``MarketImpactSlippageModel`` with its defaults, which the engine alone carries out."""

    kind: Literal["market_impact"] = "market_impact"


Slippage: TypeAlias = Annotated[
    NoSlippage | ConstantSlippage | VolumeSlippage | AlphaStreamsSlippage | MarketImpactSlippage,
    Field(discriminator="kind"),
]


class Rules(Part):
    """A strategy as rules, evaluated for each security whenever a bar of it closes.

    Attributes
    ----------
    warm_up
        How long before the start the bars begin that are seen; nothing is ordered at them. Without it nothing before
        the start is known.
    names
        Operands that have a name.
    cool_down
        How many bars after an exit nothing is entered.
    time_stop
        After how many bars a position is left.
    rank
        Which securities come first when there are more entries than positions left: those of the highest rank.
    rebalance
        A portfolio in place of entries and exits; ``enter_long`` then says which securities may be held.
    views
        What securities of such a portfolio are expected to earn, if its shares heed it.
    market_weights
        What these shares are without views; equal ones by default.
    limits
        Of the shares of such a portfolio, and of any account's drawdown.
    fill
        ``engine``: as the engine fills market orders (daily bars of exchanges that close: at the next open).
        ``next_bar_open``: always at the open of the next bar.
    leverage
        How many times the equity all positions may be worth when one is opened.
    buffer_percent
        How much of that stays free.
    """

    version: Literal[1] = 1
    name: Annotated[str, Field(min_length=1, max_length=80, pattern=r'^[^\n\r\t"\\]+$')] = "Rules"
    universe: tuple[Listing, ...] = Field(min_length=1, max_length=MOST_SYMBOLS)
    resolution: Pace = "daily"
    start: date
    end: date
    warm_up: WarmUp | None = None
    cash: Annotated[float, Field(gt=0, le=1e12)] = 100_000.0
    parameters: dict[Name, Parameter] = Field(default_factory=dict, max_length=64)
    names: dict[Name, Operand] = Field(default_factory=dict, max_length=64)
    enter_long: Condition | None = None
    exit_long: Condition | None = None
    enter_short: Condition | None = None
    exit_short: Condition | None = None
    sizing: Sizing = PercentSize(percent=95.0)
    stop_loss: Away | None = None
    take_profit: Away | None = None
    trailing_stop: Away | None = None
    time_stop: Number | None = None
    cool_down: Number = 0.0
    max_positions: Number | None = None
    rank: Operand | None = None
    fees: Fees = DefaultFees()
    slippage: Slippage = NoSlippage()
    rebalance: Rebalance | None = None
    views: tuple[View, ...] = Field(default=(), max_length=100)
    market_weights: tuple[MarketWeight, ...] = Field(default=(), max_length=MOST_SYMBOLS)
    limits: Limits | None = None
    fill: Literal["engine", "next_bar_open"] = "engine"
    leverage: Number = 1.0
    buffer_percent: Number = 0.25


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of rules."""
    schema: dict[str, Any] = Rules.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema

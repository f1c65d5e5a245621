"""Portfolios of rules as data: who is held, what shares they have, and what bounds these and the account."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from tradinglab.rules.expressions import Name, Number, Operand, Part

MOST_SYMBOLS = 500


class EqualShares(Part):
    """Every security has the same share."""

    kind: Literal["equal"] = "equal"


class CalmShares(Part):
    """Shares by the inverse of the volatility of so many bars: the calmer, the larger."""

    kind: Literal["inverse_volatility"] = "inverse_volatility"
    bars: Number


class ReturnShares(Part):
    """Shares by the last returns, at the instants at which any of the securities had a bar; none is below zero.

    ``minimum_variance`` and ``maximum_sharpe`` have the lowest variance and the highest mean over deviation; with
    ``risk_parity`` all contribute alike to the variance; ``hierarchical_risk_parity`` shares by a tree of what moves
    alike.
    """

    kind: Literal["minimum_variance", "maximum_sharpe", "risk_parity", "hierarchical_risk_parity"]
    bars: Number


class BlackLittermanShares(Part):
    """Shares between those of the market and an investor's views; none is below zero.

    Expected returns lie between those at which the market's weights would be best and what the views of the rules say,
    each by how sure it is (Black and Litterman, 1992); shares have the highest mean over deviation by them.

    Attributes
    ----------
    bars
        Of how many returns the covariance is made.
    risk_aversion
        What return is asked for variance: expected returns without views are this times covariance times weights.
    tau
        How uncertain these are, as a part of the covariance.
    """

    kind: Literal["black_litterman"] = "black_litterman"
    bars: Number
    risk_aversion: Number = 2.5
    tau: Number = 0.05


class View(Part):
    """What a security is expected to earn in a year beyond what cash earns, or how much more than another one.

    Attributes
    ----------
    percent
        A year's return, shared out evenly over its bars.
    confidence
        Above 0 to 100 percent: at 50 the view counts as much as the prior does about it, at 100 it is certain.
    """

    ticker: str
    over: str | None = None
    percent: Number
    confidence: Number = 50.0


class MarketWeight(Part):
    """How large a security is in the market, compared with the others: its capitalisation, in any unit."""

    ticker: str
    weight: Number


#: Shares that follow from the last returns of all securities.
BY_RETURNS = (ReturnShares, BlackLittermanShares)
Weighting: TypeAlias = Annotated[
    EqualShares | CalmShares | ReturnShares | BlackLittermanShares, Field(discriminator="kind")
]


class Sector(Part):
    """Securities of a portfolio that may together have so many percent of what is invested."""

    name: Name
    tickers: tuple[str, ...] = Field(min_length=1, max_length=MOST_SYMBOLS)
    percent: Number


class DrawdownLimit(Part):
    """How far an account may fall below its peak: then all is closed, and nothing is entered.

    Attributes
    ----------
    percent
        Of the peak, which is the highest worth at the closes of bars.
    wait_bars
        After how many bars rules are followed again, and the peak counts anew; never, by default.
    """

    percent: Number
    wait_bars: Number | None = None


class Limits(Part):
    """The most that a portfolio puts into one security, and into sectors, in percent; what they cut off stays cash.

    Attributes
    ----------
    drawdown
        How far the account may fall, whether it is a portfolio's or not.
    """

    position_percent: Number | None = None
    sectors: tuple[Sector, ...] = Field(default=(), max_length=50)
    drawdown: DrawdownLimit | None = None


class Rebalance(Part):
    """A portfolio that is put together anew when the first bar of a week or month has closed.

    Attributes
    ----------
    top
        How many securities are held: those of the highest rank; one without a rank is not held.
    weighting
        What shares those that are held have.
    percent
        How much of the equity is invested.
    """

    schedule: Literal["weekly", "monthly"]
    top: Number
    rank: Operand
    weighting: Weighting = EqualShares()
    percent: Number = 95.0

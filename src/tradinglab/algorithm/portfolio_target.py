"""What a position should be: a quantity, or a fraction of the portfolio's value."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from tradinglab.algorithm.margin_terms import leverage_of
from tradinglab.core.decimals import ZERO, Number, strip_zeros, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import InsightDirection

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import (
        Security,
        SecurityManager,
        SecurityPortfolioManager,
        SecurityTransactionManager,
    )
    from tradinglab.algorithm.settings import AlgorithmSettings
    from tradinglab.core.symbol import Symbol


class TargetAlgorithm(Protocol):
    """The part of an algorithm that sizing a target needs."""

    settings: AlgorithmSettings
    securities: SecurityManager
    portfolio: SecurityPortfolioManager
    transactions: SecurityTransactionManager

    @property
    def is_warming_up(self) -> bool:
        """Whether the algorithm is still before its start."""
        ...

    def error(self, message: str) -> None:
        """Tell the author of an error."""
        ...

    def debug(self, message: str) -> None:
        """Tell the author."""
        ...


class PortfolioTarget(Dual):
    """A quantity that a position should have.

    Parameters
    ----------
    symbol
        The security.
    quantity
        Units, or the direction of an insight for one unit up, down or none.
    tag
        Note for the orders that follow.
    """

    __slots__ = ("exact_quantity", "symbol", "tag")

    #: ``None``: no order was too small so far; False: one was, and the author is yet to be told; True: was told.
    minimum_order_margin_percentage_warning_sent: ClassVar[bool | None] = None

    def __init__(self, symbol: Symbol, quantity: Number | InsightDirection, tag: str = "") -> None:
        self.symbol = symbol
        self.exact_quantity: Decimal = to_decimal(int(quantity) if isinstance(quantity, InsightDirection) else quantity)
        self.tag = tag

    @property
    def quantity(self) -> float:
        """Units: positive long, negative short."""
        return float(self.exact_quantity)

    @staticmethod
    def percent(
        algorithm: TargetAlgorithm,
        symbol: Symbol | str | Security,
        percent: Number,
        return_delta_quantity: bool | str = False,
        tag: str = "",
    ) -> PortfolioTarget | None:
        """Return the position that takes a fraction of the portfolio's value, fee and buffer included.

        Parameters
        ----------
        percent
            Fraction: 0.5 is half the portfolio long, -0.5 short.
        return_delta_quantity
            Whether to return the order that leads there rather than the position.

        Returns
        -------
        PortfolioTarget or None
            ``None``, and an error in the log, if it cannot be computed.
        """
        if isinstance(return_delta_quantity, str):
            tag, return_delta_quantity = return_delta_quantity, False
        found = sized_order(algorithm, symbol, to_decimal(percent))
        if found is None:
            return None
        security, delta = found
        quantity = delta + (ZERO if return_delta_quantity else security.holdings.exact_quantity)
        return PortfolioTarget(security.symbol, quantity, tag)

    def __str__(self) -> str:
        note = f" ({self.tag})" if self.tag else ""
        return f"{self.symbol}: {strip_zeros(self.exact_quantity)}{note}"

    to_string = __str__


def sized_order(
    algorithm: TargetAlgorithm, symbol: Symbol | str | Security, fraction: Decimal
) -> tuple[Security, Decimal] | None:
    """Return a security, and the order that brings its position to a fraction of the portfolio's value.

    ``None``, and an error in the log, if it cannot be computed.
    """
    security = _checked_security(algorithm, symbol, fraction)
    delta = None if security is None else _delta(algorithm, security, fraction)
    return None if security is None or delta is None else (security, delta)


def _checked_security(algorithm: TargetAlgorithm, symbol: object, fraction: Decimal) -> Security | None:
    """Return the security of a target, or ``None`` if the target cannot be computed; the author is told why."""
    size = abs(fraction)
    most = algorithm.settings.exact("max_absolute_portfolio_target_percentage")
    least = algorithm.settings.exact("min_absolute_portfolio_target_percentage")
    if size > most or 0 < size < least:
        algorithm.error(
            f"The portfolio target percent {fraction} is not between the settings "
            f"min_absolute_portfolio_target_percentage ({least}) and max_absolute_portfolio_target_percentage "
            f"({most}). Skipping."
        )
        return None
    security = algorithm.securities.get(symbol)
    if security is None:
        algorithm.error(f"{symbol} not found in portfolio. Request this data when initializing the algorithm.")
        return None
    if not security.price:
        from tradinglab.algorithm.models.buying_power.sizing import zero_price_message

        algorithm.error(zero_price_message(security))
        return None
    return security


@cache
def _question() -> tuple[Any, Any, Any]:
    """Return what a buying power model is asked for the size of an order, its ordinary answer, and what that does."""
    from tradinglab.algorithm.models.buying_power import (
        BuyingPowerModel,
        GetMaximumOrderQuantityForTargetBuyingPowerParameters,
    )
    from tradinglab.algorithm.models.buying_power.sizing import sized

    answer = BuyingPowerModel.get_maximum_order_quantity_for_target_buying_power
    return GetMaximumOrderQuantityForTargetBuyingPowerParameters, answer, sized


def _sized(
    algorithm: TargetAlgorithm, security: Security, share: Decimal, minimum: Decimal
) -> tuple[Decimal, str | None, bool]:
    """Return the size of an order, why it is zero, and whether that is an error."""
    portfolio, model = algorithm.portfolio, security.buying_power_model
    question, ordinary_answer, size = _question()
    ask = model.get_maximum_order_quantity_for_target_buying_power
    if getattr(ask, "__func__", None) is ordinary_answer:
        return size(model, portfolio, security, share, minimum, model._required_free)  # type: ignore[no-any-return]
    result = ask(question(portfolio, security, share, minimum))
    return result.exact_quantity, result.reason, result.is_error


def _delta(algorithm: TargetAlgorithm, security: Security, fraction: Decimal) -> Decimal | None:
    """Return the order that brings a position to a fraction of the portfolio's value."""
    portfolio, model = algorithm.portfolio, security.buying_power_model
    total = portfolio.exact_total_portfolio_value
    adjusted = fraction * portfolio.exact_total_portfolio_value_less_free_buffer / total
    minimum = algorithm.settings.exact("minimum_order_margin_portfolio_percentage")
    leverage = leverage_of(model, security)
    quantity, reason, is_error = _sized(algorithm, security, adjusted / leverage, minimum)
    if is_error:
        algorithm.error(f"Unable to compute order quantity of {security.symbol}. Reason: {reason} Returning null.")
        return None
    if PortfolioTarget.minimum_order_margin_percentage_warning_sent is False:
        PortfolioTarget.minimum_order_margin_percentage_warning_sent = True
        algorithm.debug(
            "Warning: an order was left out because it is too small for a portfolio of this value. The setting "
            "minimum_order_margin_portfolio_percentage says how small is too small; 0 allows any size."
        )
    lot = security.symbol_properties.exact_lot_size
    return quantity / lot * lot


#: Whether a target's order does not reduce the position, less what the order is worth, and the target.
_Impact = tuple[bool, Decimal, PortfolioTarget]


def order_targets_by_margin_impact(
    targets: Iterable[PortfolioTarget], algorithm: TargetAlgorithm, target_is_delta: bool = False
) -> list[PortfolioTarget]:
    """Return targets in the order in which to send their orders: reductions first, each from large to small.

    Those that need no order of at least a lot are left out, and so are securities that cannot be traded.
    """
    if algorithm.is_warming_up:
        return []
    impacts = (_impact(target, algorithm, target_is_delta) for target in targets)
    known = [impact for impact in impacts if impact is not None]
    known.sort(key=itemgetter(0, 1))
    return [target for _, _, target in known]


def _impact(target: PortfolioTarget, algorithm: TargetAlgorithm, is_delta: bool) -> _Impact | None:
    security = algorithm.securities[target.symbol]
    lot = security.symbol_properties.exact_lot_size
    wanted = target.exact_quantity - target.exact_quantity % lot
    held = security.holdings.exact_quantity + algorithm.transactions.exact_open_orders_remaining_quantity(
        security.symbol
    )
    change = wanted if is_delta else wanted - held
    if not (security.has_data and security.is_tradable and abs(change) >= lot):
        return None
    after = held + wanted if is_delta else wanted
    is_reducing = bool(held) and abs(after) < abs(held)
    return not is_reducing, -abs(change * security.exact_price), target

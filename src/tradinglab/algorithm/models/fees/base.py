"""What every fee model is, and the two that know nothing of the order."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, TypeVar

from tradinglab.algorithm.orders import CashAmount, Order, OrderFee
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import Dual, NetObject

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security

T = TypeVar("T")
_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
_SPELLINGS = ("get_order_fee", "GetOrderFee")

USD = "USD"


class OrderFeeParameters(NetObject):
    """The order to price, and its security."""

    __slots__ = ("order", "security")
    order: Order
    security: Security

    def __init__(self, security: Security, order: Order) -> None:
        self.security = security
        self.order = order


def _taking_parameters(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of ``(self, parameters)``: an older form takes security and order, and returns dollars."""
    taken = [each for each in signature(method).parameters.values() if each.kind in _POSITIONAL]
    if len(taken) != 3 or taken[2].default is not Parameter.empty:
        return method

    @wraps(method)
    def get_order_fee(self: object, parameters: OrderFeeParameters, *order: Order) -> OrderFee:
        if order:  # the older form, called as such
            return method(self, parameters, *order)  # type: ignore[no-any-return]
        return fee_of(method(self, parameters.security, parameters.order), USD)

    return get_order_fee


class FeeModel(Dual):
    """Base of the fee models: an order costs nothing."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        for name in _SPELLINGS:
            if name in vars(cls):
                setattr(cls, name, _taking_parameters(vars(cls)[name]))
        super().__init_subclass__(**kwargs)

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee of an order that is filled whole."""
        return fee_of(0, USD)


class ConstantFeeModel(FeeModel):
    """The same fee for every order.

    Parameters
    ----------
    fee
        Amount; a negative one is taken without its sign.
    currency
        Its currency.
    """

    def __init__(self, fee: Number, currency: str = USD) -> None:
        self._fee = abs(to_decimal(fee))
        self._currency = currency

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the constant."""
        return fee_of(self._fee, self._currency)


def fee_of(amount: Number, currency: str) -> OrderFee:
    """Return a fee."""
    return OrderFee(CashAmount(amount, currency))


def adapt_fee_model(model: T) -> T:
    """Return a strategy's own model with ``get_order_fee(parameters)``, however it is spelled or called."""
    cls = type(model)
    if not isinstance(model, Dual):
        for name in _SPELLINGS:
            if hasattr(cls, name):
                cls.get_order_fee = _taking_parameters(getattr(cls, name))  # type: ignore[attr-defined]
                break
    return model

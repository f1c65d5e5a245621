"""An amount of a currency, and the fee of an order."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Protocol

from tradinglab.core.decimals import ZERO, Number, strip_zeros, to_decimal
from tradinglab.core.dual import NetObject
from tradinglab.core.system_decimal import decimal_text

NULL_CURRENCY = "QCC"
"""The currency of an amount that is nothing, as LEAN names it."""

_LARGEST_USUAL = 1e15
_LARGEST_EXPONENT = 28  # of .NET's decimals


class CashAmount(NetObject):
    """An amount of one currency.

    A float becomes a decimal when it is first read: a fee model is asked more often than its fees are paid.
    """

    __slots__ = ("_currency", "_exact", "_given")

    def __init__(self, amount: Number, currency: str) -> None:
        self._given = amount
        is_usual = type(amount) is float and -_LARGEST_USUAL < amount < _LARGEST_USUAL
        self._exact: Decimal | None = None if is_usual else to_decimal(amount)
        self._currency = currency

    @property
    def _amount(self) -> Decimal:
        exact = self._exact
        if exact is None:
            exact = self._exact = to_decimal(self._given)
        return exact

    @property
    def amount(self) -> float:
        """The amount."""
        return float(self._amount)

    @property
    def exact_amount(self) -> Decimal:
        """``amount`` as a decimal."""
        return self._amount

    @property
    def currency(self) -> str:
        """Code of the currency."""
        return self._currency

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CashAmount):
            return NotImplemented
        return self._amount == other._amount and self._currency == other._currency

    def __hash__(self) -> int:
        return hash((self._amount, self._currency))

    def __str__(self) -> str:
        return f"{decimal_text(self._amount)} {self._currency}"

    def __repr__(self) -> str:
        return f"CashAmount({decimal_text(self._amount)}, {self._currency!r})"


class _Cash(Protocol):
    def exact_add(self, amount: Decimal) -> None: ...


class _CashBook(Protocol):
    def __getitem__(self, currency: str) -> _Cash: ...


class FeePayer(Protocol):
    """The portfolio that pays a fee."""

    @property
    def cash_book(self) -> _CashBook:
        """Cash by currency."""


class FilledOrder(Protocol):
    """The fill that a fee belongs to."""

    @property
    def exact_fill_price(self) -> Decimal:
        """Price of the fill."""


class OrderFee(NetObject):
    """What an order costs, in some currency."""

    __slots__ = ("_value",)

    ZERO: ClassVar[OrderFee]
    Zero: ClassVar[OrderFee]

    def __init__(self, order_fee: CashAmount) -> None:
        if type(order_fee) is CashAmount and order_fee._exact is None:  # a float has no zeros to strip
            self._value = order_fee
            return
        amount = order_fee.exact_amount
        stripped = strip_zeros(amount)
        if stripped.adjusted() > _LARGEST_EXPONENT:
            raise OverflowError(f"A fee of {order_fee.amount:g} {order_fee.currency} is too large for a decimal.")
        # An amount never changes: one that has nothing to strip is kept.
        is_kept = type(order_fee) is CashAmount and stripped.same_quantum(amount)
        self._value = order_fee if is_kept else CashAmount(stripped, order_fee.currency)

    @property
    def value(self) -> CashAmount:
        """The amount and its currency."""
        return self._value

    @value.setter
    def value(self, value: CashAmount) -> None:
        self._value = value

    def apply_to_portfolio(self, portfolio: FeePayer, fill: FilledOrder) -> None:
        """Take the fee from the cash of its currency."""
        portfolio.cash_book[self._value._currency].exact_add(-self._value._amount)

    def __float__(self) -> float:
        return self._value.amount

    @property
    def rough_amount(self) -> float:
        """The amount within a double's precision, without making a decimal of it."""
        value = self._value
        return float(value._given if type(value) is CashAmount and value._exact is None else value._amount)

    def __str__(self) -> str:
        return str(self._value)

    def to_string(self) -> str:
        """Return the amount and the currency as text."""
        return str(self)


class ModifiedFillQuantityOrderFee(OrderFee):
    """A fee that was already taken from the filled quantity, and so is paid in the quote currency."""

    __slots__ = ("_contract_multiplier", "_quote_currency")

    def __init__(self, order_fee: CashAmount, quote_currency: str, contract_multiplier: Number) -> None:
        super().__init__(order_fee)
        self._quote_currency = quote_currency
        self._contract_multiplier = to_decimal(contract_multiplier)

    def apply_to_portfolio(self, portfolio: FeePayer, fill: FilledOrder) -> None:
        """Take what the fee is worth at the fill's price from the quote currency."""
        cost = self._value.exact_amount * fill.exact_fill_price * self._contract_multiplier
        portfolio.cash_book[self._quote_currency].exact_add(-cost)


OrderFee.ZERO = OrderFee.Zero = OrderFee(CashAmount(ZERO, NULL_CURRENCY))

"""Amounts of money: with a currency, with a rate, waiting to settle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.orders.fee import CashAmount
from tradinglab.algorithm.securities.currency_conversion import ConstantCurrencyConversion, CurrencyConversion
from tradinglab.algorithm.securities.event_property import event_property
from tradinglab.core.clock import from_ns
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.dual import Spelled

if TYPE_CHECKING:
    from tradinglab.algorithm.events import Event
    from tradinglab.core.symbol import Symbol


class ConvertibleCashAmount(Spelled):
    """An amount of one of the account's currencies, which knows its worth in the account's own."""

    __slots__ = ("cash", "exact_amount")

    def __init__(self, amount: Number, cash: Cash) -> None:
        self.exact_amount = to_decimal(amount)
        self.cash = cash

    @property
    def amount(self) -> float:
        """How much, in ``cash``'s currency."""
        return float(self.exact_amount)

    @property
    def exact_in_account_currency(self) -> Decimal:
        """Worth in the account's currency, as a decimal."""
        return self.exact_amount * self.cash.exact_conversion_rate

    @property
    def in_account_currency(self) -> float:
        """Worth in the account's currency."""
        return float(self.exact_in_account_currency)

    @property
    def cash_amount(self) -> CashAmount:
        """The same amount, with only the name of its currency."""
        return CashAmount(self.exact_amount, self.cash.symbol)


class UnsettledCashAmount(Spelled):
    """Money from a sale, and when it settles."""

    __slots__ = ("currency", "exact_amount", "settlement_ns")

    def __init__(self, settlement_ns: int, currency: str, amount: Number) -> None:
        self.settlement_ns = settlement_ns
        self.currency = currency
        self.exact_amount = to_decimal(amount)

    @property
    def settlement_time_utc(self) -> datetime:
        """When it settles, UTC."""
        return from_ns(self.settlement_ns)

    @property
    def amount(self) -> float:
        """How much."""
        return float(self.exact_amount)


class Cash(Spelled):
    """The holding of one currency and its rate into the account's currency."""

    __slots__ = ("_amount", "_conversion", "_conversion_event", "_listeners", "_updated_event", "symbol")

    def __init__(self, symbol: str, amount: Number, conversion_rate: Number) -> None:
        if not symbol:
            raise ValueError("A currency needs a symbol, such as 'USD'; it was empty.")
        self.symbol = symbol.upper()
        self._amount = to_decimal(amount)
        self._updated_event: Event | None = None
        self._listeners: list[Callable[[Cash, bool], None]] = []
        self._conversion: CurrencyConversion = ConstantCurrencyConversion(
            self.symbol, None, to_decimal(conversion_rate)
        )
        self._conversion.on_rate(self._rate_changed)

    #: How often anybody has begun to listen to a currency or a book of them.
    heard: ClassVar[int] = 0

    updated = event_property(
        "_updated_event",
        lambda cash, event: cash.listen(lambda changed, replaced: event(changed, None)),
        "Raised with the currency after its amount or rate has changed.",
    )
    currency_conversion_updated = event_property(
        "_conversion_event",
        lambda cash, event: cash.listen(lambda changed, replaced: event(changed, None) if replaced else None),
        "Raised with the currency after its rate comes from elsewhere.",
    )

    @property
    def exact_amount(self) -> Decimal:
        """How much is held, as a decimal."""
        return self._amount

    @property
    def amount(self) -> float:
        """How much is held."""
        return float(self._amount)

    @property
    def exact_conversion_rate(self) -> Decimal:
        """Units of the account's currency for one unit, as a decimal; 0 while unknown."""
        return self._conversion.exact_conversion_rate

    @property
    def conversion_rate(self) -> float:
        """Units of the account's currency for one unit; 0 while unknown."""
        return float(self._conversion.exact_conversion_rate)

    @conversion_rate.setter
    def conversion_rate(self, value: Number) -> None:
        self._conversion.set_rate(to_decimal(value))

    @property
    def currency_conversion(self) -> CurrencyConversion:
        """Where the conversion rate comes from."""
        return self._conversion

    @currency_conversion.setter
    def currency_conversion(self, value: CurrencyConversion) -> None:
        last = self._conversion.exact_conversion_rate
        self._conversion.forget(self._rate_changed)
        self._conversion = value
        if last:
            value.set_rate(last)  # a rate that the author gave holds until the first price comes
        value.on_rate(self._rate_changed)
        self._tell(conversion_replaced=True)

    @property
    def currency_symbol(self) -> str:
        """The sign of the currency, such as ``$``."""
        from tradinglab.core.currencies import Currencies

        return Currencies.get_currency_symbol(self.symbol)

    @property
    def exact_value_in_account_currency(self) -> Decimal:
        """Worth in the account's currency, as a decimal."""
        return self._amount * self._conversion.exact_conversion_rate

    @property
    def value_in_account_currency(self) -> float:
        """Worth in the account's currency."""
        return float(self.exact_value_in_account_currency)

    @property
    def security_symbols(self) -> list[Symbol]:
        """The securities whose prices give the conversion rate."""
        return [security.symbol for security in self._conversion.conversion_rate_securities]

    def update(self) -> None:
        """Mark the conversion rate as outdated: it is computed anew when next asked for."""
        self._conversion.update()

    def add_amount(self, amount: Number) -> float:
        """Add to what is held and return the new amount."""
        self.exact_add(to_decimal(amount))
        return float(self._amount)

    def exact_add(self, amount: Decimal) -> None:
        """Add to what is held."""
        self._amount += amount
        for listener in self._listeners:
            listener(self, False)

    def set_amount(self, amount: Number) -> None:
        """Set what is held."""
        value = to_decimal(amount)
        if value != self._amount:
            self._amount = value
            self._tell()

    def listen(self, listener: Callable[[Cash, bool], None]) -> None:
        """Call *listener* after every change, with whether the conversion was replaced."""
        self._listeners.append(listener)
        Cash.heard += 1

    def _rate_changed(self) -> None:
        self._tell()

    def _tell(self, conversion_replaced: bool = False) -> None:
        for listener in self._listeners:
            listener(self, conversion_replaced)

    def to_string(self, account_currency: str = "USD") -> str:
        """Return amount, rate and worth on one line."""
        from tradinglab.core.currencies import Currencies

        rate = self.exact_conversion_rate
        shown = f"{rate:.4f}" if rate < 1000 else f"{rate:.2f}"
        worth = f"{Currencies.get_currency_symbol(account_currency)}{self.exact_value_in_account_currency:.2f}"
        return f"{self.symbol}: {self.currency_symbol}{self._amount:>15.2f} @ {shown:>10} = {worth}"

    def __str__(self) -> str:
        return self.to_string()

    def __repr__(self) -> str:
        return f"Cash({self.symbol!r}, {self._amount}, {self.exact_conversion_rate})"

"""The currencies that an account holds."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.fee import NULL_CURRENCY, CashAmount
from tradinglab.algorithm.securities.cash import Cash
from tradinglab.algorithm.securities.currency_conversion import CurrencyConversion
from tradinglab.algorithm.securities.event_property import event_property
from tradinglab.algorithm.securities.mapping import ExtendedDictionary
from tradinglab.core.decimals import ZERO, Number, round_half_even, to_decimal
from tradinglab.core.dual import DualEnum, Spelled

if TYPE_CHECKING:
    from tradinglab.algorithm.events import Event

_START_RATE = Decimal("1.0")


class CashBookUpdateType(DualEnum):
    """What has happened to a currency of the book."""

    ADDED = 0
    REMOVED = 1
    UPDATED = 2


class CashBookUpdatedEventArgs(Spelled):
    """What has changed in a cash book; ``cash`` is ``None`` for a currency that was removed."""

    __slots__ = ("cash", "update_type")

    def __init__(self, cash: Cash | None, is_new: bool) -> None:
        self.cash = cash
        kind = CashBookUpdateType.ADDED if is_new else CashBookUpdateType.UPDATED
        self.update_type = CashBookUpdateType.REMOVED if cash is None else kind


class CashBook(ExtendedDictionary[str, Cash]):
    """The account's holding of each currency, by its symbol."""

    __slots__ = ("_account_currency", "_cash", "_listeners", "_moving", "_updated_event", "shape")

    def __init__(self) -> None:
        self._cash: dict[str, Cash] = {}
        self._moving: list[CurrencyConversion] = []
        #: How often a currency has come, has gone, or has got its rate from elsewhere.
        self.shape = 0
        self._updated_event: Event | None = None
        self._listeners: list[Callable[[Cash | None, bool], None]] = []
        self._account_currency = ""
        self.account_currency = "USD"

    updated = event_property(
        "_updated_event",
        lambda book, event: book.listen(lambda cash, is_new: event(book, CashBookUpdatedEventArgs(cash, is_new))),
        "Raised with the book and what has changed.",
    )

    def _table(self) -> dict[str, Cash]:
        return self._cash

    def __getitem__(self, key: object) -> Cash:
        found = self._cash.get(key)  # type: ignore[call-overload]
        if found is None:
            raise self._missing_key(key)
        return found  # type: ignore[no-any-return]

    def _missing_key(self, key: object) -> KeyError:
        return KeyError(f"The currency '{key}' is not in the cash book, which has {', '.join(self._cash) or 'none'}.")

    @property
    def is_read_only(self) -> bool:
        """Whether entries cannot be set by the author: they can."""
        return False

    @property
    def account_currency(self) -> str:
        """The currency in which the account is kept."""
        return self._account_currency

    @account_currency.setter
    def account_currency(self, value: str) -> None:
        amount = ZERO
        previous = self._cash.pop(self._account_currency, None)
        if previous is not None:
            amount = previous.exact_amount
        self._account_currency = value.upper()
        self.shape += 1
        self._insert(Cash(self._account_currency, amount, _START_RATE))

    @property
    def exact_total_value_in_account_currency(self) -> Decimal:
        """Worth of all currencies in the account's currency, as a decimal."""
        total = ZERO
        for cash in self._cash.values():
            total += cash._amount * cash._conversion.exact_conversion_rate
        return total

    @property
    def total_value_in_account_currency(self) -> float:
        """Worth of all currencies in the account's currency."""
        return float(self.exact_total_value_in_account_currency)

    @property
    def has_moving_rates(self) -> bool:
        """Whether some conversion rate follows prices, so that steps of time change it."""
        return bool(self._moving)

    def update_rates(self) -> None:
        """Mark the rates that follow prices as outdated."""
        for conversion in self._moving:
            conversion.update()

    def add(self, symbol: str, quantity: Number | Cash, conversion_rate: Number = 0) -> Cash | None:
        """Add a currency, or set amount and rate of one that is there; return the entry that is used."""
        return self._insert(quantity if isinstance(quantity, Cash) else Cash(symbol, quantity, conversion_rate))

    def __setitem__(self, key: str, value: Cash) -> None:
        self._insert(value)

    def remove(self, key: object) -> bool:
        """Remove a currency; return whether it was there."""
        found = self._cash.pop(str(key), None)
        if found is not None:
            found.currency_conversion.freeze()
            self._refresh_moving()
            self._tell(None, False)
        return found is not None

    def exact_convert(self, amount: Decimal, source: str, destination: str) -> Decimal:
        """Return an amount of one currency in another.

        Raises
        ------
        ValueError
            If a conversion rate is not known yet.
        """
        if not amount:
            return ZERO
        rates = []
        for currency in (source, destination):
            rate = self[currency].exact_conversion_rate
            if not rate:
                raise ValueError(f"The conversion rate of {currency} into {self._account_currency} is not known.")
            rates.append(rate)
        return amount * (rates[0] / rates[1])

    def convert(self, source_quantity: Number, source_currency: str, destination_currency: str) -> float:
        """Return an amount of one currency in another."""
        return float(self.exact_convert(to_decimal(source_quantity), source_currency, destination_currency))

    def exact_to_account_currency(self, amount: Decimal, currency: str) -> Decimal:
        """Return an amount of a currency in the account's, as a decimal."""
        if currency == self._account_currency:
            return amount
        return self.exact_convert(amount, currency, self._account_currency)

    def convert_to_account_currency(
        self, source: Number | CashAmount, source_currency: str | None = None
    ) -> float | CashAmount:
        """Return an amount of a currency in the account's: a number, or a ``CashAmount`` if one is given."""
        if isinstance(source, CashAmount):
            worth = self.exact_to_account_currency(source.exact_amount, str(source.currency))
            return CashAmount(worth, self._account_currency)
        return float(self.exact_to_account_currency(to_decimal(source), str(source_currency)))

    def listen(self, listener: Callable[[Cash | None, bool], None]) -> None:
        """Call *listener* after every change, with the entry and whether it is new."""
        self._listeners.append(listener)
        Cash.heard += 1

    def _insert(self, value: Cash) -> Cash | None:
        if value.symbol == NULL_CURRENCY:
            return None
        known = self._cash.get(value.symbol)
        if known is not None:
            # securities hold on to the entry, so it stays and takes the new figures
            known.conversion_rate = value.exact_conversion_rate
            known.set_amount(value.exact_amount)
            return known
        self._cash[value.symbol] = value
        value.listen(self._cash_changed)
        self._refresh_moving()
        self._tell(value, True)
        return value

    def _cash_changed(self, cash: Cash, conversion_replaced: bool) -> None:
        if conversion_replaced:
            self._refresh_moving()
        for listener in self._listeners:
            listener(cash, False)

    def _refresh_moving(self) -> None:
        self.shape += 1
        conversions = [cash.currency_conversion for cash in self._cash.values()]
        self._moving = [conversion for conversion in conversions if not conversion.is_constant]

    def _tell(self, cash: Cash | None, is_new: bool) -> None:
        for listener in self._listeners:
            listener(cash, is_new)

    def __str__(self) -> str:
        from tradinglab.core.currencies import Currencies

        lines = [f"Symbol {'Quantity':>13}    {'Conversion':>10} = Value in {self._account_currency}"]
        lines += [cash.to_string(self._account_currency) for cash in self._cash.values()]
        sign = Currencies.get_currency_symbol(self._account_currency)
        total = round_half_even(self.exact_total_value_in_account_currency, 2)
        lines += ["-" * 49, f"CashBook Total Value: {'':15}{sign}{total}"]
        return "\n".join(lines) + "\n"

    to_string = __str__

"""Fees in amounts of an author's own kind."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal, InvalidOperation

import pytest

from tradinglab.algorithm.orders import CashAmount, OrderFee


class Named(CashAmount):
    """With attributes of its own."""

    def __init__(self, amount: float, currency: str, note: str = "") -> None:
        super().__init__(amount, currency)
        self.note = note


class Slotted(CashAmount):
    """Without."""

    __slots__ = ()


@pytest.mark.parametrize("kind", [CashAmount, Named, Slotted])
@pytest.mark.parametrize("amount", [1.5, 2, Decimal("1.50"), 0.1 + 0.2])
def test_an_amount_stays_what_it_is(kind: type[CashAmount], amount: float) -> None:
    given = kind(amount, "USD")
    assert type(given) is kind
    expected = Decimal("0.3") if isinstance(amount, float) and amount < 1 else Decimal(str(amount))
    assert given.exact_amount == expected
    assert type(given) is kind
    assert OrderFee(given).value.exact_amount == expected


def test_an_amount_can_be_copied_before_and_after_it_is_read() -> None:
    given = CashAmount(0.1 + 0.2, "USD")
    copies = [copy.copy(given), pickle.loads(pickle.dumps(given))]
    assert given.exact_amount == Decimal("0.3")
    copies += [copy.deepcopy(given), pickle.loads(pickle.dumps(given))]
    assert copies == [given] * 4


@pytest.mark.parametrize("amount", [1e30, float("inf")])
def test_an_absurd_fee_is_refused_at_once(amount: float) -> None:
    with pytest.raises((InvalidOperation, OverflowError)):
        OrderFee(CashAmount(amount, "USD"))

"""One definition, two spellings."""

from __future__ import annotations

from typing import Any

import pytest

from tradinglab.core.dual import Dual, DualType, other_spelling, pascal_case, snake_case
from tradinglab.core.enums import Resolution, SecurityType


class Thing(Dual):
    """A class of the author's API."""

    __slots__ = ("weight",)

    def __init__(self, weight: int = 1) -> None:
        self.weight = weight

    @property
    def double_weight(self) -> int:
        return 2 * self.weight

    @classmethod
    def heavy(cls) -> Thing:
        return cls(100)

    @staticmethod
    def unit_name() -> str:
        return "kg"

    def on_data(self) -> str:
        return "ours"

    def sma(self) -> str:
        return "average"

    def __str__(self) -> str:
        return f"{self.weight} kg"


class Names(Dual, metaclass=DualType):
    """A class of constants."""

    NEW_YORK = "ny"


@pytest.mark.parametrize(
    ("snake", "pascal"),
    [("on_data", "OnData"), ("on_end_of_day", "OnEndOfDay"), ("set_cash", "SetCash"), ("id", "Id")],
)
def test_spellings(snake: str, pascal: str) -> None:
    assert pascal_case(snake) == pascal
    assert snake_case(pascal) == snake
    assert other_spelling(snake) == pascal
    assert other_spelling(pascal) == snake


def test_every_kind_of_member_answers_to_both() -> None:
    thing: Any = Thing(3)
    assert thing.Weight == thing.weight == 3
    assert thing.DoubleWeight == 6
    assert Thing.Heavy().weight == 100  # type: ignore[attr-defined]
    assert Thing.UnitName() == "kg"  # type: ignore[attr-defined]
    thing.Weight = 4
    assert thing.weight == 4


def test_irregular_spellings_are_found() -> None:
    thing: Any = Thing()
    assert thing.SMA() == "average"
    assert thing.ONDATA() == "ours"


def test_a_strategy_may_override_either_spelling() -> None:
    class Pascal(Thing):
        def OnData(self) -> str:
            return "theirs"

    class Snake(Thing):
        def on_data(self) -> str:
            return "theirs"

    for made in (Pascal(), Snake()):
        both: Any = made
        assert both.on_data() == both.OnData() == "theirs"


def test_what_is_not_there_is_missing() -> None:
    thing: Any = Thing()
    with pytest.raises(AttributeError, match="'Thing' object has no attribute 'colour'"):
        thing.colour  # noqa: B018
    assert not hasattr(thing, "_private")


def test_what_every_object_of_net_has() -> None:
    thing: Any = Thing(2)
    assert thing.ToString() == thing.to_string() == "2 kg"
    assert thing.Equals(thing)
    assert not thing.equals(Thing(2))
    assert thing.GetHashCode() == hash(thing)


def test_constants() -> None:
    names: Any = Names
    assert names.NewYork == names.NEW_YORK == "ny"
    with pytest.raises(AttributeError, match="'Names' has no attribute 'Paris'"):
        names.Paris  # noqa: B018


def test_enumerations() -> None:
    assert Resolution.Minute is Resolution.MINUTE
    assert str(SecurityType.CRYPTO_FUTURE) == f"{SecurityType.CryptoFuture}" == "CryptoFuture"
    assert Resolution.Daily > Resolution.Hour
    assert Resolution.MINUTE.to_string() == "Minute"
    assert int(SecurityType.FOREX) == 4
    with pytest.raises(AttributeError, match="Fortnight"):
        Resolution.Fortnight  # noqa: B018


def test_a_plain_attribute_can_be_read_by_its_pascal_case_name() -> None:
    class Keeper(Dual):
        def __init__(self) -> None:
            self.last_price = 5

    assert Keeper().LastPrice == 5
    with pytest.raises(AttributeError, match="FirstPrice"):
        _ = Keeper().FirstPrice
    with pytest.raises(AttributeError, match="LastPrice"):
        _ = Thing().LastPrice

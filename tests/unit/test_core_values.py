"""Values answer as the standard library's dataclasses do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest

from tradinglab.core.values import dataclass, field

VARIANTS: list[dict[str, Any]] = [
    {},
    {"frozen": True},
    {"kw_only": True},
    {"frozen": True, "kw_only": True},
]


def make_pair(**options: Any) -> tuple[Any, Any]:
    """Return the same class, made by us and by the standard library."""

    def body() -> type:
        class Price:
            """A price."""

            label: ClassVar[str] = "price"
            amount: int
            currency: str = "USD"
            notes: list[str] = field(default_factory=list, compare=True)

            def doubled(self) -> int:
                return self.amount * 2

        return Price

    return dataclass(slots=True, **options)(body()), dataclasses.dataclass(slots=True, **options)(body())


@dataclass(frozen=True, slots=True)
class Point:
    """A point, where pickle finds it."""

    x: int
    y: int = 2


@dataclass(frozen=True, slots=True)
class Named(Point):
    """A point with a name, checked."""

    name: str = ""

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError(f"x must not be negative; it was {self.x}")


@pytest.mark.parametrize("options", VARIANTS, ids=str)
class TestLikeTheStandardLibrary:
    def test_values_and_text(self, options):
        ours, theirs = make_pair(**options)
        assert repr(ours(amount=3)) == repr(theirs(amount=3))
        assert asdict(ours(amount=3, notes=["a"])) == asdict(theirs(amount=3, notes=["a"]))
        assert [(f.name, f.type, f.default, f.kw_only) for f in fields(ours)] == [
            (f.name, f.type, f.default, f.kw_only) for f in fields(theirs)
        ]

    def test_what_the_class_has(self, options):
        ours, theirs = make_pair(**options)
        for name in ("__slots__", "__match_args__", "__doc__", "__qualname__", "__module__", "label"):
            assert getattr(ours, name) == getattr(theirs, name), name
        assert is_dataclass(ours)
        assert ours(amount=4).doubled() == 8

    def test_equality_and_hash(self, options):
        ours, theirs = make_pair(**options)
        assert ours(amount=3) == ours(amount=3)
        assert ours(amount=3) != ours(amount=4)
        assert ours(amount=3) != theirs(amount=3)
        assert (ours.__hash__ is None) == (theirs.__hash__ is None)

    def test_each_value_has_its_own_default_list(self, options):
        ours, _ = make_pair(**options)
        one = ours(amount=1)
        one.notes.append("x")
        assert ours(amount=1).notes == []

    def test_wrong_arguments(self, options):
        for made in make_pair(**options):
            with pytest.raises(TypeError, match="amount"):
                made()
            with pytest.raises(TypeError, match="unknown"):
                made(amount=1, unknown=2)
            if options.get("kw_only"):
                with pytest.raises(TypeError):
                    made(1)
            else:
                assert made(1, "EUR").currency == "EUR"

    def test_setting(self, options):
        for made in make_pair(**options):
            value = made(amount=1)
            if options.get("frozen"):
                with pytest.raises(FrozenInstanceError, match="cannot assign to field 'amount'"):
                    value.amount = 2
                with pytest.raises(FrozenInstanceError, match="cannot delete field 'amount'"):
                    del value.amount
            else:
                value.amount = 2
                assert value.amount == 2
            with pytest.raises((AttributeError, TypeError)):
                value.unknown = 1

    def test_replacing_and_copying(self, options):
        ours, _ = make_pair(**options)
        value = ours(amount=1, notes=["n"])
        assert replace(value, amount=5) == ours(amount=5, notes=["n"])
        assert copy.deepcopy(value) == value


def test_hash_is_that_of_the_fields():
    assert {Point(1, 2), Point(1), Point(2)} == {Point(1), Point(2, 2)}


def test_pickle():
    assert pickle.loads(pickle.dumps(Named(1, 2, "n"))) == Named(1, 2, "n")


def test_match():
    match Point(1, 5):
        case Point(x, y):
            assert (x, y) == (1, 5)


def test_derived_value_has_the_fields_of_its_base_and_checks_itself():
    assert repr(Named(1, name="a")) == "Named(x=1, y=2, name='a')"
    assert Named(1) != Point(1)
    with pytest.raises(ValueError, match="it was -1"):
        Named(-1)


def test_plain_subclass_may_have_attributes_of_its_own():
    class Loose(Point):
        pass

    loose = Loose(1)
    loose.note = "mine"
    with pytest.raises(FrozenInstanceError):
        loose.x = 3
    assert loose.note == "mine"


def test_standard_dataclass_may_derive_from_a_value():
    @dataclasses.dataclass(frozen=True)
    class Standard(Point):
        z: int = 3

    assert Standard(1) == Standard(1, 2, 3)


def test_wrong_definitions():
    with pytest.raises(TypeError, match="slots=True"):
        dataclass(slots=False)
    with pytest.raises(ValueError, match="default_factory"):

        @dataclass(slots=True)
        class _Shared:
            items: list = []

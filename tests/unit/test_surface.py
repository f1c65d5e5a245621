from __future__ import annotations

import pytest

from tradinglab.core import surface


class QCAlgorithm:
    """Stands for ours: what is looked up is the name."""


class Mine(QCAlgorithm):
    pass


class Equity:
    pass


@pytest.mark.parametrize("name", ["add_option_contract", "AddOptionContract"])
def test_a_member_that_lean_has_is_named(name: str) -> None:
    error = surface.missing_member(Mine(), name)
    assert isinstance(error, NotImplementedError)
    assert f"QCAlgorithm.{name}" in str(error)
    assert "docs/coverage.md" in str(error)


def test_members_of_leans_bases_count() -> None:
    assert surface.lean_owner(Equity, "Holdings") == "Security"


def test_a_member_that_nobody_has_is_a_plain_attribute_error() -> None:
    error = surface.missing_member(Mine(), "my_own_thing")
    assert not isinstance(error, NotImplementedError)
    assert "my_own_thing" in str(error)


def test_hasattr_answers_no() -> None:
    class Asked:
        def __getattr__(self, name: str) -> object:
            raise surface.missing_member(Mine(), name)

    assert not hasattr(Asked(), "add_option_contract")


def test_classes_of_the_star_import() -> None:
    assert surface.is_lean_class("OptionChain")
    assert surface.is_lean_class("BalanceSheet")
    assert isinstance(surface.missing_class("OptionChain"), NotImplementedError)
    assert isinstance(surface.missing_class("Opshun"), NameError)

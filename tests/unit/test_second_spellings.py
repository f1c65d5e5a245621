"""The classes on the path of every bar have no `__getattr__`, and all that it would find."""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tradinglab
from tradinglab.algorithm.bars import TradeBar
from tradinglab.algorithm.indicator_history import IndicatorDataPoints
from tradinglab.algorithm.indicators import KnowSureThing, SimpleMovingAverage
from tradinglab.algorithm.qc_algorithm import PLAIN_ATTRIBUTES
from tradinglab.algorithm.ticks import Tick
from tradinglab.core import surface
from tradinglab.core.dual import INNER, Derivable, other_spelling, pascal_case, resolve
from tradinglab.engine.traces import explain

#: What only the engine reads.
_OURS = {"input_kind", "says_ready", "warm_up_set"}


def _below(cls: type) -> Iterator[type]:
    for each in cls.__subclasses__():
        if each.__module__.startswith("tradinglab."):
            if _is_written_out(each):
                yield each
            yield from _below(each)


def _is_written_out(cls: type) -> bool:
    """Say whether a class stands in a source: the author of a replay is made of another class while it runs."""
    return "<locals>" in cls.__qualname__ or hasattr(sys.modules[cls.__module__], cls.__qualname__.partition(".")[0])


def _names_in_lean(lean: dict[str, dict[str, str]], queue: list[str]) -> set[str]:
    """Return the members that LEAN gives to classes and to what they derive from, in both spellings."""
    seen: list[str] = []
    while queue:
        name = queue.pop()
        if name not in seen:
            seen.append(name)
            queue += lean["bases"].get(name, "").split()
    names = {word for name in seen for word in lean["members"].get(name, "").split()}
    return names | {pascal_case(name) for name in names}


@pytest.fixture(scope="module")
def classes() -> list[type]:
    for module in pkgutil.walk_packages(tradinglab.__path__, "tradinglab."):
        if ".templates." not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return list(dict.fromkeys(_below(Derivable)))


def test_their_attributes_are_read_plainly(classes: list[type]) -> None:
    assert {cls for cls in classes if hasattr(cls, "__getattr__")} == {IndicatorDataPoints}


def test_what_lean_calls_by_irregular_names_is_there(classes: list[type]) -> None:
    lean = json.loads(Path(surface.__file__).with_name("surface.json").read_text())
    for cls in classes:
        names = _names_in_lean(lean, [base.__name__ for base in cls.__mro__])
        there = {*dir(cls), *PLAIN_ATTRIBUTES}
        lacking = {name for name in names - there if resolve(cls, name)}
        assert not lacking, (cls, lacking)


def test_plain_attributes_have_both_spellings(classes: list[type]) -> None:
    for cls in classes:
        nodes = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(cls))))
        stores = (node for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
        names = {node.attr for node in stores if isinstance(node.value, ast.Name) and node.value.id == "self"}
        names.update(name for name in (*vars(cls), *vars(cls).get("__annotations__", ())) if not name[:1].isupper())
        there = {*dir(cls), *map(pascal_case, PLAIN_ATTRIBUTES)}
        lacking = {name for name in names - _OURS if not name.startswith(INNER) and other_spelling(name) not in there}
        assert not lacking or cls.__name__ == "AuthoredIndicator", (cls, lacking)


def test_members_with_abbreviations() -> None:
    indicator: Any = KnowSureThing("", 1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert indicator.ROC1 is indicator.Roc1 is indicator.roc_1 is indicator.roc1
    assert indicator.ROC4MA is indicator.Roc4Ma is indicator.roc_4_ma is indicator.roc4_ma


def test_a_plain_attribute_is_written_by_either_name() -> None:
    tick: Any = Tick()
    tick.Exchange = "P"
    assert tick.exchange == tick.Exchange == "P"
    bar: Any = TradeBar()
    bar.IsFillForward = True
    assert bar.is_fill_forward
    bar.is_fill_forward = False
    assert not bar.IsFillForward


def test_what_an_author_derives_finds_every_spelling() -> None:
    class Mine(SimpleMovingAverage):
        def __init__(self) -> None:
            super().__init__(3)
            self.last_price = 5

    class Own(Mine):
        def __getattr__(self, name: str) -> str:
            return name

    mine: Any = Mine()
    assert mine.LastPrice == 5
    assert mine.ISREADY is False
    assert Own().anything == "anything"


def test_a_plain_attribute_that_is_not_set_is_missing() -> None:
    class Mine(Tick):
        def __init__(self) -> None:
            """Leave the base as it is."""

    for name in ("exchange", "Exchange", "EXCHANGE"):
        assert not hasattr(Mine(), name)


def test_what_is_missing_is_explained_when_the_strategy_fails() -> None:
    average: Any = SimpleMovingAverage(3)
    assert not hasattr(average, "curent")
    assert not hasattr(average, "compare_to")
    with pytest.raises(AttributeError) as caught:
        average.curent  # noqa: B018
    assert explain(caught.value).endswith("has no attribute 'curent'. Did you mean: 'current'?")
    with pytest.raises(AttributeError) as caught:
        average.compare_to(average)
    assert explain(caught.value).startswith("NotInTradingLabError: IndicatorBase.compare_to exists in LEAN")

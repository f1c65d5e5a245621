"""An author's class has `__getattr__` in a run only if its files do not show that it needs none."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tradinglab.algorithm.qc_algorithm import PLAIN_ATTRIBUTES, QCAlgorithm
from tradinglab.algorithm.runtime import AlgorithmContext, making_with
from tradinglab.core.dual import pascal_case, read_otherwise
from tradinglab.data.memory import MemorySource
from tradinglab.engine.attribute_reads import plain_reads, spellings_needed
from tradinglab.engine.loader import load_strategy, strategy_modules

Needs = Callable[..., Any]

_HEAD = "from AlgorithmImports import *\n"


@pytest.fixture
def needs(tmp_path: Path) -> Needs:
    """Return what says which irregular names an algorithm with the given body uses; None if it cannot be told."""

    def ask(body: str, head: str = "", modules: Mapping[str, str] | None = None) -> Any:
        for name, text in (modules or {}).items():
            path = tmp_path / f"{name}.py"
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text))
        path = tmp_path / "some_strategy.py"
        head = _HEAD + textwrap.dedent(head)
        path.write_text(f"{head}\nclass One(QCAlgorithm):\n    def on_data(self, data):\n        {body}\n")
        with strategy_modules([tmp_path]):
            found = spellings_needed(load_strategy(path), [tmp_path])
        return found if found is None else set(found)

    return ask


@pytest.mark.parametrize(
    "body",
    [
        "self.fast = self.sma('SPY', 3); return self.fast.current.value",
        "self.SetHoldings('SPY', 1); return self.Portfolio.Cash",
        "return self.time_keeper, self.benchmark, self.missing, self.AddOptionContract()",
        "return getattr(self, 'fast', None) or hasattr(self, 'slow')",
        "self.stop_price = OrderField.STOP_PRICE",
        "self.FastAverage = 1; return self.FastAverage",
    ],
)
def test_plain_reads_suffice(needs: Needs, body: str) -> None:
    assert needs(body) == set()


def test_irregular_names_of_methods_are_given(needs: Needs) -> None:
    assert needs("self.sma_ = self.SMA('SPY', 3); return getattr(self, 'MACD')") == {"SMA", "MACD"}


@pytest.mark.parametrize(
    "body",
    [
        "self.fast_average = 1; return self.FastAverage",
        "self.fast_average = 1; return getattr(self, 'FastAverage')",
        "setattr(self, 'fast_average', 1); return self.FastAverage",
        "self.fast_average = 1; self.FastAverage += 1",
        "Fields = self; Fields.stop_price = 1; return Fields.STOP_PRICE",
        "return self.PORTFOLIO",
        "self.Sma = 1; return self.SMA",
        "return getattr(self, data)",
        "return eval('self.SMA')",
        "return vars(self)",
        "return self.__dict__",
        "read = getattr; return read(self, data)",
        "import operator; return operator.attrgetter('SMA')(self)",
    ],
)
def test_the_whole_lookup_is_needed(needs: Needs, body: str) -> None:
    assert needs(body) is None


def test_what_the_author_catches_must_be_raised(needs: Needs) -> None:
    assert needs("pass", "def tried(f):\n    try:\n        f()\n    except NotImplementedError:\n        pass") is None


@pytest.mark.parametrize(
    ("body", "head", "modules"),
    [
        ("helper.go(self)", "import helper", {"helper": "def go(a): return a.SMA"}),
        ("go(self)", "from helper import go", {"helper": "def go(a): return a.SMA"}),
        ("import helper; helper.go(self)", "", {"helper": "def go(a): return a.SMA"}),
        ("import kit.helper", "", {"kit/__init__": "", "kit/helper": "def go(a): return a.SMA"}),
        ("from kit import helper", "", {"kit/__init__": "", "kit/helper": "def go(a): return a.SMA"}),
        ("import kit", "", {"kit/__init__": "from .helper import go", "kit/helper": "def go(a): a.SMA"}),
        ("import kit", "", {"kit/__init__": "from . import helper", "kit/helper": "def go(a): a.SMA"}),
    ],
)
def test_modules_of_the_author_are_read_too(needs: Needs, body: str, head: str, modules: dict[str, str]) -> None:
    assert needs(body, head, modules) == {"SMA"}


def test_a_class_without_a_text_keeps_the_lookup() -> None:
    names: dict[str, Any] = {"QCAlgorithm": QCAlgorithm, "__name__": __name__}
    exec("class One(QCAlgorithm):\n    def on_data(self, data): pass", names)
    assert spellings_needed(names["One"], []) is None
    names = {"QCAlgorithm": QCAlgorithm, "__name__": "__console__"}
    exec("class One(QCAlgorithm):\n    pass", names)
    assert spellings_needed(names["One"], []) is None


def test_the_lookup_is_taken_for_the_run_only(tmp_path: Path) -> None:
    path = tmp_path / "some_strategy.py"
    path.write_text(
        f"{_HEAD}class Base(QCAlgorithm):\n    pass\nclass One(Base):\n    def sma(self): return self.SMA and 5\n"
    )
    with strategy_modules([tmp_path]):
        cls = load_strategy(path)
        made: Any = object.__new__(cls)
        with plain_reads(cls, [tmp_path]):
            assert not hasattr(cls, "__getattr__")
            assert made.SMA() == made.sma() == 5
            assert not hasattr(made, "MACD")
        assert vars(cls)["__getattr__"] is vars(cls.__mro__[1])["__getattr__"] is read_otherwise
        assert "SMA" not in vars(cls)
        assert made.SMA() == 5
        assert made.macd == made.MACD


def test_an_authors_own_lookup_stays(tmp_path: Path) -> None:
    path = tmp_path / "some_strategy.py"
    path.write_text(f"{_HEAD}class One(QCAlgorithm):\n    def __getattr__(self, name): return name\n")
    with strategy_modules([tmp_path]):
        cls = load_strategy(path)
        with plain_reads(cls, [tmp_path]):
            assert object.__new__(cls).anything == "anything"


def test_plain_attributes_have_both_spellings() -> None:
    class Mine(QCAlgorithm):
        pass

    with making_with(AlgorithmContext(source=MemorySource())):
        made: Any = Mine()
    kept = {name for name in vars(made) if not name.startswith(("_", "lab_"))}
    assert kept <= set(PLAIN_ATTRIBUTES)
    assert all(getattr(made, pascal_case(name)) is getattr(made, name) for name in kept)

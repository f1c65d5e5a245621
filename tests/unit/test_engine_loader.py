"""From a strategy's file to its class, and the names that older strategies import from .NET."""

from __future__ import annotations

import importlib
import sys
import textwrap
from pathlib import Path

import pytest

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.engine.errors import StrategyError, StrategyFileError
from tradinglab.engine.loader import load_strategy, strategy_modules


@pytest.fixture
def load(tmp_path: Path):  # type: ignore[no-untyped-def]
    def load_source(source: str, class_name: str | None = None) -> type[QCAlgorithm]:
        path = tmp_path / "some_strategy.py"
        path.write_text(textwrap.dedent(source))
        with strategy_modules([tmp_path]):
            return load_strategy(path, class_name)

    return load_source


@pytest.mark.parametrize(
    "imports",
    [
        "from AlgorithmImports import *",
        "from QuantConnect.Algorithm import *\nfrom QuantConnect.Indicators import *\nfrom QuantConnect import *",
        "from clr import AddReference\nAddReference('System')\nfrom System import *\nfrom QuantConnect import *",
        "import clr\nfrom QuantConnect.Algorithm import QCAlgorithm\nfrom QuantConnect import Resolution\n\
from QuantConnect.Indicators import SimpleMovingAverage",
    ],
    ids=["star", "namespaces", "references", "names"],
)
def test_the_api_is_found_under_the_names_of_dot_net(load, imports: str) -> None:  # type: ignore[no-untyped-def]
    body = "class One(QCAlgorithm):\n    parts = (Resolution.Daily, SimpleMovingAverage(3).Name)\n"
    assert load(f"{imports}\n{body}").parts[1] == "SMA(3)"


def test_json_of_newtonsoft_and_lists_of_system(load) -> None:  # type: ignore[no-untyped-def]
    found = load("""
        from AlgorithmImports import *
        import Newtonsoft.Json as json
        from System.Collections.Generic import List

        class One(QCAlgorithm):
            text = json.JsonConvert.SerializeObject({"day": Resolution.DAILY, "of": [1, 2.5, None]})
            items = List()
            items.Add(1)
            items.AddRange([2, 3])
    """)
    assert found.text == '{"day": 4, "of": [1, 2.5, null]}'
    assert found.items == [1, 2, 3]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("from QuantConnect.Indicators import SimpleMovingAvrage", "Did you mean: 'SimpleMovingAverage'"),
        ("from QuantConnect.Indicatorz import RSI", "'QuantConnect' has no 'Indicatorz'.*Did you mean: 'Indicator"),
        ("import QuantConnect.Dota", "Did you mean: 'Data'"),
        ("from QuantConnect import Qqqqq", "'QuantConnect' has no 'Qqqqq', here or in LEAN$"),
        ("from System import Exceptoin", "Did you mean: 'Exception'"),
        ("from AlgorithmImports import Resolutoin", "Did you mean: 'Resolution'"),
    ],
)
def test_an_import_of_what_nobody_has_fails(load, line: str, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StrategyError, match=message) as caught:
        load(f"from AlgorithmImports import *\n{line}\nclass One(QCAlgorithm): pass\n")
    assert isinstance(caught.value.__cause__, ImportError)


@pytest.mark.parametrize(
    "line",
    [
        "from QuantConnect.Data.Custom.Tiingo import TiingoPrice as wanted",
        "from QuantConnect.Lean.Engine.DataFeeds import DefaultDataProvider as wanted",
        "from System import DateTime as wanted",
        "from AlgorithmImports import OptionChain as wanted",
        "from Newtonsoft.Json.Linq import JObject as wanted",
    ],
)
@pytest.mark.parametrize(
    "use", ["wanted()", "wanted.Member", "wanted[0]", "isinstance(1, wanted)", "class Two(wanted): pass"]
)
def test_what_lean_has_can_be_imported_and_says_so_when_used(load, line: str, use: str) -> None:  # type: ignore[no-untyped-def]
    source = f"from AlgorithmImports import *\n{line}\nclass One(QCAlgorithm): pass\n"
    load(source)
    with pytest.raises(StrategyError, match=r"exists in LEAN but not yet in TradingLab; see docs/coverage\.md"):
        load(f"{source}{use}\n")


def test_modules_of_a_run_are_forgotten(load, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "helper_of_mine.py").write_text("value = 7\n")
    before, path = set(sys.modules), list(sys.path)
    found = load("""
        from AlgorithmImports import *
        from QuantConnect.Data import *
        import helper_of_mine

        class One(QCAlgorithm):
            value = helper_of_mine.value
    """)
    assert found.value == 7
    left = {name.partition(".")[0] for name in set(sys.modules) - before}
    assert left.isdisjoint({"AlgorithmImports", "QuantConnect", "helper_of_mine", "some_strategy"})
    assert sys.path == path


def test_libraries_below_the_strategys_folder_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    libraries = tmp_path / ".venv" / "lib" / "site-packages"
    libraries.mkdir(parents=True)
    (libraries / "a_library_of_somebody.py").write_text("held = []\n")
    (tmp_path / "a_part_of_mine.py").write_text("import a_library_of_somebody\n")
    monkeypatch.syspath_prepend(str(libraries))
    with strategy_modules([tmp_path]):
        importlib.import_module("a_part_of_mine")
    assert "a_library_of_somebody" in sys.modules
    assert "a_part_of_mine" not in sys.modules
    del sys.modules["a_library_of_somebody"]


def test_a_base_in_the_file_is_not_a_choice(load) -> None:  # type: ignore[no-untyped-def]
    source = """
        from AlgorithmImports import *

        class Base(QCAlgorithm): pass
        class Child(Base): pass
    """
    assert load(source).__name__ == "Child"
    assert load(source, "Base").__name__ == "Base"
    with pytest.raises(StrategyFileError, match="no algorithm class 'Other'; it has: Base, Child"):
        load(source, "Other")


def test_several_classes_need_a_choice(load) -> None:  # type: ignore[no-untyped-def]
    both = r"\(One, Two\): keep one of them, or on the command line .* --class NAME"
    with pytest.raises(StrategyFileError, match=both):
        load("from AlgorithmImports import *\nclass One(QCAlgorithm): pass\nclass Two(QCAlgorithm): pass\n")


def test_a_file_that_raises_is_the_strategys_failure(load) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StrategyError, match="ZeroDivisionError") as caught:
        load("from AlgorithmImports import *\nnothing = 1 / 0\n")
    assert caught.value.phase == "import"
    assert "some_strategy.py" in caught.value.trace


def test_what_a_strategy_imports_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "my_helper.py").write_text("VALUE = 7\n")
    (tmp_path / "main.py").write_text(
        "from AlgorithmImports import *\nimport sys\nsys.modules.pop('my_outer', None)\nimport my_helper, my_outer\n"
        "class One(QCAlgorithm): value = my_helper.VALUE + my_outer.VALUE\n"
    )
    outer = tmp_path / "outer"
    outer.mkdir()
    (outer / "my_outer.py").write_text("VALUE = 1\n")
    (outer / "my_own.py").write_text("")
    before = {*sys.modules}
    with strategy_modules([outer]):
        outer_own = importlib.import_module("my_own")
        with strategy_modules([tmp_path]):
            assert load_strategy(tmp_path / "main.py").value == 8  # type: ignore[attr-defined]
        assert sys.modules["my_own"] is outer_own
        assert not {"my_helper", "main"} & {*sys.modules}
        assert "AlgorithmImports" in sys.modules
    assert not {"my_own", "my_outer", "AlgorithmImports"} & ({*sys.modules} - before)

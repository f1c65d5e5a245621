"""``from AlgorithmImports import *`` imports little, and has everything."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tools import star_names

from tradinglab.algorithm import imports
from tradinglab.algorithm.star_import import NAMES
from tradinglab.engine.loader import load_strategy, strategy_modules

STRATEGY = "\nclass One(QCAlgorithm):\n    found = {found}\n"


@pytest.fixture
def load(tmp_path: Path) -> Any:
    """Return what loads a strategy (and modules beside it), and gives its class and its module."""

    def load_source(source: str, **helpers: str) -> tuple[Any, ModuleType]:
        for name, text in helpers.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        path = tmp_path / "star_strategy.py"
        path.write_text(textwrap.dedent(source))
        with strategy_modules([tmp_path]):
            cls = load_strategy(path)
            return cls, sys.modules["star_strategy"]

    return load_source


def test_the_table_is_up_to_date():
    assert star_names.PAGE.read_text(encoding="utf-8") == star_names.page(), "run python tools/star_names.py"


def test_every_name_is_there():
    expected = {
        name: value for source in star_names.SOURCES for name, value in star_names.public_classes(source).items()
    }
    for name in NAMES:
        value = getattr(imports, name)
        if name in expected:
            assert value is expected[name], name
    assert set(expected) <= NAMES


def test_a_module_gets_the_names_that_it_mentions(load):
    source = """
        from AlgorithmImports import *

        class One(QCAlgorithm):
            def initialize(self):
                self.rolling = [RollingWindow[float](2) for _ in range(3)]

            def on_data(self, slice: "Slice") -> "Optional[TradeBar]":
                return (lambda: Resolution.DAILY)()
    """
    _, module = load(source)
    brought = set(vars(module)) & NAMES
    assert brought == {"QCAlgorithm", "RollingWindow", "Slice", "Optional", "TradeBar", "Resolution"}


@pytest.mark.parametrize(
    "found",
    [
        "globals()['KrakenFeeModel']",
        "vars()['KrakenFeeModel'] if 'KrakenFeeModel' in vars() else globals()['KrakenFeeModel']",
        "eval('Kraken' + 'FeeModel')",
        "(lambda: [exec('x = Kraken' + 'FeeModel', globals(), space := {}), space['x']][1])()",
        "getattr(__import__('sys').modules[__name__], 'Kraken' + 'FeeModel')",
        "__import__('sys').modules[__name__].__dict__['Kraken' + 'FeeModel']",
        "getattr(__import__('AlgorithmImports'), 'Kraken' + 'FeeModel')",
    ],
)
def test_names_that_code_does_not_tell(load, found):
    cls, _ = load("from AlgorithmImports import *" + STRATEGY.format(found=found))
    assert cls.found is imports.KrakenFeeModel


def test_names_in_sight(load):
    cls, _ = load("from AlgorithmImports import *" + STRATEGY.format(found="dir(__import__('sys').modules[__name__])"))
    assert set(cls.found) >= NAMES


@pytest.mark.parametrize(
    "taken",
    [
        "from helper import *",
        "from helper import KrakenFeeModel",
        "import helper\nKrakenFeeModel = helper.KrakenFeeModel",
    ],
)
def test_a_helper_passes_on_what_it_does_not_use(load, taken):
    source = f"from AlgorithmImports import QCAlgorithm\n{taken}" + STRATEGY.format(found="KrakenFeeModel")
    cls, _ = load(source, helper="from AlgorithmImports import *\nspan = timedelta(days=1)\n")
    assert cls.found is imports.KrakenFeeModel


def test_a_helper_may_import_from_the_strategy(load):
    source = "from AlgorithmImports import *\nimport helper" + STRATEGY.format(found="helper.found")
    cls, _ = load(source, helper="from star_strategy import *\nfound = (KrakenFeeModel, Resolution.DAILY)\n")
    assert cls.found == (imports.KrakenFeeModel, imports.Resolution.DAILY)


def test_a_module_with_a_list_of_its_own(load):
    source = "from AlgorithmImports import *\nfrom helper import *" + STRATEGY.format(found="(mine, KrakenFeeModel)")
    helper = "from AlgorithmImports import *\n__all__ = ['mine', 'KrakenFeeModel']\nmine = 1\n"
    assert load(source, helper=helper)[0].found == (1, imports.KrakenFeeModel)


def test_later_names_win_as_in_any_star_import(load):
    source = "import time\nfrom AlgorithmImports import *\nSlice = 5" + STRATEGY.format(found="(time, Slice)")
    assert load(source)[0].found == (imports.time, 5)


def test_rare_base_class_and_isinstance(load):
    source = """
        from AlgorithmImports import *

        class MyFees(KrakenFeeModel):
            pass

        class One(QCAlgorithm):
            fees = MyFees()
            is_one = isinstance(fees, FeeModel) and issubclass(MyFees, KrakenFeeModel)
    """
    cls, _ = load(source)
    assert cls.is_one
    assert isinstance(cls.fees, imports.KrakenFeeModel)


def test_values_of_star_classes_can_be_pickled():
    for value in (imports.Resolution.DAILY, imports.KrakenFeeModel, imports.TradeBar, imports.SimpleMovingAverage):
        assert pickle.loads(pickle.dumps(value)) is value


def test_name_that_is_nowhere(load):
    cls, module = load("from AlgorithmImports import *" + STRATEGY.format(found="1"))
    assert cls.found == 1
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        module.Nonsense  # noqa: B018


def test_code_that_is_not_a_file_gets_all_names():
    space: dict[str, Any] = {}
    sys.modules["AlgorithmImports"] = imports
    try:
        exec("from AlgorithmImports import *", space)
    finally:
        del sys.modules["AlgorithmImports"]
    assert set(space) >= NAMES


def test_a_strategy_loads_no_model_that_it_does_not_use(tmp_path: Path):
    path = tmp_path / "small.py"
    path.write_text("from AlgorithmImports import *" + STRATEGY.format(found="Resolution.DAILY"))
    code = """if True:
        import sys
        from pathlib import Path
        from tradinglab.engine.run import load_strategy, strategy_modules
        with strategy_modules([]):
            load_strategy(Path(sys.argv[1]))
        print(*(name for name in sys.modules if name.startswith("tradinglab.")))
    """
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "tradinglab.algorithm.qc_algorithm" in loaded
    assert not {name for name in loaded if "candles" in name or "brokerage.crypto" in name or "fees.crypto" in name}

"""The check of a strategy: what it finds, where, and what it leaves alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tradinglab.algorithm.check import Report, Severity, check_strategy
from tradinglab.templates import all_templates

ROOT = Path(__file__).resolve().parents[2]
HEAD = "from AlgorithmImports import *\n\n\nclass Mine(QCAlgorithm):\n"
START = HEAD + "    def initialize(self):\n        self.symbol = self.add_equity('SPY').symbol\n"


def method(*lines: str) -> str:
    return START + "\n    def on_data(self, data):\n" + "".join(f"        {line}\n" for line in lines)


def check(main: str, **others: str) -> Report:
    return check_strategy({"main.py": main} | {f"{name}.py": text for name, text in others.items()})


def codes(report: Report) -> list[str]:
    return [each.code for each in report.findings]


def own_strategies() -> list[tuple[str, str]]:
    paths = [*(ROOT / "bench" / "strategies").glob("*.py"), *(ROOT / "tests" / "golden" / "strategies").glob("*.py")]
    documents = [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]
    found = [(path.name, path.read_text()) for path in sorted(paths)]
    found += [(template.name, template.source) for template in all_templates()]
    for page in documents:
        examples = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
        found += [(page.name, code) for code in examples if "(QCAlgorithm)" in code]
    return found


@pytest.mark.parametrize(("name", "source"), own_strategies(), ids=[name for name, _ in own_strategies()])
def test_nothing_is_wrong_with_strategies_that_run(name: str, source: str) -> None:
    # One of them derives from a strategy in the file beside it.
    cross = (ROOT / "bench" / "strategies" / "cross.py").read_text()
    assert check(source, cross=cross).findings == ()


@pytest.mark.parametrize(
    ("line", "code", "column", "suggestion"),
    [
        ("self.set_holding(self.symbol, 1)", "unknown_member", 14, "Did you mean 'set_holdings'?"),
        ("self.SetHolding(self.symbol, 1)", "unknown_member", 14, "Did you mean 'SetHoldings'?"),
        ("x = 'é', self.symbl", "unknown_member", 23, "Did you mean 'symbol'?"),
        ("f = lambda: self.liquidat()", "unknown_member", 26, "Did you mean 'liquidate'?"),
        ("self.portfolio.total_portfolio_valu", "unknown_member", 24, "Did you mean 'total_portfolio_value'?"),
        ("Resolution.DAYLI", "unknown_member", 20, "Did you mean 'DAILY'?"),
        ("OrderStatus.Fillled", "unknown_member", 21, "Did you mean 'FILLED'?"),
        ("SimpleMovingAvrage(3)", "unknown_name", 9, "Did you mean 'SimpleMovingAverage'?"),
        ("self.add_option('SPY')", "unsupported_member", 14, "docs/coverage.md lists what is there."),
        ("self.AddOption('SPY')", "unsupported_member", 14, "docs/coverage.md lists what is there."),
        ("OptionChain()", "unsupported_name", 9, "docs/coverage.md lists what is there."),
        ("os.getcwd()", "unsupported_name", 9, "Add: import os"),
        ("import socket", "refused_import", 9, ""),
        ("import urllib.request", "refused_import", 9, ""),
        ("from threading import Thread", "refused_import", 9, ""),
        ("import no_such_thing", "missing_module", 9, "Install it where strategies run, or add the file."),
        ("from . import other", "relative_import", 9, "import the module by its name"),
        ("x = 1 is 1", "syntax_warning", 1, ""),
    ],
)
def test_what_is_wrong_in_a_line(line: str, code: str, column: int, suggestion: str) -> None:
    report = check(method(line))
    assert [(each.code, each.line, each.column) for each in report.findings] == [(code, 9, column)]
    assert report.findings[0].suggestion == suggestion
    assert report.has_errors == (report.findings[0].severity is Severity.ERROR)


@pytest.mark.parametrize(
    "line",
    [
        "self.SetHoldings(self.Symbol, 1)",
        "self.SMA(self.symbol, 5)",
        "self.Portfolio.TotalPortfolioValue",
        "self.Portfolio['SPY'].Invested",
        "self.helper = 1; self.helper + self.Helper",
        "setattr(self, 'given', 1); self.given",
        "print(self.asked if hasattr(self, 'asked') else 0)",
        "for self.each in range(3): self.each",
        "[self.found for self.found in ()]",
        "self.__class__.__name__",
        "data.anything.at.all",
        "class Inner:\n            def f(self): return self.nothing",
        "f = lambda self: self.nothing",
        "def f(self): return self.nothing",
        "Resolution.Daily, Resolution.DAILY, Market.USA, TimeSpan.FromDays(1)",
        "import os, collections.abc; os.path.join('a')",
        "print(__name__, __file__, len([]), self.time)",
        "Resolution = data; Resolution.DAYLI",
        "try:\n            self.perhaps\n        except AttributeError:\n            pass",
        "global COUNT; COUNT = 1; print(COUNT)",
        "import urllib.parse",
    ],
)
def test_what_is_left_alone(line: str) -> None:
    assert check(method(line)).findings == ()


def test_an_import_that_is_tried_is_a_warning() -> None:
    found = check("try:\n    import no_such_thing\nexcept ImportError:\n    pass\n" + START).findings
    assert [(each.code, each.severity) for each in found] == [("missing_module", Severity.WARNING)]


def test_members_of_bases_and_mixins_in_other_files_count() -> None:
    base = (
        "from AlgorithmImports import *\nclass Base(QCAlgorithm):\n    level = 1\n"
        "    def helper(self): return self.signal()\n"
    )
    mixin = "class Mixin:\n    def more(self):\n        self.made = 1"
    main = (
        "from base import Base\nfrom lib.mixin import Mixin\nclass Mine(Mixin, Base):\n    def initialize(self):\n"
        "        self.helper(); self.more(); self.made; self.level\n    def signal(self): pass\n"
    )
    files = {"main.py": main, "base.py": base, "lib/mixin.py": mixin, "lib/__init__.py": ""}
    assert check_strategy(files).findings == ()
    wrong = check_strategy(files | {"base.py": base.replace("signal", "signl")})
    assert [(each.file, each.line, each.code, each.suggestion) for each in wrong.findings] == [
        ("base.py", 4, "unknown_member", "Did you mean 'signal'?")
    ]


def test_a_class_that_cannot_be_known_is_left_alone() -> None:
    assert codes(check("from AlgorithmImports import *\nfrom numpy import Base\nclass Mine(Base, QCAlgorithm):\n"
                       "    def initialize(self): self.whatever()")) == []  # fmt: skip
    assert codes(check(method("self.__dict__.update(a=1); self.a"))) == []
    assert codes(check(HEAD + "    def initialize(self): self.x\n    def __getattr__(self, name): return 1")) == []


def test_functions_that_are_given_the_algorithm_are_checked() -> None:
    helper = "from AlgorithmImports import *\ndef buy(algorithm: QCAlgorithm):\n    algorithm.set_holding('SPY', 1)\n"
    assert [(each.file, each.code) for each in check(START, helper=helper).findings] == [
        ("helper.py", "unknown_member")
    ]


@pytest.mark.parametrize(
    ("main", "code"),
    [
        ("from AlgorithmImports import *\nx = 1\n", "no_algorithm"),
        (START + "class Other(QCAlgorithm):\n    def initialize(self): pass\n", "several_algorithms"),
        (HEAD + "    def on_data(self, data): pass\n", "no_initialize"),
        (HEAD + "    def initialise(self): pass\n", "no_initialize"),
        ("def f(:\n    pass\n", "syntax_error"),
        ("return 5\n", "syntax_error"),
        ("x = 'a\0b'\n", "syntax_error"),
        (HEAD + "    def initialize(self):\n\t  pass\n", "syntax_error"),
    ],
)
def test_files_that_are_no_strategy(main: str, code: str) -> None:
    assert codes(check(main)) == [code]


def test_where_a_syntax_error_is() -> None:
    found = check(START + "    def on_data(self data):\n        pass\n").findings[0]
    assert (found.file, found.line, found.severity) == ("main.py", 7, Severity.ERROR)
    assert found.column > 1


def test_an_algorithm_in_another_file_is_pointed_at() -> None:
    found = check("from other import Mine\n", other=START).findings
    assert "'Mine' in other.py" in found[0].suggestion


def test_a_base_class_is_not_a_second_algorithm() -> None:
    assert check(START + "class Leaf(Mine):\n    pass\n").findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "-" * 100_000 + "1",
        "(" * 20_000 + ")" * 20_000,
        "x = 1" + "+1" * 50_000,
        "x = a" + ".b" * 50_000,
        "x = " + "not " * 50_000 + "1",
        "if 1: pass\n" + "elif 1: pass\n" * 20_000,
        "x = " + "1 if a else " * 20_000 + "2",
        "\n".join(" " * depth + "if 1:" for depth in range(500)),
        "x = " + "9" * 100_000,
        "".join(f"class A{number}(A{number - 1}): pass\n" for number in range(3_000)),
    ],
)
def test_files_that_are_written_against_the_parser(text: str) -> None:
    report = check(text)
    assert set(codes(report)) & {"too_complex", "syntax_error"}


def test_thousands_of_findings_are_cut() -> None:
    report = check(method(*(f"self.nothing_{number}" for number in range(3_000))))
    assert (len(report.findings), report.is_cut) == (200, True)


def test_nothing_is_run(tmp_path: Path) -> None:
    witness = tmp_path / "ran"
    check(f"open({str(witness)!r}, 'w')\n@(lambda cls: open({str(witness)!r}, 'w'))\nclass A: pass\n" + START)
    assert not witness.exists()

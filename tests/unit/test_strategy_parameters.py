"""The parameters of a strategy are found in its text."""

from __future__ import annotations

import pytest

from tradinglab.algorithm.check import check_strategy
from tradinglab.templates import all_templates

Found = list[tuple[str, str, object]]


def found(*lines: str, head: str = "") -> Found:
    body = "".join(f"        {line}\n" for line in lines)
    main = (
        f"from AlgorithmImports import *\n{head}class A(QCAlgorithm):\n    LIMIT = 7\n    def initialize(self):\n{body}"
    )
    return [(each.name, each.type, each.default) for each in check_strategy({"main.py": main}).parameters]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("self.get_parameter('a')", ("a", "str", None)),
        ("self.GetParameter('a', 5)", ("a", "int", 5)),
        ("self.get_parameter('a', 0.5)", ("a", "float", 0.5)),
        ("self.get_parameter('a', -3)", ("a", "int", -3)),
        ("self.get_parameter('a', True)", ("a", "bool", True)),
        ("self.get_parameter('a', 'x')", ("a", "str", "x")),
        ("self.get_parameter('a', default_value=5)", ("a", "int", 5)),
        ("self.get_parameter(name='a', default=5)", ("a", "int", 5)),
        ("int(self.get_parameter('a'))", ("a", "int", None)),
        ("int(self.get_parameter('a', '5'))", ("a", "int", 5)),
        ("float(self.get_parameter('a', 5))", ("a", "float", 5.0)),
        ("int(self.get_parameter('a') or 5)", ("a", "int", 5)),
        ("self.get_parameter('a') or 'x'", ("a", "str", "x")),
        ("self.get_parameter('a', self.LIMIT)", ("a", "int", 7)),
        ("self.get_parameter(NAME, DEFAULT)", ("named", "float", 2.5)),
        ("self.get_parameter('a', compute())", ("a", "str", None)),
        ("int(self.get_parameter('a', 'no number'))", ("a", "int", "no number")),
    ],
)
def test_a_parameter(line: str, expected: tuple[str, str, object]) -> None:
    assert found(line, head="NAME = 'named'\nDEFAULT = 2.5\ndef compute(): return 1\n") == [expected]


def test_a_name_that_the_text_does_not_show_is_left_out() -> None:
    assert found("x = input()", "self.get_parameter(x, 1)", "self.get_parameter(f'a{x}', 1)") == []
    assert found("self.get_parameter()", "self.get_parameter(5)", "self.get_parameter('')") == []


def test_it_is_listed_once_with_the_first_default() -> None:
    main = "from AlgorithmImports import *\nclass A(QCAlgorithm):\n    def initialize(self):\n"
    main += "        self.get_parameter('a')\n        self.get_parameter('a', 1)\n        self.get_parameter('a', 2)\n"
    report = check_strategy({"main.py": main, "b.py": "def f(self): return self.get_parameter('b', 3)\n"})
    assert [(each.name, each.default, each.file, each.line) for each in report.parameters] == [
        ("a", 1, "main.py", 5),
        ("b", 3, "b.py", 1),
    ]
    assert [(each.code, each.line) for each in report.findings] == [("parameter_defaults_differ", 6)]


@pytest.mark.parametrize("template", all_templates(), ids=lambda each: each.name)
def test_each_template_has_some(template: object) -> None:
    source = template.source  # type: ignore[attr-defined]
    listed = check_strategy({"main.py": source}).parameters
    assert listed
    assert len(listed) == source.count("get_parameter(")
    assert all(each.default is not None and each.type in ("int", "float") for each in listed)

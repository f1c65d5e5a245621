from __future__ import annotations

import ast

import pytest

from tradinglab.templates import DEMO, Template, all_templates, find_template


def test_there_are_at_least_six_and_the_demo_is_one() -> None:
    names = [template.name for template in all_templates()]
    assert len(names) >= 6
    assert DEMO in names
    assert find_template("demo") == find_template(DEMO)


def test_an_unknown_name_finds_nothing() -> None:
    assert find_template("no-such") is None


@pytest.mark.parametrize("template", all_templates(), ids=lambda template: template.name)
def test_each_has_a_title_and_one_algorithm(template: Template) -> None:
    tree = ast.parse(template.source)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert template.title
    assert [ast.unparse(base) for node in classes for base in node.bases] == ["QCAlgorithm"]

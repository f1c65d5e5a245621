"""Rules in JSON that are not as they should be: the field, in plain words, not those of the library that reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tradinglab.rules import RulesError, rules_from_json
from tradinglab.rules.refusals import refusal_words

RULES: dict[str, Any] = {
    "name": "Cross",
    "universe": [{"ticker": "SPY"}],
    "start": "2012-01-03",
    "end": "2012-12-31",
    "enter_long": {
        "kind": "compare", "operator": ">", "left": {"kind": "price"}, "right": {"kind": "number", "value": 1}
    },
}  # fmt: skip


def refused(**changed: Any) -> tuple[str, str]:
    given = {name: value for name, value in {**RULES, **changed}.items() if value is not ...}
    with pytest.raises(RulesError) as caught:
        rules_from_json(json.dumps(given))
    return caught.value.path, str(caught.value)


@pytest.mark.parametrize(
    ("changed", "path", "said"),
    [
        ({"start": ...}, "start", "this field is needed; add it"),
        ({"start": "soon"}, "start", "a day such as 2020-01-31 is expected"),
        ({"start": "2012-01-03T10:00"}, "start", "a day such as 2020-01-31 is expected"),
        ({"universe": "SPY"}, "universe", "a list is expected"),
        ({"universe": []}, "universe", "at least 1 are expected"),
        ({"name": 5}, "name", "a text is expected"),
        ({"cash": "much"}, "cash", "a number is expected"),
        ({"cash": 0}, "cash", "a number above 0"),
        ({"cash": 1e13}, "cash", "a number of at most 1000000000000"),
        ({"parameters": []}, "parameters", "an object with fields is expected"),
        ({"resolution": "weekly"}, "resolution", "'daily'"),
        ({"enter_long": {"kind": "hope"}}, "enter_long", "'kind' may be 'compare'"),
        ({"enter_long": {}}, "enter_long", "an object is expected whose 'kind' says what it is"),
    ],
)  # fmt: skip
def test_a_field_is_refused_by_its_name_in_plain_words(changed: dict[str, Any], path: str, said: str) -> None:
    where, text = refused(**changed)
    assert where.split(".")[0] == path
    assert said in text
    for word in ("Input should", "pydantic", "Value error", "ctx", "input_value", "{expected", "{ge", "{gt"):
        assert word not in text


def test_the_value_that_there_was_is_told() -> None:
    assert "weekly" in refused(resolution="weekly")[1]


def test_what_has_no_words_of_ours_keeps_those_of_the_library() -> None:
    assert refusal_words({"type": "odd_even", "msg": "Value error, it is odd"}) == "it is odd"
    assert refusal_words({"type": "new_kind", "msg": "Input should be even"}) == "even is expected"
    # A context that lacks what the words need.
    assert refusal_words({"type": "greater_than", "msg": "Input should be greater than 3"}) == (
        "greater than 3 is expected"
    )

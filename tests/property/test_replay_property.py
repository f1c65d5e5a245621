"""No figure of a result can be changed without the replay finding it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sandbox.replay_kit import ClaimedRun

from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.templates import find_template

_KEPT = (
    ("samples", "candles"), ("samples", "turnover"), ("samples", "days"), ("trades",), ("orders",),
    ("figures", "wins"), ("figures", "losses"), ("figures", "profit_loss"), ("run", "account"),
)  # fmt: skip

Place = tuple[Any, ...]


@pytest.fixture(scope="module")
def run() -> ClaimedRun:
    template = find_template("sma-cross")
    assert template is not None
    return ClaimedRun(template.path, start="2010-01-04", end="2011-06-30")


@pytest.fixture(scope="module")
def places(run: ClaimedRun) -> list[Place]:
    """Every number of the result that follows from orders and bars."""
    found: list[Place] = []
    for path in _KEPT:
        value: Any = run.answer()["result"]
        for name in path:
            value = value[name]
        found += (path + rest for rest in _numbers(value))
    return found


def _numbers(value: Any) -> Iterator[Place]:
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from ((at, *rest) for rest in _numbers(each))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield ()
    elif isinstance(value, str):
        try:
            Decimal(value)
        except ArithmeticError:
            return
        yield ()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_changed_number_is_found(run: ClaimedRun, places: list[Place], data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(places))
    change = data.draw(st.sampled_from([-1, 1, 100]))

    def tamper(answer: dict[str, Any]) -> None:
        holder: Any = answer["result"]
        for name in place[:-1]:
            holder = holder[name]
        number = holder[place[-1]]
        holder[place[-1]] = number + change if isinstance(number, int) else str(Decimal(number) + change)

    try:
        verification = run.verification(tamper)
    except (BadAnswerError, ValueError):
        return
    assert not verification.is_verified


def test_nothing_is_found_in_what_was_not_changed(run: ClaimedRun) -> None:
    assert run.verification().findings == ()

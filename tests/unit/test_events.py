"""Events: adding, removing and raising."""

from __future__ import annotations

import pytest

from tradinglab.algorithm.events import Event, EventMember


class Owner:
    changed = EventMember("Something changed.")


def test_handlers_are_called_in_order() -> None:
    calls: list[str] = []
    owner = Owner()
    owner.changed += lambda sender, value: calls.append(f"a{value}")
    owner.changed += lambda sender, value: calls.append(f"b{value}")
    owner.changed(owner, 1)
    assert calls == ["a1", "b1"]


def test_removing_takes_the_last_equal_handler() -> None:
    calls: list[int] = []
    event = Event()
    event += calls.append
    event += calls.append
    event -= calls.append
    event(1)
    assert calls == [1]
    event -= print
    assert len(event) == 1


def test_each_instance_has_its_own_event() -> None:
    first, second = Owner(), Owner()
    first.changed += print
    assert first.changed
    assert not second.changed


def test_events_have_two_spellings() -> None:
    calls: list[int] = []
    owner = Owner()
    owner.Changed += calls.append  # type: ignore[attr-defined]
    owner.changed(4)
    assert calls == [4]


def test_an_event_cannot_be_replaced() -> None:
    owner = Owner()
    with pytest.raises(AttributeError, match=r"\+="):
        owner.changed = Event()


def test_only_callables_can_listen() -> None:
    event = Event()
    with pytest.raises(TypeError, match="called"):
        event += 3  # type: ignore[arg-type]


def test_handler_added_while_raising_waits() -> None:
    calls: list[str] = []
    event = Event()

    def late(_: int) -> None:
        calls.append("late")

    def first(_: int) -> None:
        nonlocal event
        calls.append("first")
        event += late

    event += first
    event(1)
    assert calls == ["first"]
    event(2)
    assert calls == ["first", "first", "late"]

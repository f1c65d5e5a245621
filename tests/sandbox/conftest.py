"""What the tests of the sandbox share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tradinglab.sandbox import Grade, Sandbox, assess_machine


@pytest.fixture(scope="session")
def grade() -> Grade:
    """The grade of this machine; without Linux, or with a weak one, the tests are skipped."""
    if sys.platform != "linux":
        pytest.skip("the sandbox needs Linux")
    found = assess_machine()
    if found.grade == Grade.WEAK:
        pytest.skip(f"the sandbox is weak here: {'; '.join(found.reasons)}")
    return found.grade


@pytest.fixture(scope="module")
def sandbox(grade: Grade) -> Iterator[Sandbox]:
    """A sandbox of all layers that work here."""
    with Sandbox() as made:
        yield made

"""A writer of a store that is killed leaves the old state or the new one."""

from __future__ import annotations

from pathlib import Path

from tests.data.crash import crash


def test_forty_kills(tmp_path: Path) -> None:
    found = crash(40, tmp_path, seed=7)
    assert found.problems == []
    assert found.kills == 40
    assert sum(found.in_the_middle.values()) > 20

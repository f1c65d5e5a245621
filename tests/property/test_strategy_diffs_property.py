"""Differences of files: a patch makes the new text of the old one, whatever the two are, and never takes long."""

from __future__ import annotations

import subprocess
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradinglab.server.strategies.diffs import files_diff

_LINES = st.lists(st.sampled_from(["a", "b", "c", "", "x y", "\x0c", "\r"]), max_size=40).map("\n".join)


@given(old=_LINES, new=_LINES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_makes_the_new_text_of_the_old_one(old: str, new: str, tmp_path: Path) -> None:
    found = files_diff({"a.txt": old}, {"a.txt": new})
    assert bool(found) == (old != new)
    if found:
        (tmp_path / "a.txt").write_bytes(old.encode())
        patch = found[0].unified.encode()
        subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=tmp_path, input=patch, check=True)
        assert (tmp_path / "a.txt").read_bytes().decode() == new
        marks = [line[:1] for line in found[0].unified.split("\n")[2:]]
        assert (marks.count("+"), marks.count("-")) == (found[0].lines_added, found[0].lines_removed)


def test_many_lines_that_are_often_in_both_count_as_replaced() -> None:
    old = "".join(f"{place % 150}\n" for place in range(60_000))
    new = "".join(f"{place * 7 % 151}\n" for place in range(60_000))
    diff = files_diff({"a.txt": f"head\n{old}tail\n"}, {"a.txt": f"head\n{new}tail\n"})[0]
    assert diff.lines_added == diff.lines_removed
    assert diff.unified.startswith("--- a/a.txt\n+++ b/a.txt\n@@ ")

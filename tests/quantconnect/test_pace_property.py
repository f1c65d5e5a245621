"""Waits, buckets and circuits, whatever the numbers and whoever shares them."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quantconnect.clock import VirtualClock

from tradinglab.core.pacing.backoff import backoff_s, retry_after_s
from tradinglab.core.pacing.breakers import BreakerRule, NotedBreakers
from tradinglab.core.pacing.buckets import NotedBuckets, Rate
from tradinglab.core.pacing.notes import FileNotes, MemoryNotes
from tradinglab.quantconnect.claims import FileClaims, MemoryClaims
from tradinglab.quantconnect.errors import ConfigurationError
from tradinglab.quantconnect.settings import Retries

_RULE = BreakerRule(failures=3, wait_s=10.0, most_wait_s=80.0, probe_s=20.0)
_SECONDS = st.floats(min_value=0.0, max_value=1e4, allow_nan=False)


@given(first=st.floats(0.01, 10), most=st.floats(0.01, 100), attempt=st.integers(1, 10_000), seed=st.integers())
def test_backoff_is_never_longer_than_it_may_be(first: float, most: float, attempt: int, seed: int) -> None:
    wait_s = backoff_s(Retries(first_wait_s=first, most_wait_s=most), attempt, Random(seed))
    assert 0 <= wait_s <= most
    assert wait_s <= first * 2.0 ** min(attempt - 1, 1000)


def test_backoff_is_spread_over_all_of_the_wait() -> None:
    waits = [backoff_s(Retries(first_wait_s=1, most_wait_s=8), 4, Random(seed)) for seed in range(500)]
    assert min(waits) < 1
    assert max(waits) > 7
    assert 3.5 < sum(waits) / 500 < 4.5


@given(value=st.one_of(st.none(), st.text(max_size=40), st.floats().map(str), st.integers().map(str)))
def test_retry_after_is_seconds_or_nothing(value: str | None) -> None:
    wait_s = retry_after_s(value, 1_700_000_000.0)
    assert wait_s is None or 0 <= wait_s < float("inf")


@pytest.mark.parametrize(
    ("value", "wait_s"),
    [
        ("120", 120), (" 1.5 ", 1.5), ("-5", 0), ("Tue, 14 Nov 2023 22:14:20 GMT", 60),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0), ("soon", None), ("", None), ("inf", None), ("nan", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_both_forms(value: str, wait_s: float | None) -> None:
    assert retry_after_s(value, 1_700_000_000.0) == wait_s


@given(
    most=st.integers(1, 20),
    seconds=st.floats(0.1, 100),
    gaps=st.lists(st.floats(0, 5, allow_nan=False), min_size=1, max_size=200),
)
def test_bucket_never_gives_more_than_its_rate(most: int, seconds: float, gaps: list[float]) -> None:
    clock = VirtualClock(0.0)
    buckets = NotedBuckets(MemoryNotes(), clock.monotonic)
    rate, given_at = Rate(most, seconds), []
    for gap in gaps:
        clock.at += gap
        taken = buckets.take("a", rate)
        if taken.is_allowed:
            given_at.append(clock.at)
        else:
            # What it says to wait is enough.
            assert 0 < taken.wait_s <= 1 / rate.per_second + 1e-6
    for start, at in enumerate(given_at):
        within = [each for each in given_at[start:] if each - at <= seconds]
        assert len(within) <= 2 * most + 1e-6


def test_bucket_waits_are_long_enough() -> None:
    clock = VirtualClock(0.0)
    buckets = NotedBuckets(MemoryNotes(), clock.monotonic)
    assert buckets.take("a", Rate(1, 7.0)).is_allowed
    wait_s = buckets.take("a", Rate(1, 7.0)).wait_s
    clock.at += wait_s
    assert buckets.take("a", Rate(1, 7.0)).is_allowed
    assert buckets.take("b", Rate(1, 7.0)).is_allowed


def _take(folder: str, tries: int, queue: multiprocessing.Queue[int]) -> None:
    # A clock that stands: nothing is filled up again meanwhile.
    buckets = NotedBuckets(FileNotes(Path(folder)), lambda: 100.0)
    queue.put(sum(buckets.take("a", Rate(50, 60.0)).is_allowed for _ in range(tries)))


def test_bucket_is_one_for_all_processes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[int] = context.Queue()
    workers = [context.Process(target=_take, args=(str(tmp_path), 40, queue)) for _ in range(3)]
    for each in workers:
        each.start()
    taken = [queue.get(timeout=60) for _ in workers]
    for each in workers:
        each.join(60)
    assert sum(taken) == 50


def test_bucket_goes_on_when_its_file_is_damaged_or_from_before_a_restart(tmp_path: Path) -> None:
    for text in ("", "{", "[1]", '{"tokens": "x"}', '{"tokens": 0.0, "at": 1e12}', "null"):
        buckets = NotedBuckets(FileNotes(tmp_path), lambda: 100.0)
        buckets.take("a", Rate(2, 1.0))
        for path in tmp_path.glob("*.json"):
            path.write_text(text)
        buckets.take("a", Rate(2, 1.0))
        later = NotedBuckets(FileNotes(tmp_path), lambda: 102.0)
        assert later.take("a", Rate(2, 1.0)).is_allowed


def test_folder_that_cannot_be_used_is_replaced_by_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "file"
    file.write_text("")
    buckets = NotedBuckets(FileNotes(file / "folder"), lambda: 100.0)
    assert [buckets.take("a", Rate(2, 60.0)).is_allowed for _ in range(3)] == [True, True, False]
    assert caplog.text.count("by each process for itself") == 1
    # Without claims something could be created twice: that is refused.
    with pytest.raises(ConfigurationError, match="cannot be used"):
        FileClaims(file / "folder").take("a")


@given(steps=st.lists(st.tuples(st.booleans(), st.floats(0, 100, allow_nan=False)), max_size=60))
def test_circuit_lets_one_probe_through_and_opens_for_no_longer_than_it_may(steps: list[tuple[bool, float]]) -> None:
    clock = VirtualClock(0.0)
    breakers = NotedBreakers(MemoryNotes(), clock.monotonic)
    in_a_row, is_open = 0, False
    for is_well, gap in steps:
        clock.at += gap
        passage = breakers.enter("a", _RULE)
        if not passage.is_allowed:
            assert is_open
            assert 0 < passage.wait_s <= _RULE.most_wait_s
            continue
        assert passage.is_probe == is_open
        if passage.is_probe:
            # Until it reports, nobody else passes.
            assert not breakers.enter("a", _RULE).is_allowed
        breakers.leave("a", _RULE, is_well=is_well, is_probe=passage.is_probe)
        in_a_row = 0 if is_well else in_a_row + 1
        is_open = not is_well and (is_open or in_a_row >= _RULE.failures)


def test_circuit_s_waits_double_up_to_the_longest_and_a_success_ends_them() -> None:
    clock = VirtualClock(0.0)
    breakers = NotedBreakers(MemoryNotes(), clock.monotonic)
    for _ in range(3):
        assert breakers.enter("a", _RULE).is_allowed
        breakers.leave("a", _RULE, is_well=False, is_probe=False)
    waits = []
    for _ in range(6):
        wait_s = breakers.enter("a", _RULE).wait_s
        waits.append(wait_s)
        clock.at += wait_s
        assert breakers.enter("a", _RULE) == (True, 0.0, True)
        breakers.leave("a", _RULE, is_well=False, is_probe=True)
    assert waits == [10, 20, 40, 80, 80, 80]
    clock.at += 80
    assert breakers.enter("a", _RULE).is_probe
    breakers.leave("a", _RULE, is_well=True, is_probe=True)
    assert breakers.enter("a", _RULE) == (True, 0.0, False)


def test_probe_that_never_reports_gives_its_place_up() -> None:
    clock = VirtualClock(0.0)
    breakers = NotedBreakers(MemoryNotes(), clock.monotonic)
    for _ in range(3):
        breakers.leave("a", _RULE, is_well=False, is_probe=False)
    clock.at += 10
    assert breakers.enter("a", _RULE).is_probe
    assert not breakers.enter("a", _RULE).is_allowed
    clock.at += _RULE.probe_s
    assert breakers.enter("a", _RULE).is_probe


def test_success_from_before_the_circuit_opened_does_not_close_it() -> None:
    breakers = NotedBreakers(MemoryNotes(), lambda: 0.0)
    for _ in range(3):
        breakers.leave("a", _RULE, is_well=False, is_probe=False)
    breakers.leave("a", _RULE, is_well=True, is_probe=False)
    assert not breakers.enter("a", _RULE).is_allowed


def test_circuit_is_shared_by_files(tmp_path: Path) -> None:
    one, other = (NotedBreakers(FileNotes(tmp_path), time.monotonic) for _ in range(2))
    for _ in range(3):
        one.leave("a", _RULE, is_well=False, is_probe=False)
    assert not other.enter("a", _RULE).is_allowed
    assert other.enter("b", _RULE).is_allowed


@pytest.mark.parametrize("kind", ["memory", "files"])
def test_claim_is_held_by_one_and_remembers(kind: str, tmp_path: Path) -> None:
    memory = MemoryClaims()
    one, other = (memory, memory) if kind == "memory" else (FileClaims(tmp_path), FileClaims(tmp_path))
    claim = one.take("a")
    assert claim is not None
    assert (claim.made, claim.is_sent) == ("", False)
    assert other.take("a") is None
    claim.note(is_sent=True)
    claim.release()
    again = other.take("a")
    assert again is not None
    assert again.is_sent
    again.note(made="b-1")
    again.release()
    last = one.take("a")
    assert last is not None
    assert (last.made, last.is_sent) == ("b-1", False)
    last.release()


def test_claim_that_nobody_has_any_more_is_held_by_nobody() -> None:
    claims = MemoryClaims()
    assert claims.take("a") is not None
    assert claims.take("a") is not None


def test_claim_that_was_cut_off_while_it_was_written_may_have_been_sent(tmp_path: Path) -> None:
    claims = FileClaims(tmp_path)
    claim = claims.take("a")
    assert claim is not None
    claim.note(made="b-1")
    claim.release()
    (path,) = tmp_path.glob("*.json")
    path.write_text('{"made": "b')
    again = claims.take("a")
    assert again is not None
    assert (again.made, again.is_sent) == ("", True)
    again.release()

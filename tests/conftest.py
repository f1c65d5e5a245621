"""What all tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tradinglab.core.symbol_cache import SymbolCache

# Whether a machine is busy says nothing about the code. The same commit draws the same examples each time, so that
# a failure is the commit's; `make explore` draws others.
settings.register_profile("repeatable", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("exploring", settings.get_profile("repeatable"), derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

# A shell that runs the tests in the background has them, and what they start, ignore Ctrl+C.
signal.signal(signal.SIGINT, signal.default_int_handler)

_HERE = Path(__file__).resolve().parent
_LEAN_DATA = Path(os.environ.get("TRADINGLAB_LEAN_DATA", _HERE.parent.parent / "shared" / "lean" / "data"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Tests that start servers wait much of the time: somebody else can use the processor meanwhile."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + max(1, cores // 2)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first: at the end nobody is left alone with it."""
    items.sort(key=_may_take_s, reverse=True)


def _may_take_s(item: pytest.Item) -> float:
    if item.get_closest_marker("slow") is None:
        return 0.0
    limit = item.get_closest_marker("timeout")
    return float(limit.args[0]) if limit else 60.0


@pytest.fixture(scope="session")
def lean_data() -> Path:
    """Return the folder of LEAN's sample data; the test is skipped where there is none."""
    if not (_LEAN_DATA / "market-hours").is_dir():
        pytest.skip("LEAN's sample data is not here; name its folder in TRADINGLAB_LEAN_DATA")
    return _LEAN_DATA


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep tests out of the developer's own files and settings."""
    for name in [name for name in os.environ if name.startswith("TRADINGLAB_") and name != "TRADINGLAB_LEAN_DATA"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TRADINGLAB_HOME", str(tmp_path_factory.getbasetemp() / "home"))


@pytest.fixture(autouse=True)
def _own_symbols() -> None:
    """Forget the tickers that another test has added: there is one cache a process."""
    SymbolCache.clear()

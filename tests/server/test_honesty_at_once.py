"""Several processes note trials and open a hold-out at once, over both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.conftest import QUICK
from tests.server.installation import Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PROCESSES = 3

MAKE = f"""
from datetime import date
from tradinglab.server.accounts.models import User
from tradinglab.server.honesty.holding import hold_out_seal
from tradinglab.server.strategies.services import strategy_create
user = User.objects.create_user("a@example.com", "a long password 1")
made = strategy_create(owner=user, name="Quick", files={{"main.py": {QUICK!r}}})
hold_out_seal(strategy=made, by=user, first_day=date(2010, 2, 1), last_day=date(2010, 2, 26))
print(json.dumps("made"))
"""
NOTE = """
import random
from tradinglab.server.accounts.models import User
from tradinglab.server.honesty.ledger import Variant, variants_note
from tradinglab.server.honesty.models import Source
from tradinglab.server.strategies.models import Strategy
user, strategy = User.objects.get(), Strategy.objects.get()
several = [Variant(content_hash="c", parameters={"x": str(number)}, data="sample") for number in range(600)]
ready()
for _ in range(5):
    random.shuffle(several)
    variants_note(strategy_id=strategy.pk, by=user, source=Source.SEARCH, variants=several)
print(json.dumps("noted"))
"""
NOTED = """
from tradinglab.server.honesty.models import TriedVariant
print(json.dumps([TriedVariant.objects.count(), sorted(set(TriedVariant.objects.values_list("times", flat=True)))]))
"""
OPEN = """
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.opening import hold_out_open
from tradinglab.server.honesty.errors import HoldOutSpentError
from tradinglab.server.honesty.models import HoldOut
from tradinglab.server.strategies.models import StrategyVersion
user, version, sealed = User.objects.get(), StrategyVersion.objects.get(), HoldOut.objects.get()
ready()
try:
    made = hold_out_open(hold_out=sealed, by=user, version=version, parameters={}, data="sample")
    print(json.dumps("opened"))
except HoldOutSpentError:
    print(json.dumps("spent"))
"""
OPENED = """
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.honesty.holding import stamp_is_genuine
from tradinglab.server.honesty.models import HoldOut
found = HoldOut.objects.get()
is_its = found.stamp["run"] == str(found.run_id)
print(json.dumps([Backtest.objects.count(), found.state, stamp_is_genuine(found), is_its]))
"""


@pytest.fixture(params=["sqlite", "postgres"])
def lab(request: pytest.FixtureRequest, tmp_path: Path, tables: Path) -> Iterator[Installation]:
    more = {"DATABASE_URL": request.getfixturevalue("postgres_url")} if request.param == "postgres" else {}
    made = Installation(tmp_path / "home", more, tables=tables)
    yield made
    made.stop()


def test_processes_at_once(lab: Installation) -> None:
    """One story, as starting the processes is most of the time."""
    lab.said(MAKE)
    assert lab.said_at_once(NOTE, PROCESSES) == ["noted"] * PROCESSES
    assert lab.said(NOTED) == [600, [5 * PROCESSES]]
    assert sorted(lab.said_at_once(OPEN, PROCESSES)) == ["opened"] + ["spent"] * (PROCESSES - 1)
    assert lab.said(OPENED) == [1, "opened", True, True]

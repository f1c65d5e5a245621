"""Real workers that are killed while they are about a backtest at QuantConnect."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Script, faulty_server
from tests.server.conftest import QUICK
from tests.server.installation import Installation, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_CONNECT = f"""
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.credentials import account_connect
account_connect(user=User.objects.get(), remote_user={USER_ID!r}, token={TOKEN!r})
print(json.dumps(True))
"""
_KILLED_AT = ("projects/create", "compile/create", "backtests/create", "backtests/orders/read")


def test_whoever_is_killed_leaves_one_backtest_there_and_its_end_is_known(tmp_path: Path, tables: Path) -> None:
    cloud = FakeCloud(time.time)
    cloud.compile_s, cloud.backtest_s, cloud.results_late_s = 0.5, 1.0, 0.5
    with faulty_server(cloud, Script({})) as url:
        lab = Installation(tmp_path / "home", {"QUANTCONNECT_API_URL": url}, tables=tables)
        try:
            lab.owner()
            lab.serve()
            lab.said(_CONNECT)
            made = lab.call("/strategies/", {"name": "Quick", "files": {"main.py": QUICK}})
            run = str(lab.call("/backtests/", {"version": made["head"]["id"], "engine": "quantconnect"})["id"])
            for path in _KILLED_AT:
                worker = lab.start("worker")
                until(lambda path=path: any(each == path for each, _ in cloud.calls))
                worker.kill()
                worker.wait()
            assert lab.state(run) == "running"
            lab.start("worker")
            until(lambda: lab.state(run) == "completed")
            lab.assert_whole(run)
            assert (len(cloud.projects), len(cloud.backtests), len(cloud.started)) == (1, 1, 1)
            assert lab.call(f"/backtests/{run}/")["total_orders"] == 250
        finally:
            lab.stop()

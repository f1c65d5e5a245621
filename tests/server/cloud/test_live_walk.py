"""The walk of docs/quantconnect.md through a deployment, with curl: real processes, and a QuantConnect beside them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.request
from itertools import count, islice
from pathlib import Path

import pytest
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Script, faulty_server
from tests.server.installation import Installation, until
from websockets.sync.client import connect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
_PAGE = Path(__file__).resolve().parents[3] / "docs" / "quantconnect.md"
_BEGIN = f"""
from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.services import api_key_create
from tradinglab.server.cloud.credentials import account_connect
from tradinglab.server.strategies.services import strategy_create
user = User.objects.create_user("walker@example.com", "a long password 1", role="admin")
account_connect(user=user, remote_user={USER_ID!r}, token={TOKEN!r})
head = strategy_create(owner=user, name="Walk", files={{"main.py": "class A:\\n    pass\\n"}}).head
key = api_key_create(user=user, name="walk", scopes=("read", "trade"), by=user.scopes).token
print(json.dumps([key, str(head.pk)]))
"""
_STATE = """
from tradinglab.server.cloud.live.models import CloudDeployment
print(json.dumps(list(CloudDeployment.objects.values_list("name", "deploy_id", "status", "liquidation"))))
"""


def assert_all_ways_tell_the_same(lab: Installation) -> None:
    """Pages, stream and WebSocket bring the same events."""
    one = f"quantconnect/live/deployments/{lab.call('/quantconnect/live/deployments/')['results'][0]['id']}"
    paged = lab.call(f"/{one}/events/?limit=1000")["events"]
    request = urllib.request.Request(
        f"http://127.0.0.1:{lab.port}/api/v1/{one}/events/",
        headers={"Authorization": f"Bearer {lab.token}", "Accept": "text/event-stream"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        lines = (json.loads(line[6:]) for line in answer if line.startswith(b"data: "))
        assert list(islice(lines, len(paged))) == paged
    ticket = lab.call("/ws-tickets/", {})["ticket"]
    with connect(f"ws://127.0.0.1:{lab.port}/ws/{one}/?ticket={ticket}&after=0", open_timeout=60) as socket:
        heard = (json.loads(socket.recv(timeout=60)) for _ in count())
        events = (each for each in heard if "control" not in each)
        assert list(islice(events, len(paged))) == paged


def test_the_walk(tmp_path: Path, tables: Path) -> None:
    cloud = FakeCloud(time.time)
    cloud.compile_s = 0.0
    (walk,) = (
        each for each in re.findall(r"```sh\n(.*?)```", _PAGE.read_text(encoding="utf-8"), re.DOTALL) if "ONE=" in each
    )
    with faulty_server(cloud, Script({})) as url:
        settings = {"QUANTCONNECT_API_URL": url, "QUANTCONNECT_POLL_S": "2"}
        lab = Installation(tmp_path / "home", settings, tables=tables)
        try:
            key, version = lab.said(_BEGIN)
            lab.serve()
            lab.start("worker")
            known = {"SERVER": f"http://127.0.0.1:{lab.port}", "TOKEN": key, "VERSION": version}
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", walk], env={**known, "PATH": os.environ["PATH"]}, cwd=tmp_path,
                capture_output=True, text=True, timeout=200, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            until(lambda: lab.said(_STATE) == [["Walk", *cloud.live_started, "Liquidated", "flat"]])
            lab.token = key
            assert_all_ways_tell_the_same(lab)
        finally:
            lab.stop()
    (there,) = cloud.deployments.values()
    assert there["commands"] == [{"text": "hello"}]

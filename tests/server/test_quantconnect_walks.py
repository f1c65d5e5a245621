"""The walks of docs/quantconnect.md, with the programs that they name where those are there.

``LEAN_CLI`` names the program ``lean``, if it is not on the PATH. ``QC_MCP_SERVER`` names the folder of
QuantConnect's MCP server, and ``QC_MCP_PYTHON`` a Python that has what it needs. What both send is tested without them
in ``tests/server/qcapi``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Fault, Script, faulty_server
from tests.server.installation import ROOT, Installation, until
from tools.fill_generated import fill

from tradinglab.data.source import open_source
from tradinglab.rules import algorithm_source, load_bars, read_rules, simulate
from tradinglab.rules.templates import all_rule_templates
from tradinglab.server.config.home import Home
from tradinglab.server.processes.web import QUANTCONNECT_PORT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_LEAN = os.environ.get("LEAN_CLI") or shutil.which("lean")
_MCP = os.environ.get("QC_MCP_SERVER")
_MCP_PYTHON = os.environ.get("QC_MCP_PYTHON") or sys.executable
#: Where GitHub is not reached, there is what ``lean init`` would have written.
_LEAN_INIT = 'lean() { [ "$1" = init ] && [ -e lean.json ] || command lean "$@"; }\n'


def walk(title: str) -> str:
    """Return the commands of a section of the page."""
    page = (ROOT / "docs" / "quantconnect.md").read_text(encoding="utf-8")
    section = re.search(rf"^###? {re.escape(title)}\n(.*?)(?=^##)", page, re.DOTALL | re.MULTILINE)
    assert section is not None, title
    return "\n".join(re.findall(r"```sh\n(.*?)```", section[1], re.DOTALL))


def told(commands: str, folder: Path, **variables: str) -> str:
    """Carry commands out and return what they say."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], env={"PATH": os.environ["PATH"], **variables}, cwd=folder,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_an_account_is_connected_and_a_strategy_run_there(tmp_path: Path, tables: Path) -> None:
    cloud = FakeCloud(time.time)
    cloud.compile_s, cloud.backtest_s, cloud.results_late_s = 0.1, 0.5, 0.2
    faults = Script({"projects/create": [Fault.RESET_AFTER], "backtests/create": [Fault.RESET_AFTER]})
    with faulty_server(cloud, faults) as url:
        lab = Installation(tmp_path / "home", {"QUANTCONNECT_API_URL": url}, tables=tables)
        try:
            lab.owner()
            lab.serve()
            lab.start("worker")
            server = f"http://127.0.0.1:{lab.port}"
            said = told(
                walk("Connect it, and run there"),
                tmp_path, SERVER=server, TOKEN=lab.token, QC_USER=USER_ID, QC_TOKEN=TOKEN,
            )  # fmt: skip
            assert "completed" in said
            assert cloud.started[0] in said
            assert '"sharpe_ratio":1.5' in said
            assert len(cloud.started) == len(cloud.backtests) == 2
            assert len(cloud.projects) == 1
            assert TOKEN not in said + lab.log()
        finally:
            lab.stop()


@pytest.fixture(scope="module")
def cloud_of_our_own(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Installation, dict[str, str]]]:
    """An installation that listens for QuantConnect's clients, and what its token says; filled with bars, or not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", QUANTCONNECT_PORT))
        except OSError:
            pytest.skip(f"somebody else listens on port {QUANTCONNECT_PORT}, where QuantConnect's clients look")
    home = tmp_path_factory.mktemp("cloud") / "home"
    Home(home).prepare()
    if request.param == "filled":
        fill(Home(home).bars)
    lab = Installation(home, {})
    try:
        lab.start("up", "--no-open", "--port", str(lab.port))
        until(lambda: "TradingLab is at" in lab.log())
        said = lab.command("token", "create", "--user", "admin@localhost", "--kind", "quantconnect", "--json")
        token = json.loads(said)
        names = {"QC_USER": "user_id", "QC_TOKEN": "token", "QC_ORGANIZATION": "organization_id"}
        yield lab, {variable: str(token[name]) for variable, name in names.items()}
    finally:
        lab.stop()


_WITH_LEAN = pytest.mark.skipif(
    _LEAN is None, reason="QuantConnect's lean is not installed; name the program in LEAN_CLI"
)


@pytest.fixture
def lean(cloud_of_our_own: tuple[Installation, dict[str, str]], tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """A folder where ``lean`` works, and its variables; nobody is asked whether there is a newer one."""
    assert _LEAN is not None
    _, token = cloud_of_our_own
    home, folder = tmp_path / "home", tmp_path / "folder"
    (home / ".lean").mkdir(parents=True)
    (folder / "data").mkdir(parents=True)
    checked = {"last-update-check-cli": time.time(), "last-update-check-announcements": time.time()}
    (home / ".lean" / "cache").write_text(json.dumps(checked))
    organization = token["QC_ORGANIZATION"]
    made = {"data-folder": "data", "job-organization-id": organization, "organization-id": organization}
    made["file-database-last-update"] = datetime.now(UTC).strftime("%m/%d/%Y %H:%M:%S")
    (folder / "lean.json").write_text(json.dumps(made))
    return folder, {
        "PATH": f"{Path(_LEAN).parent}:{os.environ['PATH']}", "HOME": str(home), "COLUMNS": "110", "NO_COLOR": "1",
        "TERM": "dumb", "LANG": "C.UTF-8", "PYTHONIOENCODING": "utf-8", **token,
    }  # fmt: skip


@_WITH_LEAN
@pytest.mark.parametrize("cloud_of_our_own", ["filled"], indirect=True)
def test_lean_pushes_backtests_optimizes_and_deploys_here(lean: tuple[Path, dict[str, str]], tmp_path: Path) -> None:
    folder, variables = lean
    said = told(_LEAN_INIT + walk("The command line"), folder, **variables)
    (tmp_path / "said.txt").write_text(said)
    for line in (
        "Successfully logged in", "You are logged in as", "Successfully created cloud project 'My Strategy'",
        "Successfully compiled project 'My Strategy'", "Backtest name: First", "Optimal parameters: fast:",
        "Live url:", "Live id: L-", "Sharpe Ratio",
    ):  # fmt: skip
        assert line in said, said
    assert "Backtest name: From CI" in told(walk("In CI"), folder, **variables)


@_WITH_LEAN
@pytest.mark.parametrize("cloud_of_our_own", ["with the sample alone"], indirect=True)
@pytest.mark.parametrize("template", ["sma-cross", "forex-range", "crypto-trend"])
def test_lean_backtests_generated_source_here(lean: tuple[Path, dict[str, str]], template: str) -> None:
    folder, variables = lean
    rules = read_rules(next(each.path.read_text() for each in all_rule_templates() if each.name == template))
    simulated = simulate(rules, load_bars(rules, open_source("sample")))
    source = folder / "main.py"
    source.write_text(algorithm_source(rules))
    said = told(
        f"""
        export QC_API=local
        lean login --user-id "$QC_USER" --api-token "$QC_TOKEN"
        lean project-create --language python "{template}"
        cp main.py "{template}/main.py"
        lean cloud push --project "{template}"
        lean cloud backtest "{template}" --name "Generated"
        """,
        folder,
        **variables,
    )
    assert "Backtest name: Generated" in said
    assert re.search(rf"Total Orders +│ {len(simulated.fills.quantity)} ", said), said
    assert re.search(rf"End Equity +│ {simulated.equity[-1]:.2f} ", said), said


@pytest.mark.parametrize("cloud_of_our_own", ["filled"], indirect=True)
@pytest.mark.skipif(_MCP is None, reason="QuantConnect's MCP server is not here; name its folder in QC_MCP_SERVER")
def test_the_mcp_server_asks_here(cloud_of_our_own: tuple[Installation, dict[str, str]], tmp_path: Path) -> None:
    assert _MCP is not None
    _, token = cloud_of_our_own
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nexec "{_MCP_PYTHON}" "$@"\n')
    program.chmod(0o755)
    messages = [
        {"id": 1, "method": "initialize", "params": {"protocolVersion": "2025-03-26", "capabilities": {},
                                                     "clientInfo": {"name": "test", "version": "1"}}},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "read_account", "arguments": {}}},
        {"id": 3, "method": "tools/call", "params": {
            "name": "create_project", "arguments": {"model": {"name": "From an assistant", "language": "Py"}}}},
    ]  # fmt: skip
    with subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", walk("The MCP server, for assistants")], cwd=_MCP,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": str(tmp_path), **token},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as server:  # fmt: skip
        answers = list(_answers(server, messages))
        server.terminate()
    account, project = answers[1:]
    assert token["QC_ORGANIZATION"] in json.dumps(account)
    assert "From an assistant" in json.dumps(project)


def _answers(server: subprocess.Popen[str], messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    assert server.stdin is not None
    assert server.stdout is not None
    for message in messages:
        server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        server.stdin.flush()
        if "id" in message:
            yield next(json.loads(line) for line in server.stdout if f'"id":{message["id"]}' in line.replace(" ", ""))

"""``tradinglab cloud`` against the fake, over a wire."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Fault, Script, faulty_server

from tradinglab.cli.main import main
from tradinglab.cli.status import BAD_INPUT, FINISHED, STRATEGY_FAILED


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCloud]:
    """Serve a fake whose address and credentials are in the environment."""
    fake = FakeCloud(time.time)
    fake.compile_s, fake.backtest_s, fake.results_late_s = 0.05, 0.05, 0.0
    with faulty_server(fake, Script({"projects/create": [Fault.RESET_AFTER]})) as base_url:
        monkeypatch.setenv("QUANTCONNECT_BASE_URL", base_url)
        monkeypatch.setenv("QUANTCONNECT_USER_ID", USER_ID)
        monkeypatch.setenv("QUANTCONNECT_ACCESS_TOKEN", TOKEN)
        yield fake


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "momentum"
    (made / "alpha").mkdir(parents=True)
    (made / "__pycache__").mkdir()
    (made / ".git").mkdir()
    (made / "main.py").write_bytes(b"x = 1\r\n")
    (made / "alpha" / "__init__.py").write_text("")
    (made / "__pycache__" / "main.py").write_text("no")
    (made / ".git" / "hook.py").write_text("no")
    (made / "data.csv").write_text("no")
    return made


def test_check_tells_whose_credentials_they_are(cloud: FakeCloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cloud", "check"]) == FINISHED
    assert "user 1001" in (told := capsys.readouterr().out)
    assert "Ours" in told


def test_wrong_token_from_a_file_is_refused_and_not_shown(
    cloud: FakeCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    file.write_text("another-token\n")
    assert main(["cloud", "check", "--token-file", str(file)]) == BAD_INPUT
    told = capsys.readouterr().err
    assert "not accepted" in told
    assert "another-token" not in told
    assert main(["cloud", "check", "--token-file", str(tmp_path / "none")]) == BAD_INPUT
    assert "cannot be read" in capsys.readouterr().err


def test_missing_credentials_are_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("QUANTCONNECT_USER_ID", raising=False)
    monkeypatch.delenv("QUANTCONNECT_ACCESS_TOKEN", raising=False)
    assert main(["cloud", "projects"]) == BAD_INPUT
    assert "QUANTCONNECT_ACCESS_TOKEN" in capsys.readouterr().err


def test_push_creates_a_project_once_and_then_sends_what_changed(
    cloud: FakeCloud, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["cloud", "push", str(folder)]) == FINISHED
    ((number, project),) = cloud.projects.items()
    assert project["name"] == "momentum"
    assert project["files"] == {"main.py": "x = 1\r\n", "alpha/__init__.py": "", "research.ipynb": "{}"}
    assert json.loads((folder / "config.json").read_text())["cloud-id"] == number
    told = capsys.readouterr()
    assert f"Project {number}" in told.out
    assert "research.ipynb (--delete" in told.err
    (folder / "main.py").write_text("x = 2\n")
    assert main(["cloud", "push", str(folder), "--delete"]) == FINISHED
    assert cloud.projects[number]["files"] == {"main.py": "x = 2\n", "alpha/__init__.py": ""}
    assert "sent alpha" not in capsys.readouterr().err
    assert len(cloud.projects) == 1


def test_push_that_was_interrupted_finds_its_project(cloud: FakeCloud, folder: Path) -> None:
    """The token is on the disk before anything is sent."""
    cloud.do_projects_create({"name": "momentum token-of-before", "language": "Py"})
    (folder / "config.json").write_text(json.dumps({"tradinglab-token": "token-of-before", "description": "kept"}))
    assert main(["cloud", "push", str(folder)]) == FINISHED
    assert len(cloud.projects) == 1
    config = json.loads((folder / "config.json").read_text())
    assert config["description"] == "kept"
    assert "tradinglab-token" not in config


@pytest.mark.parametrize("command", ["push", "backtest"])
def test_a_project_that_is_not_there_any_more_is_named_and_made_anew_on_demand(
    cloud: FakeCloud, folder: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    config = folder / "config.json"
    config.write_text(json.dumps({"cloud-id": 4711, "description": "kept"}))
    before = config.read_text()
    assert main(["cloud", command, str(folder)]) == BAD_INPUT
    told = capsys.readouterr().err
    for part in ("no project 4711", "config.json", "deleted", "--new"):
        assert part in told
    assert (config.read_text(), cloud.projects) == (before, {})
    assert main(["cloud", command, str(folder), "--new"]) == FINISHED
    ((number, _),) = cloud.projects.items()
    written = json.loads(config.read_text())
    assert (written["cloud-id"], written["description"]) == (number, "kept")
    # It is there now: the option makes no further one.
    assert main(["cloud", command, str(folder), "--new"]) == FINISHED
    assert list(cloud.projects) == [number]


def test_pull_writes_files_and_overwrites_none_that_differ(
    cloud: FakeCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number = cloud.do_projects_create({"name": "Mine", "language": "Py"})["projects"][0]["projectId"]
    cloud.projects[number]["files"]["alpha/model.py"] = "y = 1\r\n"
    target = tmp_path / "mine"
    assert main(["cloud", "pull", str(number), str(target)]) == FINISHED
    assert (target / "alpha" / "model.py").read_bytes() == b"y = 1\r\n"
    (target / "main.py").write_text("mine\n")
    assert main(["cloud", "pull", str(number), str(target)]) == BAD_INPUT
    assert "main.py" in capsys.readouterr().err
    assert (target / "main.py").read_text() == "mine\n"
    assert main(["cloud", "pull", str(number), str(target), "--force"]) == FINISHED
    assert (target / "main.py").read_text() == "# A new project\n"
    other = cloud.do_projects_create({"name": "Other", "language": "Py"})["projects"][0]["projectId"]
    assert main(["cloud", "pull", str(other), str(target)]) == BAD_INPUT
    assert "another folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["../outside.py", "/etc/outside.py", "a/../../outside.py", "a\\b.py", "config.json", "."]
)
def test_pull_writes_nothing_outside_of_the_folder(cloud: FakeCloud, tmp_path: Path, name: str) -> None:
    number = cloud.do_projects_create({"name": "Mine", "language": "Py"})["projects"][0]["projectId"]
    cloud.projects[number]["files"] = {name: "bad"}
    assert main(["cloud", "pull", str(number), str(tmp_path / "mine")]) == BAD_INPUT
    assert [*tmp_path.rglob("*.py")] == []


def test_pull_follows_no_link_out_of_the_folder(cloud: FakeCloud, tmp_path: Path) -> None:
    number = cloud.do_projects_create({"name": "Mine", "language": "Py"})["projects"][0]["projectId"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "main.py").symlink_to(tmp_path / "secret.py")
    assert main(["cloud", "pull", str(number), str(tmp_path / "mine"), "--force"]) == BAD_INPUT
    assert not (tmp_path / "secret.py").exists()


def test_backtest_prints_statistics(cloud: FakeCloud, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cloud", "backtest", str(folder), "--parameter", "fast=3"]) == FINISHED
    assert "Sharpe Ratio" in capsys.readouterr().out
    (backtest,) = cloud.backtests.values()
    assert backtest["parameterSet"] == {"fast": "3"}
    assert backtest["name"] == "TradingLab"


def test_backtest_that_fails_or_does_not_compile_ends_with_one(
    cloud: FakeCloud, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.runtime_error = True
    assert main(["cloud", "backtest", str(folder)]) == STRATEGY_FAILED
    assert "During the algorithm initialization" in capsys.readouterr().err
    cloud.build_error = True
    assert main(["cloud", "backtest", str(folder)]) == STRATEGY_FAILED
    assert "main.py line 3: bad" in capsys.readouterr().err
    assert len(cloud.started) == 1


def test_folders_that_cannot_be_pushed_are_refused(cloud: FakeCloud, tmp_path: Path) -> None:
    assert main(["cloud", "push", str(tmp_path / "none")]) == BAD_INPUT
    (tmp_path / "empty").mkdir()
    assert main(["cloud", "push", str(tmp_path / "empty")]) == BAD_INPUT
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "main.py").write_bytes(b"\xff")
    assert main(["cloud", "push", str(bad)]) == BAD_INPUT
    (bad / "main.py").write_text("x = 1\n")
    for config in ("{", "[]", '{"cloud-id": "x"}'):
        (bad / "config.json").write_text(config)
        assert main(["cloud", "push", str(bad)]) == BAD_INPUT
    assert not cloud.projects


def test_projects_are_listed(cloud: FakeCloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cloud", "projects"]) == FINISHED
    assert "no projects" in capsys.readouterr().out
    cloud.do_projects_create({"name": "Mine", "language": "Py"})
    assert main(["cloud", "projects", "--json"]) == FINISHED
    (project,) = json.loads(capsys.readouterr().out)
    assert (project["name"], project["language"]) == ("Mine", "Py")


def test_number_of_a_project_is_one(cloud: FakeCloud, capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("0", "-1", "x", "1.5"):
        assert main(["cloud", "pull", text, "somewhere"]) == BAD_INPUT
        assert "number of a project" in capsys.readouterr().err or text == "-1"


def test_help_loads_nothing_of_the_client() -> None:
    code = (
        "import sys, tradinglab; from tradinglab.cli.main import main; main(['cloud', '--help']); "
        "assert not {'httpx2', 'pydantic', 'tradinglab.quantconnect'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, capture_output=True).returncode == 0

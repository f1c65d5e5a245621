"""What readers, writers, those with live control and the owner of a shared project may do, endpoint by endpoint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.server.qcapi.client import Signed
from tests.server.qcapi.test_backtests import Project
from tests.server.qcapi.test_optimizations import SEARCH
from tests.server.test_optimizations import SHARED

from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.runs.models import Run

pytestmark = pytest.mark.django_db

READER, WRITER, LIVE, OWNER = "reads", "writes", "live control", "owner"
EVERYBODY = (READER, WRITER, LIVE, OWNER)
WRITERS, TRADERS, OWNERS = (WRITER, OWNER), (LIVE, OWNER), (OWNER,)
#: Each endpoint of a project, and who may call it; what of the project is named in capitals.
RIGHTS: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("projects/read", {}, EVERYBODY),
    ("files/read", {}, EVERYBODY),
    ("compile/create", {}, EVERYBODY),
    ("compile/read", {"compileId": "COMPILE"}, EVERYBODY),
    ("backtests/read", {"backtestId": "BACKTEST"}, EVERYBODY),
    ("backtests/list", {}, EVERYBODY),
    ("optimizations/read", {"optimizationId": "OPTIMIZATION"}, EVERYBODY),
    ("optimizations/list", {}, EVERYBODY),
    ("optimizations/estimate", {"compileId": "COMPILE", **SEARCH}, EVERYBODY),
    ("live/read", {}, EVERYBODY),
    ("live/portfolio/read", {}, EVERYBODY),
    ("projects/nodes/read", {}, EVERYBODY),
    ("projects/collaboration/read", {}, EVERYBODY),
    ("projects/update", {"description": "x"}, WRITERS),
    ("projects/nodes/update", {}, WRITERS),
    ("projects/collaboration/lock/acquire", {"codeSourceId": ""}, WRITERS),
    ("files/create", {"name": "new.py"}, WRITERS),
    ("files/update", {"name": "main.py", "content": "x = 1"}, WRITERS),
    ("files/patch", {"patch": "--- /dev/null\n+++ b/p.py\n@@ -0,0 +1,1 @@\n+x = 1\n"}, WRITERS),
    ("files/delete", {"name": "main.py"}, WRITERS),
    ("backtests/create", {"compileId": "COMPILE", "backtestName": "x"}, WRITERS),
    ("backtests/update", {"backtestId": "BACKTEST", "name": "x"}, WRITERS),
    ("backtests/tags/update", {"backtestId": "BACKTEST", "tags": ["x"]}, WRITERS),
    ("backtests/delete", {"backtestId": "BACKTEST"}, OWNERS),
    ("optimizations/create", {"compileId": "COMPILE", **SEARCH}, WRITERS),
    ("optimizations/update", {"optimizationId": "OPTIMIZATION", "name": "x"}, WRITERS),
    ("optimizations/abort", {"optimizationId": "OPTIMIZATION"}, OWNERS),
    ("optimizations/delete", {"optimizationId": "OPTIMIZATION"}, OWNERS),
    ("live/commands/create", {"command": {"x": 1}}, TRADERS),
    ("live/update/liquidate", {}, TRADERS),
    ("live/update/stop", {}, TRADERS),
    ("projects/collaboration/create", {"collaboratorUserId": "THIRD"}, OWNERS),
    ("projects/collaboration/update", {"collaboratorUserId": "STRANGER", "write": True}, OWNERS),
    ("projects/collaboration/delete", {"collaboratorId": "STRANGER"}, OWNERS),
    ("projects/delete", {}, OWNERS),
]


@pytest.fixture
def third(signed: Callable[..., Signed]) -> Signed:
    return signed(User.objects.create_user("third@example.com", "a long password 1", role="trader"))


@pytest.fixture
def shared(qc: Signed, stranger: Signed, owner: User, other: User) -> Project:
    User.objects.filter(pk__in=(owner.pk, other.pk)).update(role="trader")
    return Project(qc, SHARED)


def share(shared: Project, who: Signed, role: str) -> None:
    if role != OWNER:
        shared.qc.done(
            "projects/collaboration/create", projectId=shared.number, collaboratorUserId=who.public_id,
            collaborationWrite=role == WRITER, collaborationLiveControl=role == LIVE,
        )  # fmt: skip


def optimization(shared: Project, who: Signed) -> str:
    asked = {"projectId": shared.number, "compileId": shared.compile_id, **SEARCH}
    return str(who.done("optimizations/create", **asked)["optimizations"][0]["optimizationId"])


def deployed(shared: Project) -> None:
    node = shared.qc.done("nodes/read", organizationId=shared.qc.organization_id)["live"][0]["id"]
    shared.qc.done(
        "live/create", versionId=-1, projectId=shared.number, compileId=shared.compile_id, nodeId=node,
        brokerage={"id": "QuantConnectBrokerage"},
    )  # fmt: skip


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize(("path", "values", "allowed"), RIGHTS, ids=[each[0] for each in RIGHTS])
def test_each_right(
    shared: Project, stranger: Signed, third: Signed, signed: Callable[..., Signed], other: User, owner: User,
    role: str, path: str, values: dict[str, Any], allowed: tuple[str, ...],
) -> None:  # fmt: skip
    assert {Scope.READ, Scope.RUN, Scope.TRADE} <= User.objects.get(pk=other.pk).scopes
    shared.qc, stranger = (signed(User.objects.get(pk=each.pk)) for each in (owner, other))
    share(shared, stranger, role)
    words = {"COMPILE": shared.compile_id, "STRANGER": stranger.public_id, "THIRD": third.public_id}
    if "BACKTEST" in values.values():
        words["BACKTEST"] = shared.started()["backtestId"]
    if "OPTIMIZATION" in values.values():
        words["OPTIMIZATION"] = optimization(shared, shared.qc)
    if path.startswith("live/"):
        deployed(shared)
    if role == OWNER and "STRANGER" in values.values():
        share(shared, stranger, READER)
    asked = {name: words.get(value, value) if isinstance(value, str) else value for name, value in values.items()}
    who = shared.qc if role == OWNER else stranger
    if role in allowed:
        who.done(path, projectId=shared.number, **asked)
    else:
        said = who.refused(path, projectId=shared.number, **asked)
        assert "permission" in said or "live control" in said or "owner" in said


def test_a_writer_deletes_what_the_writer_has_started(shared: Project, stranger: Signed, other: User) -> None:
    share(shared, stranger, WRITER)
    asked = {"projectId": shared.number, "compileId": shared.compile_id, "backtestName": "Theirs"}
    theirs = [stranger.done("backtests/create", **asked)["backtest"]["backtestId"] for _ in range(2)]
    searches = [optimization(shared, stranger) for _ in range(2)]
    assert set(Run.objects.filter(pk__in=theirs).values_list("owner_id", flat=True)) == {other.pk}
    # The owner of the project may, too.
    for who, test, search in ((stranger, theirs[0], searches[0]), (shared.qc, theirs[1], searches[1])):
        who.done("backtests/delete", projectId=shared.number, backtestId=test)
        who.done("optimizations/abort", optimizationId=search)
        who.done("optimizations/delete", optimizationId=search)
    assert shared.qc.done("backtests/list", projectId=shared.number)["count"] == 0


def test_who_reads_no_more_does_not_see_it(shared: Project, stranger: Signed) -> None:
    test = shared.started()["backtestId"]
    assert "There is no project" in stranger.refused("backtests/delete", projectId=shared.number, backtestId=test)

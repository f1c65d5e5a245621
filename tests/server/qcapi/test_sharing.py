"""Sharing projects: what collaborators see and may do, locks, and nodes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.server.qcapi.client import Signed

from tradinglab.server.accounts.models import AuditEntry, User
from tradinglab.server.qcapi.models import Project
from tradinglab.server.strategies.models import StrategyVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(qc: Signed) -> int:
    return int(qc.done("projects/create", name="Mine", language="Py")["projects"][0]["projectId"])


def share(qc: Signed, project: int, who: Signed, *, write: bool = False, live: bool = False) -> list[dict[str, object]]:
    people: list[dict[str, object]] = qc.done(
        "projects/collaboration/create",
        projectId=project,
        collaboratorUserId=who.public_id,
        collaborationWrite=write,
        collaborationLiveControl=live,
    )["collaborators"]
    return people


def test_who_shares_a_project_is_listed_behind_its_owner(qc: Signed, stranger: Signed, project: int) -> None:
    people = share(qc, project, stranger, write=True)
    assert [(each["publicId"], each["owner"], each["permission"], each["liveControl"]) for each in people] == [
        (qc.public_id, True, "write", True),
        (stranger.public_id, False, "write", False),
    ]
    assert qc.done("projects/read", projectId=project)["projects"][0]["collaborators"] == people


def test_a_reader_reads_and_changes_nothing(qc: Signed, stranger: Signed, project: int) -> None:
    share(qc, project, stranger)
    (seen,) = stranger.done("projects/read")["projects"]
    assert (seen["projectId"], seen["owner"], seen["organizationId"]) == (project, False, qc.organization_id)
    assert len(stranger.done("files/read", projectId=project)["files"]) == 2
    own = stranger.done("projects/collaboration/read", projectId=project)
    assert (own["userPermissions"], own["userLiveControl"]) == ("read", False)
    for path, values in (
        ("files/create", {"name": "x.py"}),
        ("files/update", {"name": "main.py", "content": "x"}),
        ("files/patch", {"patch": "x"}),
        ("files/delete", {"name": "main.py"}),
        ("projects/update", {"name": "Theirs"}),
        ("projects/nodes/update", {}),
        ("projects/library/create", {"libraryId": project}),
        ("projects/collaboration/lock/acquire", {"codeSourceId": "x"}),
    ):
        assert "write permission" in stranger.refused(path, projectId=project, **values)


def test_a_writer_writes_in_their_own_name_and_owns_nothing(
    qc: Signed, stranger: Signed, project: int, other: User
) -> None:
    share(qc, project, stranger, write=True)
    stranger.done("files/update", projectId=project, name="main.py", content="theirs")
    assert qc.done("files/read", projectId=project, name="main.py")["files"][0]["content"] == "theirs"
    assert StrategyVersion.objects.latest("created_at").author == other
    for path, values in (
        ("projects/delete", {}),
        ("projects/collaboration/create", {"collaboratorUserId": stranger.public_id}),
        ("projects/collaboration/update", {"collaboratorUserId": stranger.public_id}),
        ("projects/collaboration/delete", {"collaboratorId": stranger.public_id}),
    ):
        assert "owner" in stranger.refused(path, projectId=project, **values)


def test_permissions_change_and_end(qc: Signed, stranger: Signed, project: int) -> None:
    share(qc, project, stranger, write=True, live=True)
    changed = qc.done(
        "projects/collaboration/update",
        projectId=project,
        collaboratorUserId=stranger.public_id,
        write=False,
        liveControl=False,
    )["collaborators"]
    assert (changed[1]["permission"], changed[1]["liveControl"]) == ("read", False)
    left = qc.done("projects/collaboration/delete", projectId=project, collaboratorId=stranger.public_id)
    assert len(left["collaborators"]) == 1
    assert stranger.refused("projects/read", projectId=project) == f"There is no project {project}."
    actions = list(AuditEntry.objects.filter(action__contains="shared").values_list("action", flat=True))
    assert sorted(actions) == ["strategy.shared", "strategy.shared", "strategy.unshared"]


@pytest.mark.parametrize(
    ("text", "means"),
    [("True", True), ("true", True), ("1", True), ("False", False), ("false", False), ("0", False)],
)
def test_forms_write_flags_as_texts(qc: Signed, stranger: Signed, project: int, text: str, means: bool) -> None:
    share(qc, project, stranger, live=not means)
    who = f"projectId={project}&collaboratorUserId={stranger.public_id}"
    changed = qc.form("projects/collaboration/update", f"{who}&write={text}&liveControl={text}")["collaborators"][1]
    assert (changed["permission"], changed["liveControl"]) == ("write" if means else "read", means)


@pytest.mark.parametrize("value", ["yes", "no", "on", "t", "", 2, 1.5, [True], {}])
def test_what_is_no_flag_gives_no_rights(qc: Signed, stranger: Signed, project: int, value: object) -> None:
    refused = qc.refused(
        "projects/collaboration/create",
        projectId=project,
        collaboratorUserId=stranger.public_id,
        collaborationWrite=value,
        collaborationLiveControl=False,
    )
    assert refused == f"collaborationWrite was '{value}': write true or false."
    assert len(qc.done("projects/collaboration/read", projectId=project)["collaborators"]) == 1


def test_what_is_shared_no_more_is_no_library_any_more(qc: Signed, stranger: Signed, project: int) -> None:
    share(qc, project, stranger)
    theirs = stranger.done("projects/create", name="Theirs", language="Py")["projects"][0]["projectId"]
    stranger.done("projects/library/create", projectId=theirs, libraryId=project)
    stranger.done("compile/create", projectId=theirs)
    qc.done("projects/collaboration/delete", projectId=project, collaboratorId=stranger.public_id)
    before = StrategyVersion.objects.count()
    assert "shared with you no more" in stranger.refused("compile/create", projectId=theirs)
    assert StrategyVersion.objects.count() == before
    stranger.done("projects/library/delete", projectId=theirs, libraryId=project)
    stranger.done("compile/create", projectId=theirs)


@pytest.mark.parametrize("public_id", ["", " ", "nobody", "x" * 10_000])
def test_a_project_is_shared_with_users_alone(qc: Signed, project: int, public_id: str) -> None:
    for path, field in (
        ("create", "collaboratorUserId"),
        ("update", "collaboratorUserId"),
        ("delete", "collaboratorId"),
    ):
        assert qc.refused(f"projects/collaboration/{path}", projectId=project, **{field: public_id})


def test_who_is_deactivated_and_the_owner_are_no_collaborators(
    qc: Signed, stranger: Signed, project: int, other: User
) -> None:
    User.objects.filter(pk=other.pk).update(is_active=False)
    asked = {"projectId": project, "collaboratorUserId": stranger.public_id}
    assert qc.refused("projects/collaboration/create", **asked)
    assert "own" in qc.refused("projects/collaboration/create", **asked | {"collaboratorUserId": qc.public_id})


def test_a_lock_keeps_other_editors_out_for_a_while(qc: Signed, project: int) -> None:
    edit = {"projectId": project, "name": "main.py"}
    qc.done("projects/collaboration/lock/acquire", projectId=project, codeSourceId="editor")
    assert "write permission" in qc.refused("files/update", **edit, content="1", codeSourceId="cli")
    qc.done("files/update", **edit, content="2", codeSourceId="editor")
    qc.done("files/update", **edit, content="3")
    qc.done("projects/collaboration/lock/acquire", projectId=project, codeSourceId="cli")
    qc.done("files/update", **edit, content="4", codeSourceId="cli")
    assert "editor 'cli'" in qc.refused("projects/update", projectId=project, name="x", codeSourceId="editor")
    Project.objects.update(locked_at=timezone.now() - timedelta(minutes=16))
    qc.done("files/update", **edit, content="5", codeSourceId="editor")
    qc.done("projects/collaboration/lock/acquire", projectId=project, codeSourceId="")
    qc.done("files/update", **edit, content="6", codeSourceId="anybody")


def test_nodes_are_chosen_and_left_to_the_server(qc: Signed, stranger: Signed, project: int) -> None:
    read = qc.done("projects/nodes/read", projectId=project)
    nodes = [each for kind in ("backtest", "research", "live") for each in read["nodes"][kind]]
    assert read["autoSelectNode"] is True
    assert nodes
    assert not any(each["active"] or each["busy"] for each in nodes)
    chosen = [read["nodes"]["backtest"][0]["id"], read["nodes"]["live"][0]["id"]]
    updated = qc.done("projects/nodes/update", projectId=project, nodes=chosen)
    active = [each["id"] for kind in ("backtest", "live") for each in updated["nodes"][kind] if each["active"]]
    assert (active, updated["autoSelectNode"]) == (chosen, False)
    assert qc.done("projects/nodes/update", projectId=project)["autoSelectNode"] is True
    assert qc.done("projects/nodes/update", projectId=project, nodes=[])["autoSelectNode"] is True
    theirs = stranger.done("nodes/read", organizationId=stranger.organization_id)["backtest"][0]["id"]
    assert "no node" in qc.refused("projects/nodes/update", projectId=project, nodes=[theirs])
    assert qc.refused("nodes/read", organizationId=stranger.organization_id)

"""Every endpoint, from the list of them: strangers, other users, tokens that may too little, bodies of all kinds.

A new endpoint is tested without anybody naming it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.server.qcapi.client import Signed

from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.qcapi.asking import Ask
from tradinglab.server.qcapi.endpoints import ENDPOINTS, Endpoint

pytestmark = pytest.mark.django_db
get_resolver().url_patterns  # noqa: B018  # what imports the endpoints

EVERY = [ENDPOINTS[path] for path in sorted(ENDPOINTS)]
OF_PROJECTS = [each for each in EVERY if "project_id" in each.ask.model_fields]
OF_ORGANIZATIONS = [each for each in EVERY if "organization_id" in each.ask.model_fields]
WRITING = [each for each in EVERY if each.scope != Scope.READ]

#: Something that fits a field of this name, so that what is refused is refused for the project.
_FITTING: dict[str, object] = {
    "name": "main.py",
    "language": "Py",
    "content": "x",
    "patch": "--- a/main.py\n+++ b/main.py\n@@ -1 +1 @@\n-x\n+y\n",
    "libraryId": 1,
    "compileId": "x",
    "collaboratorUserId": "x",
    "collaboratorId": "x",
    "files": [{"name": "main.py", "content": "x"}],
    "sentence": "self.add_e",
    "error": {"message": "x"},
    "criteria": [{"input": "x", "type": "Docs", "count": 1}],
    "key": "x",
    "objectData": "x",
}


def _names(endpoint: Endpoint) -> str:
    return endpoint.path


def _required(ask: type[Ask]) -> dict[str, object]:
    """Return what an endpoint must be given, as far as it is known here."""
    found = {}
    for name, field in ask.model_fields.items():
        alias = str(field.alias or name)
        if field.is_required():
            found[alias] = _FITTING.get(alias, _of_kind(field.annotation))
    return found


def _of_kind(annotation: object) -> object:
    return {int: 1, float: 1.0, bool: True, list: [], dict: {}}.get(annotation, "x")  # type: ignore[call-overload]


def test_the_list_names_what_there_is() -> None:
    assert len(EVERY) > 30
    assert {"authenticate", "projects/create", "files/read", "compile/create", "object/get"} <= set(ENDPOINTS)


@pytest.mark.parametrize("endpoint", EVERY, ids=_names)
def test_nobody_is_let_in_unsigned(endpoint: Endpoint) -> None:
    for method in ("get", "post"):
        answer = getattr(Client(), method)(f"/api/v2/{endpoint.path}")
        assert (answer.status_code, answer.json()["errorCode"]) == (401, 10002)


@pytest.mark.parametrize("endpoint", OF_PROJECTS, ids=_names)
def test_anothers_project_is_not_there(endpoint: Endpoint, qc: Signed, stranger: Signed) -> None:
    theirs = stranger.done("projects/create", name="Theirs", language="Py")["projects"][0]["projectId"]
    needed = _required(endpoint.ask)
    unknown = qc.refused(endpoint.path, **needed | {"projectId": 987_654_321})
    assert qc.refused(endpoint.path, **needed | {"projectId": theirs}) == unknown.replace("987654321", str(theirs))
    assert stranger.done("projects/read", projectId=theirs)
    assert len(stranger.done("files/read", projectId=theirs)["files"]) == 2


@pytest.mark.parametrize("endpoint", OF_ORGANIZATIONS, ids=_names)
def test_anothers_organization_is_not_there(endpoint: Endpoint, qc: Signed, stranger: Signed) -> None:
    needed = _required(endpoint.ask)
    if endpoint.path == "projects/read":
        # Shared projects are of another's organisation: the list is the caller's, whichever is named.
        assert qc.done(endpoint.path, organizationId=stranger.organization_id)["projects"] == []
        return
    unknown = qc.refused(endpoint.path, **needed | {"organizationId": "0" * 32})
    found = qc.refused(endpoint.path, **needed | {"organizationId": stranger.organization_id})
    assert found == unknown.replace("0" * 32, stranger.organization_id)


@pytest.mark.parametrize("endpoint", WRITING, ids=_names)
def test_writing_needs_its_scope_and_post(
    endpoint: Endpoint, qc: Signed, owner: User, signed: Callable[..., Signed]
) -> None:
    without = signed(owner, scopes=sorted(set(Scope.values) - {endpoint.scope}))
    assert f"scope '{endpoint.scope}'" in without.refused(endpoint.path)
    answer = qc.get(endpoint.path)
    assert (answer["success"], "POST" in answer["errors"][0]) == (False, True)


_BODIES: list[tuple[str, bytes]] = [
    ("application/json", body)
    for body in (
        b"", b"{", b"[]", b"[1]", b"null", b"1", b'"x"', b"\xff", b'{"projectId": NaN}', b'{"projectId": 1e999}',
        b'{"a": 1, "a": 2}', b"[" * 100_000, b'{"x":' * 100_000, b'{"projectId": "\\ud800"}', b'{"name": "\\u0000"}',
        b'{"projectId": 99999999999999999999999999}', b'{"projectId": true}', b'{"projectId": [1]}',
        b'{"projectId": {"a": {"b": []}}}', b'{"projectId": "x", "name": {}, "files": 1, "keys": {"a": 1}}',
        b'{"projectId": 1.5, "organizationId": [], "compileId": {}, "content": 1}',
        b'{"projectId": "' + b"9" * 6000 + b'"}',
        b'{"name": "' + b"x" * 1_900_000 + b'"}', b'{"name": "' + b"x" * 9_000_000 + b'"}',
    )
] + [
    ("application/x-www-form-urlencoded", body)
    for body in (
        b"projectId=1&projectId[a]=2", b"a[b=1", b"[]=1", b"a[][][][][][][][][][]=1", b"a=%ff", b"a=%00", b"\xff=1",
        b"&".join(b"x%d=1" % each for each in range(3_000)), b"files[0][name]=x&files[zero]=1",
        b"projectId=%s" % (b"9" * 9000),
        b"files[99999999]=x", b"=", b"projectId", b"files[0]=1&files=2",
    )
] + [
    ("multipart/form-data", b"x"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="projectId"\r\n\r\n1\r\n--x--'),
    ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
    ("multipart/form-data; boundary=\xe4", b"x"),
    ("text/plain", b"hello"),
    ("", b"{}"),
]  # fmt: skip


@pytest.mark.parametrize("endpoint", EVERY, ids=_names)
def test_no_body_makes_the_server_fail(endpoint: Endpoint, qc: Signed) -> None:
    for kind, body in _BODIES:
        Signed.document(qc.raw(endpoint.path, data=body, content_type=kind))
    for query in ("projectId=x&projectId=1", "a[b=1", "projectId=%00", "start=1e9&end=x", "x=" + "9" * 6000):
        Signed.document(qc.http.get(f"/api/v2/{endpoint.path}?{query}", headers=qc.headers()))


@pytest.mark.parametrize("endpoint", EVERY, ids=_names)
def test_every_field_refuses_what_it_cannot_be(endpoint: Endpoint, qc: Signed) -> None:
    project = qc.done("projects/create", name="Mine", language="Py")["projects"][0]["projectId"]
    good = _required(endpoint.ask) | {"projectId": project, "organizationId": qc.organization_id}
    for name, field in endpoint.ask.model_fields.items():
        for wrong in (
            None,
            True,
            -1,
            2**63,
            -(2**63),
            1.5,
            "",
            " ",
            "x",
            "x" * 5000,
            [],
            {},
            [[]],
            [{}],
            {"a": []},
            "é\u202e",
        ):
            qc.ask(endpoint.path, **good | {str(field.alias or name): wrong})


_ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_that_json_can_write_makes_the_server_fail(data: st.DataObject, qc: Signed) -> None:
    endpoint = data.draw(st.sampled_from(EVERY))
    fields = [str(field.alias or name) for name, field in endpoint.ask.model_fields.items()] or ["x"]
    body = data.draw(st.dictionaries(st.sampled_from(fields), _ANYTHING))
    text = json.dumps(body).encode("utf-8", "replace")
    Signed.document(qc.raw(endpoint.path, data=text, content_type="application/json"))

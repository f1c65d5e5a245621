"""The audit log: what is written, who may read it, and that nobody changes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.test import RequestFactory
from rest_framework.test import APIClient

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import AppendOnlyError, AuditEntry, User
from tradinglab.server.ops.caller import client_address
from tradinglab.server.strategies.models import Strategy

pytestmark = pytest.mark.django_db
AUDIT = "/api/v1/audit/"


@pytest.fixture
def entry(owner: User) -> AuditEntry:
    audit_note(action="thing.done", actor=owner, target=owner, details={"n": 1})
    return AuditEntry.objects.get(action="thing.done")


def test_a_request_leaves_who_what_and_where(api: APIClient, owner: User) -> None:
    headers = {"User-Agent": "a program", "X-Request-ID": "mine-7", "X-Forwarded-For": "6.6.6.6"}
    made = api.post("/api/v1/api-keys/", {"name": "n", "scopes": ["read"]}, format="json", headers=headers).json()
    entry = AuditEntry.objects.get(action="key.created", target_id=str(made["id"]))
    assert (entry.actor, entry.email, entry.target_kind) == (owner, owner.email, "apikey")
    assert (entry.address, entry.agent, entry.request_id) == ("127.0.0.1", "a program", "mine-7")
    assert made["token"][-20:] not in str(entry.details)


def test_entries_are_not_changed_nor_deleted(entry: AuditEntry, owner: User) -> None:
    entry.action = "nothing"
    for change in (
        entry.save,
        entry.delete,
        lambda: AuditEntry.objects.update(action=""),
        lambda: AuditEntry.objects.all().delete(),
    ):
        with pytest.raises(AppendOnlyError):
            change()
    owner.delete()
    assert AuditEntry.objects.get(pk=entry.pk).email == "owner@example.com"


@pytest.mark.parametrize("statement", ["UPDATE accounts_auditentry SET action = ''", "DELETE FROM accounts_auditentry"])
def test_the_database_refuses_too(statement: str, entry: AuditEntry) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get(pk=entry.pk).action == "thing.done"


def test_admins_read_all_others_what_concerns_them(
    entry: AuditEntry, owner: User, other: User, client_of: Callable[..., APIClient]
) -> None:
    User.objects.filter(pk=other.pk).update(role="viewer")
    audit_note(action="user.changed", actor=owner, target=other)
    reader = client_of(other, ("read",))
    assert [each["action"] for each in reader.get(AUDIT).json()["results"]] == ["key.created", "user.changed"]
    admin = client_of(owner, ("read", "admin"))
    assert {"thing.done", "user.changed"} <= {each["action"] for each in admin.get(AUDIT).json()["results"]}
    found = admin.get(f"{AUDIT}?action=thing.&email=OWNER@example.com&target_kind=user").json()["results"]
    assert [each["details"] for each in found] == [{"n": 1}]
    assert admin.get(f"{AUDIT}?since=2999-01-01T00:00:00Z").json()["results"] == []
    assert admin.get(f"{AUDIT}?since=yesterday").status_code == 400


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (0, "6.6.6.6", "1.1.1.1"),
        (1, "6.6.6.6", "6.6.6.6"),
        (1, "6.6.6.6, 7.7.7.7", "7.7.7.7"),
        (2, "5.5.5.5, 6.6.6.6, 7.7.7.7", "6.6.6.6"),
        (2, "7.7.7.7", "7.7.7.7"),
        (1, "nonsense", "1.1.1.1"),
        (1, "", "1.1.1.1"),
        (1, "::1", "::1"),
    ],
)
def test_only_the_proxies_that_are_counted_are_believed(
    proxies: int, forwarded: str, found: str, settings: Any
) -> None:
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"proxies": proxies})
    request = RequestFactory().get("/", REMOTE_ADDR="1.1.1.1", headers={"X-Forwarded-For": forwarded})
    assert client_address(request) == found


def test_exports_deletions_and_submissions_are_written_down(
    owner: User, strategy: Strategy, client_of: Callable[..., APIClient]
) -> None:
    assert strategy.head is not None
    admin = client_of(owner, ("read", "run", "admin"))
    run = admin.post("/api/v1/backtests/", {"version": str(strategy.head.pk)}, format="json").json()
    admin.post(f"/api/v1/backtests/{run['id']}/cancel/")
    admin.delete(f"/api/v1/backtests/{run['id']}/")
    admin.delete(f"/api/v1/backtests/{run['id']}/")
    admin.post(f"/api/v1/backtests/{run['id']}/restore/")
    where = f"/api/v1/strategies/{strategy.pk}/"
    assert admin.get(f"{where}versions/{strategy.head.content_hash}/archive/").status_code == 200
    admin.delete(where)
    admin.post(f"{where}undelete/")
    admin.post(f"{where}versions/{strategy.head.content_hash}/restore/")
    admin.post(f"{where}duplicate/", {}, format="json")
    admin.patch(f"/api/v1/users/{owner.pk}/run-limits/", {"most_queued": 5}, format="json")
    found = list(AuditEntry.objects.exclude(action="key.created").order_by("id").values_list("action", "actor"))
    assert found == [
        (action, owner.pk)
        for action in (
            "strategy.created", "backtest.submitted", "backtest.deleted", "backtest.restored", "strategy.exported",
            "strategy.deleted", "strategy.restored", "version.restored", "strategy.created", "user.limits_changed",
        )
    ]  # fmt: skip


@pytest.mark.slow
def test_postgresql_refuses_too(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute(
            "INSERT INTO accounts_auditentry (email, action, target_kind, target_id, details, address, agent, "
            "request_id, created_at) VALUES ('', 'thing.done', '', '', '{}', '', '', '', now())"
        )
        for statement in ("UPDATE accounts_auditentry SET action = ''", "DELETE FROM accounts_auditentry"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                database.execute(statement)

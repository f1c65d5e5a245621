"""The caller's account and organisation."""

from __future__ import annotations

import re

import pytest
from tests.server.qcapi.client import Signed

pytestmark = pytest.mark.django_db


def test_whoami_finds_one_organisation_of_its_own_with_an_admin(qc: Signed) -> None:
    listed = qc.done("organizations/list")["organizations"]
    assert [each["ownerName"] for each in listed] == ["You"]
    assert listed[0]["id"] == qc.organization_id
    assert re.fullmatch(r"[a-f0-9]{32}", qc.organization_id)
    read = qc.done("organizations/read", organizationId=qc.organization_id)["organization"]
    assert [(each["isAdmin"], each["email"]) for each in read["members"]] == [(True, "owner@example.com")]
    assert read["credit"]["balance"] == 0


def test_who_asks(qc: Signed) -> None:
    account = qc.done("account/read")
    assert account["organizationId"] == qc.organization_id
    assert account["card"] is None
    user = qc.get("user/read", organizationId=qc.organization_id)["user"]
    assert (user["name"], user["publicId"]) == ("owner", qc.public_id)


@pytest.mark.parametrize(
    "path", ["account/read", "user/read", "organizations/read", "organizations/encryption/keys/list/"]
)
def test_anothers_organisation_is_not_there(qc: Signed, stranger: Signed, path: str) -> None:
    why = qc.refused(path, organizationId=stranger.organization_id)
    assert why == qc.refused(path, organizationId="0" * 32).replace("0" * 32, stranger.organization_id)


def test_there_are_neither_keys_nor_news(qc: Signed) -> None:
    assert qc.done("organizations/encryption/keys/list/", organizationId=qc.organization_id)["keys"] == []
    assert qc.done("services/terminal-news")["news"] == []

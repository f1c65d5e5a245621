"""Who is let in: signatures in headers and addresses, wrong ones, old ones, too many of them."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.server.conftest import set_environment
from tests.server.qcapi.client import Signed

from tradinglab.server.accounts.models import QuantConnectToken, User
from tradinglab.server.accounts.quantconnect_tokens import quantconnect_token_create
from tradinglab.server.accounts.services import user_update

pytestmark = pytest.mark.django_db
_REFUSED = {
    "errorCode": 10002,
    "errors": [
        "The API token hash is not valid. This could be due to an old hash, invalid API token, or an invalid timestamp."
    ],
    "success": False,
}


def authenticate(qc: Signed, **headers: str) -> Any:
    return qc.http.post("/api/v2/authenticate", headers=headers or qc.headers())


def test_a_signature_lets_in(qc: Signed) -> None:
    assert authenticate(qc).json() == {"success": True, "errors": []}
    assert qc.http.get("/api/v2/authenticate/", headers=qc.headers()).json()["success"] is True
    assert QuantConnectToken.objects.get().last_used_at is not None


def test_the_hash_may_be_in_capitals_and_the_kind_in_small_letters(qc: Signed) -> None:
    shown = qc.headers()
    user_id, digest = base64.b64decode(shown["authorization"].split()[1]).decode().split(":")
    loud = base64.b64encode(f"{user_id}:{digest.upper()}".encode()).decode()
    assert authenticate(qc, authorization=f"basic {loud}", timestamp=shown["timestamp"]).status_code == 200


def test_a_link_is_signed_in_its_address(qc: Signed) -> None:
    shown = qc.headers()
    query = {"authorization": shown["authorization"].split()[1], "timestamp": shown["timestamp"]}
    assert Client().get("/api/v2/authenticate", query).json()["success"] is True
    assert Client().get("/api/v2/authenticate", query | {"timestamp": "1"}).status_code == 401


@pytest.mark.parametrize("late_s", [-86_400, -700, 700, 86_400])
def test_an_old_signature_is_refused(qc: Signed, late_s: float) -> None:
    answer = authenticate(qc, **qc.headers(at=time.time() + late_s))
    assert (answer.status_code, answer.json()) == (401, _REFUSED)


@pytest.mark.parametrize("late_s", [-500, 500])
def test_a_clock_may_be_some_minutes_off(qc: Signed, late_s: float) -> None:
    assert authenticate(qc, **qc.headers(at=time.time() + late_s)).status_code == 200


def _basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Basic",
        "Basic !!!",
        "Bearer tl_x_y",
        _basic("1"),
        _basic("1:"),
        _basic(":" + "0" * 64),
        _basic("x:" + "0" * 64),
        _basic("99999999999999999999999:" + "0" * 64),
        _basic("-1:" + "0" * 64),
        _basic("١:" + "0" * 64),
        "Basic " + "A" * 100_000,
        "Basic \xff\xfe",
    ],
)
def test_what_is_no_signature_is_refused(qc: Signed, shown: str) -> None:
    headers = {"timestamp": str(int(time.time()))} | ({"authorization": shown} if shown else {})
    answer = authenticate(qc, **headers)
    assert (answer.status_code, answer.json()) == (401, _REFUSED)


@pytest.mark.parametrize("stamp", ["", "now", "-1", "1e9", "9" * 40, "١٢٣"])
def test_a_time_must_be_whole_seconds(qc: Signed, stamp: str) -> None:
    headers = qc.headers() | {"timestamp": stamp}
    assert authenticate(qc, **headers).status_code == 401


def test_the_raw_token_is_no_signature(qc: Signed) -> None:
    headers = qc.headers() | {"authorization": _basic(f"{qc.user_id}:{qc.token}")}
    assert authenticate(qc, **headers).status_code == 401


def test_a_session_is_no_signature(qc: Signed, owner: User) -> None:
    qc.http.force_login(owner)
    assert qc.http.post("/api/v2/authenticate").status_code == 401


def test_anothers_token_is_refused(qc: Signed, stranger: Signed) -> None:
    qc.token = stranger.token
    assert authenticate(qc).status_code == 401


def test_tokens_end(qc: Signed, owner: User) -> None:
    QuantConnectToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert authenticate(qc).status_code == 401
    QuantConnectToken.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    assert authenticate(qc).status_code == 200
    QuantConnectToken.objects.update(revoked_at=timezone.now())
    assert authenticate(qc).status_code == 401


def test_who_is_deactivated_is_out_for_good(owner: User, stranger: Signed, other: User) -> None:
    assert authenticate(stranger).status_code == 200
    user_update(user=other, by=owner, is_active=False)
    assert authenticate(stranger).status_code == 401
    user_update(user=other, by=owner, is_active=True)
    assert authenticate(stranger).status_code == 401
    assert QuantConnectToken.objects.get(user=other).sealed_token == ""


def test_every_token_of_a_user_signs(qc: Signed, owner: User) -> None:
    second = quantconnect_token_create(user=owner, name="second", by=owner.scopes)
    assert authenticate(qc).status_code == 200
    qc.token = second.token
    assert authenticate(qc).status_code == 200


def test_a_token_whose_seal_is_broken_harms_no_other(qc: Signed, owner: User) -> None:
    broken = quantconnect_token_create(user=owner, name="second", by=owner.scopes)
    QuantConnectToken.objects.filter(pk=broken.row.pk).update(sealed_token="gAAAA")
    assert authenticate(qc).status_code == 200


def test_too_many_wrong_signatures_close_the_door_for_that_user_from_there(qc: Signed, stranger: Signed) -> None:
    wrong = Signed(qc.user_id, "wrong", "", "")
    for _ in range(30):
        assert authenticate(wrong).json() == _REFUSED
    assert authenticate(qc).status_code == 401
    assert authenticate(stranger).status_code == 200
    elsewhere = qc.http.post("/api/v2/authenticate", headers=qc.headers(), REMOTE_ADDR="10.1.1.1")
    assert elsewhere.status_code == 200


def test_a_right_signature_counts_anew(qc: Signed) -> None:
    wrong = Signed(qc.user_id, "wrong", "", "")
    for _ in range(3):
        for _ in range(20):
            authenticate(wrong)
        assert authenticate(qc).status_code == 200


def test_requests_have_a_rate(qc: Signed, settings: Any) -> None:
    set_environment(settings, rate_user="2/h")
    assert [authenticate(qc).status_code for _ in range(3)] == [200, 200, 429]
    answer = authenticate(qc)
    assert answer.json() == {"success": False, "errors": ["Too many requests; please slow down."]}
    assert int(answer.headers["Retry-After"]) > 0


def test_strangers_have_a_rate(settings: Any) -> None:
    set_environment(settings, rate_address="2/h")
    answers = [Client().post("/api/v2/authenticate").status_code for _ in range(3)]
    assert answers == [401, 401, 429]


def test_a_token_does_what_its_scopes_allow(owner: User, signed: Callable[..., Signed]) -> None:
    reader = signed(owner, scopes=["read"])
    assert reader.done("organizations/list")
    assert set(QuantConnectToken.objects.get().scopes) == {"read"}


def test_nothing_is_where_no_endpoint_is(qc: Signed) -> None:
    answer = qc.raw("no/such")
    assert (answer.status_code, answer.json()["success"]) == (404, False)
    assert Client().post("/api/v2/no/such").status_code == 401


def test_the_token_is_in_no_row(qc: Signed) -> None:
    row = QuantConnectToken.objects.get()
    assert qc.token not in row.sealed_token
    assert hashlib.sha256(qc.token.encode()).hexdigest() not in row.sealed_token

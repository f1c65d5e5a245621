"""The second factor: setting it up, logging in with it, losing it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from django.test import Client
from rest_framework.test import APIClient
from tests.server.conftest import set_environment

from tradinglab.server.accounts.models import RecoveryCode, Totp, User
from tradinglab.server.accounts.sign_ins import sign_in_create
from tradinglab.server.errors import SealError
from tradinglab.server.sealing import reseal, seal, unseal

pytestmark = pytest.mark.django_db
PASSWORD = "a long password 1"
TOTP = "/api/v1/account/totp/"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Person:
    """Somebody with a second factor and a clock."""

    def __init__(self, user: User) -> None:
        self.api = APIClient()
        self.email = user.email
        self.api.credentials(HTTP_AUTHORIZATION=f"Bearer {sign_in_create(user=user).access}")
        self.secret = self.post(TOTP, {"password": PASSWORD}).json()["secret"]
        self.recovery = self.post(f"{TOTP}confirm/", {"code": self.code()}).json()["recovery_codes"]

    def post(self, path: str, body: object) -> Any:
        return self.api.post(path, body, format="json")

    def code(self, shift_s: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(datetime.now(UTC) + timedelta(seconds=shift_s))

    def log_in(self, **more: str) -> Any:
        body = {"email": self.email, "password": PASSWORD, **more}
        return APIClient().post("/api/v1/auth/token/", body, format="json")


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as found:
        yield found


@pytest.fixture
def person(owner: User, clock: Any) -> Person:
    made = Person(owner)
    clock.shift(90)
    return made


def test_a_log_in_asks_for_a_code_and_takes_each_once(person: Person, clock: Any) -> None:
    missing = person.log_in()
    assert (missing.status_code, missing.json()["code"]) == (401, "code_needed")
    assert person.log_in(code="000000").json()["code"] == "login_refused"
    code = person.code()
    assert person.log_in(code=code).status_code == 200
    assert person.log_in(code=code).status_code == 401
    assert person.log_in(code=person.code(-30)).status_code == 401
    clock.shift(30)
    assert person.log_in(code=person.code()).status_code == 200


@pytest.mark.parametrize(("shift_s", "status"), [(-60, 401), (-30, 200), (0, 200), (30, 200), (60, 401)])
def test_clocks_may_differ_a_little(shift_s: int, status: int, person: Person) -> None:
    assert person.log_in(code=person.code(shift_s)).status_code == status


def test_wrong_codes_lock_out(person: Person) -> None:
    assert [person.log_in(code="000000").status_code for _ in range(6)] == [401] * 5 + [429]
    assert person.log_in(code=person.code()).status_code == 429


def test_a_wrong_password_does_not_tell_that_there_is_a_second_factor(person: Person) -> None:
    assert person.log_in(password="wrong").json()["code"] == "login_refused"


def test_recovery_codes_stand_in_once_each(person: Person) -> None:
    assert len(set(person.recovery)) == 10
    assert person.recovery[0].replace("-", "") not in str(RecoveryCode.objects.values())
    assert person.log_in(code=person.recovery[0].upper()).status_code == 200
    assert person.log_in(code=person.recovery[0]).status_code == 401
    assert person.api.get(TOTP).json() == {"is_enabled": True, "recovery_codes_left": 9}
    renewed = person.post(f"{TOTP}recovery-codes/", {"password": PASSWORD, "code": person.code()}).json()
    assert person.log_in(code=person.recovery[1]).status_code == 401
    assert person.log_in(code=renewed["recovery_codes"][1]).status_code == 200


def test_it_is_not_replaced_nor_taken_away_without_both_factors(person: Person, clock: Any) -> None:
    assert person.post(TOTP, {"password": PASSWORD}).status_code == 409
    assert person.post(f"{TOTP}confirm/", {"code": person.code()}).status_code == 409
    assert person.post(f"{TOTP}disable/", {"password": "wrong", "code": person.code()}).status_code == 400
    assert person.post(f"{TOTP}disable/", {"password": PASSWORD, "code": "000000"}).status_code == 400
    assert person.post(f"{TOTP}disable/", {"password": PASSWORD, "code": person.code()}).status_code == 204
    assert person.log_in().status_code == 200
    assert person.post(f"{TOTP}disable/", {"password": PASSWORD, "code": person.code()}).status_code == 409
    assert RecoveryCode.objects.count() == 0


def test_enrolling_needs_the_password_and_a_first_code(owner: User, api: APIClient) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {sign_in_create(user=owner).access}")
    assert client.post(TOTP, {"password": "wrong"}, format="json").status_code == 400
    made = client.post(TOTP, {"password": PASSWORD}, format="json").json()
    assert made["uri"].startswith("otpauth://totp/TradingLab:owner%40example.com?secret=" + made["secret"])
    assert client.post(f"{TOTP}confirm/", {"code": "abcdef"}, format="json").status_code == 400
    assert not client.get("/api/v1/me/").json()["has_totp"]
    assert api.post(TOTP, {"password": PASSWORD}, format="json").status_code == 403
    assert made["secret"] not in str(Totp.objects.values())


def test_the_pages_ask_for_the_code(person: Person, client: Client) -> None:
    assert client.get("/login/code/").headers["Location"] == "/login/"
    given = {"username": person.email, "password": PASSWORD, "next": "/?page=2"}
    assert client.post("/login/", given).headers["Location"] == "/login/code/"
    assert client.get("/").status_code == 302
    assert b"not right" in client.post("/login/code/", {"code": "000000"}).content
    assert client.post("/login/code/", {"code": person.code()}).headers["Location"] == "/?page=2"
    assert client.get("/").status_code == 200


def test_the_page_forgets_a_password_after_five_minutes(person: Person, client: Client, clock: Any) -> None:
    client.post("/login/", {"username": person.email, "password": PASSWORD})
    clock.shift(301)
    assert client.post("/login/code/", {"code": person.code()}).headers["Location"] == "/login/"


def test_a_log_in_seals_the_secret_with_the_newest_key(person: Person, settings: Any) -> None:
    set_environment(settings, encryption_keys=type(settings.ENVIRONMENT.encryption_keys)("n" * 40))
    assert person.log_in(code=person.code()).status_code == 200
    settings.SECRET_KEY = "another secret key of at least 32 characters"
    assert unseal(Totp.objects.get().sealed_secret) == person.secret


def test_keys_of_sealed_secrets_can_be_changed(settings: Any) -> None:
    sealed = seal("ü secret")
    assert "secret" not in sealed
    set_environment(settings, encryption_keys=type(settings.ENVIRONMENT.encryption_keys)("n" * 40))
    assert unseal(sealed) == "ü secret"
    newer = reseal(sealed)
    settings.SECRET_KEY = "another secret key of at least 32 characters"
    assert unseal(newer) == "ü secret"
    with pytest.raises(SealError, match="TRADINGLAB_ENCRYPTION_KEYS"):
        unseal(sealed)

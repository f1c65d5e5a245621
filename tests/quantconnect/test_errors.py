"""What replies mean; what errors say, and what they never say."""

from __future__ import annotations

import base64
import hashlib
import logging
import pickle
import traceback

import httpx2
import pytest
from tests.quantconnect.canned import Canned
from tests.quantconnect.fake import TOKEN, USER_ID
from tests.quantconnect.faults import Fault
from tests.quantconnect.kit import world

from tradinglab.quantconnect import errors
from tradinglab.quantconnect.credentials import Credentials
from tradinglab.quantconnect.errors import (
    AuthenticationError,
    CircuitOpenError,
    ConfigurationError,
    InvalidRequestError,
    MalformedAnswerError,
    NoSpareNodeError,
    NotFoundError,
    QuantConnectError,
    RateLimitError,
    ServerError,
    TransportError,
)
from tradinglab.quantconnect.settings import Retries, Settings, Timeouts

_ONCE = Settings(retries=Retries(attempts=1))


def _said(text: str) -> httpx2.Response:
    return httpx2.Response(200, json={"success": False, "errors": [text]})


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hash doesn't match. Please check.", AuthenticationError),
        ("UserID not valid", AuthenticationError),
        ("Too many backtest requests; please slow down.", RateLimitError),
        ("There are no spare nodes available in your cluster. To launch a new backtest please stop", NoSpareNodeError),
        ("Project not found", NotFoundError),
        ("Backtest does not exist", NotFoundError),
        ("No live deployment found", NotFoundError),
        ("There is no project -1.", NotFoundError),
        ("Project 2 has no backtest ' '.", NotFoundError),
        ("An internal error occurred", ServerError),
        ("Name cannot be empty", InvalidRequestError),
        ("", InvalidRequestError),
    ],
)
def test_texts_of_a_refusal_tell_its_kind(text: str, kind: type[QuantConnectError]) -> None:
    with pytest.raises(kind) as caught:
        Canned({"authenticate": _said(text)}, _ONCE).client.account.check()
    assert type(caught.value) is kind
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "payload",
    [
        {"success": False, "errors": ["wrong"]},
        {"success": False, "errors": {"0": "wrong"}},
        {"success": False, "errors": "wrong"},
        {"success": False, "messages": ["wrong"]},
        {"success": False, "Message": "wrong"},
        {"success": "false", "errors": ["wrong"]},
    ],
)
def test_texts_are_found_wherever_they_are(payload: dict[str, object]) -> None:
    with pytest.raises(InvalidRequestError, match="wrong") as caught:
        Canned({"authenticate": httpx2.Response(200, json=payload)}).client.account.check()
    assert caught.value.errors == ("wrong",)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (httpx2.Response(401, json={"errorCode": 10002, "errors": ["no"], "success": False}), AuthenticationError),
        (httpx2.Response(200, json={"errorCode": 10002, "errors": ["no"], "success": False}), AuthenticationError),
        (httpx2.Response(403, text="<html>"), AuthenticationError),
        (httpx2.Response(404, text="<html>"), NotFoundError),
        (httpx2.Response(400, json={"errors": ["no"]}), InvalidRequestError),
        (httpx2.Response(413), InvalidRequestError),
        (httpx2.Response(429), RateLimitError),
        (httpx2.Response(408), ServerError),
        (httpx2.Response(500, text="<html>"), ServerError),
        (httpx2.Response(503), ServerError),
        (httpx2.Response(200), MalformedAnswerError),
        (httpx2.Response(200, text="<html>"), MalformedAnswerError),
        (httpx2.Response(200, text='{"success": tr'), MalformedAnswerError),
        (httpx2.Response(200, text="[1, 2]"), MalformedAnswerError),
        (httpx2.Response(200, text="[" * 100_000), MalformedAnswerError),
        (httpx2.Response(200, content=b"\xff\xfe"), MalformedAnswerError),
        (httpx2.Response(302, headers={"Location": "https://elsewhere/"}), MalformedAnswerError),
        (httpx2.ConnectError("refused"), TransportError),
        (httpx2.ReadTimeout("slow"), TransportError),
        (httpx2.RemoteProtocolError("nonsense"), TransportError),
    ],
)
def test_replies_tell_their_kind(response: httpx2.Response | Exception, kind: type[QuantConnectError]) -> None:
    with pytest.raises(QuantConnectError) as caught:
        Canned({"authenticate": response}, _ONCE).client.account.check()
    assert type(caught.value) is kind


def test_error_names_the_request() -> None:
    response = httpx2.Response(500, headers={"X-Request-ID": "abc-1"})
    with pytest.raises(ServerError) as caught:
        Canned({"authenticate": response}, Settings(retries=Retries(attempts=3))).client.account.check()
    error = caught.value
    assert (error.method, error.path, error.attempt, error.request_id, error.status) == (
        "POST", "authenticate", 3, "abc-1", 500,
    )  # fmt: skip
    assert "POST authenticate, attempt 3, HTTP 500, request abc-1" in str(error)


def test_number_that_was_sent_along_stands_in_for_the_server_s() -> None:
    canned = Canned({"authenticate": httpx2.ReadError("reset")}, _ONCE)
    with pytest.raises(TransportError) as caught:
        canned.client.account.check()
    assert caught.value.request_id == canned.requests[0].headers["x-request-id"]


def test_neither_token_nor_hash_is_told_to_anybody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = httpx2.Response(200, json={"success": False, "errors": [f"The token {TOKEN} is bad"]})
    canned = Canned({"authenticate": [httpx2.ReadError(f"reset {TOKEN}"), echo]})
    with pytest.raises(InvalidRequestError) as caught:
        canned.client.account.check()
    told = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    told += caplog.text + repr(canned.client.__dict__) + repr(vars(canned.client.exchange))
    digest = hashlib.sha256(f"{TOKEN}:{canned.requests[-1].headers['timestamp']}".encode()).hexdigest()
    # The frames of this test hold it: what counts is what the client tells.
    ours = "\n".join(line for line in told.splitlines() if "tests/" not in line and "echo" not in line)
    assert digest not in ours
    assert TOKEN not in str(caught.value)
    assert TOKEN not in caplog.text
    assert TOKEN not in repr(vars(canned.client.exchange))


def test_credentials_hide_their_token() -> None:
    credentials = Credentials(1001, f" {TOKEN}\n")
    assert TOKEN not in repr(credentials) + str(credentials) + credentials.fingerprint()
    assert credentials == Credentials("1001", TOKEN)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(credentials)


@pytest.mark.parametrize(
    ("user_id", "token"), [("", "t"), ("a", "t"), ("-1", "t"), ("1", ""), ("1", "a b"), ("1", "ü")]
)
def test_credentials_that_cannot_be_are_refused(user_id: str, token: str) -> None:
    with pytest.raises(ConfigurationError):
        Credentials(user_id, token)


def test_environment_names_the_variable_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANTCONNECT_USER_ID", "1001")
    monkeypatch.delenv("QUANTCONNECT_ACCESS_TOKEN", raising=False)
    with pytest.raises(ConfigurationError, match="QUANTCONNECT_ACCESS_TOKEN is not set"):
        Credentials.from_environment()
    monkeypatch.setenv("QUANTCONNECT_ACCESS_TOKEN", TOKEN)
    assert Credentials.from_environment() == Credentials(1001, TOKEN)


@pytest.mark.parametrize(
    "base_url", ["", "ftp://x/", "www.quantconnect.com/api/v2", "https://", "https://u:p@x/", "https://x/?a=1"]
)
def test_base_urls_that_are_none_are_refused(base_url: str) -> None:
    with pytest.raises(ConfigurationError):
        _ = Settings(base_url=base_url).root
    assert Settings(base_url="http://localhost:5612/api/v2").root == "http://localhost:5612/api/v2/"


def test_signature_is_what_quantconnect_documents() -> None:
    canned = Canned({"authenticate": {}})
    canned.client.account.check()
    headers = canned.requests[0].headers
    digest = hashlib.sha256(f"{TOKEN}:{headers['timestamp']}".encode()).hexdigest()
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode() == f"{USER_ID}:{digest}"


@pytest.mark.parametrize("skew_s", [-86_400.0, -300.0, 300.0, 1e8])
def test_clock_that_is_off_is_corrected_once_and_for_all(skew_s: float) -> None:
    here = world()
    here.clock.skew_s = skew_s
    here.client.account.check()
    here.client.account.check()
    assert len(here.transport.requests) == 3
    assert abs(here.client.exchange.server_now() - here.clock.at) < 2


def test_wrong_token_is_not_taken_for_a_wrong_clock() -> None:
    here = world()
    here.client.exchange._credentials = Credentials(USER_ID, "another-token")
    with pytest.raises(AuthenticationError, match="not accepted"):
        here.client.account.check()
    assert len(here.transport.requests) == 1
    here.clock.skew_s = 500
    with pytest.raises(AuthenticationError):
        here.client.account.check()
    assert len(here.transport.requests) == 3


def test_signature_is_fresh_on_every_attempt() -> None:
    here = world({"authenticate": [Fault.STALL_BEFORE, Fault.STALL_BEFORE]})
    here.client.account.check()
    stamps = [int(each.headers["timestamp"]) for each in here.transport.requests]
    assert stamps == sorted(set(stamps))
    assert len({each.headers["authorization"] for each in here.transport.requests}) == 3


def test_too_long_answers_are_not_read() -> None:
    settings = Settings(most_bytes=1000)
    with pytest.raises(MalformedAnswerError, match="longer than is read") as caught:
        Canned({"authenticate": httpx2.Response(200, text="x" * 1001)}, settings).client.account.check()
    assert not caught.value.is_garbled


def test_retry_after_is_waited_and_one_beyond_the_deadline_is_told() -> None:
    here = world({"authenticate": [Fault.TOO_MANY_WAIT, Fault.TOO_MANY_DATE]})
    here.client.account.check()
    assert here.clock.waits[0] >= 2
    assert here.clock.waits[1] >= 4
    patient = httpx2.Response(429, headers={"Retry-After": "3600"})
    canned = Canned({"authenticate": patient}, Settings(timeouts=Timeouts(call=60)))
    with pytest.raises(RateLimitError) as caught:
        canned.client.account.check()
    assert caught.value.wait_s == 3600
    assert canned.clock.waits == []


def test_call_ends_at_its_deadline() -> None:
    here = world({"authenticate": [Fault.STALL_BEFORE] * 9}, Settings(timeouts=Timeouts(read=30, call=100)))
    start = here.clock.at
    with pytest.raises(TransportError):
        here.client.account.check()
    assert here.clock.at - start <= 101


def test_circuit_opens_after_failures_and_lets_one_try() -> None:
    rule = Settings(retries=Retries(attempts=1), breaker_failures=3, breaker_wait_s=30)
    here = world({"authenticate": [Fault.PAGE_BEFORE] * 4}, rule)
    for _ in range(3):
        with pytest.raises(ServerError):
            here.client.account.check()
    with pytest.raises(CircuitOpenError) as caught:
        here.another(rule).account.check()
    assert 0 < caught.value.wait_s <= 30
    here.clock.at += 31
    with pytest.raises(ServerError):
        here.client.account.check()
    with pytest.raises(CircuitOpenError) as caught:
        here.client.account.check()
    assert 30 < caught.value.wait_s <= 60
    here.clock.at += 61
    here.client.account.check()
    here.client.account.check()


def test_refusals_do_not_open_the_circuit() -> None:
    canned = Canned({"authenticate": _said("Project not found")}, Settings(breaker_failures=2))
    for _ in range(5):
        with pytest.raises(NotFoundError):
            canned.client.account.check()


def test_errors_have_codes_of_their_own() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, QuantConnectError)]
    assert len({each.code for each in kinds}) == len(kinds) == 14

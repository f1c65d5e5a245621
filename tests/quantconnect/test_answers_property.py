"""Whatever a server answers, the client reads it or raises an error of its own."""

from __future__ import annotations

import json
from contextlib import suppress
from random import Random
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from tests.quantconnect.clock import VirtualClock
from tests.quantconnect.fake import TOKEN, USER_ID

from tradinglab.quantconnect.client import QuantConnect
from tradinglab.quantconnect.credentials import Credentials
from tradinglab.quantconnect.errors import QuantConnectError
from tradinglab.quantconnect.models import account, backtests, base, live, object_store, optimizations, projects
from tradinglab.quantconnect.settings import Retries, Settings
from tradinglab.quantconnect.shared import Shared

_MODELS = [
    kind
    for module in (account, backtests, live, object_store, optimizations, projects)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, base.Answered) and kind is not base.Answered
]
_NAMES = sorted(
    {
        str(each.validation_alias if isinstance(each.validation_alias, str) else name)
        for kind in _MODELS
        for name, each in kind.model_fields.items()
    }
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=4),
    max_leaves=8,
)
_OBJECTS = st.dictionaries(st.sampled_from([*_NAMES, "success", "errors", "status", "length"]), _JSON, max_size=6)


_NASTY: list[dict[str, Any]] = [
    {"created": 1e300, "time": -(10**30), "launched": "9999-99-99", "modified": "2023-01-01T00:00:00.12345678901"},
    {"id": "1" * 5000, "projectId": float("nan"), "deployId": "L", "backtestId": "b", "name": "n", "key": "k"},
    {**dict.fromkeys(("id", "projectId", "deployId", "backtestId", "name", "key"), 1), "time": 1e300, "created": 1e300},
]


@pytest.mark.parametrize("nasty", _NASTY)
@pytest.mark.parametrize("kind", _MODELS, ids=lambda kind: kind.__name__)
def test_models_refuse_what_cannot_be(kind: type[BaseModel], nasty: dict[str, Any]) -> None:
    with suppress(ValidationError):
        kind.model_validate(nasty)


@given(kind=st.sampled_from(_MODELS), answer=_OBJECTS)
def test_models_take_an_object_or_refuse_it(kind: type[BaseModel], answer: dict[str, Any]) -> None:
    with suppress(ValidationError):
        kind.model_validate(answer)


def _client(response: httpx2.Response) -> QuantConnect:
    clock = VirtualClock()
    return QuantConnect(
        Credentials(USER_ID, TOKEN),
        Settings(retries=Retries(attempts=1)),
        shared=Shared.in_process(clock.monotonic),
        clock=clock,
        transport=httpx2.MockTransport(lambda request: response),
        random=Random(1),
    )


_CALLS = [
    lambda client: client.account.read(),
    lambda client: client.projects.read(1),
    lambda client: client.files.list(1),
    lambda client: client.compiling.read(1, "c"),
    lambda client: client.backtests.read(1, "b"),
    lambda client: client.backtests.list(1),
    lambda client: client.results.orders(1, "b", most=150),
    lambda client: client.results.logs(1, "b", most=150),
    lambda client: client.optimizations.read("O"),
    lambda client: client.live.read(1),
    lambda client: client.live_results.portfolio(1),
    lambda client: client.object_store.list("o"),
    lambda client: client.nodes.read("o"),
]


@given(
    status=st.integers(200, 599),
    body=st.binary(max_size=200) | _OBJECTS.map(lambda each: json.dumps(each).encode()),
    header=st.sampled_from(["", "0", "-1", "nan", "9" * 400, "Tue, 99 Nov 2023 22:14:20 GMT", "x"]),
    call=st.sampled_from(_CALLS),
)
def test_answers_are_read_or_are_errors_of_the_client_s_own(status: int, body: bytes, header: str, call: Any) -> None:
    response = httpx2.Response(status, content=body, headers={"Retry-After": header, "Date": header})
    with suppress(QuantConnectError):
        call(_client(response))

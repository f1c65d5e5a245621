"""Every operation of the schema, called with what it allows and with what it does not: no answer that it does not name.

``make fuzz`` tries more: ``EXAMPLES`` in the environment says how many calls of each kind.
"""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import Any
from uuid import UUID

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as trying
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.server.conftest import set_environment
from tests.server.test_every_endpoint import _MAKE, Things

from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.accounts.services import api_key_create
from tradinglab.server.runs.supervision import run_carry_out

pytestmark = [pytest.mark.slow, pytest.mark.django_db, pytest.mark.timeout(1800)]

_EXAMPLES = int(os.environ.get("EXAMPLES", "5"))
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]


class _Undo(Exception):
    """Takes back what a call has changed."""


def _known(things: Things, case: Any) -> None:
    """Let two of three calls be about something that there is."""
    for name in list(case.path_parameters or {}):
        made = next((each for each in _MAKE if each.endswith(f":{name}>")), None)
        if made is not None and hash(str(case.path_parameters[name])) % 3:
            case.path_parameters[name] = str(things.value(made))


def test_no_answer_that_the_schema_does_not_name(owner: User, settings: Any) -> None:
    set_environment(settings, rate_user="1000000/s", rate_address="1000000/s", backend_url="http://testserver")
    things = Things(owner, settings)
    run_carry_out(run_id=UUID(str(things.value("<uuid:run_id>"))), worker="a")
    key = api_key_create(user=owner, name="fuzz", scopes=Scope.values, by=owner.scopes)
    schema = schemathesis.openapi.from_wsgi("/api/schema/", get_wsgi_application())
    wrong: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        modes = {
            mode: operation.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        }
        for cases in modes.values():
            wrong += _tried(cases, things, key.token)
    things.servers.close()
    assert not wrong, "\n\n".join(wrong)


def _tried(cases: Any, things: Things, token: str) -> list[str]:
    wrong: dict[str, str] = {}

    @seed(20_260_101)
    @trying(
        max_examples=_EXAMPLES,
        phases=[Phase.generate],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def call(case: Any) -> None:
        _known(things, case)
        try:
            with transaction.atomic():
                answer = case.call(headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"})
                raise _Undo
        except _Undo:
            pass
        try:
            # The schema's words are about whole objects, and `fields` asks for less.
            is_whole = "fields" not in (case.query or {})
            case.validate_response(answer, checks=[*_CHECKS, response_schema_conformance] if is_whole else _CHECKS)
        except (AssertionError, FailureGroup) as error:
            if answer.status_code == HTTPStatus.BAD_GATEWAY:
                return  # QuantConnect is out of reach here
            said = "\n".join(str(each) for each in getattr(error, "exceptions", [error]))
            wrong.setdefault(f"{case.method} {case.path} {answer.status_code}", said[:1500])

    call()
    return [f"{name}\n{text}" for name, text in wrong.items()]

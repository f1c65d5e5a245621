"""A client whose answers are written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import httpx2
from tests.quantconnect.clock import VirtualClock
from tests.quantconnect.fake import TOKEN, USER_ID

from tradinglab.quantconnect.client import QuantConnect
from tradinglab.quantconnect.credentials import Credentials
from tradinglab.quantconnect.settings import Settings
from tradinglab.quantconnect.shared import Shared

Answer = httpx2.Response | Mapping[str, Any] | Callable[[Mapping[str, Any]], Any] | Exception


class Canned:
    """Answers by path: an object, a response, an exception, a function of the body, or a list of these in turn."""

    def __init__(self, answers: Mapping[str, Answer | list[Answer]], settings: Settings | None = None) -> None:
        self._answers = {path: list(each) if isinstance(each, list) else each for path, each in answers.items()}
        self.requests: list[httpx2.Request] = []
        self.clock = VirtualClock()
        self.client = QuantConnect(
            Credentials(USER_ID, TOKEN),
            settings,
            shared=Shared.in_process(self.clock.monotonic),
            clock=self.clock,
            transport=httpx2.MockTransport(self._answer),
            random=Random(1),
        )

    def bodies(self) -> list[dict[str, Any]]:
        """Return what was sent as JSON."""
        return [json.loads(each.content) for each in self.requests if each.method == "POST"]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        path = request.url.path.removeprefix("/api/v2/")
        answer = self._answers[path]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(json.loads(request.content))
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else httpx2.Response(200, json={"success": True, **answer})

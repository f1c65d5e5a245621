"""A client that signs and writes requests as QuantConnect's clients do, by means of its own."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

from django.test import Client

_BAD = "The server failed"


class Signed:
    """Somebody's client."""

    def __init__(self, user_id: int, token: str, organization_id: str, public_id: str) -> None:
        self.user_id = user_id
        self.token = token
        self.organization_id = organization_id
        self.public_id = public_id
        self.http = Client(raise_request_exception=False)

    def headers(self, *, at: float | None = None) -> dict[str, str]:
        stamp = str(int(time.time() if at is None else at))
        digest = hashlib.sha256(f"{self.token}:{stamp}".encode()).hexdigest()
        shown = base64.b64encode(f"{self.user_id}:{digest}".encode()).decode()
        return {"authorization": f"Basic {shown}", "timestamp": stamp}

    def raw(self, path: str, **options: Any) -> Any:
        """Send what is given; return the answer."""
        return self.http.generic("POST", f"/api/v2/{path}", headers=self.headers(), **options)

    def ask(self, path: str, /, **values: object) -> dict[str, Any]:
        """Send JSON; return the document of an answer that must not be the server's own failure."""
        return self.document(
            self.http.post(f"/api/v2/{path}", values, content_type="application/json", headers=self.headers())
        )

    def get(self, path: str, **values: object) -> dict[str, Any]:
        """Send a query string."""
        return self.document(self.http.get(f"/api/v2/{path}", values, headers=self.headers()))

    def form(self, path: str, body: str) -> dict[str, Any]:
        """Send a form as it stands."""
        kind = "application/x-www-form-urlencoded"
        return self.document(self.raw(path, data=body, content_type=kind))

    def done(self, path: str, /, **values: object) -> dict[str, Any]:
        """Send JSON that must succeed."""
        document = self.ask(path, **values)
        assert document["success"] is True, document
        return document

    def refused(self, path: str, /, **values: object) -> str:
        """Send JSON that must be refused; return why."""
        document = self.ask(path, **values)
        assert document["success"] is False, document
        assert document["errors"]
        return str(document["errors"][0])

    @staticmethod
    def document(answer: Any) -> dict[str, Any]:
        """Return an answer's document."""
        assert answer.status_code == 200, (answer.status_code, answer.content)
        document: dict[str, Any] = answer.json()
        assert isinstance(document["success"], bool)
        assert not any(_BAD in each for each in document["errors"]), document
        return document

"""How a request says whose it is."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tradinglab.server.accounts.models import ApiKey, User
from tradinglab.server.accounts.selectors import api_key_of_token
from tradinglab.server.accounts.services import api_key_note_use

_WORDS = 2


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer tl_…``."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Return user and key; ``None`` if the request shows no key."""
        words = get_authorization_header(request).split()
        if not words:
            return None
        if len(words) != _WORDS or words[0].lower() != b"bearer":
            raise AuthenticationFailed("Write the header as 'Authorization: Bearer KEY'.")
        key = api_key_of_token(token=words[1].decode("latin-1"))
        if key is None:
            raise AuthenticationFailed("The API key is not valid: it is wrong, expired or revoked.")
        api_key_note_use(key=key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return 'Bearer realm="tradinglab"'


class PageSessionAuthentication(SessionAuthentication):
    """The session of somebody who logged in on the page; writing needs the CSRF token."""


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the key in the schema."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return what OpenAPI calls it."""
        return {"type": "http", "scheme": "bearer", "description": "An API key: tl_…"}


class PageSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the session in the schema."""

    target_class = PageSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return what OpenAPI calls it."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}

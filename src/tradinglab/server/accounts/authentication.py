"""How a request says whose it is."""

from __future__ import annotations

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tradinglab.server.accounts.models import ApiKey, SignIn, User
from tradinglab.server.accounts.selectors import api_key_of_token
from tradinglab.server.accounts.services import api_key_note_use
from tradinglab.server.accounts.sign_ins import sign_in_of_token

_WORDS = 2
_KEY_BEGINS = "tl_"


class ApiKeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer tl_…``: a program's key."""

    def authenticate(self, request: Request) -> tuple[User, ApiKey] | None:
        """Return user and key; ``None`` if the request shows no key."""
        shown = _bearer(request)
        if shown is None or not shown.startswith(_KEY_BEGINS):
            return None
        key = api_key_of_token(token=shown)
        if key is None:
            raise AuthenticationFailed("The API key is not valid: it is wrong, expired or revoked.")
        api_key_note_use(key=key)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return 'Bearer realm="tradinglab"'


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer eyJ…``: the access token of somebody who logged in."""

    def authenticate(self, request: Request) -> tuple[User, SignIn] | None:
        """Return user and sign-in; ``None`` if the request shows no token."""
        shown = _bearer(request)
        if shown is None:
            return None
        sign_in = sign_in_of_token(access=shown)
        if sign_in is None:
            raise AuthenticationFailed("That is neither an API key nor an access token that is valid now.")
        return sign_in.user, sign_in

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401."""
        return 'Bearer realm="tradinglab"'


def _bearer(request: Request) -> str | None:
    words = get_authorization_header(request).split()
    if not words:
        return None
    if len(words) != _WORDS or words[0].lower() != b"bearer":
        raise AuthenticationFailed("Write the header as 'Authorization: Bearer KEY'.")
    return words[1].decode("latin-1")


class PageSessionAuthentication(SessionAuthentication):
    """The session of somebody who logged in on the page; writing needs the CSRF token."""


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the key in the schema."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return what OpenAPI calls it."""
        return {"type": "http", "scheme": "bearer", "description": "An API key: tl_…"}


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the access token in the schema."""

    target_class = TokenAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return what OpenAPI calls it."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "From /api/v1/auth/token/."}


class PageSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Names the session in the schema."""

    target_class = PageSessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Return what OpenAPI calls it."""
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}

"""Why somebody is not let in.

::

    ServerError
    ├── LoginRefusedError       address, password and code do not belong together
    ├── CodeNeededError         the password is right; the second factor is missing
    ├── EmailNotVerifiedError   the address was not confirmed yet
    ├── TokenRefusedError       a refresh token is wrong, expired, revoked or was used before
    ├── TooManyAttemptsError    wait
    ├── SignUpClosedError       no sign-up without an invitation, or none at all
    └── AddressUnknownError     a link is to be made, and nothing says where the server is
"""

from __future__ import annotations

from tradinglab.server.errors import ServerError


class LoginRefusedError(ServerError):
    """Address, password and code do not belong together; which of them is wrong is not told."""

    code = "login_refused"
    status = 401

    def __init__(self) -> None:
        super().__init__("E-mail address, password and code do not belong together. Check them, or reset the password.")


class CodeNeededError(ServerError):
    """The password is right, and a second factor is set up."""

    code = "code_needed"
    status = 401

    def __init__(self) -> None:
        super().__init__("Send 'code' too: the six digits that the authenticator shows, or a recovery code.")


class EmailNotVerifiedError(ServerError):
    """The user signed up, and did not open the link in the letter yet."""

    code = "email_not_verified"
    status = 401

    def __init__(self) -> None:
        super().__init__("The e-mail address is not confirmed yet. Open the link in the letter that was sent to it.")


class TokenRefusedError(ServerError):
    """A refresh token does not count."""

    code = "token_refused"
    status = 401

    def __init__(self) -> None:
        super().__init__("The refresh token is wrong, expired, revoked or was used before. Log in again.")


class TooManyAttemptsError(ServerError):
    """Something failed or was asked for too often.

    Attributes
    ----------
    wait
        Seconds until it is worth another try.
    """

    code = "too_many_attempts"
    status = 429

    def __init__(self, wait: int) -> None:
        self.wait = wait
        super().__init__(f"Too many attempts. Wait {-(-wait // 60)} minutes, then try again.")


class SignUpClosedError(ServerError):
    """Nobody signs up here without an invitation, or nobody at all."""

    code = "sign_up_closed"
    status = 403


class AddressUnknownError(ServerError):
    """A link to a page is to be made, and nothing says where the server is."""

    code = "address_unknown"
    status = 409

    def __init__(self) -> None:
        super().__init__(
            "No link can be made: the server's address is not known. Set DEPLOYED_BACKEND_URL to it, or start the "
            "server once with this home folder."
        )

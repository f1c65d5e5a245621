"""Who asks: user id and token, and the signature made of them.

The token never leaves: what is sent is the SHA-256 of token and time.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from typing import NoReturn

from tradinglab.quantconnect.errors import ConfigurationError

USER_ID_VARIABLE = "QUANTCONNECT_USER_ID"
TOKEN_VARIABLE = "QUANTCONNECT_ACCESS_TOKEN"


class Credentials:
    """A user id and an API token, as the account page of QuantConnect shows them.

    The token is in no ``repr``, and the object cannot be pickled: a queue is no place for it.

    Raises
    ------
    ConfigurationError
        If the user id is no number, or the token is empty or no single word.
    """

    __slots__ = ("_token", "user_id")

    def __init__(self, user_id: int | str, token: str) -> None:
        number = str(user_id).strip()
        if not re.fullmatch(r"[0-9]{1,18}", number):
            raise ConfigurationError(
                f"The user id {number!r} is no number. QuantConnect shows yours, of digits, under Account > Security."
            )
        word = token.strip()
        if not re.fullmatch(r"[!-~]+", word):
            raise ConfigurationError("The API token is empty, or holds spaces or other than plain characters.")
        self.user_id = number
        self._token = word

    @classmethod
    def from_environment(cls) -> Credentials:
        """Return those that QUANTCONNECT_USER_ID and QUANTCONNECT_ACCESS_TOKEN hold.

        Raises
        ------
        ConfigurationError
            If one of them is not set.
        """
        for name in (USER_ID_VARIABLE, TOKEN_VARIABLE):
            if not os.environ.get(name, "").strip():
                raise ConfigurationError(
                    f"{name} is not set. Set {USER_ID_VARIABLE} and {TOKEN_VARIABLE} to the user id and the API token "
                    "that QuantConnect shows under Account > Security."
                )
        return cls(os.environ[USER_ID_VARIABLE], os.environ[TOKEN_VARIABLE])

    def headers(self, at: int) -> dict[str, str]:
        """Return the headers that sign a request at Unix second *at*."""
        digest = hashlib.sha256(f"{self._token}:{at}".encode()).hexdigest()
        basic = base64.b64encode(f"{self.user_id}:{digest}".encode()).decode()
        return {"Authorization": f"Basic {basic}", "Timestamp": str(at)}

    def mask(self, text: str) -> str:
        """Return *text* without the token, should a server have echoed it."""
        return text.replace(self._token, "***")

    def fingerprint(self) -> str:
        """Return a name for these credentials that tells neither of them: for buckets, circuits and files."""
        return hashlib.sha256(f"tradinglab:{self.user_id}:{self._token}".encode()).hexdigest()[:24]

    def __repr__(self) -> str:
        return f"Credentials(user_id={self.user_id!r}, token='***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Credentials) and (self.user_id, self._token) == (other.user_id, other._token)

    def __hash__(self) -> int:
        return hash(self.fingerprint())

    def __reduce__(self) -> NoReturn:
        raise TypeError("Credentials are not pickled: hand over what names them, and read them where they are used.")

"""How patient and how careful the client is."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from tradinglab.core.values import dataclass, field
from tradinglab.quantconnect.errors import ConfigurationError

BASE_URL_VARIABLE = "QUANTCONNECT_BASE_URL"
#: QuantConnect's own.
BASE_URL = "https://www.quantconnect.com/api/v2/"


@dataclass(slots=True, frozen=True, kw_only=True)
class Timeouts:
    """Seconds after which is given up.

    Attributes
    ----------
    connect
        Until there is a connection.
    read
        Between two pieces of an answer.
    attempt
        For one attempt in all.
    call
        For one call with all its attempts and the waits between them.
    """

    connect: float = 10.0
    read: float = 60.0
    attempt: float = 90.0
    call: float = 180.0


@dataclass(slots=True, frozen=True, kw_only=True)
class Retries:
    """How often, and after which waits, what is safe to repeat is repeated.

    Attributes
    ----------
    attempts
        At most so many for one call.
    first_wait_s
        The most that is waited before the second attempt; it doubles from one to the next. What is waited is a random
        part of that, so that many clients do not come back together.
    most_wait_s
        The most that is waited before any.
    """

    attempts: int = 6
    first_wait_s: float = 0.5
    most_wait_s: float = 30.0


@dataclass(slots=True, frozen=True, kw_only=True)
class LostAnswers:
    """What is done when the answer to a create was lost.

    Attributes
    ----------
    look_for_s
        So long the thing is looked for in the server's list, which may be late, before it counts as not there.
    first_look_s
        Until the first look; the time between looks doubles up to *most_look_s*.
    most_look_s
        Longest time between two looks.
    sends
        At most so many requests for one thing, where one that is not in the list by then may be created again.
    """

    look_for_s: float = 90.0
    first_look_s: float = 1.0
    most_look_s: float = 15.0
    sends: int = 3


@dataclass(slots=True, frozen=True, kw_only=True)
class Settings:
    """All that can be set about a client.

    Attributes
    ----------
    base_url
        Where the API is; QuantConnect's own by default.
    requests, requests_in_s
        So many requests in so many seconds at most, by all processes that share a folder.
    most_bytes
        The longest answer that is read.
    breaker_failures
        After so many failures one after another nothing is sent for a while.
    breaker_wait_s, breaker_most_wait_s
        How long the first while is; it doubles with each probe that fails, up to the second.
    """

    base_url: str = BASE_URL
    timeouts: Timeouts = field(default_factory=Timeouts)
    retries: Retries = field(default_factory=Retries)
    lost_answers: LostAnswers = field(default_factory=LostAnswers)
    requests: int = 120
    requests_in_s: float = 60.0
    most_bytes: int = 256 * 1024 * 1024
    breaker_failures: int = 8
    breaker_wait_s: float = 15.0
    breaker_most_wait_s: float = 300.0

    @classmethod
    def from_environment(cls) -> Settings:
        """Return the defaults, with the base URL that QUANTCONNECT_BASE_URL names, if it names one."""
        return cls(base_url=os.environ.get(BASE_URL_VARIABLE) or BASE_URL)

    @property
    def root(self) -> str:
        """The base URL, which ends with a slash.

        Raises
        ------
        ConfigurationError
            If it is none.
        """
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ConfigurationError(
                f"The base URL {self.base_url!r} is none. Write it as https://www.quantconnect.com/api/v2/"
            )
        if parts.username or parts.password:
            raise ConfigurationError("The base URL must not hold a user name or password.")
        return self.base_url.rstrip("/") + "/"

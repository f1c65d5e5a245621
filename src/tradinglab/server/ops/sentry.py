"""Reports of errors to Sentry, if there is an address for them; what is secret or personal stays here."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import tradinglab
from tradinglab.server.config.environment import Environment
from tradinglab.server.ops.context import request_id
from tradinglab.server.ops.secrets import masked

if TYPE_CHECKING:
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, Event, Hint

#: Of a request only these are sent.
_SENT = ("method", "url")


def start_sentry(environment: Environment) -> bool:
    """Report errors from now on; return whether that is wished."""
    if environment.sentry_dsn is None:
        return False
    import sentry_sdk

    sentry_sdk.init(
        dsn=environment.sentry_dsn.get_secret_value(),
        release=f"tradinglab@{tradinglab.__version__}",
        send_default_pii=False,
        max_request_body_size="never",
        # A variable of a frame may hold anything: a password, a strategy.
        include_local_variables=False,
        traces_sample_rate=0.0,
        before_send=scrub,
        before_breadcrumb=_scrub_breadcrumb,
    )
    return True


def scrub(event: Event, hint: Hint) -> Event:
    """Take out what is not to be sent."""
    clean = cast("Event", masked(event))
    if "request" in clean:
        # A query may hold anything that an address can be made to hold.
        clean["request"] = {key: str(clean["request"].get(key, "")).partition("?")[0] for key in _SENT}
    clean.pop("user", None)
    clean.setdefault("tags", {})["request_id"] = request_id.get()
    return clean


def _scrub_breadcrumb(crumb: Breadcrumb, hint: BreadcrumbHint) -> Breadcrumb:
    return cast("Breadcrumb", masked(crumb))

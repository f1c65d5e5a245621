"""Clients of a user's QuantConnect account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.conf import settings

from tradinglab.quantconnect import Credentials, QuantConnect, Retries, Settings, Timeouts
from tradinglab.server.cloud.models import CloudAccount
from tradinglab.server.cloud.sharing import shared_by_all
from tradinglab.server.errors import SealError
from tradinglab.server.sealing import unseal

#: Somebody waits for the answer.
_SOON = Settings(
    timeouts=Timeouts(connect=5.0, read=20.0, attempt=25.0, call=45.0), retries=Retries(attempts=3, most_wait_s=5.0)
)
#: Nobody does, and who asks comes again by itself.
_PATIENT = Settings(
    timeouts=Timeouts(connect=10.0, read=45.0, attempt=60.0, call=60.0), retries=Retries(attempts=3, most_wait_s=10.0)
)


def credentials_of(account: CloudAccount) -> Credentials:
    """Return the user id and token of an account.

    Raises
    ------
    SealError
        If no key opens the token, or the settings no longer hold it.
    """
    if not account.is_of_settings:
        return Credentials(account.remote_user, unseal(account.sealed_token))
    token = settings.ENVIRONMENT.quantconnect_token
    if token is None or settings.ENVIRONMENT.quantconnect_user != account.remote_user:
        raise SealError(
            "The installation's settings no longer hold this QuantConnect account. Give user id and token by "
            "PUT /api/v1/quantconnect/credentials/, or forget it by DELETE."
        )
    return Credentials(account.remote_user, token.get_secret_value())


def client_of(
    account: CloudAccount, *, is_patient: bool = False, cancel: Callable[[], bool] | None = None
) -> QuantConnect:
    """Return a client that asks for an account; close it after use.

    Parameters
    ----------
    is_patient
        Whether nobody waits for its answers.
    cancel
        Ends whatever the client is about when it says so.
    """
    return client_with(credentials_of(account), is_patient=is_patient, cancel=cancel)


def client_with(
    credentials: Credentials, *, is_patient: bool = False, cancel: Callable[[], bool] | None = None
) -> QuantConnect:
    """Return a client that asks with some credentials; close it after use."""
    base = _PATIENT if is_patient else _SOON
    asked = replace(base, base_url=settings.ENVIRONMENT.quantconnect_url)
    shared = shared_by_all(settings.HOME.folder / "quantconnect", settings.ENVIRONMENT.redis_url)
    return QuantConnect(credentials, asked, shared=shared, cancel=cancel)

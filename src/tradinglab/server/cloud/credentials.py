"""A user's QuantConnect credentials: tried when they are given, kept sealed, never shown."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tradinglab.quantconnect import AuthenticationError, ConfigurationError, Credentials, QuantConnectError
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.selectors import owner
from tradinglab.server.cloud.errors import CloudCredentialsError, cloud_error, told
from tradinglab.server.cloud.live.forgetting import deployments_forget
from tradinglab.server.cloud.models import CloudAccount, CloudBacktest, CloudOptimization
from tradinglab.server.cloud.remote import client_of, client_with
from tradinglab.server.errors import ConflictError, InputError, NotFoundError
from tradinglab.server.runs.coordination import coordinated_finish
from tradinglab.server.runs.models import FINAL_STATES, RunState
from tradinglab.server.sealing import reseal, seal

_LONGEST_TOKEN = 200
_LONGEST_PROBLEM = 500
_CHECKED_EVERY = timedelta(minutes=1)


def account_find(*, user: User) -> CloudAccount | None:
    """Return a user's QuantConnect account; the installation's, if the settings hold one and the user is its owner."""
    found = CloudAccount.objects.filter(user=user).first()
    number = settings.ENVIRONMENT.quantconnect_user
    if found is not None or number is None or owner() != user:
        return found
    made = {"remote_user": number, "is_of_settings": True}
    return CloudAccount.objects.get_or_create(user=user, defaults=made)[0]


def account_get(*, user: User) -> CloudAccount:
    """Return a user's QuantConnect account.

    Raises
    ------
    NotFoundError
        If none is connected.
    """
    found = account_find(user=user)
    if found is None:
        raise NotFoundError(
            "No QuantConnect account is connected. Give user id and token, which QuantConnect shows under Account > "
            "Security, by PUT /api/v1/quantconnect/credentials/."
        )
    return found


def account_lock(*, account: CloudAccount) -> None:
    """Let what hangs on an account stay so until the transaction ends: whoever else adds to it waits.

    Raises
    ------
    NotFoundError
        If it was removed meanwhile.
    """
    if CloudAccount.objects.select_for_update().filter(pk=account.pk).first() is None:
        raise NotFoundError("The QuantConnect account was disconnected meanwhile.")


def account_connect(*, user: User, remote_user: str, token: str) -> CloudAccount:
    """Try credentials, and store them if QuantConnect accepts them; they replace those that there were.

    Raises
    ------
    InputError
        If they can be none, or QuantConnect does not accept them.
    CloudError
        If QuantConnect cannot be asked; nothing is stored then.
    """
    given = _credentials(remote_user, token)
    with client_with(given) as client:
        try:
            client.account.check()
        except AuthenticationError as error:
            text = f"QuantConnect does not accept them: {error.reason} Copy user id and token anew."
            raise InputError("token", "***", text) from None
        except QuantConnectError as error:
            raise cloud_error(error) from None
    return _store(user, given, token.strip())


@transaction.atomic
def _store(user: User, given: Credentials, token: str) -> CloudAccount:
    known = CloudAccount.objects.select_for_update().filter(user=user).first()
    if known is not None and known.remote_user != given.user_id:
        # What was learnt there belongs to somebody else.
        _forget(known)
        known = None
    values = {"sealed_token": seal(token), "is_of_settings": False, "checked_at": timezone.now(), "problem": ""}
    made = {"remote_user": given.user_id, **values}
    account = CloudAccount.objects.update_or_create(user=user, defaults=made)[0]
    action = "quantconnect_account.connected" if known is None else "quantconnect_account.changed"
    audit_note(action=action, actor=user, target=account, details={"user_id": given.user_id})
    return account


def _credentials(remote_user: str, token: str) -> Credentials:
    if len(token) > _LONGEST_TOKEN:
        raise InputError("token", "***", f"A token has at most {_LONGEST_TOKEN} characters; copy it again.")
    try:
        given = Credentials(remote_user, "x")
    except ConfigurationError as error:
        raise InputError("user_id", remote_user[:50], error.reason) from None
    try:
        return Credentials(given.user_id, token)
    except ConfigurationError as error:
        raise InputError("token", "***", error.reason) from None


def account_test(*, account: CloudAccount) -> CloudAccount:
    """Ask QuantConnect whether it accepts an account's credentials, and keep what it says.

    Raises
    ------
    CloudError
        If it does not, or cannot be asked.
    """
    with told(), client_of(account) as client:
        try:
            client.account.check()
        except AuthenticationError as error:
            CloudAccount.objects.filter(pk=account.pk).update(
                checked_at=timezone.now(), problem=error.reason[:_LONGEST_PROBLEM]
            )
            raise
    CloudAccount.objects.filter(pk=account.pk).update(checked_at=timezone.now(), problem="", **_resealed(account))
    account.refresh_from_db()
    return account


def account_note(*, account: CloudAccount, error: CloudCredentialsError | None) -> None:
    """Keep whether QuantConnect accepted the credentials, at most once a minute while it does."""
    now = timezone.now()
    if error is not None:
        CloudAccount.objects.filter(pk=account.pk).update(checked_at=now, problem=str(error)[:_LONGEST_PROBLEM])
    elif account.problem or account.checked_at is None or now - account.checked_at > _CHECKED_EVERY:
        CloudAccount.objects.filter(pk=account.pk).update(checked_at=now, problem="", **_resealed(account))


@transaction.atomic
def account_remove(*, user: User) -> None:
    """Forget a user's credentials and all that was learnt with them; runs under way there are given up.

    Raises
    ------
    NotFoundError
        If no account is connected.
    ConflictError
        If it is the one of the installation's settings.
    """
    account = account_get(user=user)
    if account.is_of_settings and account.remote_user == settings.ENVIRONMENT.quantconnect_user:
        raise ConflictError(
            "This account is that of the installation's settings. Take QUANTCONNECT_USER_ID and "
            "QUANTCONNECT_ACCESS_TOKEN out of them, or connect another account."
        )
    _forget(account)
    audit_note(action="quantconnect_account.removed", actor=user, target=user, details={"user_id": account.remote_user})


def _forget(account: CloudAccount) -> None:
    error = {
        "code": "quantconnect_account_removed",
        "message": "The QuantConnect account was disconnected while it was under way. If it was started "
        "there, it may still run: look at quantconnect.com.",
    }
    going_on = [
        run_id
        for jobs in (CloudBacktest.objects, CloudOptimization.objects)
        for run_id in jobs.filter(account=account).exclude(run__state__in=FINAL_STATES).values_list("run_id", flat=True)
    ]
    for run_id in going_on:
        coordinated_finish(run_id=run_id, state=RunState.CANCELLED, error=error)
    deployments_forget(account)
    account.delete()


def _resealed(account: CloudAccount) -> dict[str, str]:
    """Return the token sealed with the newest of the keys."""
    return {} if account.is_of_settings else {"sealed_token": reseal(account.sealed_token)}

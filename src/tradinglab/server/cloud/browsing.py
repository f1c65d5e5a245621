"""Single calls to a user's QuantConnect account: projects, files, compilations, backtests, as they are there now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tradinglab.quantconnect import AuthenticationError, QuantConnect, QuantConnectError
from tradinglab.quantconnect.models.backtests import Backtest, BacktestSummary
from tradinglab.quantconnect.models.projects import Compile, Project, ProjectFile
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.credentials import account_get, account_note
from tradinglab.server.cloud.errors import CloudCredentialsError, cloud_error
from tradinglab.server.cloud.remote import client_of
from tradinglab.server.errors import InputError
from tradinglab.server.strategies.files import MOST_BYTES
from tradinglab.server.texts import check_name

_T = TypeVar("_T")
_LONGEST_PATH = 200


def asked(user: User, ask: Callable[[QuantConnect], _T]) -> _T:
    """Return what *ask* makes of a client of a user's account.

    Raises
    ------
    NotFoundError
        If the user has none connected, or QuantConnect does not have what is asked for.
    CloudError
        If QuantConnect cannot be asked, or refuses.
    """
    account = account_get(user=user)
    with client_of(account) as client:
        try:
            answer = ask(client)
        except AuthenticationError as error:
            refusal = cloud_error(error)
            assert isinstance(refusal, CloudCredentialsError)
            account_note(account=account, error=refusal)
            raise refusal from None
        except QuantConnectError as error:
            raise cloud_error(error) from None
    account_note(account=account, error=None)
    return answer


def project_list(*, user: User) -> tuple[Project, ...]:
    """Return the user's projects there."""
    return asked(user, lambda client: client.projects.list())


def project_create(*, user: User, name: str, language: str) -> Project:
    """Create a project there, once; its name has a token of ours at its end while that goes on."""
    check_name("name", name)

    def create(client: QuantConnect) -> Project:
        made = client.projects.create(name, language)
        client.projects.update(made.project_id, name=name)
        return made.model_copy(update={"name": name})

    made = asked(user, create)
    details = {"project_id": made.project_id, "name": name}
    audit_note(action="quantconnect_project.created", actor=user, details=details)
    return made


def file_list(*, user: User, project_id: int) -> tuple[ProjectFile, ...]:
    """Return a project's files with their text."""
    return asked(user, lambda client: client.files.list(project_id))


def file_create(*, user: User, project_id: int, name: str, content: str) -> ProjectFile:
    """Create a file in a project, or give the one that there is this text."""
    if len(content.encode("utf-8", "replace")) > MOST_BYTES:
        raise InputError("content", "…", f"A file has at most {MOST_BYTES:,} bytes.")
    if len(name) > _LONGEST_PATH or name.startswith("/") or ".." in name.split("/"):
        raise InputError("name", name[:_LONGEST_PATH], "Write a relative path, such as lib/my.py.")

    def put(client: QuantConnect) -> ProjectFile:
        client.files.put(project_id, name, content)
        return client.files.read(project_id, name)

    made = asked(user, put)
    details = {"project_id": project_id, "name": name}
    audit_note(action="quantconnect_file.written", actor=user, details=details)
    return made


def compile_create(*, user: User, project_id: int) -> Compile:
    """Have a project compiled."""
    return asked(user, lambda client: client.compiling.create(project_id))


def compile_read(*, user: User, project_id: int, compile_id: str) -> Compile:
    """Return how far a compilation is, and what it says."""
    return asked(user, lambda client: client.compiling.read(project_id, compile_id))


def remote_backtest_list(*, user: User, project_id: int) -> tuple[BacktestSummary, ...]:
    """Return the backtests of a project."""
    return asked(user, lambda client: client.backtests.list(project_id, include_statistics=True))


def remote_backtest_read(*, user: User, project_id: int, backtest_id: str) -> Backtest:
    """Return how far a backtest is, and its figures once they are there."""
    return asked(user, lambda client: client.backtests.read(project_id, backtest_id))

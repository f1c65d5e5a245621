"""What an installation needs before it can be used: tables, an owner, and something to look at."""

from __future__ import annotations

import secrets
from typing import NamedTuple

from django.conf import settings
from django.core.management import call_command

from tradinglab.server.accounts.models import Role, User
from tradinglab.server.accounts.selectors import owner
from tradinglab.server.accounts.services import user_create
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.selectors import backtest_list
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.runs.models import Run
from tradinglab.server.strategies.selectors import strategy_list
from tradinglab.server.strategies.services import strategy_create
from tradinglab.templates import find_template

_PASSWORD_BYTES = 12
_FIRST = "First run"


class Owner(NamedTuple):
    """The installation's user, and the password if it was made up just now."""

    user: User
    new_password: str | None


def migrate() -> None:
    """Bring the tables up to date."""
    call_command("migrate", interactive=False, verbosity=0)


def ensure_owner() -> Owner:
    """Return the owner; make one if there is none."""
    known = owner()
    if known is not None:
        return Owner(known, None)
    environment = settings.ENVIRONMENT
    given = environment.admin_password
    password = given.get_secret_value() if given else secrets.token_urlsafe(_PASSWORD_BYTES)
    user = user_create(email=environment.admin_email, role=Role.ADMIN, password=password)
    return Owner(user, None if given else password)


def ensure_demo(user: User) -> Run | None:
    """Put the demo strategy and a backtest of it into a new installation; return that run while it is the only one."""
    tests = list(backtest_list(user=user, with_deleted=True)[:2])
    if tests or any(strategy_list(user=user, is_deleted=deleted).exists() for deleted in (False, True)):
        return tests[0].run if len(tests) == 1 and tests[0].name == _FIRST and not tests[0].run.deleted_at else None
    template = find_template("demo")
    assert template is not None
    strategy = strategy_create(
        owner=user,
        name="Demo",
        description=f"{template.title}.",
        tags=["demo"],
        files={"main.py": template.source},
        message="As it came",
    )
    assert strategy.head is not None
    return backtest_submit(owner=user, request=BacktestRequest(version=strategy.head, name=_FIRST)).run

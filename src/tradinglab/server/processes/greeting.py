"""What is said once everything runs: where it is, what the demo came to, how to log in."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.urls import reverse

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.selectors import backtest_get
from tradinglab.server.processes.desktop import has_desktop, open_page
from tradinglab.server.processes.first_run import Owner
from tradinglab.server.processes.web import Address
from tradinglab.server.runs.models import Run
from tradinglab.server.web.welcome import WELCOME_VALID_S, welcome_create

Say = Callable[[str], None]
#: The figures of the demo that are shown.
_FIGURES = (
    "End Equity", "Net Profit", "Compounding Annual Return", "Drawdown", "Sharpe Ratio", "Win Rate", "Total Orders",
    "Total Fees",
)  # fmt: skip


def greet(*, owner: Owner, demo: Run | None, address: Address, opens: bool | None, say: Say) -> None:
    """Say it, and open the page where somebody sees it."""
    page = reverse("home")
    if demo is not None:
        page = reverse("backtest-page", args=[demo.pk])
        _show_demo(owner.user, demo, say)
    say(f"TradingLab is at {address.shown}/")
    if owner.new_password:
        say(f"Log in as {owner.user.email} with the password {owner.new_password} (it is shown this once).")
    else:
        say(f"Log in as {owner.user.email}.")
    # A machine that is reached by others has its own way in; there a link could be used by who reads the log.
    if address.is_local and settings.ENVIRONMENT.backend_url is None:
        token = welcome_create(user=owner.user, page=page)
        link = address.shown + reverse("welcome", args=[token])
        minutes = WELCOME_VALID_S // 60
        say(f"Or follow this link, which logs you in once, in the next {minutes} minutes, on this machine:")
        say(f"  {link}")
        wanted = settings.ENVIRONMENT.opens if opens is None else opens
        if (has_desktop() if wanted is None else wanted) and open_page(link):
            say("It is opened in your browser.")
    say("Ctrl+C stops it.")


def _show_demo(user: User, run: Run, say: Say) -> None:
    """Say what the demo came to."""
    test = backtest_get(user=user, run_id=run.pk)
    if not test.run.is_final:
        say("The demo is still running; its page shows how far it is.")
    if test.run.error:
        say(f"The demo is {test.run.state}: {test.run.error.get('message', '')}")
    shown = [name for name in _FIGURES if name in test.statistics]
    width = max(map(len, shown), default=0)
    for name in shown:
        say(f"  {name:<{width}}  {test.statistics[name]:>12}")

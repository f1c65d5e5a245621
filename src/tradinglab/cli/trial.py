"""``tradinglab trial``: the trials of a server's searches."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tradinglab.cli.console import say, show_rows
from tradinglab.cli.extras import open_installation, server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands

_USUAL_ROWS = 10
_MOST_DIGITS = 9


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    text = "Trials of the server's searches."
    parser = commands.add_parser("trial", help="list and open trials of the server's searches", description=text)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    every = actions.add_parser("list", help="list trials, the best first", description="List trials, the best first.")
    every.set_defaults(run=run_list)
    every.add_argument("--limit", type=_number, default=_USUAL_ROWS, metavar="N", help="so many (default: 10)")
    opening = actions.add_parser(
        "open",
        help="run a trial as a full backtest",
        description="Have a trial run as a full backtest, once, to the same figures; print the backtest's id.",
    )
    opening.set_defaults(run=run_open)
    opening.add_argument("number", type=_number, metavar="NUMBER", help="the trial's number in the list")
    for action in (every, opening):
        action.add_argument("--user", required=True, metavar="EMAIL", help="whose search it is")
        action.add_argument("--search", required=True, type=_id, metavar="ID", help="the optimization's id")
        action.add_argument("--json", action="store_true", help="print it as JSON")


def run_list(options: Namespace) -> int:
    """Print trials with their scores, and the backtests by which they were opened."""
    showing, search = server_part("optimizations.showing"), _search(options)
    sort = "score" if search.direction == "min" else "-score"
    found = showing.trials_shown(optimization=search, wanted=showing.Wanted(sort=sort))[: options.limit]
    if options.json:
        say(json.dumps([_told(each) for each in found], indent=2))
        return FINISHED
    names = [axis["name"] for axis in search.space]
    rows = [
        (str(each.number), *(each.parameters[name] for name in names), _score(each.score), each.state,
         str(each.opened or "-"))
        for each in found
    ]  # fmt: skip
    show_rows(("TRIAL", *names, "SCORE", "STATE", "OPENED AS"), rows)
    return FINISHED


def run_open(options: Namespace) -> int:
    """Have a trial run in full, and print the id of its backtest."""
    search = _search(options)
    submitted = server_part("optimizations.opening").trial_open(
        owner=search.run.owner, optimization=search, number=options.number
    )
    submitted.run.refresh_from_db()
    told = {"backtest": str(submitted.run.pk), "state": str(submitted.run.state), "is_new": submitted.is_new}
    say(json.dumps(told) if options.json else told["backtest"])
    return FINISHED


def _search(options: Namespace) -> Any:
    open_installation()
    user = server_part("accounts.selectors").user_by_email(email=options.user)
    return server_part("optimizations.selectors").optimization_get(user=user, run_id=options.search)


def _told(trial: Any) -> dict[str, Any]:
    return {
        "number": trial.number,
        "parameters": dict(trial.parameters),
        "score": trial.score,
        "state": str(trial.state),
        "backtest": None if trial.backtest is None else str(trial.backtest),
        "opened": None if trial.opened is None else str(trial.opened),
    }


def _score(value: float | None) -> str:
    return "-" if value is None else f"{value:.6g}"


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise ArgumentTypeError(f"'{text}' is no number of a trial, such as 0 or 12")
    return int(text)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is no id of an optimization, as the server's list has them") from None

"""``tradinglab data jobs``: the jobs of the server that bring bars."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tradinglab.cli.console import note, say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.extras import open_installation, server_part
from tradinglab.cli.status import FINISHED

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands

_MOST = 50


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "jobs",
        help="list the server's downloads, updates and imports, and pause, resume, cancel or retry one",
        description="List the jobs of this machine's server that bring bars, or the series of one.",
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("id", metavar="ID", nargs="?", help="a job, whose series are listed")
    add("--do", metavar="WHAT", choices=("pause", "resume", "cancel", "retry"), help="%(choices)s, with the job")
    add("--user", metavar="EMAIL", help="whose jobs (default: the first user's)")
    add("--json", action="store_true", help="print it as JSON")


def run(options: Namespace) -> int:
    """List jobs, or the series of one, after something was done with it."""
    if options.do and not options.id:
        raise CommandError("--do: say with which job; 'tradinglab data jobs' lists them.")
    open_installation()
    email = options.user or server_part("config.environment").environment().admin_email
    user = server_part("accounts.selectors").user_by_email(email=email)
    if options.id is None:
        _list(options, user)
        return FINISHED
    job = _job(options, user)
    if options.do:
        made = getattr(server_part("data_jobs.services"), f"data_job_{options.do}")(job=job)
        if made is not None and made.pk != job.pk:
            note(f"The job was over; its items are tried again in {made.pk}.")
        job = server_part("data_jobs.selectors").data_job_get(user=user, run_id=(made or job).pk)
    _show(options, job)
    return FINISHED


def _job(options: Namespace, user: Any) -> Any:
    try:
        number = UUID(options.id)
    except ValueError:
        raise CommandError(f"'{options.id}' is no id of a job; 'tradinglab data jobs' lists them.") from None
    return server_part("data_jobs.selectors").data_job_get(user=user, run_id=number)


def _list(options: Namespace, user: Any) -> None:
    jobs = server_part("data_jobs.selectors").data_job_list(user=user).order_by("-created_at", "-run_id")[:_MOST]
    if options.json:
        say(json.dumps([_said(each) for each in jobs]))
        return
    rows = [
        (str(each.pk), each.kind, _state(each), each.target, f"{each.completed_count}/{each.total_count}",
         str(each.failed_count), f"{each.added_sum or 0:,}", f"{each.created_at:%Y-%m-%d %H:%M}")
        for each in jobs
    ]  # fmt: skip
    show_rows(("ID", "KIND", "STATE", "STORE", "DONE", "FAILED", "NEW BARS", "SINCE"), rows)


def _show(options: Namespace, job: Any) -> None:
    items = server_part("data_jobs.selectors").item_list(job=job)
    if options.json:
        told = [
            {"id": each.pk, "series": each.series, "state": each.state, "added": each.added, "error": each.error}
            for each in items
        ]
        say(json.dumps({**_said(job), "items": told}))
        return
    say(f"{job.kind} into {job.target}: {_state(job)}")
    rows = [
        (each.ticker, each.resolution, each.state, f"{each.fraction:.0%}", f"{each.added:,}", f"{each.known:,}",
         each.error.get("message", "") or ("waits for another job" if each.waits_for else ""))
        for each in items
    ]  # fmt: skip
    show_rows(("SYMBOL", "RESOLUTION", "STATE", "", "NEW", "KNOWN", ""), rows)


def _said(job: Any) -> dict[str, Any]:
    return {"id": str(job.pk), "kind": job.kind, "state": _state(job), "target": job.target}


def _state(job: Any) -> str:
    return "paused" if job.paused_at is not None and not job.run.is_final else str(job.run.state)

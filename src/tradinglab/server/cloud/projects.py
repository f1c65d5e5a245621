"""The projects at QuantConnect in which versions are run: one for each strategy, held by one run at a time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from django.db.models import Q

from tradinglab.quantconnect import NotFoundError, QuantConnect, QuantConnectError
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.cloud.models import CloudProject
from tradinglab.server.cloud.terms import files_with_terms
from tradinglab.server.cloud.work import Work
from tradinglab.server.runs.models import FINAL_STATES
from tradinglab.server.strategies.files import file_hashes
from tradinglab.server.strategies.running import files_run

#: Where projects are that are made from here.
FOLDER: Final = "TradingLab"
_NOT_IN_NAMES: Final = re.compile(r"[^\w .-]+")
_LONGEST_NAME: Final = 100
#: What projects there hold; other files stay here.
SENT: Final = (".py", ".cs", ".ipynb", ".html", ".css")
_BIN: Final = "Recycle Bin/"


def project_hold(*, work: Work, client: QuantConnect) -> int | None:
    """Return the id of the project of a backtest's strategy, which nobody else changes meanwhile.

    ``None`` while another run does.
    """
    strategy = work.asked.version.strategy
    made = {"token": _token()}
    row = CloudProject.objects.get_or_create(account=work.row.account, strategy=strategy, defaults=made)[0]
    free = Q(held_by=None) | Q(held_by=work.run) | Q(held_by__state__in=FINAL_STATES)
    there = CloudProject.objects.filter(free, pk=row.pk).values("pk")
    if not CloudProject.objects.filter(pk__in=there).update(held_by=work.run):
        return None
    row.refresh_from_db()
    if row.remote_id is not None and not project_is_there(client, row.remote_id):
        # Somebody has deleted it there.
        row.token, row.remote_id, row.is_asked = _token(), None, False
        row.save(update_fields=["token", "remote_id", "is_asked"])
    return row.remote_id if row.remote_id is not None else _create(work, client, row)


def project_is_held(*, work: Work) -> bool:
    """Say whether another run changes the files of the project of a backtest's strategy; nobody there is asked."""
    found = CloudProject.objects.filter(account=work.row.account, strategy=work.row.version.strategy_id)
    return found.exclude(held_by=None).exclude(held_by=work.run).exclude(held_by__state__in=FINAL_STATES).exists()


def _create(work: Work, client: QuantConnect, row: CloudProject) -> int:
    was_asked = row.is_asked
    CloudProject.objects.filter(pk=row.pk).update(is_asked=True)
    try:
        made = client.projects.create(
            project_title(work.asked.version.strategy.name), token=row.token, is_retry=was_asked
        )
    except NotFoundError:
        if was_asked and not client.projects.find(row.token):
            # It was made, and somebody has deleted it since.
            CloudProject.objects.filter(pk=row.pk, remote_id=None).update(token=_token(), is_asked=False)
        raise
    except QuantConnectError as error:
        if not error.is_uncertain and not was_asked:
            CloudProject.objects.filter(pk=row.pk).update(is_asked=False)
        raise
    changed = CloudProject.objects.filter(pk=row.pk, remote_id=None)
    if changed.update(remote_id=made.project_id, name=made.name[:300]):
        details = {"project_id": made.project_id, "name": made.name}
        audit_note(action="quantconnect_project.created", actor=work.run.owner, details=details)
    return made.project_id


def project_title(strategy_name: str, folder: str = FOLDER) -> str:
    """Return what a strategy's project is called there, but for its token."""
    name = _NOT_IN_NAMES.sub(" ", strategy_name).strip()[:_LONGEST_NAME]
    return f"{folder}/{name or 'Strategy'}"


def project_is_there(client: QuantConnect, project_id: int) -> bool:
    """Say whether a project exists and is in no bin; that it does not is believed only if the list says so, too."""
    try:
        return not client.projects.read(project_id).name.startswith(_BIN)
    except NotFoundError:
        every = client.projects.list()
        return any(each.project_id == project_id and not each.name.startswith(_BIN) for each in every)


def project_release(*, work: Work) -> None:
    """Let another run change the files."""
    CloudProject.objects.filter(held_by=work.run).update(held_by=None)


def files_send(*, work: Work, client: QuantConnect) -> None:
    """Have the project hold the version's files, with the dates and cash that are asked for, and nothing else."""
    asked = work.asked
    wanted = files_with_terms(files_run(asked.version.files), start=asked.start, end=asked.end, cash=asked.cash)
    kept = {name: text for name, text in wanted.items() if name.endswith(SENT)}
    files_synchronise(client=client, project_id=work.project_id, wanted=kept)
    _warn_of(work, [name for name in wanted if name not in kept and name != "config.json"])


def files_synchronise(*, client: QuantConnect, project_id: int, wanted: Mapping[str, str]) -> None:
    """Have a project hold these files: what differs is sent, what is not among them and could have been is deleted."""
    there = {each.name: each.content for each in client.files.list(project_id) if not each.is_library}
    hashes = file_hashes(there)
    for name, digest in file_hashes(wanted).items():
        if hashes.get(name) == digest:
            continue
        if not wanted[name] and name in there:
            # There no file can be emptied.
            client.files.delete(project_id, name)
        client.files.put(project_id, name, wanted[name])
    for name in there:
        # What is never sent was not sent by us: it is the user's own.
        if name not in wanted and name.endswith(SENT):
            client.files.delete(project_id, name)


def _warn_of(work: Work, left: list[str]) -> None:
    if not left:
        return
    text = f"These files were not sent to QuantConnect, whose projects hold none of their kind: {', '.join(left)}."
    work.warn(text)


def _token() -> str:
    return f"tl-{uuid4().hex[:20]}"

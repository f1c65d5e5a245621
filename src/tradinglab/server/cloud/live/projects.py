"""The projects at QuantConnect in which versions trade: one for each strategy, and another while that one is taken."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from django.db.models import Q

from tradinglab.quantconnect import QuantConnect, QuantConnectError
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.cloud.live.models import LiveProject, LiveStep
from tradinglab.server.cloud.live.work import LiveWork, Told
from tradinglab.server.cloud.projects import FOLDER, SENT, files_synchronise, project_is_there, project_title
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.running import files_run

_FOLDER: Final = f"{FOLDER}/Live"


def live_project_hold(*, work: LiveWork, client: QuantConnect) -> int:
    """Return the id of a project of the strategy's in which nothing else trades; made if there is none."""
    row = LiveProject.objects.filter(held_by=work.row).first() or _free(work) or _new(work)
    if row.remote_id is not None and not project_is_there(client, row.remote_id):
        # Somebody has deleted it there.
        row.token, row.remote_id, row.is_asked = _token(), None, False
        row.save(update_fields=["token", "remote_id", "is_asked"])
    return row.remote_id if row.remote_id is not None else _create(work, client, row)


def _free(work: LiveWork) -> LiveProject | None:
    over = Q(held_by=None) | Q(held_by__is_ended=True) | Q(held_by__step=LiveStep.OVER)
    mine = LiveProject.objects.filter(over, account=work.row.account, strategy=_strategy(work))
    for each in mine.order_by("created_at"):
        if LiveProject.objects.filter(pk=each.pk, held_by=each.held_by_id).update(held_by=work.row):
            return LiveProject.objects.get(pk=each.pk)
    return None


def _strategy(work: LiveWork) -> Strategy:
    assert work.row.version is not None
    return work.row.version.strategy


def _new(work: LiveWork) -> LiveProject:
    assert work.row.version is not None
    return LiveProject.objects.create(
        account=work.row.account, strategy=work.row.version.strategy, token=_token(), held_by=work.row
    )


def _create(work: LiveWork, client: QuantConnect, row: LiveProject) -> int:
    assert work.row.version is not None
    was_asked = row.is_asked
    LiveProject.objects.filter(pk=row.pk).update(is_asked=True)
    title = project_title(work.row.version.strategy.name, _FOLDER)
    try:
        made = client.projects.create(title, token=row.token, is_retry=was_asked)
    except QuantConnectError as error:
        if not error.is_uncertain and not was_asked:
            LiveProject.objects.filter(pk=row.pk).update(is_asked=False)
        raise
    if LiveProject.objects.filter(pk=row.pk, remote_id=None).update(remote_id=made.project_id, name=made.name[:300]):
        details = {"project_id": made.project_id, "name": made.name}
        audit_note(action="quantconnect_project.created", actor=work.row.owner, details=details)
    return made.project_id


def live_project_forget(*, work: LiveWork) -> None:
    """Have another project made next time: this one is no longer there, or nobody knows what trades in it."""
    LiveProject.objects.filter(held_by=work.row).delete()


def live_files_send(*, work: LiveWork, client: QuantConnect) -> None:
    """Have the project hold the version's files and nothing else."""
    assert work.row.version is not None
    files = files_run(work.row.version.files)
    kept = {name: text for name, text in files.items() if name.endswith(SENT)}
    files_synchronise(client=client, project_id=work.remote_project, wanted=kept)
    left = sorted(name for name in files if name not in kept and name != "config.json")
    if left:
        text = f"These files were not sent to QuantConnect, whose projects hold none of their kind: {', '.join(left)}."
        work.keep(Told("warning", {"text": text}))


def _token() -> str:
    return f"tl-{uuid4().hex[:20]}"

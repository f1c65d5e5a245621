"""Strategies here and projects there: import, push and pull; what the other side has changed is not overwritten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from tradinglab.quantconnect import QuantConnect
from tradinglab.quantconnect.models.projects import Project
from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.browsing import asked
from tradinglab.server.cloud.credentials import account_get, account_lock
from tradinglab.server.cloud.errors import CloudConflictError
from tradinglab.server.cloud.merging import Standing, standing
from tradinglab.server.cloud.models import CloudAccount, CloudLink
from tradinglab.server.cloud.projects import SENT, files_synchronise
from tradinglab.server.errors import ConflictError, InputError, NotFoundError
from tradinglab.server.strategies.files import ENTRY, RULES, check_files, file_hashes
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.running import files_run
from tradinglab.server.strategies.selectors import strategy_get
from tradinglab.server.strategies.services import free_name, strategy_create
from tradinglab.server.strategies.versions import version_save
from tradinglab.server.texts import visible

_LONGEST_NAME: Final = 200


class There(NamedTuple):
    """A project and its files, as they are at QuantConnect now."""

    project: Project
    files: dict[str, str]


class Exchanged(NamedTuple):
    """A strategy and its project after an exchange; *changed* names the files that were carried over."""

    strategy: Strategy
    link: CloudLink
    changed: tuple[str, ...]


def _read(client: QuantConnect, project_id: int) -> There:
    files = client.files.list(project_id)
    return There(client.projects.read(project_id), {each.name: each.content for each in files if not each.is_library})


def _sent(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that projects there hold."""
    return {name: text for name, text in files.items() if name.endswith(SENT)}


def _sent_from_here(strategy: Strategy) -> dict[str, str]:
    """Return what of a strategy's head projects there hold; of rules, the source that is generated."""
    return {} if strategy.head is None else _sent(files_run(strategy.head.files))


def link_get(*, user: User, strategy: Strategy) -> CloudLink:
    """Return the project that a strategy is pushed to and pulled from.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    found = CloudLink.objects.filter(account=account_get(user=user), strategy=strategy).first()
    if found is None:
        raise NotFoundError(
            f"The strategy '{strategy.name}' belongs to no project at QuantConnect yet: push it, or import one."
        )
    return found


def project_import(*, user: User, project_id: int, name: str | None = None) -> Exchanged:
    """Make a strategy of a project; one that was imported before is pulled.

    Raises
    ------
    InputError
        If its files cannot be stored here.
    CloudConflictError
        If it was imported before, and changed on both sides since.
    """
    account = account_get(user=user)
    known = _link_to(account, project_id)
    if known is not None:
        return strategy_pull(user=user, strategy=strategy_get(user=user, strategy_id=known.strategy_id))
    there = asked(user, lambda client: _read(client, project_id))
    check_files(there.files, is_draft=True)
    wanted = (name or visible(there.project.name) or f"Project {project_id}")[:_LONGEST_NAME]
    with transaction.atomic():
        # Of two imports that come at once, the second one waits, and finds what the first one has made.
        account_lock(account=account)
        known = _link_to(account, project_id)
        if known is not None:
            return Exchanged(known.strategy, known, ())
        try:
            with transaction.atomic():
                strategy = _created(user, wanted, there)
        except InputError as error:
            if name is not None or error.field != "name":
                raise
            strategy = _created(user, free_name(user, wanted, "imported"), there)
        CloudLink.objects.filter(account=account, remote_id=project_id).delete()
        link = CloudLink.objects.create(
            account=account,
            strategy=strategy,
            remote_id=project_id,
            name=there.project.name[:300],
            base=file_hashes(_sent(there.files)),
        )
        details = {"project_id": project_id, "strategy": str(strategy.pk)}
        audit_note(action="quantconnect_project.imported", actor=user, target=strategy, details=details)
    return Exchanged(strategy, link, tuple(sorted(there.files)))


def _link_to(account: CloudAccount, project_id: int) -> CloudLink | None:
    found = CloudLink.objects.select_related("strategy").filter(account=account, remote_id=project_id)
    return found.filter(strategy__deleted_at=None).first()


def _created(user: User, name: str, there: There) -> Strategy:
    return strategy_create(
        owner=user,
        name=name,
        files=there.files,
        description=visible(there.project.description)[:10_000],
        message="Imported from QuantConnect",
        is_draft=True,
    )


def link_standing(*, user: User, strategy: Strategy) -> tuple[CloudLink, Standing] | None:
    """Return how a strategy and its project stand to each other now; ``None`` if it belongs to none."""
    link = CloudLink.objects.filter(account__user=user, strategy=strategy).first()
    if link is None:
        return None
    there = asked(user, lambda client: _read(client, link.remote_id))
    return link, standing(link.base, _hashes_here(strategy), file_hashes(_sent(there.files)))


def strategy_push(*, user: User, strategy: Strategy, is_forced: bool = False) -> Exchanged:
    """Have the project hold the strategy's files; one is made if there is none.

    Parameters
    ----------
    is_forced
        Whether what was changed there is overwritten, and another project made if it was deleted there.

    Raises
    ------
    CloudConflictError
        If files were changed there since both sides agreed.
    ConflictError
        If the strategy has no version, or the project was deleted there.
    """
    if strategy.head is None:
        raise ConflictError(f"The strategy '{strategy.name}' has no version to push; save one first.")
    account = account_get(user=user)
    link = CloudLink.objects.filter(account=account, strategy=strategy).first() or _linked(user, strategy)
    wanted = _sent_from_here(strategy)
    try:
        changed = _send(user, link, wanted, is_forced)
    except NotFoundError:
        # What is not found may not be known everywhere yet: that it is gone is believed if no list has it, either.
        if any(each.project_id == link.remote_id for each in asked(user, lambda client: client.projects.list())):
            raise
        if not is_forced:
            text = f"Project {link.remote_id} was deleted at QuantConnect. Push with 'force' to have another one made."
            raise ConflictError(text) from None
        link.delete()
        link = _linked(user, strategy)
        changed = _send(user, link, wanted, is_forced)
    _agree(link, file_hashes(wanted))
    details = {"project_id": link.remote_id, "files": list(changed)[:100], "force": is_forced}
    audit_note(action="quantconnect_project.pushed", actor=user, target=strategy, details=details)
    return Exchanged(strategy, link, changed)


def _send(user: User, link: CloudLink, wanted: Mapping[str, str], is_forced: bool) -> tuple[str, ...]:
    """Have a project hold files; return which of them it held otherwise."""
    hashes = file_hashes(wanted)

    def send(client: QuantConnect) -> tuple[str, ...]:
        now = file_hashes(_sent(_read(client, link.remote_id).files))
        found = standing(link.base, hashes, now)
        if not is_forced and (found.there or found.both):
            raise CloudConflictError((*found.there, *found.both), "there", "Pull them first, or push with 'force'.")
        files_synchronise(client=client, project_id=link.remote_id, wanted=wanted)
        return tuple(name for name in sorted({*hashes, *now}) if hashes.get(name) != now.get(name))

    return asked(user, send)


def _linked(user: User, strategy: Strategy) -> CloudLink:
    """Make a project for a strategy, once: its name holds a token that follows from the strategy's id."""
    token = f"tl-{strategy.pk.hex[:20]}"
    fresh = asked(
        user, lambda client: _read(client, client.projects.create(strategy.name[:100], token=token).project_id)
    )
    account, made = account_get(user=user), fresh.project
    details = {"project_id": made.project_id, "name": made.name}
    # What a new project begins with is nobody's change.
    values = {"remote_id": made.project_id, "name": made.name[:300], "base": file_hashes(_sent(fresh.files))}
    try:
        with transaction.atomic():
            link = CloudLink.objects.create(account=account, strategy=strategy, **values)
            audit_note(action="quantconnect_project.created", actor=user, target=strategy, details=details)
            return link
    except IntegrityError:
        return link_get(user=user, strategy=strategy)


def strategy_pull(*, user: User, strategy: Strategy, is_forced: bool = False) -> Exchanged:
    """Save the project's files as the strategy's newest version; what was changed here alone stays as it is.

    Parameters
    ----------
    is_forced
        Whether what was changed here is overwritten; the versions that there were stay.

    Raises
    ------
    CloudConflictError
        If files were changed on both sides since they agreed.
    """
    link = link_get(user=user, strategy=strategy)
    there = asked(user, lambda client: _read(client, link.remote_id))
    theirs = _sent(there.files)
    head = {} if strategy.head is None else dict(strategy.head.files)
    found = standing(link.base, _hashes_here(strategy), file_hashes(theirs))
    if found.both and not is_forced:
        raise CloudConflictError(found.both, "here and there", "Put them right on one side, or pull with 'force'.")
    taken = (*found.there, *found.both, *(found.here if is_forced else ()))
    if RULES in head and ENTRY in taken:
        _refuse_source_of_rules(is_forced)
        del head[RULES]
    for name in taken:
        if name in theirs:
            head[name] = theirs[name]
        else:
            head.pop(name, None)
    if taken:
        parent = strategy.head.content_hash if strategy.head is not None else None
        version_save(
            strategy=strategy, author=user, files=head, message="Pulled from QuantConnect", parent=parent, is_draft=True
        )
    # What was changed here alone is still to be pushed: of it the base stays as it was.
    hashes = file_hashes(theirs)
    kept = {name: link.base[name] for name in found.here if not is_forced and name in link.base}
    _agree(link, {name: each for name, each in hashes.items() if name not in found.here or is_forced} | kept)
    details = {"project_id": link.remote_id, "files": list(taken)[:100], "force": is_forced}
    audit_note(action="quantconnect_project.pulled", actor=user, target=strategy, details=details)
    strategy.refresh_from_db()
    return Exchanged(strategy, link, tuple(sorted(taken)))


def _refuse_source_of_rules(is_forced: bool) -> None:
    """Refuse source that was changed there where here are the rules of which it was made."""
    if not is_forced:
        text = (
            f"'{ENTRY}' differs at QuantConnect, and here it is generated from '{RULES}', which cannot be made of it. "
            f"Push with 'force' to overwrite it there, or pull with 'force' to have it in place of the rules."
        )
        raise ConflictError(text)


def _hashes_here(strategy: Strategy) -> dict[str, str]:
    return file_hashes(_sent_from_here(strategy))


def _agree(link: CloudLink, base: Mapping[str, str]) -> None:
    link.base, link.synced_at = dict(base), timezone.now()
    link.save(update_fields=["base", "synced_at"])

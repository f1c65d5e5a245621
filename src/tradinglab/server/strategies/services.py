"""Writes about strategies; those about their versions are in :mod:`.versions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from django.db import IntegrityError, transaction
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import User
from tradinglab.server.errors import ConflictError, InputError, NotFoundError
from tradinglab.server.strategies.files import check_files
from tradinglab.server.strategies.models import Strategy, StrategyLabel, StrategyVersion
from tradinglab.server.strategies.starts import Start, all_starts, find_start
from tradinglab.server.strategies.versions import version_save
from tradinglab.server.texts import check_name, check_notes

_LONGEST_NAME = 200
_LONGEST_TAG = 50


def strategy_create(
    *,
    owner: User,
    name: str,
    files: Mapping[str, str] | None = None,
    template: str | None = None,
    description: str | None = None,
    tags: Sequence[str] | None = None,
    message: str = "",
    is_draft: bool = False,
) -> Strategy:
    """Store a strategy and its first version, from files or from a template.

    Description and tags that are not given are the template's. A draft may lack the file that is run.

    Raises
    ------
    InputError
        If the owner has a strategy of that name, the files cannot be stored, or there is no such template.
    """
    start = None if template is None else _template(template)
    if (files is None) == (start is None):
        raise InputError("files", None, "Give either 'files' or the name of a 'template' to start from.")
    if start is not None:
        files = start.files
        message = message or f"From the template {start.name}"
        description = start.description if description is None else description
        tags = start.tags if tags is None else tags
    check_files(files or {}, is_draft=is_draft)
    with transaction.atomic():
        strategy = _store(owner, name, description or "", tags or ())
        version_save(strategy=strategy, author=owner, files=files or {}, message=message, is_draft=is_draft)
    return strategy


def strategy_update(
    *,
    strategy: Strategy,
    name: str | None = None,
    description: str | None = None,
    tags: Sequence[str] | None = None,
    is_archived: bool | None = None,
) -> Strategy:
    """Change what is given, leave the rest."""
    _check_texts(name, description, tags or ())
    now = timezone.now()
    changes: dict[str, object] = {"updated_at": now}
    if name is not None:
        changes["name"] = name
    if description is not None:
        changes["description"] = description
    if is_archived is not None:
        changes["archived_at"] = (strategy.archived_at or now) if is_archived else None
    for field, value in changes.items():
        setattr(strategy, field, value)
    with transaction.atomic():
        # No more than what is given is written: somebody else may be changing the rest. The row is locked by it, so
        # that of two sets of tags one is stored, and not a mixture.
        _save(strategy, list(changes))
        if tags is not None:
            _label(strategy, tags)
    strategy.refresh_from_db()
    return strategy


@transaction.atomic
def strategy_duplicate(
    *,
    strategy: Strategy,
    owner: User,
    name: str | None = None,
    version: StrategyVersion | None = None,
    with_versions: bool = False,
) -> Strategy:
    """Store a strategy that starts as a copy: of one version, which is the head if none is named, or of all.

    Raises
    ------
    InputError
        If the owner has a strategy of that name, or a version is named although all are copied.
    """
    if version is not None and with_versions:
        raise InputError("version", version.content_hash, "Copy one version or all of them; leave one of the two out.")
    copy = _store(owner, name or free_name(owner, strategy.name, "copy"), strategy.description, strategy.tags)
    if with_versions:
        _copy_versions(strategy, copy)
        return copy
    source = version or strategy.head
    if source is None:
        raise ConflictError(f"The strategy '{strategy.name}' has no version to copy; save one first.")
    message = f"Copy of {strategy.name} at {source.content_hash[:12]}"
    version_save(strategy=copy, author=owner, files=source.files, message=message[:500], is_draft=True)
    return copy


@transaction.atomic
def strategy_delete(*, strategy: Strategy) -> None:
    """Take a strategy out of every list; its runs keep their results, and it can be taken back."""
    strategy.deleted_at = timezone.now()
    strategy.save(update_fields=["deleted_at"])
    audit_note(action="strategy.deleted", actor=strategy.owner, target=strategy, details={"name": strategy.name})


@transaction.atomic
def strategy_undelete(*, strategy: Strategy) -> Strategy:
    """Take a deleted strategy back.

    Raises
    ------
    ConflictError
        If its name is another's by now, or it is not deleted.
    """
    if strategy.deleted_at is None:
        raise ConflictError(f"The strategy '{strategy.name}' is not deleted.")
    strategy.deleted_at = None
    try:
        _save(strategy, ["deleted_at"])
    except InputError as taken:
        raise ConflictError(f"{taken} The other one has to be renamed or deleted first.") from None
    audit_note(action="strategy.restored", actor=strategy.owner, target=strategy, details={"name": strategy.name})
    return strategy


def _store(owner: User, name: str, description: str, tags: Sequence[str]) -> Strategy:
    """Store a strategy without a version; the caller's transaction gives it one."""
    _check_texts(name, description, tags)
    strategy = Strategy(owner=owner, name=name, description=description)
    _save(strategy, None)
    _label(strategy, tags)
    audit_note(action="strategy.created", actor=owner, target=strategy, details={"name": name})
    return strategy


def _check_texts(name: str | None, description: str | None, tags: Sequence[str]) -> None:
    if name is not None:
        check_name("name", name, longest=_LONGEST_NAME)
    check_notes("description", description or "")
    for place, tag in enumerate(tags):
        check_name(f"tags.{place}", tag, longest=_LONGEST_TAG)


def _save(strategy: Strategy, fields: Sequence[str] | None) -> None:
    try:
        with transaction.atomic():
            strategy.save(update_fields=fields)
    except IntegrityError:
        raise InputError(
            "name", strategy.name, f"You have a strategy called '{strategy.name}' already; choose another name."
        ) from None


def _label(strategy: Strategy, tags: Sequence[str]) -> None:
    """Give a strategy these tags in place of those that it has; one that is given twice counts once."""
    strategy.labels.all().delete()
    StrategyLabel.objects.bulk_create(StrategyLabel(strategy=strategy, name=name) for name in dict.fromkeys(tags))


def _template(name: str) -> Start:
    found = find_start(name)
    if found is None:
        names = ", ".join(each.name for each in all_starts())
        raise InputError("template", name, f"There is no template '{name}'; choose from: {names}.")
    return found


def template_get(*, name: str) -> Start:
    """Return a template.

    Raises
    ------
    NotFoundError
        If there is none of that name.
    """
    found = find_start(name)
    if found is None:
        raise NotFoundError(f"There is no template '{name}'.")
    return found


def free_name(owner: User, name: str, copy: str = "") -> str:
    """Return a name that the owner has given to no strategy: *name* itself, or with *copy* and a number behind it."""
    taken = set(Strategy.objects.filter(owner=owner, deleted_at=None).values_list("name", flat=True))
    for number in count(1):
        words = [each for each in (copy, str(number) if number > 1 else "") if each]
        ending = f" ({' '.join(words)})" if words else ""
        found = name[: _LONGEST_NAME - len(ending)] + ending
        if found not in taken:
            break
    return found


def _copy_versions(source: Strategy, copy: Strategy) -> None:
    """Give *copy* all versions, with their authors, messages, times and parents."""
    made: dict[object, StrategyVersion] = {}
    for version in StrategyVersion.objects.filter(strategy=source).order_by("created_at", "id"):
        made[version.pk] = StrategyVersion.objects.create(
            strategy=copy,
            parent=made.get(version.parent_id),
            author_id=version.author_id,
            content_hash=version.content_hash,
            message=version.message,
            files=version.files,
            created_at=version.created_at,
        )
    copy.head = made.get(source.head_id)
    copy.save(update_fields=["head"])

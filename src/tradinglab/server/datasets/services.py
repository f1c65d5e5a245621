"""Writes about watch-lists."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from tradinglab.server.accounts.audit import audit_note
from tradinglab.server.accounts.models import Scope, User
from tradinglab.server.datasets.models import Instrument, WatchList, WatchListEntry
from tradinglab.server.errors import ConflictError, InputError, LimitReachedError, NotFoundError
from tradinglab.server.texts import check_name, check_notes

MOST_LISTS = 100
MOST_ENTRIES = 1000
_LONGEST_NOTES = 2_000
_MOST_NAMED = 5


@transaction.atomic
def watch_list_create(*, owner: User, name: str, description: str = "", instruments: Sequence[int] = ()) -> WatchList:
    """Make a watch-list.

    Raises
    ------
    InputError
        If the owner has one of that name, or an instrument does not exist.
    LimitReachedError
        If the owner has as many as may be.
    """
    check_name("name", name)
    check_notes("description", description, longest=_LONGEST_NOTES)
    # Two requests at once are not to have one more between them.
    User.objects.select_for_update().get(pk=owner.pk)
    current = WatchList.objects.filter(owner=owner).count()
    if current >= MOST_LISTS:
        text = f"You have {current} watch-lists, and may have {MOST_LISTS}. Delete one first."
        raise LimitReachedError(text, limit=MOST_LISTS, current=current)
    made = WatchList(owner=owner, name=name, description=description)
    _save(made)
    _fill(made, instruments)
    audit_note(action="watch_list.created", actor=owner, target=made, details={"name": name})
    return made


@transaction.atomic
def watch_list_update(
    *,
    watch_list: WatchList,
    name: str | None = None,
    description: str | None = None,
    instruments: Sequence[int] | None = None,
) -> WatchList:
    """Change what is given, leave the rest; instruments that are given take the place of those that there are."""
    if name is not None:
        check_name("name", name)
        watch_list.name = name
    if description is not None:
        check_notes("description", description, longest=_LONGEST_NOTES)
        watch_list.description = description
    _locked(watch_list)
    _touch(watch_list, *([] if name is None else ["name"]), *([] if description is None else ["description"]))
    if instruments is not None:
        _fill(watch_list, instruments)
    return watch_list


@transaction.atomic
def watch_list_add(*, watch_list: WatchList, instrument: Instrument) -> bool:
    """Put an instrument at the end of a watch-list; return whether it was not there.

    Raises
    ------
    LimitReachedError
        If the list is full.
    """
    _locked(watch_list)
    entries = WatchListEntry.objects.filter(watch_list=watch_list)
    if entries.filter(instrument=instrument).exists():
        return False
    current = entries.count()
    if current >= MOST_ENTRIES:
        text = f"The watch-list has {current} instruments, and may have {MOST_ENTRIES}. Make another one."
        raise LimitReachedError(text, limit=MOST_ENTRIES, current=current)
    if not _kept([instrument.pk]):
        raise NotFoundError(f"There is no instrument {instrument.pk} any more.")
    last = entries.order_by("-place").values_list("place", flat=True).first()
    WatchListEntry.objects.create(watch_list=watch_list, instrument=instrument, place=0 if last is None else last + 1)
    _touch(watch_list)
    return True


@transaction.atomic
def watch_list_remove(*, watch_list: WatchList, instrument_id: int) -> None:
    """Take an instrument off a watch-list.

    Raises
    ------
    NotFoundError
        If it is not on it.
    """
    _locked(watch_list)
    known = {each: pk for pk, each in watch_list.entries.values_list("pk", "instrument_id")}
    if instrument_id not in known:
        raise NotFoundError(f"The watch-list has no instrument {instrument_id}.")
    WatchListEntry.objects.filter(pk=known[instrument_id]).delete()
    _touch(watch_list)


@transaction.atomic
def watch_list_delete(*, watch_list: WatchList) -> None:
    """Delete a watch-list; the instruments stay.

    Raises
    ------
    ConflictError
        If schedules update it: they would go with it.
    """
    schedules = list(watch_list.data_schedules.order_by("name").values_list("name", flat=True)[:_MOST_NAMED])
    # Who may not look after schedules any more could not delete them first, and they begin nothing.
    if schedules and Scope.ADMIN in watch_list.owner.scopes:
        named = ", ".join(f"'{each}'" for each in schedules)
        raise ConflictError(f"It is updated by schedules ({named}). Delete them first, or name another list in them.")
    audit_note(
        action="watch_list.deleted", actor=watch_list.owner, target=watch_list, details={"name": watch_list.name}
    )
    watch_list.delete()


def _fill(watch_list: WatchList, instruments: Sequence[int]) -> None:
    if len(instruments) > MOST_ENTRIES:
        raise InputError("instruments", len(instruments), f"A watch-list has at most {MOST_ENTRIES} instruments.")
    twice = next((each for place, each in enumerate(instruments) if each in instruments[:place]), None)
    if twice is not None:
        raise InputError("instruments", twice, "It is there twice; leave one out.")
    known = {each.pk for each in _kept(instruments)}
    missing = next((each for each in instruments if each not in known), None)
    if missing is not None:
        raise InputError("instruments", missing, "There is no such instrument. GET /api/v1/instruments/ lists them.")
    WatchListEntry.objects.filter(watch_list=watch_list).delete()
    WatchListEntry.objects.bulk_create(
        WatchListEntry(watch_list=watch_list, instrument_id=each, place=place) for place, each in enumerate(instruments)
    )


def _kept(instruments: Sequence[int]) -> list[Instrument]:
    """Return the instruments that there are; they are not forgotten before the transaction ends."""
    return list(Instrument.objects.select_for_update().filter(pk__in=instruments).order_by("pk"))


def _locked(watch_list: WatchList) -> None:
    """Keep other writers of the list out until the transaction ends."""
    if not WatchList.objects.select_for_update().filter(pk=watch_list.pk).exists():
        raise NotFoundError(f"There is no watch-list {watch_list.pk}.")


def _touch(watch_list: WatchList, *fields: str) -> None:
    watch_list.updated_at = timezone.now()
    _save(watch_list, [*fields, "updated_at"])


def _save(watch_list: WatchList, fields: Sequence[str] | None = None) -> None:
    try:
        with transaction.atomic():
            watch_list.save(update_fields=fields)
    except IntegrityError as error:
        raise InputError("name", watch_list.name, "You have a watch-list of that name. Choose another.") from error

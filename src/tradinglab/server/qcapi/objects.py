"""The object store: each user's own, of limited size, in the database, so that a backup has it."""

from __future__ import annotations

import hashlib
import io
import mimetypes
import secrets
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError, LimitReachedError, NotFoundError
from tradinglab.server.qcapi.models import ObjectDownload, StoredObject
from tradinglab.server.qcapi.names import checked_name

#: How large an object may be, all of a user's together, and what is handed out at once.
LARGEST_OBJECT = 20_000_000
MOST_BYTES = 200_000_000
_MOST_OBJECTS = 10_000
_MOST_KEYS = 1_000
_LARGEST_DOWNLOAD = 60_000_000
_DOWNLOADS_LAST = timedelta(minutes=15)
_LONGEST_KEY = 200
_SALT = "tradinglab.qcapi.objects"
_DIRECTORY = "directory"


class Entry(NamedTuple):
    """A line of a list: an object, or a folder."""

    name: str
    key: str
    is_folder: bool
    size: int
    mime: str
    modified_at: datetime


def object_set(*, owner: User, key: str, content: bytes) -> StoredObject:
    """Store an object, in place of the one that has the key.

    Raises
    ------
    InputError
        If the key is none, or is a folder, or its folder is an object.
    LimitReachedError
        If it is too large, or the owner has too many or too much.
    """
    key = _checked(key)
    if len(content) > LARGEST_OBJECT:
        raise LimitReachedError(
            f"The object has {len(content):,} bytes; at most {LARGEST_OBJECT:,} are stored.",
            limit=LARGEST_OBJECT,
            current=len(content),
        )
    with transaction.atomic():
        # What is counted stays so until the object is stored.
        User.objects.select_for_update().get(pk=owner.pk)
        _check_place(owner, key)
        _check_room(owner, key, len(content))
        now = timezone.now()
        values = {
            "content": content,
            "size": len(content),
            "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "mime": _mime(key, content),
            "modified_at": now,
        }
        return StoredObject.objects.update_or_create(owner=owner, key=key, defaults=values)[0]


def object_get(*, owner: User, key: str) -> StoredObject:
    """Return an object.

    Raises
    ------
    NotFoundError
        If there is none of that key; a folder is none.
    """
    found = StoredObject.objects.filter(owner=owner, key=key.strip("/")).first()
    if found is None:
        raise _unknown(key)
    return found


def object_delete(*, owner: User, key: str) -> None:
    """Delete an object, or a folder with all that is in it.

    Raises
    ------
    NotFoundError
        If there is neither.
    """
    if not _objects(owner, [key]).delete()[0]:
        raise _unknown(key)


def object_list(*, owner: User, path: str) -> list[Entry]:
    """Return what is in a folder: folders, and objects, by their names."""
    folder = path.strip("/")
    prefix = f"{folder}/" if folder else ""
    found: dict[str, Entry] = {}
    for each in StoredObject.objects.filter(owner=owner).defer("content"):
        if not each.key.startswith(prefix):
            continue
        name, slash, _ = each.key[len(prefix) :].partition("/")
        key = f"{prefix}{name}" if prefix else f"/{name}"
        if not slash:
            found[name] = Entry(name, key, False, each.size, each.mime, each.modified_at)
            continue
        before = found.get(name)
        size = each.size + (before.size if before else 0)
        modified = max(each.modified_at, before.modified_at) if before else each.modified_at
        found[name] = Entry(name, key, True, size, _DIRECTORY, modified)
    return [found[name] for name in sorted(found)]


def objects_size(*, owner: User) -> int:
    """Return how many bytes all of a user's objects have."""
    return int(StoredObject.objects.filter(owner=owner).aggregate(total=Sum("size"))["total"] or 0)


@transaction.atomic
def download_create(*, owner: User, keys: Sequence[str]) -> ObjectDownload:
    """Note that objects are wanted as a zip file; keys that there are not are left out, folders are taken whole.

    Raises
    ------
    NotFoundError
        If none of the keys is there.
    InputError
        If no key is given, or they are too many, or too much.
    """
    if not 0 < len(keys) <= _MOST_KEYS:
        raise InputError("keys", len(keys), f"Name between 1 and {_MOST_KEYS:,} keys; these are {len(keys):,}.")
    objects = _objects(owner, keys)
    size = int(objects.aggregate(total=Sum("size"))["total"] or 0)
    if not objects.exists():
        raise _unknown(keys[0])
    if size > _LARGEST_DOWNLOAD:
        text = f"These objects have {size:,} bytes; at most {_LARGEST_DOWNLOAD:,} are sent at once. Name fewer."
        raise InputError("keys", size, text)
    ObjectDownload.objects.filter(created_at__lt=timezone.now() - 2 * _DOWNLOADS_LAST).delete()
    return ObjectDownload.objects.create(id=secrets.token_hex(16), owner=owner, keys=list(keys))


def download_token(*, owner: User, download_id: str) -> str:
    """Return what opens a download for whoever has it, for a while.

    Raises
    ------
    NotFoundError
        If there is no such download.
    """
    if not ObjectDownload.objects.filter(owner=owner, pk=download_id[:64]).exists():
        raise NotFoundError(f"There is no job '{download_id[:64]}'. It is kept for a quarter of an hour; ask anew.")
    return signing.dumps(download_id, salt=_SALT)


def download_zip(*, token: str) -> bytes:
    """Return the zip file that a token opens.

    Raises
    ------
    NotFoundError
        If it opens none, or none any more.
    """
    try:
        download_id = signing.loads(token, salt=_SALT, max_age=_DOWNLOADS_LAST)
    except signing.BadSignature:
        download_id = ""
    wanted = ObjectDownload.objects.select_related("owner").filter(pk=str(download_id), owner__is_active=True).first()
    if wanted is None:
        raise NotFoundError("The link is wrong, or too old. Ask for a new one.")
    made = io.BytesIO()
    size = 0
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in _objects(wanted.owner, wanted.keys).iterator(chunk_size=1):
            size += each.size
            if size > _LARGEST_DOWNLOAD:
                raise NotFoundError("The objects have grown beyond what is sent at once. Ask for fewer.")
            archive.writestr(each.key, bytes(each.content))
    return made.getvalue()


def _checked(key: str) -> str:
    name = key.strip("/")
    checked_name(name, field="key")
    parts = name.split("/")
    if name != name.strip() or "\\" in name or any(part in ("", ".", "..") for part in parts):
        text = "The key is no path: write folders and a name with single slashes, such as models/one.json."
        raise InputError("key", key[:_LONGEST_KEY], text)
    return name


def _check_place(owner: User, key: str) -> None:
    """Refuse a key that is a folder, and one whose folder is an object."""
    keys = _keys(owner)
    if not keys.keys().isdisjoint(set(_upwards(key)) - {key}):
        raise InputError("key", key, f"The folder of '{key}' is an object itself; choose another key.")
    if any(each.startswith(f"{key}/") for each in keys):
        raise InputError("key", key, f"'{key}' is a folder; choose another key.")


def _check_room(owner: User, key: str, size: int) -> None:
    others = StoredObject.objects.filter(owner=owner).exclude(key=key)
    count, used = others.count(), int(others.aggregate(total=Sum("size"))["total"] or 0)
    if count >= _MOST_OBJECTS:
        raise LimitReachedError(
            f"There are {count:,} objects, and no more are stored. Delete some.", limit=_MOST_OBJECTS, current=count
        )
    if used + size > MOST_BYTES:
        raise LimitReachedError(
            f"Your objects have {used:,} bytes; with this one they would have more than {MOST_BYTES:,}. Delete some.",
            limit=MOST_BYTES,
            current=used,
        )


def _mime(key: str, content: bytes) -> str:
    guessed = mimetypes.guess_type(key)[0]
    if guessed is not None:
        return guessed[:100]
    return "application/octet-stream" if text_of(content) is None else "text/plain"


def text_of(content: bytes) -> str | None:
    """Return the text that bytes are; ``None`` if they are none."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _keys(owner: User) -> dict[str, int]:
    """Return all keys of a user with the rows they are in: databases differ in what a key's beginning is."""
    return dict(StoredObject.objects.filter(owner=owner).values_list("key", "pk"))


def _objects(owner: User, keys: Iterable[str]) -> QuerySet[StoredObject]:
    """Return the objects that have one of the keys, and those in folders that have one."""
    wanted = {key.strip("/") for key in keys} - {""}
    rows = [row for key, row in _keys(owner).items() if not wanted.isdisjoint(_upwards(key))]
    return StoredObject.objects.filter(pk__in=rows)


def _upwards(key: str) -> Iterator[str]:
    """Yield a key, and the folders that it is in."""
    while key:
        yield key
        key = key.rpartition("/")[0]


def _unknown(key: str) -> NotFoundError:
    return NotFoundError(f"There is no object '{key[:_LONGEST_KEY]}'.")

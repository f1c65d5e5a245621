"""The object store of an organization."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from tradinglab.quantconnect.models.base import Answered, Flag, Items, Moment, Whole


class StoredObject(Answered):
    """An object, or a folder of them."""

    key: str
    name: str = ""
    modified: Moment = None
    created: Moment = None
    mime: str = ""
    md5: str = ""
    preview: str = ""
    size: Whole = None
    folder: Flag = Field(default=False, validation_alias=AliasChoices("folder", "isFolder"))


class ObjectPage(Answered):
    """Part of what a folder holds."""

    path: str = "/"
    objects: Items[StoredObject] = ()
    page: Whole = None
    total_pages: Whole = None
    object_storage_used: Whole = None


class ObjectJob(Answered):
    """A download that is being prepared."""

    job_id: str = ""
    url: str = ""

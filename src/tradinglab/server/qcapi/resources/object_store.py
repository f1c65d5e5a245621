"""``object/…``: the object store of the caller's organisation."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from pydantic import Field

from tradinglab.server.accounts.models import Scope
from tradinglab.server.errors import InputError
from tradinglab.server.qcapi.answers import moment
from tradinglab.server.qcapi.asking import Ask, OrNone, Texts
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.objects import (
    LARGEST_OBJECT,
    download_create,
    download_token,
    download_zip,
    object_delete,
    object_get,
    object_list,
    object_set,
    objects_size,
    text_of,
)
from tradinglab.server.qcapi.organizations import organization_of

_PREVIEW = 1_000
_KILO = 1024


class SetAsk(Ask):
    """Where an object is to be stored; its bytes are the file ``objectData``."""

    organization_id: str
    key: str
    object_data: str | None = None


class KeyAsk(Ask):
    """An object."""

    organization_id: str
    key: str


class GetAsk(Ask):
    """Objects that are wanted as a zip file, or the job that was made of that wish."""

    organization_id: str
    keys: OrNone[Annotated[Texts, Field(max_length=1000)]] = None
    job_id: OrNone[str] = None


class ListAsk(Ask):
    """A folder."""

    organization_id: str
    path: OrNone[str] = None


@endpoint("object/set", SetAsk, scope=Scope.RUN)
def set_object(call: Call, asked: SetAsk) -> Answer:
    """Store an object."""
    organization_of(call.user, asked.organization_id)
    file = call.files.get("objectData")
    if file is None and asked.object_data is None:
        raise InputError("objectData", None, "objectData is missing: send the bytes as that file of a multipart form.")
    # One byte more than may be is enough to be refused.
    content = file.read(LARGEST_OBJECT + 1) if file is not None else str(asked.object_data).encode()
    object_set(owner=call.user, key=asked.key, content=content)
    return {}


@endpoint("object/properties", KeyAsk)
def properties(call: Call, asked: KeyAsk) -> Answer:
    """Describe an object."""
    organization_of(call.user, asked.organization_id)
    found = object_get(owner=call.user, key=asked.key)
    text = text_of(bytes(found.content))
    return {
        "metadata": {
            "key": found.key,
            "created": moment(found.created_at),
            "modified": moment(found.modified_at),
            "size": found.size,
            "md5": found.md5,
            "mime": found.mime,
            "preview": "" if text is None else text[:_PREVIEW],
        }
    }


@endpoint("object/get", GetAsk)
def get(call: Call, asked: GetAsk) -> Answer:
    """Take down which objects are wanted, or say where the zip file with them is."""
    organization_of(call.user, asked.organization_id)
    if asked.job_id is not None:
        token = download_token(owner=call.user, download_id=asked.job_id)
        path = reverse("quantconnect-objects", args=[token])
        return {"jobId": asked.job_id, "url": call.request.build_absolute_uri(path)}
    wanted = download_create(owner=call.user, keys=asked.keys or [])
    return {"jobId": wanted.pk, "url": None}


@endpoint("object/list", ListAsk)
def list_objects(call: Call, asked: ListAsk) -> Answer:
    """List a folder, one level of it."""
    organization_of(call.user, asked.organization_id)
    path = asked.path or "/"
    used = objects_size(owner=call.user)
    entries = [
        {
            "key": each.key,
            "name": each.name,
            "modified": moment(each.modified_at),
            "mime": each.mime,
            # Clients differ in what they call it.
            "folder": each.is_folder,
            "isFolder": each.is_folder,
            "size": each.size,
        }
        for each in object_list(owner=call.user, path=path)
    ]
    return {
        "path": path,
        "objects": entries,
        "page": 1,
        "totalPages": 1,
        "objectStorageUsed": used,
        "objectStorageUsedHuman": _human(used),
    }


@endpoint("object/delete", KeyAsk, scope=Scope.RUN)
def delete(call: Call, asked: KeyAsk) -> Answer:
    """Delete an object, or a folder with all that is in it."""
    organization_of(call.user, asked.organization_id)
    object_delete(owner=call.user, key=asked.key)
    return {}


def download(request: HttpRequest, token: str) -> HttpResponseBase:
    """Send the zip file that a link opens; whoever has the link may have it."""
    answer = HttpResponse(download_zip(token=token), content_type="application/zip")
    answer.headers["Content-Disposition"] = 'attachment; filename="objects.zip"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _human(size: float) -> str:
    for unit in ("B", "KB", "MB"):
        if size < _KILO:
            return f"{size:.4g} {unit}"
        size /= _KILO
    return f"{size:.4g} GB"

"""The object store of an organization."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from tradinglab.quantconnect.downloads import download
from tradinglab.quantconnect.errors import DeadlineError, MalformedAnswerError, NotFoundError
from tradinglab.quantconnect.exchange import Call
from tradinglab.quantconnect.models.object_store import ObjectJob, ObjectPage, StoredObject
from tradinglab.quantconnect.operations import D, Resource, operation
from tradinglab.quantconnect.reading import nothing, part, whole
from tradinglab.quantconnect.steps import Plan


class ObjectStore(Resource[D]):
    """Files that algorithms read and write, by key."""

    @operation
    def put(self, organization_id: str, key: str, content: bytes) -> Plan[None]:
        """Store an object, in place of the one with this key if there is one."""
        body = {"organizationId": organization_id, "key": key}
        call = Call(path="object/set", read=nothing, body=body, file=("objectData", content))
        yield from self._exchange.carry(call)

    @operation
    def get(self, organization_id: str, keys: Sequence[str], *, deadline_s: float = 300.0) -> Plan[dict[str, bytes]]:
        """Return the objects with these keys, and those in folders that are named so; missing ones are left out.

        Raises
        ------
        DeadlineError
            If the server took longer to pack them.
        """
        exchange = self._exchange
        ends_at = exchange.clock.monotonic() + deadline_s
        body: dict[str, object] = {"organizationId": organization_id, "keys": [*keys]}
        job = yield from exchange.carry(Call(path="object/get", read=whole(ObjectJob), body=body))
        wait_s = 1.0
        while not job.url:
            if exchange.clock.monotonic() + wait_s >= ends_at:
                raise DeadlineError(f"The objects were not packed after {deadline_s:g} s; ask again later.")
            yield from exchange.rest(wait_s)
            wait_s = min(10.0, wait_s * 1.5)
            body = {"organizationId": organization_id, "jobId": job.job_id}
            told = yield from exchange.carry(Call(path="object/get", read=whole(ObjectJob), body=body))
            job = told.model_copy(update={"job_id": job.job_id})
        return _unpacked((yield from download(exchange, job.url)), exchange.settings.most_bytes)

    @operation
    def read(self, organization_id: str, key: str) -> Plan[StoredObject]:
        """Return what is known of an object, without its content."""
        read = part(StoredObject, "metadata", key=key)
        body = {"organizationId": organization_id, "key": key}
        return (yield from self._exchange.carry(Call(path="object/properties", read=read, body=body)))

    @operation
    def list(self, organization_id: str, path: str = "/") -> Plan[tuple[StoredObject, ...]]:
        """Return what a folder holds, without what its folders hold."""
        found: list[StoredObject] = []
        number = 1
        while True:
            body = {"organizationId": organization_id, "path": path, "page": number if number > 1 else None}
            page = yield from self._exchange.carry(Call(path="object/list", read=whole(ObjectPage), body=body))
            found += page.objects
            if not page.objects or (page.total_pages or 1) <= number or (page.page or number) < number:
                return tuple({each.key: each for each in found}.values())
            number += 1

    @operation
    def delete(self, organization_id: str, key: str) -> Plan[None]:
        """Delete an object, or a folder with all in it."""
        body = {"organizationId": organization_id, "key": key}
        try:
            yield from self._exchange.carry(Call(path="object/delete", read=nothing, body=body))
        except NotFoundError as error:
            # An earlier attempt, whose answer was lost, deleted it.
            if not error.is_uncertain:
                raise


def _unpacked(content: bytes, most_bytes: int) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [each for each in archive.infolist() if not each.is_dir()]
            if sum(each.file_size for each in entries) > most_bytes:
                raise MalformedAnswerError(f"The objects are longer than {most_bytes} bytes.", is_garbled=False)
            return {each.filename: archive.read(each) for each in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise MalformedAnswerError(f"The objects were not packed as a zip file: {error}") from error

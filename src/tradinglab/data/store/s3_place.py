"""A store in a bucket of S3, or of a server that speaks as S3 does (MinIO, Ceph, R2, …).

Documents are replaced by conditional requests (``If-Match``, ``If-None-Match``): of two writers who know the same
state, the bucket refuses the second, who reads again and goes on from there. Credentials, region and address are
looked for where AWS's own tools look (``AWS_ENDPOINT_URL_S3``, ``AWS_ACCESS_KEY_ID``, a profile, …).
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tradinglab.data.errors import StoreError
from tradinglab.data.store.copies import Copies
from tradinglab.data.store.files import Check
from tradinglab.data.store.layout import MANIFEST
from tradinglab.data.store.place import Document, Entry

#: How large copies may be together, unless the caller says.
MOST_BYTES: Final = 20 << 30
_ADDRESS: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(/(?P<prefix>[^?#]*))?")
_MISSING: Final = ("NoSuchKey", "NotFound", "404")
_REFUSED: Final = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_NOT_MODIFIED: Final = 304
#: For so long a document that was read counts as what is there. Who writes asks the bucket anew.
_FRESH_S: Final = 1.0
_MOST_REMOVED: Final = 1000


class S3Place:
    """A bucket, or what lies in it under a prefix.

    Parameters
    ----------
    bucket, prefix
        Where; the prefix without slashes at its ends.
    cache
        A local folder for copies of files; by default one in the user's folder of caches.
    most_bytes
        How large copies may be together.
    """

    locks_out = False

    def __init__(self, bucket: str, prefix: str, cache: Path | None = None, most_bytes: int = MOST_BYTES) -> None:
        self.name = f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._client = _client()
        where = hashlib.sha256(f"{self._client.meta.endpoint_url}\0{self.name}".encode()).hexdigest()[:16]
        self.root = (_cache_folder() if cache is None else cache) / where
        self._copies = Copies(self.root, most_bytes)
        self._documents: dict[str, tuple[float, Document | None]] = {}
        self._guard = threading.Lock()

    @classmethod
    def of(cls, address: str) -> S3Place:
        """Return the place that ``s3://bucket/prefix`` names.

        Raises
        ------
        StoreError
            If it names no bucket, or boto3 is not installed.
        """
        parts = _ADDRESS.fullmatch(address)
        if parts is None or ".." in (parts["prefix"] or "").split("/"):
            raise StoreError(f"A store in a bucket is named s3://bucket/prefix; it was '{address}'.")
        return cls(parts["bucket"], (parts["prefix"] or "").strip("/"))

    def document(self, name: str) -> Document | None:
        """Return a document as it is in the bucket now."""
        with self._guard:
            known = self._documents.get(name, (0.0, None))[1]
        asked = {} if known is None else {"IfNoneMatch": known.tag}
        with self._named(name):
            try:
                answer = self._client.get_object(**self._where(name), **asked)
            except _client_error() as error:
                found = known if _status(error) == _NOT_MODIFIED else None
                if found is None and _code(error) not in _MISSING:
                    raise
            else:
                found = Document(answer["Body"].read(), answer["ETag"])
        self._note(name, found)
        return found

    def tag(self, name: str) -> str | None:
        """Return the tag that a document had a second ago at most."""
        with self._guard:
            asked, known = self._documents.get(name, (0.0, None))
        if time.monotonic() - asked > _FRESH_S:
            known = self.document(name)
        return None if known is None else known.tag

    def swap(self, name: str, content: bytes, tag: str | None) -> bool:
        """Replace a document if it is as the caller knows it."""
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        with self._named(name):
            try:
                answer = self._client.put_object(**self._where(name), Body=content, **condition)
            except _client_error() as error:
                if _code(error) in (*_REFUSED, *_MISSING):
                    with self._guard:
                        self._documents.pop(name, None)
                    return False
                raise
        self._note(name, Document(content, answer["ETag"]))
        return True

    def discard(self, name: str) -> None:
        """Remove a document."""
        self.remove([name])
        with self._guard:
            self._documents.pop(name, None)

    def draft(self, folder: str) -> Path:
        """Return a new file among the copies."""
        place = self.root / folder
        place.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=place, prefix=".", suffix=".tmp")
        os.close(handle)
        return Path(draft)

    def put(self, draft: Path, name: str) -> None:
        """Send a draft to the bucket: an object is there whole or not at all."""
        with self._named(name), draft.open("rb") as stream:
            self._client.put_object(**self._where(name), Body=stream, ContentLength=draft.stat().st_size)

    def settle(self, folder: str) -> None:
        """Do nothing: what a bucket has taken, it keeps."""

    def file(self, name: str, check: Check) -> Path:
        """Return a copy of a file, which was checked when it came, and once by each program that uses it."""
        return self._copies.get(name, check, lambda path: self._fetch(name, path))

    def _fetch(self, name: str, path: Path) -> None:
        with self._named(name), path.open("wb") as stream:
            body = self._client.get_object(**self._where(name))["Body"]
            for piece in body.iter_chunks(1 << 20):
                stream.write(piece)

    def entries(self, folder: str) -> list[Entry]:
        """Return the objects in a folder."""
        start = f"{self._prefix}{folder}/"
        return [
            Entry(each["Key"].removeprefix(start), int(each["Size"]), each["LastModified"])
            for each in self._listed(start, Delimiter="/")
        ]

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects and their copies."""
        gone = list(names)
        for first in range(0, len(gone), _MOST_REMOVED):
            part = gone[first : first + _MOST_REMOVED]
            objects = [{"Key": f"{self._prefix}{name}"} for name in part]
            with self._named(part[0]):
                self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
        for name in gone:
            self._copies.forget(name)

    def documents(self, folder: str) -> list[str]:
        """Return the names of the documents in a folder."""
        return sorted(f"{folder}/{each.name}" for each in self.entries(folder) if each.name.endswith(".json"))

    def series_folders(self) -> Iterator[str]:
        """Yield the folders with a manifest."""
        for each in self._listed(self._prefix):
            folder, _, file = each["Key"].removeprefix(self._prefix).rpartition("/")
            if file == MANIFEST and folder.count("/") == 4:
                yield folder

    def is_empty(self) -> bool:
        """Return whether there is no object."""
        with self._named(self.name):
            return not self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1).get("KeyCount")

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Keep nobody out: another writer is found out by :meth:`swap`."""
        yield

    def _where(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._prefix}{name}"}

    def _listed(self, prefix: str, **more: str) -> Iterator[dict[str, Any]]:
        with self._named(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix, **more)
            for page in pages:
                yield from page.get("Contents", ())

    def _note(self, name: str, found: Document | None) -> None:
        with self._guard:
            self._documents[name] = time.monotonic(), found

    @contextmanager
    def _named(self, name: str) -> Iterator[None]:
        """Say in our words what the bucket says. Nothing that it says holds a secret."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code = _code(error)
            if code in _MISSING:
                raise FileNotFoundError(errno.ENOENT, f"there is no such object in {self.name}", name) from error
            why = f"{code}: {error.response.get('Error', {}).get('Message', '')}"
            hint = "Look at the bucket's name, the credentials and their rights."
            raise StoreError(f"{self.name} refuses '{name}' ({why}). {hint}") from error
        except BotoCoreError as error:
            hint = "Look at AWS_ENDPOINT_URL_S3, AWS_REGION and the credentials."
            raise StoreError(f"{self.name} cannot be reached: {str(error).rstrip('.')}. {hint}") from error


def _client() -> Any:
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError as error:
        raise StoreError("A store in a bucket needs boto3: pip install 'tradinglab[s3]'.") from error
    config = Config(
        connect_timeout=5,
        read_timeout=30,
        # What was not answered is asked again; a conditional put that was carried out is then refused, and read again.
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=32,
        s3={"addressing_style": "path" if os.environ.get("AWS_ENDPOINT_URL_S3") else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    try:
        return boto3.session.Session().client("s3", config=config)
    except (BotoCoreError, ValueError) as error:
        raise StoreError(f"The store's bucket cannot be spoken to: {error}") from error


def _client_error() -> type[Exception]:
    from botocore.exceptions import ClientError

    found: type[Exception] = ClientError
    return found


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tradinglab" / "bars"

"""Artefacts in a bucket of S3, or of a server that speaks as S3 does (MinIO, Ceph, R2, …)."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from django.db import transaction
from django.utils import timezone

from tradinglab.server.config.artefacts import ArtefactPlace
from tradinglab.server.errors import StorageError, StorageRefusedError
from tradinglab.server.runs.any_store import BLOCK, ArtefactStore, Stored, measured, opened
from tradinglab.server.runs.local_copies import LocalCopies
from tradinglab.server.runs.models import StoredObject

_log = logging.getLogger(__name__)
_MISSING = ("NoSuchKey", "NotFound", "404")
_FULL = ("QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage")
_FULL_STATUS = 507
_BUSY = ("SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "ServiceUnavailable", "Throttling", "TooManyRequests")


class S3Access(NamedTuple):
    """How the server is reached; what is ``None`` is looked for where AWS's own tools look."""

    endpoint: str | None = None
    region: str | None = None
    key_id: str | None = None
    secret: str | None = None
    session_token: str | None = None


class S3Store(ArtefactStore):
    """Keeps artefacts as objects of one bucket.

    An object is there whole or not at all. A row in the database says when it was put last, and is locked while an
    object is removed: the same bytes may be put again just then.
    """

    def __init__(self, place: ArtefactPlace, access: S3Access, copies: LocalCopies) -> None:
        self._bucket = place.bucket
        self._prefix = f"{place.prefix}/" if place.prefix else ""
        self._client = _client(access)
        self._copies = copies

    def _where(self, sha256: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": f"{self._prefix}{sha256[:2]}/{sha256}"}

    def put(self, source: Path, *, most_bytes: int) -> Stored:
        """Send a file to the bucket, which compares its hash (that of the signature) before it takes it."""
        with opened(source) as reader:
            stored = measured(reader, most_bytes)
            reader.seek(0)
            StoredObject.objects.update_or_create(pk=stored.sha256, defaults={"stored_at": timezone.now()})
            with _named("put"):
                self._client.put_object(**self._where(stored.sha256), Body=reader, ContentLength=stored.size)
        return stored

    def size(self, sha256: str) -> int:
        """Return how many bytes there are."""
        with _named("size"):
            return int(self._client.head_object(**self._where(sha256))["ContentLength"])

    def pieces(self, sha256: str, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes from *first* to *last*."""
        if first > last:
            return
        with _named("read"):
            found = self._client.get_object(**self._where(sha256), Range=f"bytes={first}-{last}")
            with contextlib.closing(found["Body"]) as body:
                yield from body.iter_chunks(BLOCK)

    def file(self, sha256: str) -> Path:
        """Return a copy in a file."""
        return self._copies.path(sha256) or self._copies.keep(sha256, self.pieces(sha256, 0, self.size(sha256) - 1))

    def found(self, beginning: str) -> list[str]:
        """Return the hashes of which there are bytes and which begin with these two digits."""
        marks = StoredObject.objects.filter(pk__startswith=beginning).values_list("pk", flat=True)
        folder = f"{self._prefix}{beginning}/"
        with _named("list"):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder)
            objects = {each["Key"].removeprefix(folder) for page in pages for each in page.get("Contents", ())}
        return sorted({*objects, *marks})

    @transaction.atomic
    def discard(self, sha256: str, *, before: datetime) -> bool:
        """Remove bytes that nobody has put here since *before*; return whether they were removed."""
        mark = StoredObject.objects.select_for_update().filter(pk=sha256).first()
        if mark is None:
            # An object that another installation has left, or one of before a backup was restored.
            with _named("look at"):
                put_at = self._client.head_object(**self._where(sha256))["LastModified"]
            mark = StoredObject.objects.create(sha256=sha256, stored_at=put_at)
        if mark.stored_at >= before:
            return False
        with _named("remove"):
            self._client.delete_object(**self._where(sha256))
        mark.delete()
        return True

    def discard_parts(self, *, before: datetime) -> None:
        """Do nothing: what was not sent to its end was never there."""

    def check(self) -> str:
        """Return ``ok`` if the bucket answers, or what is wrong with it."""
        try:
            with _named("look into"):
                self._client.head_bucket(Bucket=self._bucket)
        except FileNotFoundError:
            return "there is no such bucket"
        except StorageRefusedError:
            return "the bucket refuses the server; look at its credentials and their rights"
        except StorageError:
            return "the bucket does not answer"
        return "ok"


@lru_cache(maxsize=4)
def _client(access: S3Access) -> Any:
    """Return a client, which threads share."""
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=20,
        retries={"mode": "standard", "total_max_attempts": 3},
        max_pool_connections=32,
        # The hash of the body is part of the signature; other servers than AWS's know no more than that.
        s3={"payload_signing_enabled": True, "addressing_style": "path" if access.endpoint else "auto"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    session = boto3.session.Session(
        aws_access_key_id=access.key_id,
        aws_secret_access_key=access.secret,
        aws_session_token=access.session_token,
        region_name=access.region,
    )
    return session.client("s3", endpoint_url=access.endpoint, config=config)


@contextlib.contextmanager
def _named(doing: str) -> Iterator[None]:
    """Say in our words what the server of the bucket says."""
    try:
        yield
    except ClientError as error:
        told = error.response.get("Error", {})
        code, status = str(told.get("Code", "")), error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in _MISSING:
            raise FileNotFoundError(errno.ENOENT, "there is no such object in the bucket") from error
        if code in _FULL or status == _FULL_STATUS:
            raise OSError(errno.ENOSPC, f"the bucket has no room left: {code}") from error
        _log.warning("the bucket cannot %s: %s", doing, error)
        kind = StorageError if code in _BUSY or status >= 500 else StorageRefusedError
        raise kind(f"the bucket answers {code}: {told.get('Message', '')}") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        _log.warning("the bucket cannot %s: %s", doing, error)
        raise StorageRefusedError(f"credentials are missing: {error}") from error
    except BotoCoreError as error:
        _log.warning("the bucket cannot %s: %s", doing, error)
        raise StorageError(f"the bucket does not answer: {error}") from error

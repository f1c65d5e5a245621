"""The place that a store's address names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tradinglab.data.store.local_place import LocalPlace
from tradinglab.data.store.place import Place

S3: Final = "s3://"


def open_place(where: Path | str) -> Place:
    """Return the place of a folder, or of ``s3://bucket/prefix``.

    Raises
    ------
    StoreError
        If the address names no bucket, or what speaks to buckets is not installed.
    """
    if isinstance(where, str) and where.startswith(S3):
        from tradinglab.data.store.s3_place import S3Place

        return S3Place.of(where)
    return LocalPlace(Path(where))

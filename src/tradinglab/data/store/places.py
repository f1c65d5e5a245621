"""The place that a store's address names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tradinglab.data.store.keeping import PIN_NAME
from tradinglab.data.store.local_place import LocalPlace
from tradinglab.data.store.place import Place

S3: Final = "s3://"


def split_pin(where: str) -> tuple[str, str]:
    """Return the place and the pin that ``PLACE@PIN`` names; the pin is empty if there is none.

    The name of a folder that is there is taken as it is.
    """
    place, at, pin = where.rpartition("@")
    if not at or not place or not PIN_NAME.fullmatch(pin) or Path(where).expanduser().is_dir():
        return where, ""
    return place, pin


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

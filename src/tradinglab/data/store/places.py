"""The place that a store's address names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from tradinglab.data.errors import StoreError
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
        If the address names no bucket, or what speaks to buckets is not installed; or a file is where the folder is to
        be, or one above it.
    """
    if isinstance(where, str) and where.startswith(S3):
        from tradinglab.data.store.s3_place import S3Place

        return S3Place.of(where)
    folder = Path(where)
    # Whoever reads takes what is no folder for one that is not there yet.
    there = next((each for each in (folder, *folder.parents) if os.path.lexists(each)), None)
    if there is not None and os.path.exists(there) and not os.path.isdir(there):  # noqa: PTH110, PTH112
        what = "it" if there == folder else str(there)
        raise StoreError(f"{folder} is no folder of a store: {what} is a file. Name a folder, or a new one.")
    return LocalPlace(folder)

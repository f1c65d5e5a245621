"""Where artefacts are kept, as the operator says it: ``folder``, ``database`` or ``s3://bucket/prefix``."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import NamedTuple

_S3 = "s3://"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,62}")
_PREFIX = re.compile(r"[A-Za-z0-9!_.*'()=/-]{0,200}")


class ArtefactPlace(NamedTuple):
    """A kind of store; of a bucket, its name, and what the names of our objects begin with."""

    kind: str
    bucket: str = ""
    prefix: str = ""


def read_artefact_place(text: str) -> ArtefactPlace:
    """Return what an operator has said.

    Raises
    ------
    ValueError
        If it is no place, or the libraries for it are not installed.
    """
    if text in ("folder", "database"):
        return ArtefactPlace(text)
    bucket, _, prefix = text.removeprefix(_S3).partition("/")
    if not text.startswith(_S3) or not _BUCKET.fullmatch(bucket) or not _PREFIX.fullmatch(prefix):
        raise ValueError("write it as folder, database or s3://BUCKET/PREFIX")
    if find_spec("boto3") is None:
        raise ValueError("a bucket needs boto3, which is not installed: pip install 'tradinglab[s3]'")
    return ArtefactPlace("s3", bucket, prefix.strip("/"))


def lasts_on_heroku(text: str) -> str:
    """Refuse what does not last on a dyno.

    Raises
    ------
    ValueError
        If it is a folder: each dyno has a disk of its own, which is empty after each restart.
    """
    if read_artefact_place(text).kind == "folder":
        raise ValueError(
            "on Heroku no dyno sees another's disk, and a restart empties it; say database, or s3://BUCKET/PREFIX"
        )
    return text

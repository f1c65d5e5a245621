"""The data that an installation offers, as the operator names it: ``us=lean:/data/lean,crypto=store:s3://bars/crypto``."""

from __future__ import annotations

import re
from pathlib import Path

#: What is always there.
SAMPLE = "sample"
#: The bar store in the home folder.
LOCAL = "local"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_KINDS = ("lean", "store")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?")


def parse_data_sources(text: str, *, are_there: bool = True) -> dict[str, str]:
    """Return the spec of each source by its name; the sample is first.

    Parameters
    ----------
    are_there
        Whether the folders have to be there: at the start they have. One that goes away later fails its own runs alone.

    Raises
    ------
    ValueError
        If a name is none or comes twice, or a spec does not lead to a folder.
    """
    found = {SAMPLE: SAMPLE}
    for entry in (each.strip() for each in text.split(",") if each.strip()):
        name, _, spec = (each.strip() for each in entry.partition("="))
        if not _NAME.fullmatch(name):
            raise ValueError(f"'{name}' is no name; use up to 40 small letters, digits, '_' and '-'")
        if name in found:
            raise ValueError(f"'{name}' is named twice; 'sample' is always there")
        found[name] = _checked(name, spec, are_there)
    return found


def _checked(name: str, spec: str, is_there: bool) -> str:
    kind, _, where = spec.partition(":")
    if kind == "store" and where.startswith("s3://"):
        if not _BUCKET.fullmatch(where):
            raise ValueError(f"'{name}' is to be store:s3://BUCKET/PREFIX; it names '{where}'")
        return spec
    folder = Path(where).expanduser()
    if kind not in _KINDS or not folder.is_absolute():
        raise ValueError(
            f"'{name}' is to be lean:FOLDER or store:FOLDER with a folder that begins with '/', or store:s3://BUCKET/PREFIX"
        )
    if is_there and not folder.is_dir():
        raise ValueError(f"'{name}' names {folder}, where there is no folder")
    return f"{kind}:{folder}"

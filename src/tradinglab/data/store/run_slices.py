"""Which slices of a store a run has read, in words that mean the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tradinglab.data.errors import MalformedDataError
from tradinglab.data.store.files import describe_bar_file
from tradinglab.data.store.layout import what_of

_BARS = ".parquet"


def run_slices(root: Path, files: Iterable[str | Path]) -> dict[str, str]:
    """Return the hashes of the files of a store that a run says it has read; what lies outside is left out.

    A slice is named by what it holds, ``equity/usa/minute/trade/spy/2013``, with the sha256 over its bars, as
    :meth:`BarStore.slices` names it: neither depends on who wrote the file, where it lies, or how it is coded. Where a
    run has read two slices of one name, because the bars were restated while it went on, the second has a number.

    Parameters
    ----------
    root
        The folder of the store, or that of the copies of one in a bucket (``BarStore.folder``).
    """
    folder = root.resolve()
    found: dict[str, str] = {}
    for path in dict.fromkeys(Path(each).resolve() for each in files):
        if not path.is_relative_to(folder) or not path.is_file():
            continue
        with suppress(MalformedDataError):
            sha256 = _sha256(path)
            name = f"{path.parent.relative_to(folder).as_posix()}/{what_of(path.name)}"
            number = 2
            while found.get(name, sha256) != sha256:
                name, number = f"{name.partition('#')[0]}#{number}", number + 1
            found[name] = sha256
    return dict(sorted(found.items()))


def _sha256(path: Path) -> str:
    if path.suffix == _BARS:
        return describe_bar_file(path).sha256
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

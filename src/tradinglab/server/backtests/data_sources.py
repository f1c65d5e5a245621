"""The data that backtests may read: sources that the operator has named. Nobody else names a folder."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from django.conf import settings

from tradinglab.core.errors import TradingLabError
from tradinglab.data.source import Coverage, open_source
from tradinglab.data.store import BarStore
from tradinglab.data.store.layout import MARKER
from tradinglab.data.store.mirroring import mirror
from tradinglab.data.store.places import S3
from tradinglab.data.store.run_slices import run_slices
from tradinglab.server.config.data_sources import LOCAL, SAMPLE
from tradinglab.server.errors import ConflictError, InputError, NotFoundError

_log = logging.getLogger(__name__)
_MOST_SERIES = 1000
#: A copy of a bucket is brought up to date before a run, at most so often.
_FRESH_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSource:
    """A source by its name.

    Attributes
    ----------
    kind
        ``sample``, ``lean`` or ``store``.
    spec
        How it is opened; it names a folder of the server, or a bucket, and stays inside.
    """

    name: str
    kind: str
    spec: str

    @property
    def where(self) -> str:
        """The folder or the bucket that the spec names; empty of the sample."""
        return self.spec.partition(":")[2]

    @property
    def is_remote(self) -> bool:
        """Whether it is in a bucket, which strategies cannot reach: they read a copy."""
        return self.where.startswith(S3)

    @property
    def inside(self) -> str:
        """The spec by which strategies and simulators read it, once :func:`data_source_ready` was called."""
        return f"store:{settings.HOME.mirrors / self.name}" if self.is_remote else self.spec

    def store(self) -> BarStore:
        """Return the bar store that it is.

        Raises
        ------
        StoreError
            If it cannot be opened.
        """
        return BarStore(self.where)


def data_source_list() -> list[NamedSource]:
    """Return the sources of this installation: the sample, the home folder's store if there is one, what is named."""
    specs: dict[str, str] = {SAMPLE: SAMPLE}
    if (settings.HOME.bars / MARKER).is_file():
        specs[LOCAL] = f"store:{settings.HOME.bars}"
    specs |= settings.ENVIRONMENT.data_sources
    return [NamedSource(name=name, kind=spec.partition(":")[0], spec=spec) for name, spec in specs.items()]


def data_source_get(*, name: str) -> NamedSource:
    """Return the source of that name."""
    source = next((each for each in data_source_list() if each.name == name), None)
    if source is None:
        raise NotFoundError(f"There is no data source '{name}'. {_known()}")
    return source


def data_source_ready(*, name: str, is_now: bool = False) -> NamedSource:
    """Return the source of that name, with what a strategy is to read of it on this machine.

    Parameters
    ----------
    is_now
        Bring the copy of a bucket up to date even if that was done a moment ago.

    Raises
    ------
    NotFoundError
        If there is no such source.
    ConflictError
        If the bucket cannot be read now.
    """
    source = data_source_get(name=name)
    if source.is_remote:
        try:
            mirror(source.store(), settings.HOME.mirrors / source.name, fresh_s=0.0 if is_now else _FRESH_S)
        except (TradingLabError, OSError) as error:
            _log.error("the data source %s cannot be copied: %s", source.name, error)
            text = f"The data source '{name}' cannot be read now; the operator finds the reason in the server's log."
            raise ConflictError(text) from error
    return source


def data_source_usual() -> NamedSource:
    """Return what is taken where nobody names a source: the operator's first, the home folder's store, the sample."""
    found = {each.name: each for each in data_source_list()}
    named = [each for name, each in found.items() if name in settings.ENVIRONMENT.data_sources and name != SAMPLE]
    if named:
        return named[0]
    return found.get(LOCAL, found[SAMPLE])


def data_source_wanted(*, name: str) -> NamedSource:
    """Return the source that a request names.

    Raises
    ------
    InputError
        With the list of those that there are.
    """
    try:
        return data_source_get(name=name)
    except NotFoundError as error:
        raise InputError("data", name, str(error)) from None


def data_source_coverage(*, source: NamedSource) -> tuple[list[Coverage], bool]:
    """Return what a source has, and whether that is all of it.

    Raises
    ------
    ConflictError
        If it cannot be read now.
    """
    try:
        series: Iterable[Coverage] = open_source(source.spec).coverage()
        found = list(islice(series, _MOST_SERIES + 1))
    except (TradingLabError, OSError) as error:
        _log.error("the data source %s cannot be read: %s", source.name, error)
        text = f"The data source '{source.name}' cannot be read now; the operator finds the reason in the server's log."
        raise ConflictError(text) from error
    return found[:_MOST_SERIES], len(found) <= _MOST_SERIES


def _known() -> str:
    return f"Use one of: {', '.join(each.name for each in data_source_list())}."


@lru_cache(maxsize=1)
def sample_hash() -> str:
    """Return the SHA-256 over names and contents of the bundled bars."""
    from tradinglab.data import sample

    folder = Path(sample.__file__).parent / "folder"
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def data_slices(*, source: NamedSource, files: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of what a run says it has read of a source; what lies outside is left out.

    Of a bar store, that is over the bars of a slice, which is named by what it holds; of a LEAN folder, over a file.
    """
    folder = Path(source.inside.partition(":")[2]).resolve()
    if source.kind == "store":
        return run_slices(folder, files)
    found = {}
    for path in (Path(each).resolve() for each in files):
        if path.is_relative_to(folder) and path.is_file():
            with path.open("rb") as content:
                found[path.relative_to(folder).as_posix()] = hashlib.file_digest(content, "sha256").hexdigest()
    return dict(sorted(found.items()))


def data_before_run(*, source: NamedSource) -> dict[str, str]:
    """Return what a manifest says of a source before the run: the sample is small enough to be hashed as a whole."""
    known = {"source": source.name, "kind": source.kind}
    return known | {"sha256": sample_hash()} if source.name == SAMPLE else known

"""One Parquet file of bars, which knows what it is.

Timestamps are int64 microseconds UTC of the bars' starts, delta-coded; prices and volumes float64,
coded by dictionary where they repeat; zstd; row groups of 32,768. The file's own metadata hold where its bars are from
and a hash over their values, which does not depend on how they are coded.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.data.columns import Floats, Ints
from tradinglab.data.errors import MalformedDataError
from tradinglab.data.reads import note_read
from tradinglab.data.store.full_disk import written_by_polars

if TYPE_CHECKING:
    import polars as pl

TIME = "ts"
_KEY = "tradinglab"
_ROWS_IN_GROUP = 32_768
_LEVEL = 3
#: How often values come on average where a dictionary is worth its while.
_REPEATED = 4
_SYNTHETIC = "synthetic"

Values = Mapping[str, Floats]

#: Raises `MalformedDataError` if a file does not hold what it should.
Check = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where bars are from: a name (of a file, say) and the sha256 of what was read.

    A name that begins with ``synthetic`` says that the bars are made up.
    """

    name: str
    sha256: str = ""

    @property
    def is_synthetic(self) -> bool:
        """Whether the bars are made up."""
        return self.name.startswith(_SYNTHETIC)


@dataclass(frozen=True, slots=True)
class BarFile:
    """What a file says of itself."""

    path: Path
    origins: tuple[Origin, ...]
    sha256: str
    rows: int
    first_us: int
    last_us: int


def write_bar_file(
    path: Path, times_us: Ints, values: Values, origins: Sequence[Origin], sha256: str | None = None
) -> BarFile:
    """Write bars to a file that nobody reads yet; its place in the store sees to it that it is seen whole.

    *sha256* is their :func:`content_hash`, where that is known.
    """
    import polars as pl

    sha256 = sha256 or content_hash(times_us, values)
    file = BarFile(path, tuple(origins), sha256, len(times_us), int(times_us[0]), int(times_us[-1]))
    about = {"origins": [asdict(one) for one in origins], "sha256": file.sha256, "rows": file.rows}
    about |= {"first_us": file.first_us, "last_us": file.last_us}
    metadata = {_KEY: json.dumps(about)}
    frame = pl.DataFrame(
        {TIME: times_us, **{name: column.astype(np.float64, copy=False) for name, column in values.items()}}
    )
    _write(frame, path, metadata)
    return file


def _write(frame: pl.DataFrame, path: Path, metadata: dict[str, str]) -> None:
    if find_spec("pyarrow") is None:
        # The same content a third larger: polars cannot delta-code the times.
        with written_by_polars(path):
            frame.write_parquet(
                path, compression="zstd", compression_level=_LEVEL, row_group_size=_ROWS_IN_GROUP, metadata=metadata
            )
        return
    import pyarrow.parquet as pq

    table = frame.to_arrow().replace_schema_metadata(metadata)
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=_LEVEL,
        row_group_size=_ROWS_IN_GROUP,
        use_dictionary=[name for name in frame.columns if name != TIME and _repeats(frame[name])],
        column_encoding={TIME: "DELTA_BINARY_PACKED"},
    )


def _repeats(column: pl.Series) -> bool:
    """Return whether values come again so often that a dictionary of them makes a file smaller."""
    first = column.head(_ROWS_IN_GROUP)
    return first.n_unique() <= len(first) // _REPEATED


def describe_bar_file(path: Path) -> BarFile:
    """Return what a file says of itself.

    Raises
    ------
    MalformedDataError
        If it is no Parquet file, or not one of a bar store.
    """
    import polars as pl

    try:
        metadata = pl.read_parquet_metadata(path)
        about = json.loads(metadata[_KEY])
        origins = tuple(Origin(**one) for one in about["origins"])
        return BarFile(path, origins, about["sha256"], about["rows"], about["first_us"], about["last_us"])
    except (KeyError, TypeError, ValueError) as problem:
        raise MalformedDataError(path, "The file does not say what it is: no bar store wrote it.") from problem
    except (OSError, pl.exceptions.PolarsError) as problem:
        raise MalformedDataError(path, f"The file is truncated or broken ({problem}).") from problem


def read_bar_files(
    paths: Sequence[Path], fields: Sequence[str], start_us: int, end_us: int
) -> tuple[Ints, dict[str, Floats]]:
    """Return times and values of the bars of some files in ``[start_us, end_us)``, file by file.

    Raises
    ------
    FileNotFoundError
        If a file is not there.
    MalformedDataError
        If a file is broken or lacks a column.
    """
    import polars as pl

    frames = []
    for path in paths:
        note_read(path)
        try:
            scan = pl.scan_parquet(path).select(TIME, *fields)
            frames.append(scan.filter(pl.col(TIME) >= start_us, pl.col(TIME) < end_us).collect())
        except FileNotFoundError as problem:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from problem
        except (OSError, pl.exceptions.PolarsError) as problem:
            raise MalformedDataError(path, f"The file is truncated or broken ({problem}).") from problem
    if not frames:
        return np.empty(0, np.int64), {name: np.empty(0) for name in fields}
    table = pl.concat(frames)
    return table[TIME].to_numpy().astype(np.int64), {
        name: table[name].to_numpy().astype(np.float64, copy=False) for name in fields
    }


def content_hash(times_us: Ints, values: Values) -> str:
    """Return the sha256 over times and values, column by column in order of their names."""
    digest = hashlib.sha256(np.ascontiguousarray(times_us, "<i8").tobytes())
    for name in sorted(values):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values[name], "<f8").tobytes())
    return digest.hexdigest()

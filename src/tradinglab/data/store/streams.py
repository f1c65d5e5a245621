"""Files of text as streams of bytes, packed or not."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

from tradinglab.data.errors import DataImportError, MalformedDataError

#: What unpacking raises where a file is cut off or broken.
BROKEN: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


class ByteStream(Protocol):
    """What is read of a stream."""

    def read(self, size: int, /) -> bytes:
        """Return as many bytes, fewer at the end alone."""
        ...


@contextmanager
def open_bytes(path: Path) -> Iterator[tuple[ByteStream, BinaryIO]]:
    """Open a file, unpacked by its name: ``.gz``, ``.zip`` with one file in it, ``.zst``, or as it is.

    Yields the stream and the file below it, whose position says how much of it has been read.

    Raises
    ------
    DataImportError
        If a ``.zip`` holds no file or several, or nothing is installed that unpacks ``.zst``.
    """
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        if suffix == ".gz":
            with gzip.open(file) as unpacked:
                yield cast(ByteStream, unpacked), file
        elif suffix == ".zip":
            with zipfile.ZipFile(file) as archive, archive.open(_only_member(path, archive)) as member:
                yield cast(ByteStream, member), file
        elif suffix in (".zst", ".zstd"):
            with _unpacked_zst(path, file) as stream:
                yield stream, file
        else:
            yield file, file


def skip(stream: ByteStream, file: BinaryIO, count: int) -> None:
    """Go on to a place in a stream that was just opened; what is packed has to be unpacked again up to there."""
    if stream is file:
        file.seek(count)
        return
    while count > 0:
        read = stream.read(min(count, 1 << 20))
        if not read:
            raise EOFError("it has become shorter")
        count -= len(read)


def _only_member(path: Path, archive: zipfile.ZipFile) -> str:
    names = [
        each.filename for each in archive.infolist() if not each.is_dir() and not each.filename.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        held = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
        raise DataImportError(
            f"{path} must hold one file of bars, it holds {len(names)}{f': {held}' if names else ''}. "
            "Unpack it and name the files."
        )
    if names[0].lower().endswith((".parquet", ".pq")):
        raise DataImportError(f"{path} holds {names[0]}: unpack it, Parquet is read from files of its own.")
    return names[0]


@contextmanager
def _unpacked_zst(path: Path, file: BinaryIO) -> Iterator[ByteStream]:
    try:
        import pyarrow as pa
    except ModuleNotFoundError as problem:
        raise DataImportError(
            f"{path} is packed by zstd, which pyarrow unpacks: pip install 'tradinglab[arrow]', or unpack it yourself."
        ) from problem
    with pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd") as stream:
        yield _Arrow(stream)


class _Arrow:
    """A stream of Arrow's: it may return less than was asked for before it ends."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        """Return as many bytes, fewer at the end alone."""
        found: list[bytes] = []
        while size > 0 and (part := self._stream.read(size)):
            found.append(part)
            size -= len(part)
        return b"".join(found)


def broken(path: Path, problem: BaseException) -> MalformedDataError:
    """Return the error of a file that cannot be unpacked."""
    return MalformedDataError(path, f"The file cannot be read ({problem}).")

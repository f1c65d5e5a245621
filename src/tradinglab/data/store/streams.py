"""Files of text as streams of bytes, packed or not."""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from os import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

from tradinglab.data.errors import DataImportError, MalformedDataError
from tradinglab.data.store.refusals import WORKBOOK_PARTS, workbook

#: What unpacking raises where a file is cut off or broken.
BROKEN: Final = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, UnicodeError)
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_HEAD: Final = 1024
_NO_SEPARATOR: Final = "\x01"
_LINES: Final = 50_000


class ByteStream(Protocol):
    """What is read of a stream."""

    def read(self, size: int, /) -> bytes:
        """Return about as many bytes, none at the end alone."""
        ...


@contextmanager
def open_bytes(path: Path) -> Iterator[tuple[ByteStream, BinaryIO]]:
    """Open a file of text, unpacked by what it begins with (gzip, zip with one file in it, zstd), UTF-16 as UTF-8.

    Names tell nothing: browsers unpack files and leave their names. Yields the stream and the file below it, whose
    position says how much of it has been read.

    Raises
    ------
    DataImportError
        If a zip holds no file or several, or is a workbook, or nothing that is installed unpacks zstd.
    """
    with ExitStack() as open_files:
        file = open_files.enter_context(path.open("rb"))

        def opened() -> ByteStream:
            file.seek(0)
            head = file.read(4)
            file.seek(0)
            if head.startswith(_GZIP):
                return cast(ByteStream, open_files.enter_context(gzip.open(file)))
            if head in _ZIP:
                archive = open_files.enter_context(zipfile.ZipFile(file))
                return cast(ByteStream, open_files.enter_context(archive.open(_only_member(path, archive))))
            return open_files.enter_context(_unpacked_zst(path, file)) if head == _ZSTD else file

        encoding = _wide_encoding(opened().read(_HEAD))
        stream = opened()
        yield stream if encoding is None else _Recoded(stream, encoding), file


def _wide_encoding(head: bytes) -> str | None:
    """Return which encoding of two bytes for a letter a text begins with; ``None`` if it is none."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[::2].count(0), head[1::2].count(0)
    if 4 * odd > len(head) and not even:
        return "utf-16-le"
    return "utf-16-be" if 4 * even > len(head) and not odd else None


class _Recoded:
    """A stream of another encoding as UTF-8."""

    def __init__(self, stream: ByteStream, encoding: str) -> None:
        self._stream, self._decoder = stream, codecs.getincrementaldecoder(encoding)()

    def read(self, size: int, /) -> bytes:
        """Return some bytes, none at the end alone."""
        while data := self._stream.read(size):
            if found := self._decoder.decode(data):
                return found.encode()
        return self._decoder.decode(b"", final=True).encode()


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
    if any(name in WORKBOOK_PARTS for name in names):
        raise workbook(path)
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
    except ModuleNotFoundError:
        yield _Polars(path, file)
        return
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


class _Polars:
    """A file of text as polars unpacks it: a table of one column, whose rows are the lines.

    How much of the file below has been read is known at the end alone.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        import polars as pl

        if not hasattr(pl.LazyFrame, "collect_batches"):
            raise DataImportError(
                f"{path} is packed by zstd, which newer versions of polars unpack, or pyarrow: "
                "pip install --upgrade polars, or unpack it yourself."
            )
        self._path, self._file, self._broken, self._rest = path, file, pl.exceptions.PolarsError, b""
        self._is_begin = True
        # Neither separator nor quotes: no byte of a text is this one.
        table = pl.scan_csv(
            path, has_header=False, schema={"line": pl.String}, separator=_NO_SEPARATOR, quote_char=None,
            encoding="utf8-lossy",
        )  # fmt: skip
        self._batches = iter(table.collect_batches(maintain_order=True, chunk_size=_LINES))

    def read(self, size: int, /) -> bytes:
        """Return as many bytes, fewer at the end alone."""
        found, length = [self._rest], len(self._rest)
        try:
            while length < size and (batch := next(self._batches, None)) is not None:
                text = "\n".join(batch["line"].fill_null("").to_list()).encode() + b"\n"
                self._refuse_wide(text[:_HEAD])
                found.append(text)
                length += len(text)
        except self._broken as problem:
            raise OSError(str(problem).splitlines()[0]) from problem
        data = b"".join(found)
        self._rest = data[size:]
        if len(data) < size:
            self._file.seek(0, SEEK_END)
        return data[:size]

    def _refuse_wide(self, head: bytes) -> None:
        """Refuse UTF-16, of which polars has made another text by now."""
        if self._is_begin and 4 * head.count(0) > len(head):
            raise DataImportError(
                f"{self._path} is text in UTF-16, packed by zstd, which pyarrow unpacks: pip install pyarrow. Or "
                "unpack it yourself, or save it in UTF-8."
            )
        self._is_begin = False


def broken(path: Path, problem: BaseException) -> MalformedDataError:
    """Return the error of a file that cannot be unpacked."""
    return MalformedDataError(path, f"The file cannot be read ({problem}).")

"""Strategies as zip files: the same files give the same bytes, and nothing is believed that a stranger's zip says.

A project folder of QuantConnect's command line is understood: its one top folder is left away, ``config.json`` holds
the description, and what its tools leave beside the strategy is passed over.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tradinglab.server.errors import InputError
from tradinglab.server.strategies.files import ENTRY, MOST_BYTES, RULES, check_files
from tradinglab.server.strategies.project import project_description
from tradinglab.server.texts import name_problem, visible

LARGEST_ARCHIVE = 2_000_000
_FIELD = "archive"
_MOST_ENTRIES = 1_000
#: So many times its size a file may grow when it is taken out; text that a person wrote grows tenfold at most.
_MOST_GROWTH = 100
#: Smaller files do no harm, however much they grow.
_GROWTH_FROM = 100_000
_PIECE = 65_536
#: What Python's reader raises, beside its own error, when a zip file is damaged or made up.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError, OSError)
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
#: What tools leave beside a strategy; it is no part of it.
_PASSED_OVER = re.compile(
    r"(?:.*/)?(?:__MACOSX|__pycache__|\.git|\.vscode|\.idea|\.ipynb_checkpoints|backtests|optimizations|live)/.*"
    r"|(?:.*/)?(?:\.DS_Store|Thumbs\.db|\.gitignore|[^/]*\.ipynb|[^/]*\.pyc)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadArchive:
    """What was in a zip file.

    Attributes
    ----------
    folder
        The one folder that everything was in; empty if there was none.
    description
        What ``config.json`` says of the project; empty if it says nothing.
    notes
        What was passed over, a line each.
    """

    files: Mapping[str, str]
    folder: str
    description: str
    notes: tuple[str, ...]


def archive_write(files: Mapping[str, str]) -> bytes:
    """Return files as a zip file: the same files give the same bytes on every machine, so nothing is compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, files[path].encode())
    return buffer.getvalue()


def archive_read(data: bytes) -> ReadArchive:
    """Return the files of a zip file.

    Nothing is written to a disk, and no more is taken out than may be stored.

    Raises
    ------
    InputError
        If it is no zip file, or an entry cannot be a strategy's file; the message names the entry.
    """
    if len(data) > LARGEST_ARCHIVE:
        raise _wrong(len(data), f"A zip file has at most {LARGEST_ARCHIVE:,} bytes; leave large files out.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            kept, passed_over = _entries(archive)
            texts = dict(_texts(archive, kept))
    except _UNREADABLE as problem:
        raise _wrong(None, f"This is no zip file that can be read: {problem}.") from None
    folder = _common_folder(texts)
    files = {path.removeprefix(folder): text for path, text in texts.items()}
    if ENTRY not in files and RULES not in files:
        text = f"There is no '{ENTRY}' (or '{RULES}'), neither at the top nor in the one folder there."
        raise _wrong(sorted(files)[:10], text)
    check_files(files)
    return ReadArchive(
        files=files,
        folder=folder.rstrip("/"),
        description=project_description(files),
        notes=tuple(f"{path} was left out: it is no part of a strategy." for path in passed_over),
    )


def _entries(archive: zipfile.ZipFile) -> tuple[dict[str, zipfile.ZipInfo], list[str]]:
    """Return the entries that are files of the strategy, and the names of those that are passed over."""
    entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES:
        raise _wrong(len(entries), f"At most {_MOST_ENTRIES:,} entries are read; these are {len(entries):,}.")
    kept: dict[str, zipfile.ZipInfo] = {}
    passed_over: list[str] = []
    for entry in entries:
        path = _checked_path(entry)
        _check_kind(entry, path)
        if entry.is_dir():
            continue
        if _PASSED_OVER.fullmatch(path):
            passed_over.append(path)
        elif path in kept:
            raise _wrong(path, f"The entry '{path}' is there twice; keep one.")
        else:
            kept[path] = entry
    declared = sum(entry.file_size for entry in kept.values())
    if declared > MOST_BYTES:
        raise _wrong(declared, f"At most {MOST_BYTES:,} bytes are stored; unpacked, these are {declared:,}.")
    return kept, passed_over


def _checked_path(entry: zipfile.ZipInfo) -> str:
    """Return an entry's path as it is written; ``filename`` is what Python made of it."""
    path = entry.orig_filename
    shown = path[:200]
    if path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", path):
        raise _wrong(shown, f"The entry '{shown}' has an absolute path; write it relative to the strategy's folder.")
    if "\\" in path or "\0" in path:
        raise _wrong(shown, f"The entry {shown!r} has a character in its name that no path here has; rename it.")
    if problem := name_problem(path):
        raise _wrong(visible(shown), f"The name of the entry '{visible(shown)}' does not read as it is. {problem}")
    if any(part in ("..", ".") for part in path.split("/")):
        raise _wrong(shown, f"The entry '{shown}' leads out of the strategy's folder; take it out.")
    return path


def _check_kind(entry: zipfile.ZipInfo, path: str) -> None:
    if entry.flag_bits & _ENCRYPTED:
        raise _wrong(path, f"The entry '{path}' is encrypted; pack it without a password.")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        name = "a symbolic link" if kind == stat.S_IFLNK else "a special file"
        raise _wrong(path, f"The entry '{path}' is {name}; pack the file itself.")
    if entry.compress_type not in _METHODS:
        raise _wrong(
            path, f"The entry '{path}' is packed in a way that is not read; use deflate, as every zip tool can."
        )
    if entry.file_size > _GROWTH_FROM and entry.file_size > _MOST_GROWTH * max(1, entry.compress_size):
        raise _wrong(path, f"The entry '{path}' grows more than {_MOST_GROWTH} times when unpacked; it is not read.")


def _texts(archive: zipfile.ZipFile, entries: Mapping[str, zipfile.ZipInfo]) -> Iterator[tuple[str, str]]:
    """Yield the text of each file; what an entry says of its size is not believed."""
    left = MOST_BYTES
    for path, entry in entries.items():
        content = bytearray()
        with archive.open(entry) as file:
            while piece := file.read(_PIECE):
                content += piece
                if len(content) > left:
                    raise _wrong(path, f"At most {MOST_BYTES:,} bytes are stored; with '{path}' these are more.")
        left -= len(content)
        try:
            yield path, content.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise _wrong(
                path, f"The entry '{path}' is not text in UTF-8 (byte {problem.start}); only text is stored."
            ) from None


def _common_folder(paths: Mapping[str, str]) -> str:
    """Return the folder that all paths are in, with its slash."""
    tops = {path.partition("/")[0] for path in paths}
    return f"{tops.pop()}/" if len(tops) == 1 and all("/" in path for path in paths) else ""


def _wrong(value: object, message: str) -> InputError:
    return InputError(_FIELD, value, message)

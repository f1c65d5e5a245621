"""The files of a version: what may be stored, and the hash that is their address."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from tradinglab.server.errors import InputError

ENTRY = "main.py"
#: What may stand in its place: a strategy told as rules, of which its source is generated.
RULES = "main.rules"
_MOST_FILES = 100
MOST_BYTES = 1_000_000
_LONGEST_PATH = 200
_SUFFIXES = (
    ".py", ".rules", ".cs", ".ipynb", ".json", ".csv", ".txt", ".md", ".toml", ".yaml", ".yml", ".html", ".css",
)  # fmt: skip
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def check_files(files: Mapping[str, str], *, is_draft: bool = False) -> None:
    """Refuse files that cannot be a strategy; a draft may lack the file that is run.

    Raises
    ------
    InputError
        Names the file that is wrong, and why.
    """
    if not is_draft:
        check_entry(files)
    if len(files) > _MOST_FILES:
        raise InputError("files", len(files), f"At most {_MOST_FILES} files are stored; these are {len(files)}.")
    if ENTRY in files and RULES in files:
        text = f"'{RULES}' stands in the place of '{ENTRY}', which is generated from it; take one of them out."
        raise InputError("files", RULES, text)
    for path, text in files.items():
        _check_path(path)
        if "\0" in text:
            raise InputError(f"files.{path}", "…", "The file is not text: it contains a zero character.")
    size = sum(len(text.encode()) for text in files.values())
    if size > MOST_BYTES:
        raise InputError("files", size, f"At most {MOST_BYTES:,} bytes are stored; these are {size:,}.")
    lowered = {path.lower() for path in files}
    if len(lowered) < len(files):
        raise InputError("files", sorted(files)[:10], "Two files differ in upper and lower case only; rename one.")
    for path in lowered:
        if any(f"{'/'.join(path.split('/')[:end])}" in lowered for end in range(1, path.count("/") + 1)):
            raise InputError("files", path, "A file's folder is the name of another file; rename one.")


def check_entry(files: Mapping[str, str]) -> None:
    """Refuse files without the one that is run."""
    if ENTRY not in files and RULES not in files:
        raise InputError(
            "files",
            sorted(files)[:10],
            f"A strategy needs a file '{ENTRY}' with its algorithm class, or '{RULES}' with its rules.",
        )


def _check_path(path: str) -> None:
    parts = path.split("/")
    if len(path) > _LONGEST_PATH or not all(_PART.fullmatch(part) for part in parts):
        raise InputError(
            "files", path, "Write a relative path of letters, digits, '_', '-' and '.', such as lib/my.py."
        )
    if not path.endswith(_SUFFIXES):
        raise InputError("files", path, f"Files of this kind are not stored; these are: {', '.join(_SUFFIXES)}.")


def content_hash(files: Mapping[str, str]) -> str:
    """Return the SHA-256 over names and contents, in the order of the names."""
    digest = hashlib.sha256()
    for path in sorted(files):
        for piece in (path.encode(), files[path].encode()):
            digest.update(len(piece).to_bytes(8, "big"))
            digest.update(piece)
    return digest.hexdigest()


def file_hashes(files: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of each file."""
    return {path: hashlib.sha256(text.encode()).hexdigest() for path, text in sorted(files.items())}

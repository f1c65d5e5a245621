"""The form of a backup: a zip of tables as lines of JSON, artefacts, and a manifest with the hash of everything.

It names no database: what was saved from SQLite can be put into PostgreSQL.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from tradinglab.server.errors import ServerError

FORMAT = 1
MANIFEST = "manifest.json"
KEY_FILE = "secret_key"
_CHUNK = 1 << 20
_LARGEST_MANIFEST = 256_000_000
_HASH = re.compile(r"[0-9a-f]{64}")
_LABEL = re.compile(r"[a-z_]{1,60}\.[a-z_]{1,60}")


class BackupError(ServerError):
    """A backup cannot be made, or cannot be used."""

    code = "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows of a model, as the archive holds them."""

    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in an archive.

    Attributes
    ----------
    migrations
        The migrations that made the tables, as ``app.name``.
    tables
        By the model's label, in the order in which they can be put back.
    artefacts
        Sizes by hash.
    missing
        Hashes of artefacts of which the bytes were gone when the backup was made.
    key_mark
        By this the secret key is known again; it cannot be found from it.
    """

    tradinglab: str
    made_at: str
    database: str
    migrations: list[str]
    tables: dict[str, Table]
    artefacts: dict[str, int]
    missing: list[str] = field(default_factory=list)
    key_mark: str = ""
    has_secret_key: bool = False
    format: int = FORMAT

    def to_json(self) -> bytes:
        """Return it as it is written."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Read it.

        Raises
        ------
        BackupError
            If it is no manifest, or of a later form.
        """
        try:
            found: dict[str, Any] = json.loads(text)
            if found["format"] != FORMAT:
                raise BackupError(f"The backup has the form {found['format']}; this version reads {FORMAT}.")
            found["tables"] = {name: Table(**each) for name, each in found["tables"].items()}
            made = cls(**found)
            names = [*made.artefacts, *made.missing]
            is_plain = all(map(_LABEL.fullmatch, made.tables)) and all(map(_HASH.fullmatch, names))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BackupError("The backup's manifest cannot be read.") from error
        if not is_plain:
            raise BackupError("The backup's manifest names what a backup does not hold.")
        return made


def table_name(label: str) -> str:
    """Return where a model's rows are in the archive."""
    return f"tables/{label}.jsonl"


def artefact_name(sha256: str) -> str:
    """Return where an artefact is in the archive."""
    return f"artefacts/{sha256}"


class Archive:
    """An archive that is read. Names come from the manifest's hashes and labels, never from the zip."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise BackupError(f"There is no file {path}.") from None
        except (OSError, zipfile.BadZipFile) as error:
            raise BackupError(f"{path} is no backup, or is damaged: {error}.") from error
        try:
            text = self._manifest_text()
        except BaseException:
            self._zip.close()
            raise
        self.manifest = Manifest.from_json(text)

    def _manifest_text(self) -> bytes:
        try:
            with self._zip.open(MANIFEST) as file:
                text = file.read(_LARGEST_MANIFEST)
        except (KeyError, *_DAMAGE) as error:
            raise BackupError(f"The backup's manifest is missing or damaged: {error}.") from error
        if self._zip.comment != hashlib.sha256(text).hexdigest().encode():
            raise BackupError("The backup's manifest is not the one that was written.")
        return text

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def problems(self) -> list[str]:
        """Read everything, and return a line for each thing that is missing, damaged or too much."""
        found = []
        manifest = self.manifest
        expected = {table_name(label): (each.size, each.sha256) for label, each in manifest.tables.items()}
        expected |= {artefact_name(sha256): (size, sha256) for sha256, size in manifest.artefacts.items()}
        allowed = {MANIFEST, *expected, *([KEY_FILE] if manifest.has_secret_key else [])}
        names = self._zip.namelist()
        found += [f"{name!r} does not belong into a backup" for name in names if name not in allowed]
        found += [f"{name!r} is there twice" for name, count in Counter(names).items() if count > 1]
        for name, (size, sha256) in expected.items():
            try:
                read, digest = self._measure(name, size)
            except (KeyError, *_DAMAGE) as error:
                found.append(f"{name}: {error}")
                continue
            if (read, digest) != (size, sha256):
                found.append(f"{name}: its bytes are not those that were written")
        return found

    def _measure(self, name: str, size: int) -> tuple[int, str]:
        """Return size and hash of a member; of one that is larger than it should be no more is read."""
        digest, read = hashlib.sha256(), 0
        with self._zip.open(name) as file:
            while read <= size and (block := file.read(_CHUNK)):
                digest.update(block)
                read += len(block)
        return read, digest.hexdigest()

    def lines(self, label: str) -> Iterator[str]:
        """Yield a table's rows."""
        with self._zip.open(table_name(label)) as file:
            for line in file:
                if text := line.decode().strip():
                    yield text

    def artefact(self, sha256: str) -> IO[bytes]:
        """Open an artefact."""
        return self._zip.open(artefact_name(sha256))

    def secret_key(self) -> str:
        """Return the secret key that was saved."""
        return self._zip.read(KEY_FILE).decode()


#: What reading a damaged zip raises.
_DAMAGE = (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, zlib.error)

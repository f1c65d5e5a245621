"""Archives read without ``zipfile`` have what it finds in them; of a broken one nothing is made up."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradinglab.data.lean.archive import read_entry
from tradinglab.data.lean.plain_zip import open_plain

_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
_NAMES = st.text("ab/_.é", min_size=1, max_size=6)
_METHODS = st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
_ENTRIES = st.dictionaries(_NAMES, st.tuples(_METHODS, st.binary(max_size=200)), max_size=4)


def _archive(path: Path, entries: dict[str, tuple[int, bytes]], comment: bytes = b"") -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = comment
        for name, (method, data) in entries.items():
            archive.writestr(name, data, method)


@_FOLDER
@given(_ENTRIES, st.binary(max_size=3))
def test_entries_are_those_that_zipfile_finds(
    tmp_path: Path, entries: dict[str, tuple[int, bytes]], comment: bytes
) -> None:
    path = tmp_path / "one.zip"
    _archive(path, entries, comment)
    plain = open_plain(path)
    is_plain = not comment and all(
        name.isascii() and method != zipfile.ZIP_BZIP2 for name, (method, _) in entries.items()
    )
    assert (plain is not None) == is_plain
    if plain is not None:
        assert plain.names == list(entries)
        assert {name: plain.read(name) for name in plain.names} == {name: data for name, (_, data) in entries.items()}
    for name, (_, data) in entries.items():
        assert read_entry(path, (name,)) == data


@_FOLDER
@given(_ENTRIES.filter(bool), st.data())
def test_of_a_damaged_archive_nothing_is_read_that_zipfile_would_not_read(
    tmp_path: Path, entries: dict[str, tuple[int, bytes]], data: st.DataObject
) -> None:
    path = tmp_path / "one.zip"
    _archive(path, entries)
    whole = bytearray(path.read_bytes())
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole)
    plain = open_plain(path)
    for name in plain.names if plain is not None else ():
        found = plain.read(name)  # type: ignore[union-attr]
        if found is not None:
            assert found == _as_zipfile_reads(path, name)


def _as_zipfile_reads(path: Path, name: str) -> bytes | None:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as problem:
        pytest.fail(f"zipfile does not read it: {problem}")

"""What vendors, browsers and spreadsheets give in place of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tradinglab.data.errors import DataImportError

_HEAD: Final = 4096
#: Files of spreadsheets: old ones, and archives that hold these names.
OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK_PARTS: Final = ("[Content_Types].xml", "mimetype")
#: What vendors send in place of a table, and what it means.
_MEANINGS: Final = {
    "exceeded the daily hits limit": "the vendor's requests of the day were used up when it was downloaded",
    "get your apikey": "the vendor wanted a key when it was downloaded",
    "no data": "the vendor had no bars of what was asked for",
    "n/d": "the vendor had no bars of what was asked for",
}


def check_is_file(path: Path) -> None:
    """Refuse a path at which no file is.

    Raises
    ------
    DataImportError
        If there is none.
    """
    if path.is_dir():
        raise DataImportError(f"There is no file {path}: it is a folder. Name the files in it.")
    if not path.is_file():
        raise DataImportError(f"There is no file {path}.")


def check_is_table(path: Path, content: bytes) -> None:
    """Refuse what begins like a web page, a message or a workbook.

    Raises
    ------
    DataImportError
        If it does.
    """
    if content.startswith(OLD_WORKBOOK):
        raise workbook(path)
    text = content[:_HEAD].decode("utf-8-sig", "replace").strip()
    lower = text.lower()
    if lower.startswith(("<!doctype", "<html", "<?xml")):
        raise DataImportError(f"{path} is a web page, not a table: the download did not bring bars. Download it again.")
    if text.startswith(("{", "[")):
        from tradinglab.data.sources.redaction import Redactor

        shown = Redactor()(" ".join(text.split()))[:200]
        raise DataImportError(f"{path} is a message in place of a table: {shown}")
    for words, meaning in _MEANINGS.items():
        if lower.startswith(words):
            raise DataImportError(f"{path} says '{text.splitlines()[0][:80]}' and has no table: {meaning}.")


def workbook(path: Path) -> DataImportError:
    """Return the error of a file of a spreadsheet."""
    return DataImportError(f"{path} is a workbook of a spreadsheet: save the sheet as CSV (UTF-8), and import that.")

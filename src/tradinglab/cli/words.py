"""What is written after an option, read into values.

Each function is the ``type`` of an argument: it raises ``ArgumentTypeError``, before which argparse names the option.
"""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

_RUNS = Path("runs")
_MOST_MEGABYTES = 1 << 24
_SEEDS = 1 << 32
_LAST_PORT = 65_535


def day(text: str) -> date:
    """Return the day that *text* names."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is no day; write it like 2013-10-07") from None


def money(text: str) -> Decimal:
    """Return the amount that *text* names; it is above zero."""
    try:
        amount = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        raise ArgumentTypeError(f"'{text}' is no number") from None
    if not amount.is_finite() or amount <= 0:
        raise ArgumentTypeError(f"{text} is no amount above zero")
    return amount


def seconds(text: str) -> float:
    """Return a time span above zero."""
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is no number of seconds") from None
    if not 0 < value < float("inf"):
        raise ArgumentTypeError(f"{text} is no number of seconds above zero")
    return value


def seed(text: str) -> int:
    """Return what generators of random numbers start from."""
    if not text.isascii() or not text.isdigit() or not int(text[:20]) < _SEEDS:
        raise ArgumentTypeError(f"'{text}' is no whole number from 0 to {_SEEDS - 1}")
    return int(text)


def megabytes(text: str) -> int:
    """Return a number of megabytes above zero."""
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _MOST_MEGABYTES:
        raise ArgumentTypeError(f"'{text}' is no whole number of megabytes from 1 to {_MOST_MEGABYTES:,}")
    return int(text)


def port(text: str) -> int:
    """Return the number of a port."""
    if not text.isdecimal() or not 0 < int(text) <= _LAST_PORT:
        raise ArgumentTypeError(f"'{text}' is no port; give a number from 1 to {_LAST_PORT}")
    return int(text)


def pair(text: str) -> tuple[str, str]:
    """Return name and value of ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ArgumentTypeError(f"'{text}' is no NAME=VALUE")
    return name.strip(), value


def pairs(text: str) -> list[tuple[str, str]]:
    """Return names and values of ``NAME=VALUE,NAME=VALUE``."""
    return [pair(each) for each in text.split(",")]


def folder(text: str) -> Path:
    """Return a folder that is there."""
    path = Path(text).expanduser()
    if not path.is_dir():
        raise ArgumentTypeError(f"there is no folder {text}")
    return path


def store(text: str) -> Path | str:
    """Return the folder of a bar store, or the address of one in a bucket as it is written."""
    return text if text.startswith("s3://") else Path(text).expanduser()


def input_file(text: str) -> Path:
    """Return a file that is there."""
    path = Path(text).expanduser()
    if not path.is_file():
        raise ArgumentTypeError(f"there is no file {text}")
    return path


def output_file(text: str) -> Path:
    """Return a file that can be written: a run is not to be lost to a misspelt folder.

    The folder ``runs`` is where results go by default and is made; any other has to be there.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        raise ArgumentTypeError(f"{text} is a folder; name a file")
    folder = path.parent
    try:
        if folder == _RUNS:
            folder.mkdir(exist_ok=True)
    except OSError as error:
        raise ArgumentTypeError(f"the folder of {text} cannot be made: {error.strerror}") from error
    if not folder.is_dir():
        raise ArgumentTypeError(f"{text} cannot be written: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise ArgumentTypeError(f"{text} cannot be written: the folder {folder} is read-only")
    return path

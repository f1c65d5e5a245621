"""What goes to the terminal, and how it looks there or in a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO


def is_terminal(stream: TextIO) -> bool:
    """Say whether a person is looking at *stream*."""
    return stream.isatty() and os.environ.get("TERM", "") != "dumb"


def say(text: str = "") -> None:
    """Print a line of the command's result."""
    print(text)


def note(text: str) -> None:
    """Print a line beside the result: progress, warnings."""
    print(text, file=sys.stderr, flush=True)


def fail(text: str) -> None:
    """Print an error."""
    sys.stdout.flush()
    if is_terminal(sys.stderr) and "NO_COLOR" not in os.environ:
        note(f"\x1b[1;31mError:\x1b[0m {text}")
    else:
        note(f"Error: {text}")


def show_pairs(pairs: Mapping[str, str], title: str) -> None:
    """Print names and values as a table on a terminal, as aligned lines elsewhere."""
    if is_terminal(sys.stdout):
        # rich takes a tenth of a second to import: only where somebody sees it.
        from rich import box
        from rich.console import Console
        from rich.table import Table

        table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_header=False)
        table.add_column(style="dim")
        table.add_column(justify="right")
        for name, value in pairs.items():
            table.add_row(name, value)
        Console().print(table)
        return
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        say(f"{name:<{width}}  {value}")


def show_rows(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows in aligned columns."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    for row in (header, *rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

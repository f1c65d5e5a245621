"""How far a run has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from tradinglab.cli.console import is_terminal, note

if TYPE_CHECKING:
    import rich.progress

    from tradinglab.engine.loop import Progress

#: Runs shorter than this show nothing: most do not take as long as the bar takes to import.
_PATIENCE_S = 0.7
_LINE_EVERY_S = 5.0
_CHANGE_EVERY_S = 0.1

T = TypeVar("T")


class ProgressReporter(Protocol):
    """Shows progress between its enter and its exit."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def __call__(self, progress: Progress) -> None:
        """Show where the run is."""


def reporter() -> ProgressReporter:
    """Return the reporter for where the errors go."""
    return BarReporter() if is_terminal(sys.stderr) else LineReporter()


class LineReporter:
    """Writes a line every few seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave what was written."""

    def __call__(self, progress: Progress) -> None:
        """Write where the run is, if the last line is some seconds old."""
        now = time.monotonic()
        if now - self._last < _LINE_EVERY_S:
            return
        self._last = now
        note(
            f"{progress.date}  {progress.fraction:4.0%}  equity {progress.equity:,.2f}  "
            f"{progress.bars_per_second:,.0f} bars/s"
        )


class BarReporter:
    """Draws a bar with date, equity and bars per second."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._bar: rich.progress.Progress | None = None
        self._task: rich.progress.TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bar: the result says it all."""
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Move the bar."""
        if self._bar is None:
            if time.monotonic() - self._began < _PATIENCE_S:
                return
            self._bar = _bar()
            self._task = self._bar.add_task("", total=1.0, date="", equity="", speed="")
            self._bar.start()
        assert self._task is not None
        self._bar.update(
            self._task,
            completed=progress.fraction,
            date=progress.date,
            equity=f"{progress.equity:,.2f}",
            speed=f"{progress.bars_per_second:,.0f}",
        )


@contextmanager
def line_reporter(text: Callable[[T], str]) -> Iterator[Callable[[T], None]]:
    """Show what has no bar: one line that changes on a terminal, a line now and then elsewhere."""
    on_terminal = is_terminal(sys.stderr)
    last = time.monotonic()

    def report(progress: T) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < (_CHANGE_EVERY_S if on_terminal else _LINE_EVERY_S):
            return
        last = now
        if not on_terminal:
            note(text(progress))
            return
        width = shutil.get_terminal_size().columns
        sys.stderr.write(f"\r{text(progress)[: width - 1]}\x1b[K")
        sys.stderr.flush()

    try:
        yield report
    finally:
        if on_terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _bar() -> rich.progress.Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.fields[date]}"),
        BarColumn(bar_width=36),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("equity [bold]{task.fields[equity]}[/]"),
        TextColumn("{task.fields[speed]} bars/s"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )

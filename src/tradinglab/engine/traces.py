"""Tracebacks as an author wants them: their own lines, not the engine's."""

from __future__ import annotations

import builtins
import sys
from decimal import InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import tradinglab
from tradinglab.core.dual import Spelled
from tradinglab.core.surface import did_you_mean, is_lean_class, missing_class, missing_member

if TYPE_CHECKING:
    from traceback import FrameSummary

_OURS = Path(tradinglab.__file__).resolve().parent


def own_trace(problem: BaseException) -> str:
    """Return the traceback of an exception without TradingLab's own frames."""
    import traceback

    lines = traceback.format_list(_own_frames(problem))
    head = ["Traceback (most recent call last):\n"] if lines else []
    return "".join([*head, *lines, f"{explain(problem)}\n"]).rstrip()


def explain_where(problem: BaseException) -> str:
    """Return an exception as one line that begins with the author's file and line, if it was raised below one."""
    frames = _own_frames(problem)
    where = f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}: " if frames else ""
    return f"{where}{explain(problem)}"


def _own_frames(problem: BaseException) -> list[FrameSummary]:
    import traceback

    return [
        frame
        for frame in traceback.extract_tb(problem.__traceback__)
        if _OURS not in Path(frame.filename).resolve().parents and not frame.filename.startswith("<frozen")
    ]


def explain(problem: BaseException) -> str:
    """Return an exception as one line.

    A name that LEAN has and we have not is named as such; for one that nobody has, the nearest is named.
    """
    hint = ""
    if isinstance(problem, NameError) and (wanted := problem.name):
        if is_lean_class(wanted):
            problem = missing_class(wanted)
        else:
            hint = did_you_mean(wanted, _names_in_sight(problem))
    elif isinstance(problem, AttributeError) and isinstance(problem.obj, Spelled) and problem.name:
        # Classes on the path of every bar have no __getattr__ that could say so.
        problem = missing_member(problem.obj, problem.name)
    text = f"{_said(problem)}{hint}"
    name = type(problem).__name__
    return f"{name}: {text}" if text else name


def _said(problem: BaseException) -> str:
    if isinstance(problem, InvalidOperation):
        return "a number that a decimal cannot be was reckoned with: NaN, an endless or a huge one"
    if isinstance(problem, SystemExit):
        return f"exit({problem.code!r}) was called; self.quit() ends a run and keeps its result"
    try:
        return str(problem)
    except Exception as another:  # the author's own class may do anything
        return f"(its text cannot be had: {type(another).__name__})"


def _names_in_sight(problem: BaseException) -> set[str]:
    """Return the names that the code that raised could have meant."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return set()
    module = sys.modules.get(trace.tb_frame.f_globals.get("__name__", ""), builtins)
    return {*trace.tb_frame.f_locals, *trace.tb_frame.f_globals, *dir(module), *dir(builtins)}

"""Tracebacks as an author wants them: their own lines, not the engine's."""

from __future__ import annotations

import traceback
from pathlib import Path

import tradinglab
from tradinglab.algorithm.surface import is_lean_class, missing_class

_OURS = Path(tradinglab.__file__).resolve().parent


def own_trace(problem: BaseException) -> str:
    """Return the traceback of an exception without TradingLab's own frames."""
    frames = [
        frame
        for frame in traceback.extract_tb(problem.__traceback__)
        if _OURS not in Path(frame.filename).resolve().parents and not frame.filename.startswith("<frozen")
    ]
    lines = traceback.format_list(frames)
    head = ["Traceback (most recent call last):\n"] if lines else []
    return "".join([*head, *lines, f"{explain(problem)}\n"]).rstrip()


def explain(problem: BaseException) -> str:
    """Return an exception as one line; a class that LEAN has and we have not is named as such."""
    if isinstance(problem, NameError) and problem.name and is_lean_class(problem.name):
        problem = missing_class(problem.name)
    text = str(problem)
    name = type(problem).__name__
    return f"{name}: {text}" if text else name

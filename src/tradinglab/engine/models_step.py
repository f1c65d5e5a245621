"""The part of a step in which the models of the algorithm framework are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.engine.phases import MODELS_PHASE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradinglab.algorithm.slice import Slice
    from tradinglab.engine.parts import RunParts


def data_handler(parts: RunParts) -> Callable[[Slice], None]:
    """Return what a quiet step calls: the author's ``on_data``, and then the models if there are any."""
    on_data = parts.algorithm.on_data
    if parts.algorithm.lab_framework is None:
        return on_data

    def handle(current: Slice) -> None:
        on_data(current)
        ask_models(parts, current)

    return handle


def ask_models(parts: RunParts, current: Slice) -> None:
    """Let the models of an algorithm, if it has any, make insights, targets and orders of new data."""
    models = parts.algorithm.lab_framework
    if models is None:
        return
    parts.phase.name = MODELS_PHASE
    models.on_data(current)
    parts.phase.name = "on_data"

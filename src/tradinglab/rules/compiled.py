"""The kernel compiled by numba: the same functions, and what they call.

The first process on a machine compiles for some seconds; the result is kept beside the package (or where
``NUMBA_CACHE_DIR`` says), so that later ones only load it. Where nothing can be written, every process compiles.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba.extending import register_jitable

from tradinglab.core.compiled_code import OPTIONS, compiled, sources_of
from tradinglab.rules import alone as lone
from tradinglab.rules import costs, curves, halting, kernel, resting, sizing

for _function in (
    lone.along,
    lone.alone,
    lone.decide,
    lone.fill,
    curves.round_even,
    curves.mark_crossings,
    curves.stretch,
    kernel.book, costs.charge, costs.commission, costs.modelled, costs.settle_fee, costs.tiered,
    sizing.change, sizing.there, resting.distance, kernel.enter, sizing.equity, sizing.in_cents, sizing.kelly,
    kernel.leave, kernel.leaves, kernel.look, kernel.order, kernel.rebalance, sizing.score, sizing.units, sizing.size,
    costs.slip, kernel.reweigh, sizing.affordable, halting.is_halted, kernel.clear,
    kernel.settle, kernel.close_resting, kernel.record, resting.on_tick, resting.is_protectable, resting.protect,
    kernel.has_bar, resting.place, resting.withdraw, resting.follow, resting.met, resting.note_best, resting.is_fresh,
):  # fmt: skip
    register_jitable(**OPTIONS)(_function)


_SOURCES = sources_of(Path(__file__).parent)


def _compile(function: Callable[..., Any]) -> Any:
    return compiled(function, _SOURCES)


walk = _compile(kernel.walk)
finish = _compile(kernel.finish)
figures = _compile(curves.figures)
moving_means = _compile(curves.moving_means)
moving_average = _compile(curves.moving_average)
mark_crossings = _compile(curves.mark_crossings)
alone = _compile(lone.alone)
together = _compile(lone.together)

#: All of them.
KERNELS = (walk, finish, figures, moving_means, moving_average, mark_crossings, alone, together)

"""Making the models of a security anew from what a run declared of them: only ours, and only their settings."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tradinglab.sandbox.replay.declaring import MODELS

if TYPE_CHECKING:
    from tradinglab.sandbox.replay.declared import DeclaredModel

_MODULES: Final = re.compile(r"models(\.[a-z_]+)+|securities\.(portfolio_model|price_variation)", re.ASCII)
#: What a model may hold that cannot be carried: it is empty when a run begins.
_EMPTY: Final[dict[str, Callable[[], object]]] = {"deque": deque, "dict": dict, "list": list, "set": set}


class NotReplayableError(Exception):
    """What a run declares cannot be done again outside."""


def class_of(model: DeclaredModel, slot: str) -> type:
    """Return the class of a declared model, if it is one of ours and fit for its place.

    Raises
    ------
    NotReplayableError
        If it is not.
    """
    if model.is_ours and _MODULES.fullmatch(model.module) and not model.name.startswith("_"):
        try:
            found = getattr(import_module(f"tradinglab.algorithm.{model.module}"), model.name, None)
        except ImportError:
            found = None
        if getattr(found, "lab_changes", False):
            raise NotReplayableError(f"a {slot.replace('_', ' ')} that draws random numbers ({model.name})")
        if isinstance(found, type) and all(hasattr(found, name) for name in _METHODS.get(slot, ())):
            return found
    raise NotReplayableError(f"a {slot.replace('_', ' ')} of the author's own ({model.name})")


def is_bounded(model: DeclaredModel) -> bool:
    """Return whether a model of ours has only settings that its constructor would have taken or that cost money.

    A fee below zero, or a slippage that makes prices better, is no market's: such a model counts as the author's own.
    """
    amounts = [value for value in model.settings.values() if isinstance(value, (Decimal, float, int))]
    return all(amount >= 0 for amount in amounts)


#: A method by which a model is known as one of its kind.
_METHODS: Final = {
    "fill_model": ("fill",),
    "fee_model": ("get_order_fee",),
    "slippage_model": ("get_slippage_approximation",),
    "settlement_model": ("apply_funds", "scan"),
    "buying_power_model": ("has_sufficient_buying_power_for_order",),
    "portfolio_model": ("process_fill",),
    "margin_interest_rate_model": ("apply_margin_interest_rate",),
    "shortable_provider": ("shortable_quantity",),
    "data_filter": ("filter",),
    "price_variation_model": ("get_minimum_price_variation",),
    "margin_call_model": ("get_margin_call_orders", "execute_margin_call"),
}
assert set(MODELS) <= set(_METHODS)


def made(model: DeclaredModel, slot: str) -> object:
    """Return a model as declared; what it held that could not be carried is as in a new one.

    Raises
    ------
    NotReplayableError
        If it is not ours.
    """
    kind: Any = class_of(model, slot)
    try:
        found = kind()
    except (TypeError, ValueError):
        found = kind.__new__(kind)
    for name, kind_name in model.opaque.items():
        if name not in getattr(found, "__dict__", {}) and kind_name in _EMPTY:
            setattr(found, name, _EMPTY[kind_name]())
    for name, value in model.settings.items():
        if not name.startswith("__"):
            setattr(found, name, value)
    return found

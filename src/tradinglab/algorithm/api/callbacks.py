"""What a strategy's author overrides."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tradinglab.core.dual import Derivable

if TYPE_CHECKING:
    from tradinglab.algorithm.slice import Slice
    from tradinglab.core.symbol import Symbol


class AlgorithmCallbacks(Derivable):
    """What the engine calls in the course of a run; by itself none of it does anything."""

    def initialize(self) -> None:
        """Set dates, cash and securities; called once, first."""

    def on_data(self, slice: Slice) -> None:
        """Trade; called at each time step that has data."""

    def on_warmup_finished(self) -> None:
        """Called once, when the warm-up is over."""

    def on_securities_changed(self, changes: Any) -> None:
        """Called when securities were added or removed."""

    def on_order_event(self, order_event: Any) -> None:
        """Called at each event of an order."""

    def on_end_of_day(self, symbol: Symbol | None = None) -> None:
        """Called for each security ten minutes before its market closes."""

    def on_end_of_algorithm(self) -> None:
        """Called once, last."""

    def on_margin_call(self, requests: list[Any]) -> list[Any] | None:
        """Called before margin-call orders are sent; return those to send."""
        return requests

    def on_margin_call_warning(self) -> None:
        """Called when the margin left falls below five percent."""

    def on_splits(self, splits: Any) -> None:
        """Called when a stock splits, and the day before."""

    def on_dividends(self, dividends: Any) -> None:
        """Called when a dividend is paid."""

    def on_delistings(self, delistings: Any) -> None:
        """Called when a security is delisted, and the day before."""

    def on_symbol_changed_events(self, symbols_changed: Any) -> None:
        """Called when a ticker changes."""

    def on_brokerage_message(self, message_event: Any) -> None:
        """Called on a message from the brokerage: of a backtest or on paper there is none."""

    def on_brokerage_disconnect(self) -> None:
        """Called when the brokerage is lost: in a backtest never."""

    def on_brokerage_reconnect(self) -> None:
        """Called when the brokerage is back: in a backtest never."""

    def on_assignment_order_event(self, assignment_event: Any) -> None:
        """Called when an option is assigned."""

    def on_command(self, data: Any) -> bool | None:
        """Called on a command from outside that names no class; in a backtest there is none."""
        return True


def author_overrides(algorithm: AlgorithmCallbacks, name: str) -> Callable[..., Any] | None:
    """Return an algorithm's own version of a callback, or ``None`` if it has none."""
    method = getattr(type(algorithm), name, None)
    for base in type(algorithm).__mro__:
        if name in vars(base):
            return None if base.__module__.startswith("tradinglab.") else getattr(algorithm, name)
    return None if method is None else getattr(algorithm, name)

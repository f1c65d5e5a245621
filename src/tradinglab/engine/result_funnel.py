"""From bars to fills: where a run lost its orders, and why it may have had none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tradinglab.core.values import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """Counts from the data to the fills; iterating gives (label, count).

    Attributes
    ----------
    subscriptions
        Securities that the strategy subscribed to.
    bars
        Bars and ticks that reached the strategy, its warm-up included.
    steps, warm_up_steps
        Calls of ``on_data``, and how many of them fell into the warm-up, when no order is taken.
    requests
        Orders that the strategy asked for.
    rejections
        Orders refused before or after they were accepted, by reason.
    orders
        Orders that were accepted or refused with a number.
    filled, canceled, open
        What became of the orders.
    never_ready
        Names of indicators that had not enough bars until the end.
    """

    subscriptions: int = 0
    bars: int = 0
    steps: int = 0
    warm_up_steps: int = 0
    requests: int = 0
    rejections: Mapping[str, int] = field(default_factory=dict)
    orders: int = 0
    filled: int = 0
    canceled: int = 0
    open: int = 0
    never_ready: tuple[str, ...] = ()

    @property
    def rejected(self) -> int:
        """Orders that were refused."""
        return sum(self.rejections.values())

    def __iter__(self) -> Iterator[tuple[str, int]]:
        yield "bars delivered to the strategy", self.bars
        yield "calls of on_data", self.steps
        if self.warm_up_steps:
            yield "of them during the warm-up", self.warm_up_steps
        yield "orders asked for", self.requests
        for reason, count in sorted(self.rejections.items(), key=lambda item: -item[1]):
            yield f"refused: {reason}", count
        yield "orders filled", self.filled
        if self.canceled:
            yield "orders cancelled", self.canceled
        if self.open:
            yield "orders still open at the end", self.open

    def telling(self) -> list[tuple[str, int]]:
        """Return the counts down to the first that is zero: those below it are zero because of it."""
        rows = list(self)
        first = next((place for place, (_, count) in enumerate(rows) if not count), len(rows))
        return rows[: first + 1]

    @property
    def explanation(self) -> str:
        """Why nothing was traded, in a sentence or two; empty if something was filled."""
        if self.filled:
            return ""
        if not self.subscriptions:
            return "The strategy subscribed to no security: add one in initialize, for example add_equity('SPY')."
        if not self.bars:
            return (
                "No bar reached the strategy: the data has nothing for its securities in its date range. "
                "`tradinglab data list` shows what there is."
            )
        if self.steps and self.warm_up_steps >= self.steps:
            return "All bars fell into the warm-up, when no order is taken: the date range after it has no data."
        if not self.requests:
            return self._without_requests()
        if self.rejected:
            reason, count = max(self.rejections.items(), key=lambda item: item[1])
            return (
                f"{self.requests:,} orders were asked for, and {self.rejected:,} refused, {count:,} of them: {reason}"
            )
        if self.open:
            return f"{self.open:,} orders rested until the end: no bar reached their price or their time."
        if self.canceled:
            return f"All {self.canceled:,} orders were cancelled before they filled."
        return "No order was filled."

    def _without_requests(self) -> str:
        if self.never_ready:
            names = ", ".join(self.never_ready[:5]) + (", …" if len(self.never_ready) > 5 else "")
            return (
                f"No order was asked for in {self.steps:,} calls of on_data. Indicators that never had enough bars: "
                f"{names}. Start earlier, warm up, or shorten their periods."
            )
        return (
            f"No order was asked for: in {self.steps:,} calls of on_data the strategy's conditions were never met. "
            "Log the values that they compare."
        )

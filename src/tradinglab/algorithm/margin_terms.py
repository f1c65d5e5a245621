"""On which terms margin is asked for, and whether they are the same as before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tradinglab.core.decimals import to_decimal

if TYPE_CHECKING:
    from decimal import Decimal

    from tradinglab.algorithm.securities import Security


class MarginTerms:
    """Counts how often a security got another buying power model, or one other requirements."""

    changes: ClassVar[int] = 0


def leverage_of(model: Any, security: Security) -> Decimal:
    """Return how many times one's own money may be held exactly, unless it is an author's model."""
    said = getattr(type(model), "get_leverage", None)
    if getattr(said, "__module__", "").startswith("tradinglab."):
        return model.exact_leverage(security)  # type: ignore[no-any-return]
    return to_decimal(model.get_leverage(security))

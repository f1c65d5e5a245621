"""Slippage models: how far a fill misses the price it aimed at.

To add one, derive from :class:`SlippageModel`, override ``exact_slippage``, and add it to the list in
``tests/contract/test_slippage_models.py``, whose checks every slippage model passes. A strategy's own model
overrides, or just has, ``get_slippage_approximation(asset, order)``, which returns a number.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import Dual
from tradinglab.core.enums import OrderDirection, SecurityType
from tradinglab.core.system_decimal import decimal_text

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.securities import Security


_WITHOUT_VOLUME = frozenset({SecurityType.CFD, SecurityType.FOREX, SecurityType.CRYPTO})


class SlippageModel(Dual):
    """Base of the slippage models: there is none."""

    #: Whether a model answers differently after it was asked.
    lab_changes: ClassVar[bool] = False

    def exact_slippage(self, asset: Security, order: Order) -> Decimal:
        """Return the slippage of one unit, in the quote currency, as a decimal."""
        return ZERO

    def get_slippage_approximation(self, asset: Security, order: Order) -> float:
        """Return the slippage of one unit, in the quote currency; a fill is worse by that much."""
        return float(self.exact_slippage(asset, order))


def exact_slippage(asset: Security, order: Order) -> Decimal:
    """Return the slippage of an order by its security's model, which may be a strategy's own."""
    model = asset.slippage_model
    if type(model).get_slippage_approximation is SlippageModel.get_slippage_approximation:
        exact: Decimal = model.exact_slippage(asset, order)
        return exact
    return to_decimal(model.get_slippage_approximation(asset, order))


class NullSlippageModel(SlippageModel):
    """No slippage."""

    INSTANCE: ClassVar[NullSlippageModel]
    Instance: ClassVar[NullSlippageModel]


NullSlippageModel.INSTANCE = NullSlippageModel.Instance = NullSlippageModel()


class ConstantSlippageModel(SlippageModel):
    """A constant fraction of the last price.

    Parameters
    ----------
    slippage_percent
        The fraction: 0.01 is one percent.
    """

    def __init__(self, slippage_percent: Number) -> None:
        self._slippage_percent = to_decimal(slippage_percent)

    def exact_slippage(self, asset: Security, order: Order) -> Decimal:
        """Return the fraction of the last price; 0 without data."""
        last = asset.get_last_data()
        return ZERO if last is None else last.exact_value * self._slippage_percent


class AlphaStreamsSlippageModel(SlippageModel):
    """A hundredth of a percent of the last price of a share; nothing for other assets."""

    _slippage_percent: ClassVar[Decimal] = Decimal("0.0001")

    def exact_slippage(self, asset: Security, order: Order) -> Decimal:
        """Return the slippage of one share."""
        last = asset.get_last_data() if asset.type == SecurityType.EQUITY else None
        return ZERO if last is None else last.exact_value * self._slippage_percent


class VolumeShareSlippageModel(SlippageModel):
    """Grows with the square of the order's share in the bar's volume: ``impact * min(share, limit)**2 * price``.

    Parameters
    ----------
    volume_limit
        Largest share of the volume that counts.
    price_impact
        Scale of the slippage.
    """

    def __init__(self, volume_limit: Number = Decimal("0.025"), price_impact: Number = Decimal("0.1")) -> None:
        self._volume_limit = to_decimal(volume_limit)
        self._price_impact = to_decimal(price_impact)

    def exact_slippage(self, asset: Security, order: Order) -> Decimal:
        """Return the slippage of one unit; the largest where the volume is unknown, but 0 where it always is.

        Raises
        ------
        TypeError
            If the last data point is no bar.
        """
        last = asset.get_last_data()
        if last is None:
            return ZERO
        volume = _bar_volume(last, order)
        if volume > 0:
            share = min(order.exact_absolute_quantity / volume, self._volume_limit)
            return share * share * self._price_impact * last.exact_value
        kind = asset.symbol.security_type
        if kind in _WITHOUT_VOLUME:
            _warn(
                "VolumeShareSlippageModel: %s often does not report volume; there is no slippage beyond the spread.",
                kind,
            )
            return ZERO
        fraction = self._volume_limit * self._volume_limit * self._price_impact
        _warn(
            "VolumeShareSlippageModel: the volume of the bar must be positive, it was %s; "
            "the largest slippage of %s is used.",
            decimal_text(volume),
            decimal_text(fraction),
        )
        return fraction * last.exact_value


def _warn(message: str, *values: object) -> None:
    import logging  # slow to import, and hardly ever needed

    logging.getLogger(__name__).warning(message, *values)


def _bar_volume(last: BaseData, order: Order) -> Decimal:
    if isinstance(last, TradeBar):
        return last.exact_volume
    if isinstance(last, QuoteBar):
        size = last.last_bid_size if order.direction == OrderDirection.BUY else last.last_ask_size
        return to_decimal(size)
    raise TypeError(f"VolumeShareSlippageModel needs bars, the last data point was a {type(last).__name__}.")

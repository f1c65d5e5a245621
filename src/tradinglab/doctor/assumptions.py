"""What a run takes for granted, made worse: models around those that a strategy's securities have."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from decimal import Decimal

from tradinglab.algorithm.models.fees import FeeModel, OrderFeeParameters
from tradinglab.algorithm.models.fills import FillModelParameters
from tradinglab.algorithm.models.slippage import SlippageModel
from tradinglab.algorithm.orders import CashAmount, Order, OrderEvent, OrderFee
from tradinglab.algorithm.securities import Security
from tradinglab.algorithm.securities.security_models import SecurityModels
from tradinglab.core.decimals import ONE, ZERO, to_decimal
from tradinglab.core.enums import OrderStatus, OrderType
from tradinglab.core.values import dataclass
from tradinglab.engine.subscription import Subscription

BASIS_POINTS = Decimal(10_000)
_NAME_THEIR_PRICE = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED, OrderType.COMBO_LIMIT,
                     OrderType.COMBO_LEG_LIMIT)  # fmt: skip
_AT_THE_MARKET = (OrderType.MARKET, OrderType.MARKET_ON_OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """How fills and costs differ from those that the strategy has set; as it stands, not at all.

    Attributes
    ----------
    fee_times
        What each fee is multiplied by.
    cost_bps
        What each order costs besides, in basis points of its value.
    slippage_bps
        By how much the price of each fill but that of a limit is worse, in basis points of the last price.
    is_delayed
        Whether fills but those of limits are made at the price of one bar later. They are told of when they were, as a
        strategy that believes its order lost would send it again.
    missed
        The share of orders that is cancelled when it should have been filled, by lot.
    cash_times
        What the starting cash is multiplied by.
    seed
        What lots are drawn from.
    """

    fee_times: Decimal = ONE
    cost_bps: Decimal = ZERO
    slippage_bps: Decimal = ZERO
    is_delayed: bool = False
    missed: float = 0.0
    cash_times: int = 1
    seed: int = 0

    def fee(self, fee: OrderFee, security: Security, order: Order) -> OrderFee:
        """Return the fee of an order in place of the one that its model asks."""
        value = fee.value
        amount = value.exact_amount * self.fee_times
        if not self.cost_bps:
            return _with_amount(fee, amount, value.currency)
        quote = security.quote_currency
        extra = abs(order.exact_quantity) * security.exact_price * self.cost_bps / BASIS_POINTS
        extra *= security.symbol_properties.exact_contract_multiplier
        if not amount:
            return OrderFee(CashAmount(extra, quote.symbol))
        if value.currency != quote.symbol:
            # A fee is asked in the quote currency, in that of the account, or in what is bought.
            base = getattr(security, "base_currency", None)
            extra *= quote.exact_conversion_rate
            if base is not None and base.symbol == value.currency and base.exact_conversion_rate:
                extra /= base.exact_conversion_rate
        return _with_amount(fee, amount + extra, value.currency)

    def is_missed(self, order: Order) -> bool:
        """Return whether an order is one of those that are not filled."""
        return self.missed > 0 and random.Random(f"{self.seed}:{order.id}").random() < self.missed


def _with_amount(fee: OrderFee, amount: Decimal, currency: str) -> OrderFee:
    changed = copy(fee)
    changed.value = CashAmount(amount, currency)
    return changed


class _Around:
    """Base of the models around others: what is asked of them besides is answered by those."""

    def __init__(self, inner: object, assumption: Assumption) -> None:
        self._inner = inner
        self._assumption = assumption

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") or name in ("_inner", "_assumption"):
            raise AttributeError(name)
        return getattr(self._inner, name)


class AssumedFees(_Around, FeeModel):
    """Fees of another model, changed by an assumption."""

    _inner: FeeModel

    def get_order_fee(self, parameters: OrderFeeParameters) -> OrderFee:
        """Return the fee of an order."""
        fee = self._inner.get_order_fee(parameters)
        return self._assumption.fee(fee, parameters.security, parameters.order)


class AssumedSlippage(_Around, SlippageModel):
    """Slippage of another model, and more by an assumption."""

    _inner: SlippageModel
    lab_changes = True

    def exact_slippage(self, asset: Security, order: Order) -> Decimal:
        """Return the slippage of one unit, in the quote currency."""
        inner = self._inner
        if type(inner).get_slippage_approximation is SlippageModel.get_slippage_approximation:
            slippage = inner.exact_slippage(asset, order)
        else:
            slippage = to_decimal(inner.get_slippage_approximation(asset, order))
        return slippage + asset.exact_price * self._assumption.slippage_bps / BASIS_POINTS


class AssumedFills(_Around):
    """Fills of another model, at later prices, or some of them not at all."""

    def fill(self, parameters: FillModelParameters) -> list[OrderEvent]:
        """Return what becomes of an order now."""
        assumption = self._assumption
        found = self._inner.fill(parameters)  # type: ignore[attr-defined]  # whatever model it is, it has this method
        fills = [found] if isinstance(found, OrderEvent) else list(found)
        if not any(each.exact_fill_quantity for each in fills):
            return fills
        legs = dict(parameters.securities_for_orders.items())
        if assumption.is_missed(min(legs, key=lambda leg: leg.id)):
            return [_missed(leg, security) for leg, security in legs.items()]
        for each in fills:
            leg = next((one for one in legs if one.id == each.order_id), None)
            if leg is None:
                continue
            if each.order_fee.value.exact_amount:
                each.order_fee = assumption.fee(each.order_fee, legs[leg], leg)
            if assumption.is_delayed and leg.type not in _NAME_THEIR_PRICE:
                each.fill_price *= _later(legs[leg], leg)
        return fills


def _later(security: Security, order: Order) -> float:
    """Return the price of the next bar as a share of that of the present one; 1 if there is none."""
    feeds = [each for each in security.cache.feeds if isinstance(each, Subscription) and len(each) and not each.is_tick]
    feed = next((each for each in feeds if "close" in each.columns.values), None)
    row = -1 if feed is None else feed.row()
    if feed is None or row < 0:
        return 1.0
    columns = feed.columns
    filled, following = columns.filled, row + 1
    while following < len(columns) and filled is not None and filled[following]:
        following += 1
    if following >= len(columns):
        return 1.0
    # An order that rested before the bar was filled at its opening, one that was sent at its end at its close.
    is_at_open = order.time_ns <= columns.time_ns[row] and order.type in _AT_THE_MARKET
    prices = columns.values["open" if is_at_open else "close"]
    return float(prices[following] / prices[row]) if prices[row] > 0 else 1.0


def _missed(order: Order, security: Security) -> OrderEvent:
    event = OrderEvent(order, security.utc_ns, OrderFee.ZERO, message="The fill was missed, as was assumed.")
    event.status = OrderStatus.CANCELED
    return event


_AROUND = {"fee_model": AssumedFees, "slippage_model": AssumedSlippage, "fill_model": AssumedFills}


@contextmanager
def assuming(assumption: Assumption) -> Iterator[None]:
    """Let every security's models be those that are set, changed by an assumption, whoever sets them."""

    def around(name: str, model: object) -> object:
        kind = _AROUND.get(name)
        return model if kind is None or isinstance(model, _Around) else kind(model, assumption)

    before, SecurityModels.replacing = SecurityModels.replacing, around
    try:
        yield
    finally:
        SecurityModels.replacing = before

"""What is known beforehand of securities whose models are plain, so that orders need not ask for it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np

from tradinglab.algorithm.margin_terms import MarginTerms
from tradinglab.algorithm.models.brokerage import DefaultBrokerageModel
from tradinglab.algorithm.models.buying_power import NullBuyingPowerModel
from tradinglab.algorithm.models.fills import EquityFillModel, FillModel, ImmediateFillModel
from tradinglab.algorithm.models.shortable import NullShortableProvider
from tradinglab.algorithm.models.slippage import NullSlippageModel
from tradinglab.algorithm.securities.currency_conversion import SecurityCurrencyConversion
from tradinglab.algorithm.securities.price_cache import PriceCache
from tradinglab.algorithm.securities.security_models import SecurityModels
from tradinglab.algorithm.securities.security_types import PairSecurity
from tradinglab.core.enums import Resolution
from tradinglab.core.values import dataclass
from tradinglab.engine.plain_models import charges_interest, has_plain_margin, is_ours, only_feed, settles
from tradinglab.engine.risk import PAID_IN_FULL

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Cash, Security
    from tradinglab.algorithm.subscription_config import SubscriptionDataConfig
    from tradinglab.data.columns import BarColumns

_FILL_MODELS = (FillModel, ImmediateFillModel, EquityFillModel)


@dataclass(slots=True)
class Lane:
    """The one stream of bars that a security with plain models has."""

    row: Callable[[], int]
    ends_ns: memoryview
    starts_ns: memoryview
    closes: memoryview
    columns: BarColumns
    config: SubscriptionDataConfig
    lot: Decimal
    currency: str
    base: Cash | None
    multiplier: float
    #: Money that a unit may bind at a price of one.
    margin: float
    #: Whether orders bind no money at all, and whether the brokerage refuses some.
    is_free: bool
    has_rules: bool
    is_equity: bool
    #: Whether the market never closes, and whether orders at the market are taken as they are.
    is_always_open: bool
    takes_market_orders: bool
    #: Whether a long position can bring nothing about that steps must be watched for.
    is_harmless: bool
    #: The row of the present step, for whoever has asked for it.
    at: int = -1


class Lanes:
    """Lanes by security, until any security has other models or prices, or the account another brokerage model."""

    def __init__(self, algorithm: QCAlgorithm) -> None:
        self._algorithm = algorithm
        self._lanes: dict[Security, Lane | None] = {}
        self._surveyed_at: tuple[object, ...] = ()

    def lane(self, security: Security) -> Lane | None:
        """Return what is known of a security; ``None`` if one of its models is not plain."""
        now = (SecurityModels.changes, MarginTerms.changes, PriceCache.pushes, self._algorithm.brokerage_model)
        if now != self._surveyed_at:
            self._lanes.clear()
            self._surveyed_at = now
        try:
            return self._lanes[security]
        except KeyError:
            lane = self._lanes[security] = self._survey(security)
            return lane

    def _survey(self, security: Security) -> Lane | None:
        """Return what is known of a security; ``None`` if one of its models is not plain."""
        if not is_ours(self._algorithm.brokerage_model) or not _has_plain_models(security) or security.is_margined:
            return None
        feed = only_feed(security)
        currency = self._algorithm.portfolio.cash_book.account_currency
        service = self._algorithm.subscription_manager.subscription_data_config_service
        configs = service.get_subscription_data_configs(security.symbol, True)
        if feed is None or feed.is_internal or not configs or security.quote_currency.symbol != currency:
            return None
        model, base = security.buying_power_model, None
        if security.is_swapped:
            if not isinstance(security, PairSecurity):
                return None
            base = security.base_currency
        is_always_open = security.exchange.hours.is_market_always_open
        columns = feed.columns
        return Lane(
            row=feed.row,
            ends_ns=np.ascontiguousarray(columns.end_ns).data,
            starts_ns=np.ascontiguousarray(columns.time_ns).data,
            closes=columns.view("close"),
            columns=columns,
            config=configs[0],
            lot=security.symbol_properties.exact_lot_size,
            currency=security.symbol_properties.quote_currency,
            base=None if base is None or _is_priced_by(base, security) else base,
            multiplier=float(security.symbol_properties.exact_contract_multiplier),
            margin=float(
                security.symbol_properties.exact_contract_multiplier * max(model._initial, model._maintenance)
            ),
            is_free=type(model) is NullBuyingPowerModel,
            has_rules=_has_rules(self._algorithm.brokerage_model),
            is_equity=type(security.fill_model) is EquityFillModel,
            is_always_open=is_always_open,
            takes_market_orders=is_always_open or feed.resolution != Resolution.DAILY,
            is_harmless=security.type in PAID_IN_FULL and not settles(security) and not charges_interest(security),
        )


def _has_rules(model: object) -> bool:
    """Return whether a brokerage model looks at orders at all."""
    return any(
        getattr(type(model), name) is not getattr(DefaultBrokerageModel, name)
        for name in ("can_submit_order", "can_execute_order")
    )


def _is_priced_by(base: Cash, security: Security) -> bool:
    """Return whether a currency's rate is the price of a security: known if the price is."""
    conversion = base.currency_conversion
    return isinstance(conversion, SecurityCurrencyConversion) and conversion.steps == [(security, False)]


def _has_plain_models(security: Security) -> bool:
    return (
        type(security.fill_model) in _FILL_MODELS
        and type(security.slippage_model) is NullSlippageModel
        and isinstance(security.shortable_provider, NullShortableProvider)
        and is_ours(security.portfolio_model)
        and has_plain_margin(security)
    )

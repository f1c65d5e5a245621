"""An algorithm as the sampler and the capacity estimate see it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.models.buying_power import BuyingPowerModel, reserved_margin
from tradinglab.core.clock import from_ns, span_ns
from tradinglab.core.decimals import ZERO, to_decimal
from tradinglab.core.enums import SecurityType
from tradinglab.engine.capacity import CapacityBar
from tradinglab.engine.sampling import HoldingSample
from tradinglab.engine.step_slice import StepSlice

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.core.symbol import Symbol

# Units traded in a minute, as LEAN guesses them for markets that publish no volume.
_TYPICAL_VOLUME = {SecurityType.FOREX: Decimal(25_000_000), SecurityType.CFD: Decimal(200)}


class AlgorithmAccount:
    """Reads an algorithm's portfolio, benchmark and current slice."""

    def __init__(self, algorithm: QCAlgorithm) -> None:
        self._algorithm = algorithm
        self._portfolio = algorithm.portfolio
        self._securities = algorithm.securities

    @property
    def is_warming_up(self) -> bool:
        """Whether the algorithm is before its start."""
        return self._algorithm.is_warming_up

    def portfolio_value(self) -> Decimal:
        """Return what the account is worth."""
        return self._portfolio.exact_total_portfolio_value

    def benchmark_value(self, utc_ns: int) -> Decimal:
        """Return the benchmark's value, zero if there is none."""
        benchmark = self._algorithm.benchmark
        return ZERO if benchmark is None else to_decimal(benchmark.evaluate(from_ns(utc_ns)))

    def sale_volume(self) -> Decimal:
        """Return the worth of all that was bought and sold so far."""
        return self._portfolio.exact_total_sale_volume

    def sales_by_name(self) -> Iterable[tuple[str, Decimal]]:
        """Return that worth for each security."""
        for security in self._securities.present():
            yield security.symbol.value, security.holdings.exact_total_sale_volume

    def security_types(self) -> Iterable[SecurityType]:
        """Return the classes of the securities that the algorithm has."""
        return {security.type for security in self._securities.present()}

    def holdings(self) -> Iterable[HoldingSample]:
        """Return the positions."""
        for security in self._securities.invested:
            value = self._portfolio.exact_worth(security)
            yield HoldingSample(security.symbol.value, security.type, value, _margin(security, value))

    def bar(self, symbol: Symbol) -> CapacityBar | None:
        """Return the symbol's bar of the present step, if there is one."""
        current = self._algorithm.current_slice
        if current is None:
            return None
        newest = current.newest_trade(symbol) if isinstance(current, StepSlice) else None
        if newest is not None:
            columns, row = newest
            span = int(columns.end_ns[row] - columns.time_ns[row])
            return CapacityBar(columns.exact("close", row), columns.exact("volume", row), span)
        trade = current.bars.get(symbol)
        if trade is not None:
            return CapacityBar(trade.exact_close, trade.exact_volume, span_ns(trade.period))
        quote = current.quote_bars.get(symbol)
        if quote is None:
            return None
        volume = _TYPICAL_VOLUME.get(symbol.security_type)
        if volume is None:
            volume = (to_decimal(quote.last_bid_size) + to_decimal(quote.last_ask_size)) / 2
        return CapacityBar(quote.exact_close, volume, span_ns(quote.period))

    def conversion_rate(self, symbol: Symbol) -> Decimal:
        """Return what one unit of the symbol's quote currency is worth."""
        return self._securities[symbol].quote_currency.exact_conversion_rate

    def contract_multiplier(self, symbol: Symbol) -> Decimal:
        """Return the symbol's contract multiplier."""
        return self._securities[symbol].symbol_properties.exact_contract_multiplier

    def used_buying_power(self, symbol: Symbol) -> Decimal:
        """Return the margin that the position binds, times its leverage."""
        security = self._securities[symbol]
        return reserved_margin(security) * security.exact_leverage

    def is_invested(self, symbol: Symbol) -> bool:
        """Return whether the symbol is held."""
        return self._securities[symbol].invested


def _margin(security: Security, value: Decimal) -> Decimal:
    """Return the margin that a position worth *value* binds: asked every day of every position, so by the short way."""
    model = security.buying_power_model
    if type(model).get_maintenance_margin is BuyingPowerModel.get_maintenance_margin:
        return abs(value) * model._maintenance
    return reserved_margin(security)

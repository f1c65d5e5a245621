"""The parts of a run, put together once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.scheduling import EndOfDayEvents
    from tradinglab.engine.brokerage import BacktestingBrokerage
    from tradinglab.engine.corporate import CorporateActions
    from tradinglab.engine.currencies import CurrencyFeeds
    from tradinglab.engine.feed import DataFeed
    from tradinglab.engine.phases import Attention, Phase
    from tradinglab.engine.resting import RestingOrders
    from tradinglab.engine.sampling import ResultSampler
    from tradinglab.engine.transactions import TransactionHandler
    from tradinglab.engine.universe_desk import UniverseDesk


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParts:
    """An algorithm and everything that the engine keeps beside it."""

    algorithm: QCAlgorithm
    feed: DataFeed
    transactions: TransactionHandler
    brokerage: BacktestingBrokerage
    resting: RestingOrders
    sampler: ResultSampler
    corporate: CorporateActions
    currencies: CurrencyFeeds
    end_of_day: EndOfDayEvents
    phase: Phase
    attention: Attention
    universes: UniverseDesk

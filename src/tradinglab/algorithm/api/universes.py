"""Adding universes."""

from __future__ import annotations

from typing import Any

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.algorithm.names import Extensions
from tradinglab.algorithm.settings import UniverseSettings
from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.core.market import Market

_TAKES = (
    "add_universe takes a universe (ScheduledUniverse(date_rule, time_rule, selector)), or a name and a function of a "
    "time that returns tickers: add_universe('mine', lambda time: ['SPY'])."
)


class UniverseMethods(AlgorithmCore):
    """Universes: securities that are chosen as time goes by."""

    def add_universe(self, *args: Any, **named: Any) -> Any:
        """Let a universe choose securities from the end of this step on, and return it.

        ``add_universe(universe)``, or ``add_universe([security_type,] name, [resolution,] [market,]
        [universe_settings,] selector)``: the selector takes a time, in the market's time zone, and returns tickers; it
        is called at the start and then once in each length of the resolution, a day by default, in which the market
        opens.

        Raises
        ------
        NotImplementedError
            If the universe would need a company's figures or other data that there are none of.
        """
        from tradinglab.algorithm.universes.universe import Universe

        given = [*args, *named.values()]
        is_universe = len(given) == 1 and isinstance(given[0], Universe)
        universe = given[0] if is_universe else self._user_defined(given)
        if universe.universe_settings is None:
            universe.universe_settings = self.universe_settings
        self.universe_manager.add(universe.symbol, universe)
        self.lab_runtime.wake()
        return self.universe_manager[universe.symbol]

    def _user_defined(self, given: list[Any]) -> Any:
        from tradinglab.algorithm.universes.timed import UserDefinedUniverse, universe_symbol

        security_type, market, resolution, settings = SecurityType.EQUITY, Market.USA, Resolution.DAILY, None
        texts: list[str] = []
        selector = None
        for each in given:
            if isinstance(each, SecurityType):
                security_type = each
            elif isinstance(each, Resolution):
                resolution = each
            elif isinstance(each, UniverseSettings):
                settings = each
            elif isinstance(each, str):
                texts.append(each)
            elif callable(each) and not isinstance(each, type) and selector is None:
                selector = each
            else:
                raise NotImplementedError(
                    f"{_TAKES} Universes of other data ({each!r}) are not there; see docs/coverage.md"
                )
        if not texts and selector is not None:
            raise NotImplementedError(
                f"{_TAKES} A function alone chooses by companies' figures, and no data here have those; see "
                "docs/coverage.md"
            )
        if selector is None or not 1 <= len(texts) <= 2:
            raise TypeError(_TAKES)
        name, market = texts[0], texts[1] if len(texts) == 2 else market
        span = Extensions.to_time_span(resolution)
        symbol = universe_symbol(name, security_type, market)
        return UserDefinedUniverse(symbol, settings or self.universe_settings, span, selector)

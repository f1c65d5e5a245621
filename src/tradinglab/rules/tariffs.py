"""The fee models of brokers and exchanges that rules may name: what each charges, told as the kernel takes it.

Rates are read from LEAN's models themselves, as :mod:`tradinglab.algorithm.models.fees` has them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tradinglab.rules import layout

if TYPE_CHECKING:
    from tradinglab.algorithm.models.fees.crypto import MakerTakerFeeModel
    from tradinglab.core.symbol import Symbol
    from tradinglab.data.columns import Ints

#: LEAN's class, by the name in rules.
MODELS: Final = {
    "alpaca": "AlpacaFeeModel",
    "alpha_streams": "AlphaStreamsFeeModel",
    "axos": "AxosFeeModel",
    "binance": "BinanceFeeModel",
    "bitfinex": "BitfinexFeeModel",
    "bybit": "BybitFeeModel",
    "charles_schwab": "CharlesSchwabFeeModel",
    "coinbase": "CoinbaseFeeModel",
    "exante": "ExanteFeeModel",
    "eze": "EzeFeeModel",
    "ftx": "FTXFeeModel",
    "ftxus": "FTXUSFeeModel",
    "fxcm": "FxcmFeeModel",
    "kraken": "KrakenFeeModel",
    "public": "PublicFeeModel",
    "rbi": "RBIFeeModel",
    "tastytrade": "TastytradeFeeModel",
    "td_ameritrade": "TDAmeritradeFeeModel",
    "trade_station": "TradeStationFeeModel",
    "webull": "WebullFeeModel",
    "wolverine": "WolverineFeeModel",
}
#: Those that rules do not know, and why.
REFUSED: Final = {
    **dict.fromkeys(
        ("binance_futures", "binance_coin_futures", "bybit_futures", "dydx"),
        "these are fees of futures, which rules do not trade",
    ),
    **dict.fromkeys(
        ("india", "samco", "zerodha"), "these are charged in rupees, and an account of rules has US dollars alone"
    ),
}
_FREE_SHARES: Final = (
    "alpaca", "charles_schwab", "eze", "tastytrade", "td_ameritrade", "trade_station", "webull",
)  # fmt: skip
#: The models that take fees of crypto in units of it.
_IN_UNITS: Final = frozenset({"alpaca", "binance", "bitfinex", "bybit", "ftx", "ftxus", "kraken"})


class Charge(NamedTuple):
    """What a model charges of a security.

    Attributes
    ----------
    kind
        ``layout.PER_UNIT`` and so on.
    taker, maker
        The rates: an amount of money or a fraction, as the kind has it.
    valued
        At which price an order is charged: ``layout.AT_QUOTE`` and so on.
    earlier
        Until when, UTC nanoseconds, orders were charged another taker's and maker's rate; the earliest first.
    """

    kind: int
    taker: float = 0.0
    maker: float = 0.0
    valued: float = layout.AT_QUOTE
    earlier: tuple[tuple[int, float, float], ...] = ()

    def traits(self, steps: Ints) -> tuple[float, ...]:
        """Return the columns from ``layout.TAKER`` on, for orders that are sent when one of some steps closes."""
        earlier = [
            (float(np.searchsorted(steps, until_ns)), taker, maker) for until_ns, taker, maker in self.earlier
        ]  # fmt: skip
        earlier = [*earlier, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)][:2]
        return (self.taker, self.maker, self.valued, *earlier[0], *earlier[1])


def kinds_of(model: str) -> tuple[str, ...]:
    """Return the kinds of securities that a model has fees for."""
    return tuple(kind for kind in ("equity", "forex", "crypto") if (model, kind) in _charges())


def takes_units(model: str, kind: str) -> bool:
    """Return whether a model may take fees in units of what is traded, so that less is there than was ordered."""
    return kind == "crypto" and model in _IN_UNITS


def charge_of(model: str, kind: str, symbol: Symbol) -> Charge:
    """Return what a model charges of a security of a kind."""
    return _charges()[model, kind](symbol)


def _same(charge: Charge) -> Callable[[Symbol], Charge]:
    return lambda _: charge


@cache
def _charges() -> dict[tuple[str, str], Callable[[Symbol], Charge]]:
    """Return what is charged, by model and kind of security."""
    from tradinglab.algorithm.models.fees import brokers, crypto

    def received(model: type[MakerTakerFeeModel]) -> Callable[[Symbol], Charge]:
        return _rated(layout.RECEIVED, model.DEFAULT_TAKER_FEE, model.DEFAULT_MAKER_FEE, valued=layout.AT_LIMIT)

    bitfinex, alpaca = crypto.BitfinexFeeModel, crypto.AlpacaFeeModel
    found: dict[tuple[str, str], Callable[[Symbol], Charge]] = {
        **{(name, "equity"): _same(Charge(layout.FREE)) for name in _FREE_SHARES},
        ("axos", "equity"): _rated(layout.PER_UNIT, brokers.AxosFeeModel.default_fee),
        ("rbi", "equity"): _rated(layout.PER_UNIT, brokers.RBIFeeModel.default_fee),
        ("wolverine", "equity"): _rated(layout.PER_UNIT, brokers.WolverineFeeModel.default_fee),
        ("exante", "equity"): _rated(layout.PER_UNIT, brokers.ExanteFeeModel.MARKET_USA_RATE),
        ("exante", "forex"): _same(Charge(layout.OF_VALUE, 0.25)),
        ("alpha_streams", "equity"): _same(Charge(layout.SHARES)),
        ("alpha_streams", "forex"): _same(Charge(layout.OF_VALUE, 0.000002)),
        ("alpha_streams", "crypto"): _same(Charge(layout.QUOTED, 0.002, 0.001, valued=layout.AT_LIMIT)),
        ("public", "equity"): _same(Charge(layout.OUT_OF_HOURS, 2.99)),
        ("public", "crypto"): _same(Charge(layout.TIERED)),
        ("fxcm", "forex"): _fxcm,
        ("alpaca", "crypto"): _rated(
            layout.RECEIVED, alpaca.TAKER_CRYPTO_FEE, alpaca.MAKER_CRYPTO_FEE, valued=layout.AT_CLOSE
        ),
        ("binance", "crypto"): received(crypto.BinanceFeeModel),
        ("bybit", "crypto"): received(crypto.BybitFeeModel),
        ("bitfinex", "crypto"): _rated(layout.RECEIVED, bitfinex.TAKER_FEE, bitfinex.MAKER_FEE, valued=layout.AT_LIMIT),
        ("ftx", "crypto"): _rated(layout.MADE, crypto.FTXFeeModel.taker_fee, crypto.FTXFeeModel.maker_fee),
        ("ftxus", "crypto"): _rated(layout.MADE, crypto.FTXUSFeeModel.taker_fee, crypto.FTXUSFeeModel.maker_fee),
        ("kraken", "crypto"): _kraken,
        ("coinbase", "crypto"): _coinbase,
    }
    return found


def _rated(kind: int, taker: Decimal, maker: Decimal = Decimal(0), *, valued: float = layout.AT_QUOTE
           ) -> Callable[[Symbol], Charge]:  # fmt: skip
    return _same(Charge(kind, float(taker), float(maker), valued))


def _fxcm(symbol: Symbol) -> Charge:
    from tradinglab.algorithm.models.fees.brokers import FxcmFeeModel

    return Charge(layout.PER_UNIT, (0.04 if symbol in FxcmFeeModel.lab_majors else 0.06) / 1000)


def _kraken(symbol: Symbol) -> Charge:
    from tradinglab.algorithm.models.fees.crypto import KrakenFeeModel as Kraken

    if symbol.value.startswith(tuple(Kraken.fx_stablecoin_list)):
        return Charge(layout.GIVEN, float(Kraken.TIER_1_FX_FEE), float(Kraken.TIER_1_FX_FEE), valued=layout.AT_LIMIT)
    return Charge(
        layout.GIVEN,
        float(Kraken.TAKER_TIER_1_CRYPTO_FEE),
        float(Kraken.MAKER_TIER_1_CRYPTO_FEE),
        valued=layout.AT_LIMIT,
    )


def _coinbase(symbol: Symbol) -> Charge:
    from tradinglab.algorithm.models.fees.coinbase import CoinbaseFeeModel

    *earlier, (_, (maker, taker)) = CoinbaseFeeModel().lab_periods(symbol.value)
    told = tuple((until_ns, float(takers), float(makers)) for until_ns, (makers, takers) in earlier)
    return Charge(layout.QUOTED, float(taker), float(maker), earlier=told)

"""Fill a bar store with made-up bars, labelled as such: what QuantConnect's own clients backtest and deploy on.

    python tools/fill_generated.py ~/.tradinglab/bars

That folder, ``bars`` in an installation's home, is its own store. Name any other among the installation's sources:
``TRADINGLAB_DATA_SOURCES=generated=store:/home/me/bars``.
SPY daily from 2010 to 2024 and hourly of 2024, and two weeks of seconds of BTCUSD at Coinbase; a live deployment
replays those on the same weekdays of the present. The same folder twice is filled once.
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path

from tradinglab.core.enums import Resolution, SecurityType
from tradinglab.data.store import store_synthetic_bars
from tradinglab.data.synthetic import SyntheticModel

FIRST_SECOND, LAST_SECOND = date(2024, 12, 2), date(2024, 12, 15)
EQUITY = (
    (Resolution.DAILY, date(2010, 1, 4), date(2024, 12, 31)),
    (Resolution.HOUR, date(2024, 1, 2), date(2024, 12, 31)),
)
COIN = SyntheticModel(first_price=60_000.0, volatility=0.5, volume=10_000)


def fill(store: Path, *, seed: int = 1) -> None:
    """Make up the bars and say what was stored."""
    for resolution, first, last in EQUITY:
        done = store_synthetic_bars(store, "SPY", resolution, first, last, seed=seed)
        print(f"SPY {resolution.name.lower()}: {done.added:,} synthetic bars stored, {done.known:,} were there before")
    for resolution in (Resolution.SECOND, Resolution.MINUTE, Resolution.HOUR, Resolution.DAILY):
        done = store_synthetic_bars(
            store, "BTCUSD", resolution, FIRST_SECOND, LAST_SECOND,
            seed=seed, market="coinbase", security_type=SecurityType.CRYPTO, model=COIN,
        )  # fmt: skip
        print(f"BTCUSD {resolution.name.lower()}: {done.added:,} synthetic bars stored, {done.known:,} were there")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path, help="the store's folder; made if need be")
    parser.add_argument("--seed", type=int, default=1, help="another number makes other bars")
    options = parser.parse_args()
    fill(options.store.expanduser(), seed=options.seed)

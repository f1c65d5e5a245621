"""Maintenance of the bar stores that are data sources: days into years, and past slices that nobody needs away."""

from __future__ import annotations

import logging

from tradinglab.core.errors import TradingLabError
from tradinglab.server.backtests.data_sources import data_source_list

_log = logging.getLogger(__name__)


def maintenance_job() -> int:
    """Maintain every bar store, now and then; return how many files that took away.

    Readers and writers go on meanwhile. What runs have read is pinned, and stays.
    """
    done = 0
    for source in data_source_list():
        if source.kind != "store":
            continue
        try:
            done += sum(source.store().maintain())
        except (TradingLabError, OSError) as error:
            # A store that may only be read is maintained by who writes to it.
            _log.warning("the data source %s is not maintained: %s", source.name, error)
    return done

"""What runs have read of bar stores: kept for as long as there is a run of it, and compared with what is there now.

The slices that a run has read are pinned in the store under a name that is made of their hashes, so that runs of the
same slices share a pin. A run that is verified reads them again, although bars were restated since.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from tradinglab.core.errors import TradingLabError
from tradinglab.data.store import BarStore
from tradinglab.data.store.changes import changes_since, state_mark
from tradinglab.server.backtests.data_sources import NamedSource, data_source_list
from tradinglab.server.backtests.models import Backtest, DataState, pin_name

_log = logging.getLogger(__name__)
_MOST_CHANGES = 50


def slices_digest(slices: Mapping[str, str]) -> str:
    """Return the SHA-256 over slices."""
    return hashlib.sha256(json.dumps(dict(sorted(slices.items()))).encode()).hexdigest()


def slices_pin(*, source: NamedSource, slices: Mapping[str, str]) -> None:
    """Have a store keep slices that a run has read; one that cannot be written to is left as it is."""
    if not slices:
        return
    try:
        store = source.store()
        name = pin_name(slices_digest(slices))
        if store.place.tag(f"pins/{name}.json") is None:
            store.pin(name, slices)
    except (TradingLabError, OSError) as error:
        _log.warning("what a run has read of the data source %s is not pinned: %s", source.name, error)


def data_state_note(*, run_id: UUID, source: str, slices: Mapping[str, str]) -> None:
    """Note what a backtest has read of a store."""
    if not slices:
        return
    digest = slices_digest(slices)
    state, _ = DataState.objects.get_or_create(source=source, digest=digest, defaults={"slices": dict(slices)})
    changed_at = timezone.now() if state.changes else None
    Backtest.objects.filter(pk=run_id).update(data_state=state, data_changed_at=changed_at)


def state_to_read(*, test: Backtest) -> str:
    """Return the pin of what a backtest has read; empty if nothing is kept of it."""
    state = test.data_state
    source = next((each for each in _stores() if state is not None and each.name == state.source), None)
    if state is None or source is None:
        return ""
    try:
        source.store().pinned(state.pin)
    except (TradingLabError, OSError):
        return ""
    return state.pin


def data_states_job() -> int:
    """Release what no run needs any more, and look for what has changed; return how many states were either."""
    return _release() + sum(_look(each) for each in _stores())


def _stores() -> list[NamedSource]:
    return [each for each in data_source_list() if each.kind == "store"]


def _release() -> int:
    """Forget the states of which no run is left, and unpin their slices."""
    stores = {each.name: each for each in _stores()}
    released = 0
    for state_id in list(DataState.objects.filter(backtests=None).values_list("pk", flat=True)):
        with transaction.atomic():
            # A run may have come to it since.
            state = DataState.objects.select_for_update().filter(pk=state_id, backtests=None).first()
            if state is None:
                continue
            if state.source in stores:
                try:
                    stores[state.source].store().unpin(state.pin)
                except (TradingLabError, OSError) as error:
                    _log.warning("the pin %s of the data source %s stays: %s", state.pin, state.source, error)
                    continue
            state.delete()
            released += 1
    return released


def _look(source: NamedSource) -> int:
    """Compare the states of a store with what is there now; return how many have changed."""
    states = DataState.objects.filter(source=source.name)
    if not states.exists():
        return 0
    changed = 0
    try:
        store = source.store()
        for state in states.iterator():
            changed += _compare(store, state)
    except (TradingLabError, OSError) as error:
        _log.warning("what runs have read of the data source %s cannot be compared: %s", source.name, error)
    return changed


def _compare(store: BarStore, state: DataState) -> bool:
    mark = hashlib.sha256(state_mark(store, state.slices).encode()).hexdigest()
    if mark == state.mark:
        return False
    try:
        found = changes_since(store, state.slices)
    except TradingLabError as error:
        # Broken files are told by the catalogue, and compared again once they are mended.
        _log.warning("the state %s cannot be compared: %s", state, error)
        return False
    changes = [asdict(each) for each in found[:_MOST_CHANGES]]
    is_other = bool(changes != state.changes)
    with transaction.atomic():
        DataState.objects.filter(pk=state.pk).update(mark=mark, changes=changes)
        tests = Backtest.objects.filter(data_state=state)
        if not changes:
            tests.update(data_changed_at=None)
        elif is_other:
            tests.update(data_changed_at=timezone.now())
    return is_other

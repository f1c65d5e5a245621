"""The options of an import, as they come to the processes that read files; no Django is imported here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tradinglab.core.enums import SecurityType, TickType
from tradinglab.data.store import ImportOptions


def options_of(said: Mapping[str, Any]) -> ImportOptions:
    """Return how files are to be read."""
    kind = said.get("security_type")
    return ImportOptions(
        security_type=None if kind is None else SecurityType[kind.upper()],
        tick_type=TickType[said.get("tick_type", "trade").upper()],
        columns=dict(said.get("columns", {})),
        time_form=said.get("time_format"),
        time_zone=said.get("time_zone"),
        stamp=said.get("stamp", "start"),
        on_bad=said.get("on_bad", "error"),
        on_conflict=said.get("on_conflict", "error"),
    )

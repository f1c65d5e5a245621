"""The process in which a file that somebody has sent is looked at: limited in memory and time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tradinglab.core.errors import TradingLabError
from tradinglab.data.previews import Preview, preview
from tradinglab.server.data_jobs.reading_options import options_of
from tradinglab.server.strategies.limited import answer_order

_MEMORY = 3 << 30
_CPU_S = 60
_LONGEST_CELL = 200
_MOST_COLUMNS = 200


def _look(order: Mapping[str, Any]) -> dict[str, Any]:
    path, options = Path(order["path"]), dict(order["options"])
    market = options.pop("market", "usa")
    try:
        found = preview(path, market=market, options=options_of(options))
    except TradingLabError as problem:
        found = Preview(path=path, problems=(str(problem),))

    def told(texts: tuple[str, ...]) -> list[str]:
        return [text.replace(str(path), order["name"]) for text in texts]

    def rows(cells: tuple[tuple[str, ...], ...]) -> list[list[str]]:
        return [[cell[:_LONGEST_CELL] for cell in row[:_MOST_COLUMNS]] for row in cells]

    return {
        "can_be_imported": found.can_be_imported,
        "names": [name[:_LONGEST_CELL] for name in found.names[:_MOST_COLUMNS]],
        "columns": dict(found.columns),
        "unused": [name[:_LONGEST_CELL] for name in found.unused[:_MOST_COLUMNS]],
        "time_form": found.time_form,
        "time_zone": found.time_zone,
        "resolution": None if found.resolution is None else found.resolution.name.lower(),
        "rows": found.rows,
        "is_whole": found.is_whole,
        "first": rows(found.first),
        "last": rows(found.last),
        "first_us": found.first_us,
        "last_us": found.last_us,
        "wrong_rows": found.wrong_rows,
        "problems": told(found.problems),
        "notes": told(found.notes),
    }


if __name__ == "__main__":
    answer_order(_look, memory=_MEMORY, cpu_s=_CPU_S)

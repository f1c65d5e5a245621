"""Bars that were replaced by others: what they were, what they are, when that was, and where the new ones are from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.store.commits import FIRST_US, LAST_US, Part, checked
from tradinglab.data.store.files import Origin, read_bar_files
from tradinglab.data.store.layout import RESTATED, SeriesKey, folder_of
from tradinglab.data.store.manifest import Slice
from tradinglab.data.store.place import Place

#: Times, values before, values after.
Restated = tuple[Ints, dict[str, Floats], dict[str, Floats]]


@dataclass(frozen=True, slots=True)
class Restatement:
    """Bars that were changed in one go.

    Attributes
    ----------
    generation, at
        The state in which they were changed first, and when it was written (ISO 8601, UTC).
    origins
        Where the new values are from.
    times_us
        Starts of the bars.
    old, new
        All values of these bars by field, before and after.
    """

    generation: int
    at: str
    origins: tuple[Origin, ...]
    times_us: Ints
    old: dict[str, Floats]
    new: dict[str, Floats]


def restatement_part(restated: Sequence[Restated], origins: Sequence[Origin]) -> Part | None:
    """Return a file's content of restated bars, ``None`` if there are none."""
    if not restated:
        return None
    values = {}
    for name in restated[0][1]:
        values[f"old_{name}"] = np.concatenate([old[name] for _, old, _ in restated])
        values[f"new_{name}"] = np.concatenate([new[name] for _, _, new in restated])
    times = np.concatenate([each[0] for each in restated])
    return Part(period=RESTATED, times_us=times, values=values, origins=origins)


def read_restatement(place: Place, key: SeriesKey, one: Slice) -> Restatement:
    """Return what a file says of restated bars.

    Raises
    ------
    MalformedDataError
        If it is broken.
    """
    fields = [f"{when}_{name}" for when in ("old", "new") for name in key.fields]
    path = place.file(f"{folder_of(key)}/{one.file}", checked(one.sha256, fields))
    times, values = read_bar_files([path], fields, FIRST_US, LAST_US)
    old = {name: values[f"old_{name}"] for name in key.fields}
    new = {name: values[f"new_{name}"] for name in key.fields}
    return Restatement(one.since, one.written_at, one.origins, times, old, new)

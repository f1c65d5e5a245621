"""Files on two sides that were once the same: what changed where, and what changed on both. Knows no Django."""

from __future__ import annotations

from collections.abc import Mapping

from tradinglab.core.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How files here and there stand to what they were when both sides last agreed.

    Attributes
    ----------
    same
        Whether both sides hold the same.
    here, there
        Files that were changed, made or removed on one side alone.
    both
        Files that were changed on both, and not to the same.
    """

    same: bool
    here: tuple[str, ...]
    there: tuple[str, ...]
    both: tuple[str, ...]


def standing(base: Mapping[str, str], here: Mapping[str, str], there: Mapping[str, str]) -> Standing:
    """Compare the hashes of files, by their names."""
    changed_here, changed_there, on_both = [], [], []
    for name in sorted({*base, *here, *there}):
        ours, theirs, was = here.get(name), there.get(name), base.get(name)
        if ours == theirs:
            continue
        if theirs == was:
            changed_here.append(name)
        elif ours == was:
            changed_there.append(name)
        else:
            on_both.append(name)
    return Standing(
        same=not (changed_here or changed_there or on_both),
        here=tuple(changed_here),
        there=tuple(changed_there),
        both=tuple(on_both),
    )

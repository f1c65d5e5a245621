"""Where findings are gathered while bars go by."""

from __future__ import annotations

import numpy as np

from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Flags, Ints
from tradinglab.data.quality.bars import Bars
from tradinglab.data.quality.report import Example

_NONE = np.empty(0, np.int64)


@dataclass(slots=True)
class _Gathered:
    count: int = 0
    examples: list[Example] = field(default_factory=list)
    rows: list[Ints] = field(default_factory=list)
    before: list[Ints] = field(default_factory=list)


@dataclass(slots=True)
class Collector:
    """Counts findings by check, and keeps the first places of each.

    Attributes
    ----------
    most
        How many places are kept of each check.
    keeps_rows
        Whether the numbers of all rows are kept, for repairs.
    """

    most: int = 10
    keeps_rows: bool = False
    _by_code: dict[str, _Gathered] = field(default_factory=dict)

    def mark(self, code: str, flags: Flags, bars: Bars, name: str = "", text: str = "") -> None:
        """Note the bars whose flag is set, because of one of their fields."""
        if flags.any():
            self.rows(code, np.flatnonzero(flags), bars, name, text)

    def rows(
        self, code: str, at: Ints, bars: Bars, name: str = "", text: str = "", *, before: Ints | None = None
    ) -> None:
        """Note bars by their places in a block.

        Parameters
        ----------
        name
            The field that is wrong; empty: the time.
        before
            For each the number of the row that it is held against.
        """
        if not len(at):
            return
        found = self._by_code.setdefault(code, _Gathered())
        found.count += len(at)
        for row in at[: max(0, self.most - len(found.examples))].tolist():
            found.examples.append(_example(bars, row, name, text))
        if self.keeps_rows:
            found.rows.append(bars.rows[at])
            if before is not None:
                found.before.append(before)

    def note(self, code: str, count: int, examples: list[Example]) -> None:
        """Note what is not the fault of single bars."""
        if count:
            found = self._by_code.setdefault(code, _Gathered())
            found.count += count
            found.examples += examples[: max(0, self.most - len(found.examples))]

    def drop(self, *codes: str) -> None:
        """Forget what another finding explains."""
        for code in codes:
            self._by_code.pop(code, None)

    def count(self, code: str) -> int:
        """Return how many places were noted."""
        return self._by_code[code].count if code in self._by_code else 0

    @property
    def codes(self) -> list[str]:
        """The checks that found something."""
        return [code for code, found in self._by_code.items() if found.count]

    def examples(self, code: str) -> tuple[Example, ...]:
        """Return the first places, in order of their rows or times."""
        return tuple(self._by_code[code].examples)

    def marks(self) -> dict[str, tuple[Ints, Ints]]:
        """Return for each check the rows, and those that they are held against if there are such."""
        return {
            code: (_joined(found.rows), _joined(found.before)) for code, found in self._by_code.items() if found.rows
        }


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate(parts) if parts else _NONE


def _example(bars: Bars, at: int, name: str, text: str) -> Example:
    column = bars.values.get(name)
    if column is None:
        return Example(time_us=int(bars.times_us[at]), row=int(bars.rows[at]), text=text)
    return Example(
        time_us=int(bars.times_us[at]),
        row=int(bars.rows[at]),
        field=name,
        value=float(column[at]),
        before=float(column[at - 1]) if at else None,
        after=float(column[at + 1]) if at + 1 < len(column) else None,
        text=text,
    )

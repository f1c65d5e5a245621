"""What was changed of bars: every value as it was and as it became, so that the original can be had back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import Floats, Ints
from tradinglab.data.errors import MalformedDataError
from tradinglab.data.quality.bars import Bars
from tradinglab.data.quality.checks import Rule
from tradinglab.data.store.full_disk import written_by_polars

if TYPE_CHECKING:
    import polars as pl

#: What is noted of a bar that is kept although a check found something.
FLAG: Final = "flag"
_DROPS: Final = (Rule.DROP, Rule.KEEP_FIRST, Rule.KEEP_LAST)
_COLUMNS: Final = ("row", "time_us", "check", "rule", "field", "before", "after", "text")


@dataclass(frozen=True, slots=True)
class Change:
    """Values of one field that were changed, or bars that were left out, moved or flagged, by one rule.

    Attributes
    ----------
    check, rule
        Why, and how; `FLAG` if nothing was changed.
    name
        The field; empty if bars were moved or flagged, ``time`` for what was no time.
    rows, times_us
        The bars, by their places among those that came in, and their starts.
    before, after
        The values; those after are NaN where bars were left out. Of bars that were moved, their places.
    texts
        What stood where no time could be read; empty otherwise.
    """

    check: str
    rule: str
    name: str
    rows: Ints
    times_us: Ints
    before: Floats
    after: Floats
    texts: tuple[str, ...] = ()


@dataclass(slots=True)
class Repairs:
    """All changes, in the order in which they were made."""

    changes: list[Change] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(each.rows) for each in self.changes)

    @property
    def dropped(self) -> int:
        """How many bars were left out."""
        return len(self._dropped_rows())

    @property
    def moved(self) -> int:
        """How many bars were put elsewhere."""
        return sum(len(each.rows) for each in self.changes if each.rule == Rule.SORT)

    @property
    def changed(self) -> int:
        """How many values were changed of bars that were kept."""
        return sum(len(each.rows) for each in self.changes if each.rule in (Rule.CLIP, Rule.ZERO))

    @property
    def flagged(self) -> int:
        """How many times a bar was flagged."""
        return sum(len(each.rows) for each in self.changes if each.rule == FLAG)

    def lines(self) -> Iterator[str]:
        """Yield what was done as lines of text."""
        parts: dict[tuple[str, str], list[Ints]] = {}
        for each in self.changes:
            parts.setdefault((each.check, each.rule), []).append(each.rows)
        for (check, rule), rows in parts.items():
            # Of a bar that is left out, all fields are noted; it is one bar.
            count = len(np.unique(np.concatenate(rows)))
            yield f"{check}: {count:,} bar{'' if count == 1 else 's'} {_DONE[rule]}"

    def note(
        self,
        check: str,
        rule: str,
        name: str,
        bars: Bars,
        before: Floats | None = None,
        after: Floats | None = None,
        texts: Sequence[str] = (),
    ) -> None:
        """Note what is done with some bars."""
        none = np.full(len(bars), np.nan)
        self.changes.append(
            Change(
                check,
                str(rule),
                name,
                bars.rows.copy(),
                bars.times_us.copy(),
                none if before is None else before.copy(),
                none if after is None else after.copy(),
                tuple(texts),
            )
        )

    def drop(self, check: str, rule: str, bars: Bars) -> None:
        """Note bars that are left out, with all their values."""
        for name, column in bars.values.items():
            self.note(check, rule, name, bars, column)

    def restore(self, times_us: Ints, values: Mapping[str, Floats]) -> tuple[Ints, dict[str, Floats]]:
        """Return bars as they came in, from what was made of them."""
        gone = self._dropped_rows()
        rows = self._rows_of(len(times_us), gone)
        size = len(times_us) + len(gone)
        times = np.zeros(size, np.int64)
        times[rows] = times_us
        found = {name: np.full(size, np.nan) for name in values}
        for name, column in values.items():
            found[name][rows] = column
        for each in self.changes:
            if each.rule in _DROPS and each.name in found:
                times[each.rows] = each.times_us
                found[each.name][each.rows] = each.before
        for each in reversed(self.changes):
            if each.rule in (Rule.CLIP, Rule.ZERO):
                # If a value was changed twice, what it was before the first time counts.
                found[each.name][each.rows[::-1]] = each.before[::-1]
        return times, found

    def _dropped_rows(self) -> Ints:
        parts = [each.rows for each in self.changes if each.rule in _DROPS and each.name != "time"]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def _rows_of(self, count: int, gone: Ints) -> Ints:
        """Return which place each bar that was kept had among those that came in."""
        moved = [each for each in self.changes if each.rule == Rule.SORT]
        free = np.ones(count + len(gone), np.bool_)
        free[gone] = False
        rows = np.full(count, -1, np.int64)
        for each in moved:
            kept = np.isfinite(each.after)
            rows[each.after[kept].astype(np.int64)] = each.rows[kept]
            free[each.rows[kept]] = False
        rows[rows < 0] = np.flatnonzero(free)
        return rows

    # As a table.

    def frame(self) -> pl.DataFrame:
        """Return the changes as a table, a row for each value."""
        import polars as pl

        def column(values: Sequence[npt.NDArray[np.generic]], kind: type[np.generic]) -> npt.NDArray[np.generic]:
            return np.concatenate([np.empty(0, kind), *values])

        counts = [len(each.rows) for each in self.changes]
        words = {
            name: [
                word for each, count in zip(self.changes, counts, strict=True) for word in [getattr(each, key)] * count
            ]
            for name, key in (("check", "check"), ("rule", "rule"), ("field", "name"))
        }
        texts = [text for each in self.changes for text in (each.texts or [""] * len(each.rows))]
        return pl.DataFrame(
            {
                "row": column([each.rows for each in self.changes], np.int64),
                "time_us": column([each.times_us for each in self.changes], np.int64),
                **{name: pl.Series(word, dtype=pl.String) for name, word in words.items()},
                "before": column([each.before for each in self.changes], np.float64),
                "after": column([each.after for each in self.changes], np.float64),
                "text": pl.Series(texts, dtype=pl.String),
            }
        ).select(_COLUMNS)

    def write(self, path: Path) -> None:
        """Write the table to a Parquet file."""
        with written_by_polars(path):
            self.frame().write_parquet(path)

    @classmethod
    def read(cls, path: Path) -> Repairs:
        """Return the repairs of a file that :meth:`write` wrote.

        Raises
        ------
        MalformedDataError
            If it is none.
        """
        import polars as pl

        try:
            frame = pl.read_parquet(path)
        except (OSError, pl.exceptions.PolarsError) as problem:
            raise MalformedDataError(path, f"The file is truncated or broken ({problem}).") from problem
        if tuple(frame.columns) != _COLUMNS:
            raise MalformedDataError(path, "The file is no table of repairs.", value=", ".join(frame.columns))
        keys = frame.select("check", "rule", "field").to_struct("run").rle_id()
        found = cls()
        for part in frame.with_columns(keys).partition_by("run", maintain_order=True):
            check, rule, name = part.select("check", "rule", "field").row(0)
            texts = tuple(part["text"].to_list()) if any(part["text"].to_list()) else ()
            rows, times, before, after = (part[each].to_numpy() for each in ("row", "time_us", "before", "after"))
            found.changes.append(Change(check, rule, name, rows, times, before, after, texts))
        return found


_DONE: Final[dict[str, str]] = {
    Rule.DROP: "left out", Rule.KEEP_FIRST: "left out, the first of their time kept", Rule.KEEP_LAST: "left out, the "
    "last of their time kept", Rule.SORT: "put in order", Rule.CLIP: "clipped to their own prices",
    Rule.ZERO: "given a size of 0", FLAG: "kept and flagged",
}  # fmt: skip

"""What an import did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from tradinglab.core.values import dataclass, field
from tradinglab.data.store.layout import SeriesKey


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was read, what was made of it, and what was stored.

    Attributes
    ----------
    series
        What the bars are of.
    rows, bars
        Rows read, and bars that they made.
    added, known
        Bars that were not in the store before, and ones that were.
    first, last
        Starts of the first and last bar, in the exchange's time zone.
    columns
        The field that each column was taken for.
    time_form, time_zone
        How times were written, and the zone they were taken to be in.
    repeated, dropped
        Rows left out because they repeated another, or were wrong (only if asked to).
    dividends, splits
        Events found, from which factors were stored.
    notes
        Whatever else a user should know.
    written
        Files of the store that were written.
    """

    series: SeriesKey
    rows: int
    bars: int
    added: int
    known: int
    first: datetime
    last: datetime
    columns: Mapping[str, str]
    time_form: str
    time_zone: str
    repeated: int = 0
    dropped: int = 0
    dividends: int = 0
    splits: int = 0
    notes: list[str] = field(default_factory=list)
    written: tuple[Path, ...] = ()

    def lines(self) -> Iterator[str]:
        """Yield the report as lines of text."""
        yield f"{self.bars:,} bars of {self.series}, {self.first} to {self.last}"
        yield f"{self.added:,} are new, {self.known:,} were stored before; files written: {len(self.written)}"
        yield "columns: " + ", ".join(f"{field} = '{column}'" for field, column in self.columns.items())
        yield f"times: {self.time_form}, {self.time_zone}"
        if self.repeated or self.dropped:
            yield f"left out of {self.rows:,} rows: {self.repeated:,} repeated, {self.dropped:,} wrong"
        if self.dividends or self.splits:
            yield f"factors stored of {self.dividends} dividends and {self.splits} splits"
        yield from (f"note: {note}" for note in self.notes)

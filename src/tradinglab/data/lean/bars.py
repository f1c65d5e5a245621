"""Archives of bars or ticks to columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

import numpy as np

from tradinglab.core.clock import DAY_NS, HOUR_NS, MINUTE_NS, Zone, from_ns
from tradinglab.core.enums import Resolution, SecurityType, TickType
from tradinglab.core.values import dataclass, field
from tradinglab.data.columns import (
    SIZE_FIELDS,
    BarColumns,
    DigitsExact,
    Exact,
    Flags,
    Floats,
    Ints,
    ScaledExact,
    Texts,
)
from tradinglab.data.digits import BadField, Fields, Numbers, clean, numbers, split
from tradinglab.data.errors import MalformedDataError
from tradinglab.data.lean.archive import read_entry
from tradinglab.data.lean.kept import Kept
from tradinglab.data.lean.layouts import Layout, layout_of
from tradinglab.data.lean.paths import LONG, DataFile
from tradinglab.data.periods import ends_of

_BATCH_BYTES = 2_000_000
_NS_DIGITS = 6  # of a millisecond
_DAY_MS = 86_400_000
_MAY_BE_NEGATIVE = (SecurityType.CFD,)
_MOST_KEPT_ROWS = 250_000


@dataclass(frozen=True, slots=True)
class Series:
    """What is common to the files of one series of bars."""

    security_type: SecurityType
    resolution: Resolution
    tick_type: TickType
    data_zone: Zone
    exchange_zone: Zone
    label: str
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Batch:
    """Rows of some files: wall-clock times in the data's zone, numbers without the time, texts."""

    local_ns: Ints
    numbers: Numbers
    texts: dict[str, Texts]


@dataclass(slots=True)
class _Loaded:
    """Cleaned text of a file, and how many rows came before it in its batch."""

    file: DataFile
    data: bytes
    first_row: int


def read_bars(files: Iterable[DataFile], series: Series) -> BarColumns:
    """Return the bars of some files, which follow one another in time.

    Raises
    ------
    MalformedDataError
        If a file cannot be read, naming file, line, field and value.
    """
    layout = layout_of(series.security_type, series.resolution, series.tick_type)
    batches = [_parse(batch, layout, series) for batch in _load(files)]
    if not batches:
        return BarColumns.empty(series.tick_type)
    columns = _assemble(batches, layout, series)
    return _in_order(columns, series)


def read_long_bars(files: Sequence[DataFile], series: Series) -> BarColumns:
    """Return what :func:`read_bars` does of files that hold all days, to be shared and not to be changed."""
    key = (
        *files, series.security_type, series.resolution, series.tick_type, series.data_zone.name,
        series.exchange_zone.name, series.label,
    )  # fmt: skip
    bars, warnings = _LONG_BARS.get(key, [file.path for file in files], lambda: _warned_bars(files, series))
    series.warnings.extend(text for text in warnings if text not in series.warnings)
    return bars


def _warned_bars(files: Sequence[DataFile], series: Series) -> tuple[BarColumns, list[str]]:
    own = replace(series, warnings=[])
    bars = read_bars(files, own)
    for column in (bars.time_ns, bars.end_ns, *bars.values.values()):
        column.flags.writeable = False
    return bars, own.warnings


_LONG_BARS: Final[Kept[tuple[BarColumns, list[str]]]] = Kept(_MOST_KEPT_ROWS, lambda found: len(found[0]))


def _load(files: Iterable[DataFile]) -> Iterator[list[_Loaded]]:
    """Yield the texts of files in batches: small ones are cheaper to parse together."""
    batch: list[_Loaded] = []
    size = rows = 0
    for file in files:
        data = clean(read_entry(file.path, file.entries))
        if not data:
            continue
        batch.append(_Loaded(file, data, rows))
        rows += data.count(b"\n")
        size += len(data)
        if size > _BATCH_BYTES:
            yield batch
            batch, size, rows = [], 0, 0
    if batch:
        yield batch


def _parse(batch: list[_Loaded], layout: Layout, series: Series) -> _Batch:
    is_long = series.resolution in LONG
    texts = [_without_marks(part) if is_long else part.data for part in batch]
    try:
        fields = split(b"".join(texts))
        count = len(fields.starts)
        if not layout.accepts(count):
            raise BadField(0, -1, texts[0].split(b"\n", 1)[0].decode("utf-8", "replace"))
        found = numbers(fields, None if count == len(layout.numbers) else len(layout.numbers))
    except BadField as bad:
        raise _malformed(batch, bad, layout) from None
    times = _stamps(found, batch) if is_long else _times_of_day(found, batch)
    rest = Numbers(found.mantissas[1:], found.scales[1:])
    _check(rest, batch, layout, series)
    if is_long and not (wanted := _wanted(times, batch)).all():
        return _Batch(times[wanted], Numbers(rest.mantissas[:, wanted], rest.scales[:, wanted]), {})
    return _Batch(times, rest, _texts(fields, layout))


def _wanted(times: Ints, batch: list[_Loaded]) -> Flags:
    """Return which rows fall on the days that are wanted of their file."""
    days = times // DAY_NS
    wanted = np.empty(len(times), np.bool_)
    for part in batch:
        rest = days[part.first_row :]
        wanted[part.first_row :] = (rest >= part.file.first_day) & (rest <= part.file.last_day)
    return wanted


def _without_marks(part: _Loaded) -> bytes:
    """Return rows whose times, ``20131007 09:00``, are run together to a number."""
    rows = part.data.count(b"\n")
    if part.data.count(b" ") == rows and part.data.count(b":") == rows:
        return part.data.translate(None, b" :")
    for number, line in enumerate(part.data.split(b"\n")[:-1]):
        time = line.partition(b",")[0]
        if len(time) != 14 or time[8:9] != b" " or time[11:12] != b":":
            text = time.decode("utf-8", "replace")
            raise _at(part, number, "The time must look like 20131007 09:00.", "time", text)
    raise MalformedDataError(part.file.path, "There are blanks or colons after the time.")


def _stamps(found: Numbers, batch: list[_Loaded]) -> Ints:
    """Return the times that rows say: numbers such as 201310070900."""
    stamps = found.mantissas[0]
    date, clock = np.divmod(stamps, 10_000)
    month = date // 100
    months = (month // 100 - 1970) * 12 + month % 100 - 1
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + date % 100 - 1
    back = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    hours, minutes = np.divmod(clock, 100)
    wrong = (back != months) | (hours > 23) | (minutes > 59) | (stamps < 10**11) | (stamps >= 10**12)
    wrong |= (found.scales[0] != 0) | (month % 100 < 1) | (month % 100 > 12)
    _refuse(wrong, batch, "There is no such time.", "time", 0)
    times: Ints = days * DAY_NS + hours * HOUR_NS + minutes * MINUTE_NS
    return times


def _times_of_day(found: Numbers, batch: list[_Loaded]) -> Ints:
    """Return the times of rows that say milliseconds since midnight."""
    scales = found.scales[0].astype(np.int64)
    _refuse(found.scales[0] < 0, batch, "The time is missing.", "time", 0)
    span: Ints = (
        found.mantissas[0] * 10 ** np.maximum(_NS_DIGITS - scales, 0) // 10 ** np.maximum(scales - _NS_DIGITS, 0)
    )
    wrong = (span < 0) | (span >= DAY_NS)
    _refuse(wrong, batch, f"Milliseconds since midnight must lie in 0 to {_DAY_MS - 1}.", "time", 0)
    days = np.empty(len(span), np.int64)
    for part in batch:
        days[part.first_row :] = part.file.first_day
    return days * DAY_NS + span


def _check(found: Numbers, batch: list[_Loaded], layout: Layout, series: Series) -> None:
    """Refuse negative numbers, and trade prices that are zero or missing."""
    for column, name in enumerate(layout.numbers[1:]):
        mantissas = found.mantissas[column]
        if name in SIZE_FIELDS:
            _refuse(mantissas < 0, batch, "A size cannot be negative.", name, column + 1)
        elif series.tick_type == TickType.TRADE and series.resolution != Resolution.TICK:
            wrong = mantissas == 0 if series.security_type in _MAY_BE_NEGATIVE else mantissas <= 0
            _refuse(wrong, batch, "A price must be positive.", name, column + 1)
        elif series.security_type not in _MAY_BE_NEGATIVE:
            _refuse(mantissas < 0, batch, "A price cannot be negative.", name, column + 1)


def _texts(fields: Fields, layout: Layout) -> dict[str, Texts]:
    first, rows = len(layout.numbers), fields.starts.shape[1]
    if len(fields.starts) == first:
        return {name: np.full(rows, "0" if name == "suspicious" else "") for name in layout.texts}
    return {name: fields.texts(first + at) for at, name in enumerate(layout.texts)}


def _refuse(wrong: Flags, batch: list[_Loaded], problem: str, name: str, column: int) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        part = next(part for part in reversed(batch) if part.first_row <= row)
        line = part.data.split(b"\n")[row - part.first_row].decode("utf-8", "replace")
        raise _at(part, row - part.first_row, problem, name, line.split(",")[column])


def _malformed(batch: list[_Loaded], bad: BadField, layout: Layout) -> MalformedDataError:
    part = next(part for part in reversed(batch) if part.first_row <= bad.row)
    row = bad.row - part.first_row
    if bad.column >= 0:
        return _at(part, row, "This is not a number.", layout.numbers[bad.column], bad.text)
    line = part.data.split(b"\n")[row].decode("utf-8", "replace")
    count = str(len(layout.numbers)) + (f" or {len(layout.numbers) + len(layout.texts)}" if layout.texts else "")
    return _at(part, row, f"A row must have {count} fields, this one has {line.count(',') + 1}.", None, line)


def _at(part: _Loaded, row: int, problem: str, name: str | None, value: str) -> MalformedDataError:
    """Return an error that says the line in the file, blank ones counted."""
    lines = read_entry(part.file.path, part.file.entries).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    filled = [number for number, line in enumerate(lines, 1) if line.strip(b"\xef\xbb\xbf")]
    return MalformedDataError(part.file.path, problem, line=filled[row], field=name, value=value)


def _assemble(batches: Sequence[_Batch], layout: Layout, series: Series) -> BarColumns:
    local_ns = np.concatenate([batch.local_ns for batch in batches])
    mantissas = np.concatenate([batch.numbers.mantissas for batch in batches], axis=1)
    scales = np.concatenate([batch.numbers.scales for batch in batches], axis=1)
    values: dict[str, Floats] = {}
    decimals: dict[str, Exact] = {}
    for column, name in enumerate(layout.numbers[1:]):
        more = 0 if name in SIZE_FIELDS else layout.more_decimals
        found = Numbers(mantissas[column], scales[column])
        values[name] = found.floats(more)
        if more and series.resolution == Resolution.TICK:
            found = _without_zeros(found, more)
            more = 0
        decimals[name] = _exact(found, more)
    _drop_absent_sides(values)
    values.update({name: np.zeros(len(local_ns)) for name in layout.absent})
    texts = {name: np.concatenate([batch.texts[name] for batch in batches]) for name in layout.texts}
    if "suspicious" in texts:
        values["suspicious"] = (texts.pop("suspicious") == "1").astype(np.float64)
    time_ns = series.data_zone.utc_ns_array(local_ns)
    end_ns = ends_of(time_ns, series.resolution, series.exchange_zone)
    return BarColumns(series.tick_type, time_ns, end_ns, values, decimals, texts=texts)


def _exact(found: Numbers, more_decimals: int) -> Exact:
    scales = np.maximum(found.scales, 0)
    if len(scales) and (scales == scales[0]).all():
        return ScaledExact(found.mantissas, Decimal(1).scaleb(-int(scales[0]) - more_decimals))
    return DigitsExact(found.mantissas, (scales + more_decimals).astype(np.int8))


def _without_zeros(found: Numbers, more_decimals: int) -> Numbers:
    """Return ticks' prices, which LEAN divides where it multiplies those of bars: trailing zeros go."""
    mantissas, scales = found.mantissas.copy(), np.maximum(found.scales, 0) + more_decimals
    for _ in range(int(scales.max(initial=0))):
        shorter = (scales > 0) & (mantissas % 10 == 0)
        mantissas[shorter] //= 10
        scales[shorter] -= 1
    return Numbers(mantissas, scales.astype(np.int8))


def _drop_absent_sides(values: dict[str, Floats]) -> None:
    """Make a side of a quote bar NaN where all four of its prices are missing or zero."""
    for side in ("bid", "ask"):
        names = [f"{side}_{part}" for part in ("open", "high", "low", "close")]
        if names[0] in values:
            absent = ~np.logical_or.reduce([values[name] != 0 for name in names])
            if absent.any():
                for name in names:
                    values[name][absent] = np.nan
                values[f"{side}_size"][absent] = 0


def _in_order(columns: BarColumns, series: Series) -> BarColumns:
    """Drop bars that do not end after all before them, as LEAN does; sort ticks; say so."""
    if len(columns) < 2:
        return columns
    ends = columns.end_ns
    if series.resolution == Resolution.TICK:
        if (np.diff(ends) >= 0).all():
            return columns
        _warn(series, int((np.diff(ends) < 0).sum()), ends[1:][np.diff(ends) < 0][0], "out of order and were sorted")
        return columns.take(np.argsort(ends, kind="stable"))
    late = ends[1:] <= np.maximum.accumulate(ends)[:-1]
    if not late.any():
        return columns
    _warn(series, int(late.sum()), ends[1:][late][0], "out of order or repeated and were left out")
    return columns.take(np.flatnonzero(np.concatenate([[True], ~late])))


def _warn(series: Series, count: int, first_ns: int, what: str) -> None:
    when = from_ns(series.exchange_zone.local_ns(int(first_ns)))
    kind = "ticks" if series.resolution == Resolution.TICK else "bars"
    text = f"{series.label}: {count} {kind} were {what}; the first ends at {when}."
    if text not in series.warnings:
        series.warnings.append(text)

"""Columns of times, in whatever form, to instants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradinglab.core.clock import DAY_NS, Zone
from tradinglab.core.enums import Resolution
from tradinglab.core.values import dataclass
from tradinglab.data.columns import Flags, Ints
from tradinglab.data.errors import DataImportError

if TYPE_CHECKING:
    import polars as pl

_SAMPLE = 200
_FRACTION = "%.f"
NOT_A_TIME = np.iinfo(np.int64).min
#: Digits of numbers since 1970, what they count, and how many of them are a second.
_EPOCHS = {10: ("seconds", 1), 13: ("milliseconds", 10**3), 16: ("microseconds", 10**6), 19: ("nanoseconds", 10**9)}
_US = 1_000
#: Nanoseconds reach from 1677 to 2262; of the years at both ends parts.
_FIRST_US, _END_US = (int(np.datetime64(day, "us").astype(np.int64)) for day in ("1678-01-01", "2262-01-01"))
_DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d-%b-%Y", "%b %d, %Y", "%d %b %Y")
_SLASHED = ("%m/%d/%Y", "%d/%m/%Y")
_CLOCKS = ("%H:%M:%S%.f", "%H:%M:%S", "%H:%M", "%H%M%S", "%H%M", "%I:%M:%S %p", "%I:%M %p")


@dataclass(frozen=True, slots=True)
class Times:
    """Times as read.

    Attributes
    ----------
    ns
        Nanoseconds since 1970: UTC if ``is_instant``, else of some wall clock; ``NOT_A_TIME`` where there is none, or
        one that nanoseconds do not reach: years before 1678 and after 2261.
    form
        What the texts looked like.
    """

    ns: Ints
    is_instant: bool
    form: str


def parse_times(texts: pl.Series, form: str | None, file: str) -> Times:
    """Return the times in a column of texts.

    Parameters
    ----------
    texts
        Times, without blanks around them.
    form
        A format such as ``%d/%m/%Y %H:%M``, or ``None`` to find out.

    Raises
    ------
    DataImportError
        If the form is unknown, or day and month cannot be told apart.
    """
    import polars as pl

    filled = texts.drop_nulls().filter(texts.drop_nulls() != "")
    if len(filled) == 0:
        raise DataImportError(f"{file} has no times.")
    if form is None:
        digits = _epoch_of(filled)
        if digits is not None:
            kind = pl.Float64 if filled.str.contains(".", literal=True).any() else pl.Int64
            return _since_1970(texts.cast(kind, strict=False), digits)
        _refuse_serial_dates(filled.head(_SAMPLE), file)
        form = _find_form(filled, file)
    whole = form.replace(_FRACTION, "")
    if whole != form and _strptime(texts.head(1), whole)[0] != NOT_A_TIME:
        # Times without fractions are read five times as fast if none is looked for.
        found = _strptime(texts, whole)
        if (found != NOT_A_TIME).all():
            return Times(found, "%z" in form, form)
    return Times(_strptime(texts, form), "%z" in form, form)


def times_of_column(column: pl.Series) -> Times | None:
    """Return the times of a column that is not of texts: dates, times, or numbers since 1970.

    Raises
    ------
    DataImportError
        If the column has another type.
    """
    import polars as pl

    if column.dtype == pl.String:
        return None
    if column.dtype == pl.Date or isinstance(column.dtype, pl.Datetime):
        is_instant = isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None
        wall = column.cast(pl.Datetime("us", "UTC" if is_instant else None))
        return Times(_ns_of_us(wall.cast(pl.Int64)), is_instant, str(column.dtype))
    if column.dtype.is_integer():
        _refuse_serial_dates(column.drop_nulls().head(_SAMPLE).cast(pl.String), f"The column '{column.name}'")
        largest = int(column.abs().max() or 0)  # type: ignore[arg-type]  # of integers it is one
        digits = next((digits for digits in _EPOCHS if largest < 10**digits), 19)
        return _since_1970(column.cast(pl.Int64, strict=False), digits)
    if column.dtype.is_float():
        _refuse_serial_dates(column.drop_nulls().head(_SAMPLE).cast(pl.String), f"The column '{column.name}'")
    raise DataImportError(f"The column '{column.name}' of type {column.dtype} does not hold times.")


def _since_1970(numbers: pl.Series, digits: int) -> Times:
    """Return the times of numbers of so many digits: whole ones, or floats that have fractions."""
    import polars as pl

    name, per_second = _EPOCHS[digits]
    if numbers.dtype == pl.Float64:
        us = (numbers * (1_000_000 / per_second)).round().cast(pl.Int64, strict=False)
    elif per_second > 10**6:
        us = numbers // (per_second // 10**6)
    else:
        factor = 10**6 // per_second
        most = _END_US // factor
        us = numbers.set(~numbers.is_between(-most, most), None) * factor
    return Times(_ns_of_us(us), True, f"{name} since 1970")


def _ns_of_us(us: pl.Series) -> Ints:
    """Return microseconds as nanoseconds, those that are missing or out of range as ``NOT_A_TIME``."""
    numbers: Ints = us.fill_null(NOT_A_TIME).to_numpy().astype(np.int64)
    return np.where((numbers < _FIRST_US) | (numbers >= _END_US), NOT_A_TIME, numbers * _US)


def _epoch_of(filled: pl.Series) -> int | None:
    """Return how many digits the times of today would have if they are numbers since 1970; before 2001 one is less."""
    sample = filled.head(100)
    if not sample.str.contains(r"^\d+(\.\d*)?$").all():
        return None
    lengths = set(sample.str.replace(r"\.\d*$", "").str.len_chars().to_list())
    longest = max(lengths)
    if lengths == {9}:
        return 10
    # Twelve digits alone are 201310070931.
    return longest if longest in _EPOCHS and lengths <= {longest, longest - 1} else None


def _refuse_serial_dates(sample: pl.Series, what: str) -> None:
    """Refuse days since 1900, as spreadsheets save dates of columns that are not formatted as some: 1954 to 2119."""
    if len(sample) and sample.str.contains(r"^[2-7]\d{4}([.,]\d*)?$").all():
        raise DataImportError(
            f"{what} has times such as '{sample[0]}', which are Excel's serial dates. Format the column as a date and "
            "time in the spreadsheet (yyyy-mm-dd hh:mm:ss), and save the file again."
        )


def _find_form(filled: pl.Series, file: str) -> str:
    first = filled.head(_SAMPLE)
    fits = {form: int((_strptime(first, form) != NOT_A_TIME).sum()) for form in _forms(str(first[0]))}
    # A few rows may be wrong; they are to be named, not to decide.
    best = max(fits.values())
    fitting = [form for form, count in fits.items() if count == best and 2 * count >= len(first) > 0]
    if len(fitting) > 1:  # only day and month can be mixed up: all the rows decide
        whole = {form: int((_strptime(filled, form) != NOT_A_TIME).sum()) for form in fitting}
        fitting = [form for form, count in whole.items() if count == max(whole.values())]
    if not fitting:
        raise DataImportError(
            f"{file} has times of an unknown form, such as '{first[0]}'. Give the form, for example "
            '--time-format "%d/%m/%Y %H:%M".'
        )
    other = next((form for form in fitting if form[:2] != fitting[0][:2]), None)
    if other is not None:
        raise DataImportError(
            f"{file} has dates that can be read in two ways, such as '{first[0]}'. Give the form: "
            f'--time-format "{fitting[0]}" or "{other}".'
        )
    return fitting[0]


def _forms(example: str) -> list[str]:
    """Return the forms that may fit, by the separators of an example."""
    if example.isdecimal():
        return ["%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S"]
    dates = _SLASHED if "/" in example[:4] else _DATES
    clocks = [f"{clock}{offset}" for clock in _CLOCKS for offset in ("", "%z", " %z")]
    gaps = [gap for gap in (" ", "T", ",", ", ") if gap in example]
    return [*dates, *(f"{date}{gap}{clock}" for date in dates for gap in gaps for clock in clocks)]


def _strptime(texts: pl.Series, form: str) -> Ints:
    """Return times of a form; those with an offset as UTC."""
    import polars as pl

    # Microseconds reach every year that can be written; nanoseconds of others would be those of another year.
    kind = pl.Datetime("us", "UTC") if "%z" in form else pl.Datetime("us")
    prepared, chrono = texts, form
    if "%z" in form:
        prepared = texts.str.replace(r"(?:Z|UTC|GMT)$", "+00:00").str.replace(r"(?:GMT|UTC)([+-]\d)", "${1}")
    if "%H" not in form and "%I" not in form:
        prepared, chrono = prepared + " 00:00", form + " %H:%M"
    elif form.endswith(("%H%M%S", "%H%M")) and not form.startswith("%Y%m%d%H"):
        # A clock in one piece may have lost its leading zeros: 93000 is 09:30:00.
        width = 6 if form.endswith("%S") else 4
        parts = prepared.str.extract_groups(r"^(.*[ ,T])(\d+)$").struct.unnest()
        prepared = parts["1"] + parts["2"].str.zfill(width)
    try:
        parsed = prepared.str.strptime(kind, chrono, strict=False, exact=True)
    except pl.exceptions.PolarsError:
        return np.full(len(texts), NOT_A_TIME)
    return _ns_of_us(parsed.dt.replace_time_zone(None).cast(pl.Int64))


def skipped_times(times: Times, resolution: Resolution, zone: Zone, *, are_ends: bool) -> Flags:
    """Return which wall-clock times do not exist in a zone: those that clocks skip in spring; none of days.

    A bar may end with the moment at which clocks are put forward, whichever of the two names that is written by.
    """
    if times.is_instant or resolution == Resolution.DAILY:
        return np.zeros(len(times.ns), np.bool_)
    found: Flags = zone.skipped_array(times.ns) & (times.ns != NOT_A_TIME)
    if are_ends and found.any():
        found &= zone.skipped_array(times.ns - 1)
    return found


def skipped_text(zone: Zone) -> str:
    """Return what is said of such a time."""
    return (
        f"There is no such time in {zone.name}: clocks are put forward past it. Give the zone of the times, "
        "--time-zone UTC say; or --stamp end, if they are the ends of bars."
    )


def to_instants(times: Times, resolution: Resolution, data_zone: Zone, zone: Zone) -> Ints:
    """Return instants in microseconds UTC of the starts of bars.

    Parameters
    ----------
    data_zone
        The zone in which the market's days begin.
    zone
        The zone of wall-clock times.
    """
    known = times.ns[times.ns != NOT_A_TIME]
    if resolution == Resolution.DAILY:
        # A day that is stamped with midnight, in whatever zone, is that day; anything else lies within its day.
        is_dated = not times.is_instant or bool((known % DAY_NS == 0).all())
        local = times.ns if is_dated else data_zone.local_ns_array(times.ns)
        return data_zone.utc_ns_array(local // DAY_NS * DAY_NS) // 1_000
    ns = times.ns if times.is_instant else zone.utc_ns_array(times.ns)
    return ns // 1_000

"""What the checks found of a series, to be read by people and programs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tradinglab.core.values import dataclass
from tradinglab.data.quality.checks import CHECKS, Check, Severity
from tradinglab.data.quality.grading import Grade, grade_of
from tradinglab.data.store.layout import SeriesKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A place at which something was found.

    Attributes
    ----------
    time_us
        The bar's start, or that of what is missing, in microseconds UTC; ``None`` if it has none that can be read.
    row
        The bar's number in what was checked, from 0; ``None`` where there is no bar.
    line
        The line of the file, from 1, if it was a file.
    field, value
        The field that is wrong, and what stood there; empty and ``None`` if it is the time, or a bar is missing.
    before, after
        What the field is in the bars before and after.
    text
        What else there is to say.
    """

    time_us: int | None
    row: int | None = None
    line: int | None = None
    field: str = ""
    value: float | None = None
    before: float | None = None
    after: float | None = None
    text: str = ""

    @property
    def time(self) -> str:
        """The time as it is written; empty if there is none."""
        return "" if self.time_us is None else written_time(self.time_us)

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line is not None else "" if self.row is None else f"row {self.row}"
        parts = [self.time, place]
        if self.field:
            around = [
                f"{name} {_number(value)}"
                for name, value in (("before", self.before), ("after", self.after))
                if value is not None
            ]
            parts.append(f"{self.field} {_number(self.value)}" + (f" ({', '.join(around)})" if around else ""))
        return ", ".join(part for part in (*parts, self.text) if part)

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return {
            "time": self.time or None,
            "row": self.row,
            "line": self.line,
            "field": self.field or None,
            "value": _plain(self.value),
            "before": _plain(self.before),
            "after": _plain(self.after),
            "text": self.text,
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Example:
        """Return the place that :meth:`to_json` has told."""
        numbers = {name: None if told[name] is None else float(told[name]) for name in ("value", "before", "after")}
        return cls(
            time_us=None if told["time"] is None else _instant(told["time"]),
            row=told["row"],
            line=told["line"],
            field=told["field"] or "",
            text=told["text"],
            **numbers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    count
        How many bars, values, sessions or places.
    examples
        The first of them.
    detail
        What is particular to this series; empty if nothing is.
    """

    check: Check
    count: int
    examples: tuple[Example, ...] = ()
    detail: str = ""

    @property
    def code(self) -> str:
        """The check's code."""
        return self.check.code

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.check.severity

    @property
    def sentence(self) -> str:
        """What was found."""
        said = self.check.one if self.count == 1 else self.check.many.format(n=f"{self.count:,}")
        return f"{said} {self.detail}".rstrip()

    @property
    def advice(self) -> str:
        """What to do."""
        return self.check.advice

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "count": self.count,
            "sentence": self.sentence,
            "detail": self.detail,
            "advice": self.advice,
            "rules": [str(rule) for rule in self.check.rules],
            "examples": [each.to_json() for each in self.examples],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """How much there is of a month: bars, and how many there could be."""

    name: str
    bars: int
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """What was found of a series.

    Attributes
    ----------
    series
        What the bars are of.
    bars
        How many were checked.
    expected
        How many there could be from the first to the last, by the market's hours.
    missing
        How many are missing of these, whole sessions included, but not those that little trading explains.
    first_us, last_us
        Starts of the first and the last; ``None`` if there are none.
    findings
        In the order of `CHECKS`.
    months
        Bars by month of the exchange's clock.
    name
        What was checked: the name of a file, or the spec of a source.
    """

    series: SeriesKey
    bars: int
    expected: int
    missing: int
    first_us: int | None
    last_us: int | None
    findings: tuple[Finding, ...]
    months: tuple[Month, ...] = ()
    name: str = ""

    @property
    def grade(self) -> Grade:
        """How good the bars are, in a letter and in percent."""
        return grade_of(self.bars, self.expected, self.missing, {each.code: each.count for each in self.findings})

    @property
    def has_errors(self) -> bool:
        """Whether something was found that makes a backtest wrong."""
        return self.count(Severity.ERROR) > 0

    def count(self, severity: Severity) -> int:
        """Return how many findings of a severity there are."""
        return sum(each.severity == severity for each in self.findings)

    def finding(self, code: str) -> Finding | None:
        """Return what a check found, None if it found nothing."""
        return next((each for each in self.findings if each.code == code), None)

    def to_json(self) -> dict[str, Any]:
        """Return it as what JSON can hold."""
        grade = self.grade
        return {
            "series": str(self.series),
            "name": self.name,
            "bars": self.bars,
            "expected": self.expected,
            "missing": self.missing,
            "first": None if self.first_us is None else written_time(self.first_us),
            "last": None if self.last_us is None else written_time(self.last_us),
            "grade": grade.letter,
            "percent": grade.percent,
            "errors": self.count(Severity.ERROR),
            "warnings": self.count(Severity.WARNING),
            "findings": [each.to_json() for each in self.findings],
            "months": [{"month": each.name, "bars": each.bars, "expected": each.expected} for each in self.months],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any], series: SeriesKey) -> QualityReport:
        """Return the report that :meth:`to_json` has told of a series; of times it has kept whole seconds."""
        return cls(
            series=series,
            bars=told["bars"],
            expected=told["expected"],
            missing=told["missing"],
            first_us=None if told["first"] is None else _instant(told["first"]),
            last_us=None if told["last"] is None else _instant(told["last"]),
            findings=tuple(
                Finding(
                    check=CHECKS[each["code"]],
                    count=each["count"],
                    examples=tuple(Example.from_json(one) for one in each["examples"]),
                    detail=each["detail"],
                )
                for each in told["findings"]
            ),
            months=tuple(
                Month(name=each["month"], bars=each["bars"], expected=each["expected"]) for each in told["months"]
            ),
            name=told["name"],
        )

    def lines(self, *, most: int = 3) -> Iterator[str]:
        """Yield the report as lines of text, with at most so many examples of each finding."""
        span = ""
        if self.first_us is not None and self.last_us is not None:
            span = f", {written_time(self.first_us)} to {written_time(self.last_us)}"
        yield f"{self.bars:,} bars of {self.series}{span}"
        yield f"quality: {self.grade}"
        for each in self.findings:
            yield f"{each.severity}: {each.sentence} [{each.code}]"
            yield from (f"  {example}" for example in each.examples[:most])
            if each.count > most < len(each.examples):
                yield f"  … {each.count - most:,} more"
            yield f"  {each.advice}"
        if not self.findings:
            yield "Nothing was found."


def findings_of(
    counts: Mapping[str, int], examples: Mapping[str, tuple[Example, ...]], details: Mapping[str, str]
) -> tuple[Finding, ...]:
    """Return findings in the order of `CHECKS`."""
    return tuple(
        Finding(check=check, count=counts[code], examples=examples.get(code, ()), detail=details.get(code, ""))
        for code, check in CHECKS.items()
        if counts.get(code)
    )


def written_time(time_us: int) -> str:
    """Return an instant as it is written."""
    return str(np.datetime64(time_us, "us").astype("datetime64[s]")).replace("T", " ") + " UTC"


def _instant(written: str) -> int:
    """Return the instant that :func:`written_time` has written."""
    return int(np.datetime64(written.removesuffix(" UTC").replace(" ", "T"), "us").astype(np.int64))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _plain(value: float | None) -> float | str | None:
    """Return a number as JSON can hold it, which knows no NaN."""
    return value if value is None or math.isfinite(value) else str(value)

"""How long bars are to be: ``5min``, ``4h``, ``1d``, ``1w``, ``1mo``."""

from __future__ import annotations

import re
from typing import Final, Literal

from tradinglab.core.enums import Resolution
from tradinglab.core.values import dataclass
from tradinglab.data.periods import PERIODS
from tradinglab.data.streaming.errors import ResamplingError

SECOND_US: Final = 1_000_000
HOUR_US: Final = 3600 * SECOND_US
DAY_US: Final = 24 * HOUR_US
_UNITS: Final = {"s": SECOND_US, "min": 60 * SECOND_US, "h": HOUR_US, "d": DAY_US}
_FORM: Final = re.compile(r"(\d{1,6})\s*(s|min|h|d|w|mo)")


@dataclass(frozen=True, slots=True)
class Period:
    """How long a bar is: a span of time up to a day, a week from Monday on, or a month.

    Attributes
    ----------
    unit
        ``span``, ``week`` or ``month``.
    span_us
        The span in microseconds; of a week, and of the shortest month.
    """

    unit: Literal["span", "week", "month"]
    span_us: int

    @classmethod
    def of(cls, resolution: Resolution) -> Period:
        """Return how long bars of a resolution are.

        Raises
        ------
        ResamplingError
            If it is that of ticks.
        """
        if resolution == Resolution.TICK:
            raise ResamplingError("Ticks have no length; bars of a second, a minute, an hour or a day can be made.")
        return cls("span", PERIODS[resolution] // 1000)

    @classmethod
    def parse(cls, text: str) -> Period:
        """Return the period of a text such as ``5min``.

        Raises
        ------
        ResamplingError
            If it is none, or longer than a day and neither a week nor a month.
        """
        found = _FORM.fullmatch(text.strip().lower())
        if found is None:
            raise ResamplingError(f"A period is a number and s, min, h, d, w or mo, such as 15min; it was '{text}'.")
        count, unit = int(found[1]), found[2]
        if unit in ("w", "mo"):
            if count != 1:
                raise ResamplingError(f"Of weeks and months there are bars of one alone: 1w, 1mo; it was '{text}'.")
            return cls("week", 7 * DAY_US) if unit == "w" else cls("month", 28 * DAY_US)
        span = count * _UNITS[unit]
        if not 0 < span <= DAY_US:
            raise ResamplingError(f"A period is a day at most, or 1w or 1mo; it was '{text}'.")
        return cls("span", span)

    @property
    def is_days(self) -> bool:
        """Whether it is a day or longer."""
        return self.span_us >= DAY_US

    def __str__(self) -> str:
        if self.unit != "span":
            return "1w" if self.unit == "week" else "1mo"
        name, unit = next(each for each in reversed(_UNITS.items()) if self.span_us % each[1] == 0)
        return f"{self.span_us // unit}{name}"

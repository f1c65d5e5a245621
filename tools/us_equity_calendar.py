"""Write the table of US stock market holidays and early closes that TradingLab ships.

    python tools/us_equity_calendar.py > src/tradinglab/core/us_equity_calendar.py

The dates come from the calendar XNYS of exchange-calendars; a test compares the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import exchange_calendars
import pandas as pd

FIRST_YEAR, LAST_YEAR = 1990, 2035

HEAD = '''"""Holidays and early closes of the US stock market, {first} to {last}.

Made by ``tools/us_equity_calendar.py`` from exchange-calendars; do not edit. The shipped market
hours read this table because importing exchange-calendars takes seconds.
"""

FIRST_YEAR, LAST_YEAR = {first}, {last}
'''


def lines(entries: Iterable[tuple[date, str]]) -> str:
    """Return a line for each year: the year, then month and day of each entry and what follows it."""
    by_year: dict[int, list[str]] = defaultdict(list)
    for day, suffix in entries:
        by_year[day.year].append(f"{day:%m%d}{suffix}")
    return "\n".join(f"{year} {' '.join(days)}" for year, days in sorted(by_year.items()))


def main() -> None:
    """Print the module."""
    first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
    calendar = exchange_calendars.get_calendar("XNYS", start=first, end=last)
    holidays = pd.bdate_range(first, last).difference(calendar.sessions)
    closes = calendar.closes.dt.tz_convert("America/New_York")
    early = closes[closes.dt.hour < 16]
    print(HEAD.format(first=FIRST_YEAR, last=LAST_YEAR))
    print(f'HOLIDAYS = """\\\n{lines((day.date(), "") for day in holidays)}\n"""\n')
    print(f'EARLY_CLOSES = """\\\n{lines((day.date(), f"@{time:%H:%M}") for day, time in early.items())}\n"""')


if __name__ == "__main__":
    main()

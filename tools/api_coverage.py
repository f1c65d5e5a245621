"""Hold our API against LEAN's: what is there, what is not.

Reads LEAN's API from the package quantconnect-stubs and ours from ``AlgorithmImports``, prints a
summary, and writes ``docs/coverage.md`` and the names that ``core/surface.json`` carries.
With ``--check`` it writes nothing and fails if either is out of date.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lean_stubs import StubClass, read_namespaces, read_stubs, stubs_version
from lean_surface import surface_text
from tradinglab.algorithm import imports
from tradinglab.core.dual import fold

_ROOT = Path(__file__).resolve().parent.parent
_PAGE = _ROOT / "docs" / "coverage.md"
_SURFACE = _ROOT / "src" / "tradinglab" / "core" / "surface.json"

#: The classes that a strategy touches all day; what the others lack is only counted.
_MEASURED = (
    "QCAlgorithm", "Slice", "Security", "SecurityPortfolioManager", "OrderTicket", "TradeBar", "QuoteBar", "Symbol",
    "SecurityHolding", "SecurityManager", "SecurityTransactionManager", "Cash", "CashBook", "Order", "OrderEvent",
    "Tick", "SecurityIdentifier", "SecurityExchange", "SecurityExchangeHours", "SymbolProperties", "RollingWindow",
    "IndicatorBase", "ScheduleManager", "DateRules", "TimeRules", "Chart", "Series", "SubscriptionManager",
    "AlgorithmSettings", "UniverseSettings",
)  # fmt: skip
_ASSIGNED = re.compile(r"self\.([a-z]\w*)\s*(?::[^=\n]+)?=[^=]")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of one class of LEAN's ours has; ``missing`` names the rest."""

    lean: StubClass
    ours: type | None
    missing: tuple[str, ...]

    @property
    def present(self) -> int:
        """How many of LEAN's members are there."""
        return len(self.lean.members) - len(self.missing)


def measure(lean: StubClass, ours: type | None) -> Coverage:
    """Hold one class against LEAN's; both spellings of a name count as one."""
    if ours is None:
        return Coverage(lean, None, lean.members)
    names = {fold(name) for name in dir(ours)} | _instance_names(ours)
    return Coverage(lean, ours, tuple(member for member in lean.members if fold(member) not in names))


def _instance_names(cls: type) -> set[str]:
    """Return the attributes that the class's own code sets on its objects."""
    names: set[str] = set()
    for base in cls.__mro__:
        if base.__module__.startswith("tradinglab"):
            names.update(map(fold, _ASSIGNED.findall(inspect.getsource(base))))
    return names


def page(classes: Mapping[str, StubClass], ours: Mapping[str, object]) -> str:
    """Return the text of ``docs/coverage.md``."""
    rows = [measure(classes[name], _class(ours, name)) for name in _MEASURED]
    public = [found for found in classes.values() if not _is_plumbing(found)]
    lines = [
        "# How much of LEAN's API is here",
        "",
        f"Made by `make docs` from quantconnect-stubs {stubs_version()}; not edited by hand. A member that LEAN has",
        "and TradingLab has not raises `NotImplementedError` with its name.",
        "",
        "| class | members | here | |",
        "|---|---:|---:|---:|",
    ]
    for row in rows:
        total = len(row.lean.members)
        lines.append(f"| {row.lean.name} | {total} | {row.present} | {_percent(row.present, total)} |")
    lines += ["", "## Missing members", ""]
    for row in rows:
        if row.missing:
            lines += [f"**{row.lean.name}**: {', '.join(f'`{name}`' for name in row.missing)}", ""]
    lines += ["## Classes", "", "| namespace | classes | here | |", "|---|---:|---:|---:|"]
    spaces: dict[str, list[StubClass]] = {}
    for found in public:
        spaces.setdefault(found.namespace, []).append(found)
    for space, members in sorted(spaces.items()):
        here = sum(_class(ours, found.name) is not None for found in members)
        lines.append(f"| {space} | {len(members)} | {here} | {_percent(here, len(members))} |")
    return "\n".join(lines) + "\n"


def summary(classes: Mapping[str, StubClass], ours: Mapping[str, object]) -> list[str]:
    """Return the lines that the tool prints."""
    rows = [measure(classes[name], _class(ours, name)) for name in _MEASURED]
    lines = [_line(row.lean.name, row.present, len(row.lean.members)) for row in rows]
    public = [found for found in classes.values() if not _is_plumbing(found)]
    here = sum(_class(ours, found.name) is not None for found in public)
    members = sum(len(row.lean.members) for row in rows)
    return [
        *lines,
        _line("members of these", sum(row.present for row in rows), members),
        _line("classes of the star import", here, len(public)),
    ]


def _line(name: str, part: int, whole: int) -> str:
    return f"{name:28} {part:4}/{whole:<4} {_percent(part, whole):>5}"


def _is_plumbing(found: StubClass) -> bool:
    """Interfaces and .NET's own machinery are nothing that a Python strategy names."""
    return bool(re.match(r"I[A-Z]", found.name)) and found.name not in ("Identity", "Insight")


def _class(ours: Mapping[str, object], name: str) -> type | None:
    found = ours.get(name)
    return found if isinstance(found, type) else None


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "–"


def main() -> int:
    """Print the summary; write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is out of date")
    options = parser.parse_args()
    classes, ours = read_stubs(), {name: getattr(imports, name) for name in dir(imports)}
    texts = {_PAGE: page(classes, ours), _SURFACE: surface_text(classes, read_namespaces())}
    if options.check:
        stale = [path for path, text in texts.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
        for path in stale:
            print(f"{path.relative_to(_ROOT)} is out of date: run `make docs`")
        return 1 if stale else 0
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    print("\n".join(summary(classes, ours)))
    return 0


if __name__ == "__main__":
    sys.exit(main())

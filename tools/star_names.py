"""Writes ``algorithm/star_names.py``: in which module each name of the star import is.

Run ``python tools/star_names.py`` after a class was added to the author's API; a test says when it is due.
"""

from __future__ import annotations

import sys
import textwrap
from importlib import import_module
from pathlib import Path

import tradinglab

PAGE = Path(tradinglab.__file__).parent / "algorithm" / "star_names.py"

#: The modules of ours whose public names a strategy may use. Later ones win over earlier ones.
SOURCES = (
    "tradinglab.core.enums",
    "tradinglab.core.market",
    "tradinglab.core.time_zones",
    "tradinglab.core.symbol",
    "tradinglab.core.symbol_cache",
    "tradinglab.core.security_identifier",
    "tradinglab.core.currencies",
    "tradinglab.core.market_hours",
    "tradinglab.core.local_market_hours",
    "tradinglab.core.market_hours_database",
    "tradinglab.core.symbol_properties",
    "tradinglab.algorithm.base_data",
    "tradinglab.algorithm.bars",
    "tradinglab.algorithm.ticks",
    "tradinglab.algorithm.market_events",
    "tradinglab.algorithm.slice",
    "tradinglab.algorithm.commands",
    "tradinglab.algorithm.settings",
    "tradinglab.algorithm.benchmark",
    "tradinglab.algorithm.charting",
    "tradinglab.algorithm.rolling_window",
    "tradinglab.algorithm.security_changes",
    "tradinglab.algorithm.portfolio_target",
    "tradinglab.algorithm.insights",
    "tradinglab.algorithm.framework",
    "tradinglab.algorithm.universes",
    "tradinglab.algorithm.subscriptions",
    "tradinglab.algorithm.trade",
    "tradinglab.algorithm.performance",
    "tradinglab.algorithm.orders",
    "tradinglab.algorithm.securities",
    "tradinglab.algorithm.scheduling",
    "tradinglab.algorithm.consolidators",
    "tradinglab.algorithm.indicators",
    "tradinglab.algorithm.models.fees",
    "tradinglab.algorithm.models.fills",
    "tradinglab.algorithm.models.slippage",
    "tradinglab.algorithm.models.market_impact",
    "tradinglab.core.dotnet_random",
    "tradinglab.algorithm.models.buying_power",
    "tradinglab.algorithm.models.settlement",
    "tradinglab.algorithm.models.margin_interest",
    "tradinglab.algorithm.models.margin_call",
    "tradinglab.algorithm.models.volatility",
    "tradinglab.algorithm.models.shortable",
    "tradinglab.algorithm.models.interest_rate",
    "tradinglab.algorithm.models.security_initializer",
    "tradinglab.algorithm.models.brokerage",
    "tradinglab.algorithm.models.interfaces",
    "tradinglab.algorithm.names",
    "tradinglab.algorithm.qc_algorithm",
)
#: Modules that the star import brings, by the names that it gives them.
MODULES = {
    "json": "json",
    "math": "math",
    "np": "numpy",
    "numpy": "numpy",
    "pd": "pandas",
    "pandas": "pandas",
    "sys": "sys",
}


def public_classes(name: str) -> dict[str, type]:
    """Return the public classes of a module: those in its ``__all__``, or those that it defines."""
    module = import_module(name)
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return {each: value for each in listed if isinstance(value := getattr(module, each), type)}
    return {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and isinstance(value, type) and value.__module__ == name
    }


def classes_by_module() -> dict[str, list[str]]:
    """Return the names of our classes by the module that defines them."""
    where: dict[str, str] = {}
    for source in SOURCES:
        for name, value in public_classes(source).items():
            defining = value.__module__ if getattr(sys.modules[value.__module__], name, None) is value else source
            where[name] = defining
    found: dict[str, list[str]] = {}
    for name, module in where.items():
        found.setdefault(module, []).append(name)
    return {module: sorted(names) for module, names in sorted(found.items())}


def page() -> str:
    """Return the text of the file."""
    lines = [
        '"""Where the names of the star import are. Made by ``tools/star_names.py``: do not edit."""',
        "",
        "CLASSES = {",
    ]
    for module, names in classes_by_module().items():
        lines.append(f'    "{module}": {_text(names)},')
    lines += ["}", "MODULES = {", *(f'    "{name}": "{module}",' for name, module in MODULES.items()), "}", ""]
    return "\n".join(lines)


def _text(names: list[str]) -> str:
    words = " ".join(names)
    if len(words) < 52:
        return f'"{words}"'
    return '"""\n' + textwrap.indent(textwrap.fill(words, 108), " " * 8) + '"""'


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE}: {sum(map(len, classes_by_module().values()))} classes")

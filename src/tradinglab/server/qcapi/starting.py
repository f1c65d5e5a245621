"""The files that a new project starts with."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tradinglab.server.qcapi.models import Language

_MAIN_PY = '''from AlgorithmImports import *


class MyStrategy(QCAlgorithm):
    """Holds one share for three years; put your own idea in its place."""

    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2012, 12, 31)
        self.set_cash(100_000)
        self.asset = self.add_equity("AAPL", Resolution.DAILY).symbol
        self.set_benchmark(self.asset)

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings(self.asset, 1)
'''
_MAIN_CS = """namespace QuantConnect.Algorithm.CSharp
{
    public class MyStrategy : QCAlgorithm
    {
        public override void Initialize()
        {
            SetStartDate(2010, 1, 4);
            SetEndDate(2012, 12, 31);
            SetCash(100000);
            AddEquity("AAPL", Resolution.Daily);
        }

        public override void OnData(Slice data)
        {
            if (!Portfolio.Invested)
            {
                SetHoldings("AAPL", 1);
            }
        }
    }
}
"""


def starting_files(language: Language) -> Mapping[str, str]:
    """Return a strategy that runs, and a notebook to look at data in."""
    if language == Language.CSHARP:
        text = "// Look at data here before you write the strategy in Main.cs."
        return {"Main.cs": _MAIN_CS, "Research.ipynb": _notebook(text, "csharp", "C#")}
    text = "# Look at data here before you write the strategy in main.py."
    return {"main.py": _MAIN_PY, "research.ipynb": _notebook(text, "python3", "python")}


def _notebook(text: str, kernel: str, language: str) -> str:
    cell: dict[str, object] = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": [text],
    }
    about = {
        "kernelspec": {"display_name": language.capitalize(), "language": language, "name": kernel},
        "language_info": {"name": language},
    }
    return json.dumps({"cells": [cell], "metadata": about, "nbformat": 4, "nbformat_minor": 2}, indent=1)

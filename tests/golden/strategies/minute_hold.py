"""Puts everything into SPY with the first minute bar; written with .NET's names, as older strategies are."""

from clr import AddReference

AddReference("QuantConnect.Common")
from QuantConnect import *  # noqa: E402
from QuantConnect.Algorithm import *  # noqa: E402
from QuantConnect.Data import *  # noqa: E402


class MinuteHold(QCAlgorithm):
    def Initialize(self):
        self.SetStartDate(2013, 10, 7)
        self.SetEndDate(2013, 10, 11)
        self.SetCash(100000)
        self.AddEquity("SPY", Resolution.Minute)

    def OnData(self, data):
        if not self.Portfolio.Invested:
            self.SetHoldings("SPY", 1)

"""The risk-free interest rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.core.clock import day_of_date
from tradinglab.core.decimals import ZERO, Number, to_decimal
from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.data.interest import InterestRates


class RiskFreeInterestRateModel(Dual):
    """Base of the models: a yearly rate for each day, as a fraction."""

    def exact_interest_rate(self, when: datetime | date) -> Decimal:
        """Return ``get_interest_rate`` as a decimal."""
        return to_decimal(self.get_interest_rate(when))

    def get_interest_rate(self, date: datetime | date) -> float:
        """Return the rate on a day."""
        raise NotImplementedError(f"{type(self).__name__} does not say what the interest rate is.")

    def get_risk_free_rate(self, start_date: datetime | date, end_date: datetime | date) -> float:
        """Return the average rate of the days from one to another, both included."""
        first, last = _date(start_date), _date(end_date)
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return self.get_average_risk_free_rate(days)

    def get_average_risk_free_rate(self, dates: Iterable[datetime | date]) -> float:
        """Return the average rate of some days; 0 of none."""
        return float(self.exact_average(dates))

    def exact_average(self, dates: Iterable[datetime | date]) -> Decimal:
        """Return ``get_average_risk_free_rate`` as a decimal."""
        rates = [self.exact_interest_rate(when) for when in dates]
        return sum(rates, ZERO) / len(rates) if rates else ZERO


class InterestRateProvider(RiskFreeInterestRateModel):
    """The rates of the data source: the US primary credit rate."""

    def __init__(self, rates: InterestRates) -> None:
        self._rates = rates
        self._floats = {rate: float(rate) for rate in rates.rates}

    @property
    def lab_table(self) -> InterestRates | None:
        """The rates, unless an author's class derives others from them."""
        return self._rates if type(self) is InterestRateProvider else None

    def exact_interest_rate(self, when: datetime | date) -> Decimal:
        """Return ``get_interest_rate`` as a decimal."""
        return self._rates.rate_on(day_of_date(when))

    def get_interest_rate(self, date: datetime | date) -> float:
        """Return the rate on a day."""
        rate = self._rates.rate_on(day_of_date(date))
        known = self._floats.get(rate)
        return float(rate) if known is None else known


class ConstantRiskFreeRateInterestRateModel(RiskFreeInterestRateModel):
    """The same rate every day."""

    def __init__(self, risk_free_rate: Number) -> None:
        self._rate = to_decimal(risk_free_rate)

    def exact_interest_rate(self, when: datetime | date) -> Decimal:
        """Return ``get_interest_rate`` as a decimal."""
        return self._rate

    def get_interest_rate(self, date: datetime | date) -> float:
        """Return the rate."""
        return float(self._rate)


class FuncRiskFreeRateInterestRateModel(RiskFreeInterestRateModel):
    """The rate that a function gives for a day."""

    def __init__(self, get_interest_rate_func: Callable[[datetime], Number]) -> None:
        self._function = get_interest_rate_func

    def exact_interest_rate(self, when: datetime | date) -> Decimal:
        """Return ``get_interest_rate`` as a decimal."""
        moment = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day)
        return to_decimal(self._function(moment))

    def get_interest_rate(self, date: datetime | date) -> float:
        """Return the rate on a day."""
        return float(self.exact_interest_rate(date))


def _date(when: datetime | date) -> date:
    return when.date() if isinstance(when, datetime) else when

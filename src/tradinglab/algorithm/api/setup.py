"""Dates, cash, brokerage, benchmark, parameters: what ``initialize`` sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.algorithm.benchmark import FuncBenchmark, SecurityBenchmark
from tradinglab.algorithm.models.brokerage import BrokerageModel
from tradinglab.algorithm.models.security_initializer import (
    BrokerageModelSecurityInitializer,
    CompositeSecurityInitializer,
    FuncSecurityInitializer,
    SecuritySeeder,
)
from tradinglab.algorithm.runtime import AlgorithmError
from tradinglab.core.clock import Zone, zone
from tradinglab.core.decimals import Number, to_decimal
from tradinglab.core.enums import AccountType, BrokerageName, Resolution, SecurityType
from tradinglab.core.market import Market
from tradinglab.core.symbol import Symbol

_LAST_MOMENT = timedelta(days=1) - timedelta(microseconds=1)
_MISSING = object()


class SetupMethods(AlgorithmCore):
    """What is set once, before the run."""

    def lab_require_unlocked(self, name: str) -> None:
        """Refuse what may be set in ``initialize`` only."""
        if self.lab_locked:
            raise AlgorithmError(f"{name} can be called in initialize only: the algorithm is running already.")

    # Dates and time.

    def set_start_date(self, *args: Any, **kwargs: Any) -> None:
        """Set the first day: ``(year, month, day)`` or a date, in the algorithm's time zone."""
        self.lab_require_unlocked("set_start_date")
        start = _moment("set_start_date", "start", args, kwargs)
        _check_day("set_start_date", start)
        midnight = datetime(start.year, start.month, start.day)
        if self.lab_is_live:
            return  # a live run starts when it starts
        self.lab_start_date = midnight
        self.time_keeper.set_utc_ns(self.lab_zone.to_utc(midnight))

    def set_end_date(self, *args: Any, **kwargs: Any) -> None:
        """Set the last day, which is traded too: ``(year, month, day)`` or a date."""
        self.lab_require_unlocked("set_end_date")
        end = _moment("set_end_date", "end", args, kwargs)
        if self.lab_is_live:
            return  # and ends when it is stopped
        _check_day("set_end_date", end)
        self.lab_end_date = datetime(end.year, end.month, end.day) + _LAST_MOMENT

    def set_time_zone(self, time_zone: str | Zone) -> None:
        """Set the time zone of the algorithm's clock, New York by default."""
        self.lab_require_unlocked("set_time_zone")
        self.lab_zone = time_zone if isinstance(time_zone, Zone) else zone(str(time_zone))
        self.time_rules.set_default_time_zone(self.lab_zone)
        self.date_rules.set_default_time_zone(self.lab_zone)
        if self.lab_is_live:
            self.lab_start_date = self.lab_zone.datetime(self.time_keeper.utc_ns)
            return
        self.time_keeper.set_utc_ns(self.lab_zone.to_utc(self.lab_start_date))

    def set_warm_up(self, period: int | timedelta, resolution: Resolution | None = None) -> None:
        """Feed the algorithm the past before its start: a number of bars or a span of time."""
        self.lab_require_unlocked("set_warm_up")
        self.lab_warm_up_span = period
        self.settings.warm_up_resolution = resolution

    def set_warmup(self, period: int | timedelta, resolution: Resolution | None = None) -> None:
        """Feed the algorithm the past before its start; the same as ``set_warm_up``."""
        self.set_warm_up(period, resolution)

    def set_finished_warming_up(self) -> None:
        """End the warm-up."""
        self.lab_is_warming_up = False

    # Money.

    def set_cash(self, *args: Any, **kwargs: Any) -> None:
        """Set the starting cash: ``(amount)`` or ``(currency, amount[, conversion_rate])``."""
        self.lab_require_unlocked("set_cash")
        values = list(args)
        amount = kwargs.get("starting_cash")
        symbol = kwargs.get("symbol")
        if values and isinstance(values[0], str) and symbol is None:
            symbol = values.pop(0)
        if amount is None:
            if not values:
                raise TypeError("set_cash: an amount is missing, such as set_cash(100000)")
            amount = values.pop(0)
        if not to_decimal(amount).is_finite():
            raise AlgorithmError(f"set_cash: {amount} is no amount of money.")
        if symbol is None:
            self.portfolio.set_cash(to_decimal(amount))
        else:
            rate = values.pop(0) if values else kwargs.get("conversion_rate", 0)
            self.portfolio.set_cash(symbol, to_decimal(amount), to_decimal(rate))

    def set_account_currency(self, account_currency: str, starting_cash: Number | None = None) -> None:
        """Set the currency that the account is held in, US dollars by default."""
        self.lab_require_unlocked("set_account_currency")
        cash = None if starting_cash is None else to_decimal(starting_cash)
        self.debug(f"Changing account currency from {self.account_currency} to {account_currency}...")
        self.portfolio.set_account_currency(account_currency, cash)

    @property
    def account_currency(self) -> str:
        """The currency that the account is held in."""
        return self.portfolio.cash_book.account_currency

    # Models.

    def set_brokerage_model(
        self, brokerage: BrokerageName | Any, account_type: AccountType = AccountType.MARGIN
    ) -> None:
        """Trade by the rules, fees and margins of a brokerage."""
        if isinstance(brokerage, BrokerageName):
            model = BrokerageModel.create(self.transactions, brokerage, account_type)
        else:
            model = brokerage
        self.brokerage_model = model
        if self.lab_user_set_initializer:
            return
        initializer = BrokerageModelSecurityInitializer(model, SecuritySeeder.NULL)
        if isinstance(self.security_initializer, CompositeSecurityInitializer):
            self.security_initializer = self.security_initializer.with_brokerage(initializer)
        else:
            self.security_initializer = initializer
        for security in self.securities.values():
            leverage = security.exact_leverage
            self.security_initializer.initialize(security)
            security.set_leverage(leverage)

    def set_security_initializer(self, initializer: Any) -> None:
        """Set what is done to each security when it is added: a function or an initializer."""
        self.lab_require_unlocked("set_security_initializer")
        self.security_initializer = _as_initializer(initializer)
        self.lab_user_set_initializer = True

    def add_security_initializer(self, initializer: Any) -> None:
        """Add to what is done to each security when it is added."""
        self.lab_require_unlocked("add_security_initializer")
        self.security_initializer = CompositeSecurityInitializer(
            self.security_initializer, _as_initializer(initializer)
        )

    def set_risk_free_interest_rate_model(self, model: Any) -> None:
        """Set the risk-free rate that the statistics use."""
        self.risk_free_interest_rate_model = model

    def set_brokerage_message_handler(self, handler: Any) -> None:
        """Set what is done with messages of a brokerage; a backtest has none."""
        self.brokerage_message_handler = handler

    def set_benchmark(self, *args: Any) -> None:
        """Measure against a ticker, a symbol, ``(SecurityType, ticker)`` or a function of time."""
        self.lab_require_unlocked("set_benchmark")
        value = args[-1]
        if len(args) == 2:
            security_type = args[0]
            market = self.lab_market(None, security_type)
            self.lab_set_security_benchmark(Symbol.create(value, security_type, market))
        elif callable(value) and not isinstance(value, (Symbol, str)) and not hasattr(value, "symbol"):
            self.benchmark = FuncBenchmark(value)
        elif isinstance(value, str):
            found = self.securities.find_symbol(value)
            if found is None:
                self.debug(
                    f"Warning: set_benchmark({value}): no existing symbol found, benchmark security will be added "
                    f"with {SecurityType.EQUITY} type."
                )
                found = Symbol.create(value, SecurityType.EQUITY, Market.USA)
            self.lab_set_security_benchmark(found)
        else:
            self.lab_set_security_benchmark(self.lab_symbol(value))

    def lab_set_security_benchmark(self, symbol: Symbol) -> None:
        """Measure the run against a security."""
        self.benchmark = SecurityBenchmark(self.lab_benchmark_security(symbol))

    def lab_market(self, market: str | None, security_type: SecurityType) -> str:
        """Return the market that is given, or the brokerage's default for the type."""
        if market:
            return market.lower()
        default = self.brokerage_model.default_markets.get(security_type)
        if default is None:
            raise AlgorithmError(f"there is no default market for {security_type}; give market=...")
        return str(default)

    # Names and parameters.

    def set_name(self, name: str) -> None:
        """Name the run."""
        self.name = name

    def add_tag(self, tag: str) -> None:
        """Tag the run."""
        if tag and tag.strip():
            self.tags.add(tag.strip()[:200])

    def set_tags(self, tags: set[str]) -> None:
        """Set the tags of the run."""
        self.tags = set(tags)

    def set_algorithm_id(self, algorithm_id: str) -> None:
        """Set the identifier of the run."""
        self.algorithm_id = algorithm_id

    def get_parameter(self, name: str, default_value: Any = _MISSING, **kwargs: Any) -> Any:
        """Return a parameter, in the type of the default; without a default, as text or ``None``."""
        default = kwargs.get("default", default_value)
        if not isinstance(name, str):
            raise AlgorithmError(f"get_parameter: the name of a parameter is a text; {name!r} is none.")
        self.lab_parameters_asked.add(name)
        text = self.lab_parameters.get(name)
        if text is None:
            return None if default is _MISSING else default
        if default is _MISSING or default is None or isinstance(default, str):
            return text
        kind = type(default)
        try:
            if kind is bool:
                return text.strip().lower() in ("1", "true", "yes", "on")
            return kind(float(text)) if kind is int and "." in text else kind(text)
        except ValueError as problem:
            raise AlgorithmError(
                f"parameter '{name}' is '{text}', which cannot be read as {kind.__name__} like its default {default!r}"
            ) from problem

    def get_parameters(self) -> dict[str, str]:
        """Return all parameters."""
        self.lab_parameters_asked.update(self.lab_parameters)
        return dict(self.lab_parameters)

    def set_parameters(self, parameters: Mapping[str, str]) -> None:
        """Set the parameters."""
        self.lab_parameters = {str(key): str(value) for key, value in parameters.items()}

    # Work that takes long.

    def train(self, *args: Any) -> Any:
        """Run a function that takes long: ``(function)`` now, ``(date_rule, time_rule, function)`` on a schedule."""
        if len(args) == 1:
            return args[0]()
        date_rule, time_rule, function = args
        return self.schedule.training(date_rule, time_rule, function)

    def set_live_mode(self, live: bool) -> None:
        """Ignored: whether a run is live is not for the strategy to say."""

    def set_trade_builder(self, trade_builder: Any) -> None:
        """Set how fills are made into trades."""
        self.trade_builder = trade_builder


def _as_initializer(initializer: Any) -> Any:
    if hasattr(initializer, "initialize") or hasattr(initializer, "Initialize"):
        return initializer
    if isinstance(initializer, Callable):  # type: ignore[arg-type]
        return FuncSecurityInitializer(initializer)
    raise AlgorithmError(
        f"a security initializer is a function of a security or has a method initialize; it was {initializer!r}"
    )


def _check_day(method: str, day: date) -> None:
    """Refuse a day that no clock of ours reaches: instants are nanoseconds in 64 bits."""
    if day.year < 1900:
        raise AlgorithmError(f"{method}: {day:%Y-%m-%d} is before 1900-01-01, the earliest date.")
    if day.year > 2199:
        raise AlgorithmError(f"{method}: {day:%Y-%m-%d} is after 2199-12-31, the latest date.")


def _moment(method: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> date:
    """Return the date in ``(year, month, day)`` or ``(date)``, given by place or by name."""
    values = list(args)
    for key in ("year", "month", "day"):
        if key in kwargs:
            values = [kwargs["year"], kwargs["month"], kwargs["day"]]
            break
    if name in kwargs:
        values = [kwargs[name]]
    if len(values) == 1 and isinstance(values[0], date):
        return values[0]
    try:
        year, month, day = (int(value) for value in values)
        return date(year, month, day)
    except (TypeError, ValueError) as problem:
        given = ", ".join(repr(value) for value in values)
        raise AlgorithmError(f"{method}({given}): give a year, a month and a day, or a date ({problem})") from problem

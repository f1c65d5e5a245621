"""Bars of the past: ``history`` in its many forms, and the warm-up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.algorithm.bar_views import bar_view
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.history_requests import HistoryOptions, HistoryRequests
from tradinglab.algorithm.runtime import AlgorithmError, HistoryRequest
from tradinglab.algorithm.slice import DataDictionary, Slice
from tradinglab.core.clock import span_ns
from tradinglab.core.dual import Dual
from tradinglab.core.enums import Resolution, TickType
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from tradinglab.algorithm.securities import Security

_OPTION_NAMES = (
    "resolution", "fill_forward", "extended_market_hours", "data_mapping_mode", "data_normalization_mode",
    "contract_depth_offset", "flatten",
)  # fmt: skip
#: LEAN's look-backs, in bars, when a security's last price is wanted: the subscription's own bars, then days.
_SEED_BARS = 5
_SEED_RETRY = {Resolution.DAILY: 10, Resolution.HOUR: 24}
_SEED_RETRY_MINUTES = 24 * 60
_SEED_DAYS = 50


class HistoryCall(Dual):
    """``history(...)`` gives data frames or slices; ``history[TradeBar](...)`` gives bars."""

    def __init__(self, algorithm: HistoryMethods, kind: type | None = None) -> None:
        self._algorithm = algorithm
        self._kind = kind

    def __getitem__(self, kind: type) -> HistoryCall:
        return HistoryCall(self._algorithm, kind)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return bars of the past.

        ``([type,] symbols, periods | span | start, end, [resolution, …])`` gives a data frame,
        ``(periods | span, [resolution])`` slices of all securities, and ``history[TradeBar](symbol,
        periods | span | start, end, [resolution])`` a list of bars.
        """
        from tradinglab.algorithm.history_frames import history_frame

        call = _HistoryArguments(self._algorithm, self._kind, list(args), kwargs)
        requests = call.requests()
        algorithm = self._algorithm
        if self._kind is not None:
            return algorithm.lab_typed_history(requests, call.single)
        if call.slices:
            return algorithm.lab_history_slices(requests)
        return history_frame([(r, algorithm.lab_runtime.read_history(r)) for r in requests], call.flatten)


class _HistoryArguments:
    """The arguments of a call of ``history``, sorted out."""

    def __init__(self, algorithm: HistoryMethods, kind: type | None, args: list[Any], kwargs: dict[str, Any]) -> None:
        self._algorithm = algorithm
        self.kind = kind
        self.slices = False
        kwargs = {_ALIASES.get(name, name): value for name, value in kwargs.items()}
        if args and isinstance(args[0], type) and issubclass(args[0], BaseData):
            self.kind = args.pop(0)
        elif "type" in kwargs:
            self.kind = kwargs.pop("type")
        self._take_symbols(args, kwargs)
        self._take_period(args, kwargs)
        named = dict(zip(_OPTION_NAMES, args, strict=False)) | kwargs
        self.flatten = bool(named.get("flatten", False))
        self.options = HistoryOptions(
            resolution=named.get("resolution"),
            fill_forward=named.get("fill_forward"),
            extended_market_hours=named.get("extended_market_hours"),
            data_normalization_mode=named.get("data_normalization_mode"),
        )

    def _take_symbols(self, args: list[Any], kwargs: dict[str, Any]) -> None:
        algorithm = self._algorithm
        self.single: Symbol | None = None
        given = kwargs.pop("symbols", None)
        if given is None and args and not isinstance(args[0], (int, float, timedelta, date)):
            given = args.pop(0)
        if given is None:
            self.slices = self.kind is None
            self.symbols = list(algorithm.securities.keys())
        elif isinstance(given, (list, tuple, set, frozenset)) or (
            isinstance(given, Iterable) and not isinstance(given, (str, Symbol)) and not hasattr(given, "symbol")
        ):
            self.symbols = [algorithm.lab_symbol(item) for item in given]
        else:
            self.single = algorithm.lab_symbol(given)
            self.symbols = [self.single]

    def _take_period(self, args: list[Any], kwargs: dict[str, Any]) -> None:
        self.periods = kwargs.pop("periods", None)
        self.span = kwargs.pop("span", None)
        self.start, self.end = kwargs.pop("start", None), kwargs.pop("end", None)
        if self.periods is self.span is self.start is None:
            if not args:
                raise AlgorithmError("history: say how much: a number of bars, a timedelta, or a start and an end.")
            value = args.pop(0)
            if isinstance(value, timedelta):
                self.span = value
            elif isinstance(value, date):
                self.start = value
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                self.periods = int(value)
            else:
                raise AlgorithmError(f"history: a number of bars, a timedelta or dates are expected, it was {value!r}.")
        if self.start is not None and self.end is None:
            if not args:
                raise AlgorithmError("history: a start without an end; give both.")
            self.end = args.pop(0)

    def requests(self) -> list[HistoryRequest]:
        maker = self._algorithm.lab_history_requests
        if self.periods is not None:
            return maker.by_count(self.symbols, self.kind, self.periods, self.options)
        if self.span is not None:
            now = self._algorithm.time
            return maker.by_dates(self.symbols, self.kind, now - self.span, now, self.options)
        return maker.by_dates(self.symbols, self.kind, _midnight(self.start), _midnight(self.end), self.options)


_ALIASES = {"tickers": "symbols", "symbol": "symbols", "ticker": "symbols"}


def _midnight(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)


class HistoryMethods(AlgorithmCore):
    """``history`` and what is built on it."""

    @property
    def history(self) -> HistoryCall:
        """Bars of the past; see ``HistoryCall``."""
        return HistoryCall(self)

    @property
    def lab_history_requests(self) -> HistoryRequests:
        """The maker of history requests."""
        return HistoryRequests(self)

    def lab_typed_history(self, requests: list[HistoryRequest], single: Symbol | None) -> list[Any]:
        """Return bars of one symbol, or, of several, a dictionary of bars for each time."""
        if single is not None:
            return [bar for request in requests for _, bar in self.lab_bars(request)]
        by_time: dict[int, DataDictionary[Any]] = {}
        for request in requests:
            for end_ns, bar in self.lab_bars(request):
                by_time.setdefault(end_ns, DataDictionary())[request.symbol] = bar
        return [by_time[end_ns] for end_ns in sorted(by_time)]

    def lab_history_slices(self, requests: list[HistoryRequest]) -> list[Slice]:
        """Return slices of the past, in order of time."""
        from tradinglab.algorithm.past_slice import PastSlice

        by_time: dict[int, list[BaseData]] = {}
        for request in requests:
            for end_ns, bar in self.lab_bars(request):
                by_time.setdefault(end_ns, []).append(bar)
        zone = self.lab_zone
        return [PastSlice(zone, ns, by_time[ns]) for ns in sorted(by_time)]

    def lab_bars(self, request: HistoryRequest) -> Iterable[tuple[int, BaseData]]:
        """Read a request's bars, each with the instant of its end."""
        columns = self.lab_runtime.read_history(request)
        is_tick = request.resolution == Resolution.TICK
        zone = request.hours.time_zone
        for row in range(len(columns)):
            yield int(columns.end_ns[row]), bar_view(columns, row, request.symbol, zone, is_tick)

    def lab_last_known(self, security: Security) -> list[BaseData]:
        """Return the last bar of each tick type before now, looking ever further back; the latest comes last."""
        maker = self.lab_history_requests
        symbols = [security.symbol]
        options = HistoryOptions(fill_forward=False)
        found: dict[TickType, BaseData] = {}
        requests = maker.by_count(symbols, None, _SEED_BARS, options)
        for attempt in range(3):
            if attempt == 1:
                bars = _SEED_RETRY.get(requests[0].resolution, _SEED_RETRY_MINUTES)
                requests = maker.by_count(symbols, None, bars, options)
            elif attempt == 2:
                daily = HistoryOptions(fill_forward=False, resolution=Resolution.DAILY)
                requests = maker.by_count(symbols, None, _SEED_DAYS, daily)
            requests = [request for request in requests if request.config.tick_type not in found]
            for request in requests:
                for _, bar in self.lab_bars(request):
                    found[request.config.tick_type] = bar
            requests = [request for request in requests if request.config.tick_type not in found]
            if not requests:
                break
        order = self.subscription_manager.subscription_data_config_service.tick_type_order
        ranked = sorted(found.items(), key=lambda item: (item[1].time, order(security.symbol, item[0])))
        return [bar for _, bar in ranked]

    def lab_seed(self, securities: Iterable[Security]) -> None:
        """Give securities their last known prices."""
        for security in securities:
            for bar in self.lab_last_known(security):
                security.set_market_price(bar)

    def lab_warm_up_start_ns(self) -> int | None:
        """Return the instant at which the warm-up begins, ``None`` if there is none."""
        span = self.lab_warm_up_span
        if span is None:
            return None
        if isinstance(span, timedelta):
            return self.lab_utc_ns - span_ns(span)
        resolution = self.settings.warm_up_resolution
        options = HistoryOptions(resolution=resolution)
        requests = self.lab_history_requests.by_count(list(self.securities.keys()), None, int(span), options)
        if requests:
            return min(request.start_ns for request in requests)
        step = timedelta(seconds=_SECONDS[resolution or self.universe_settings.resolution])
        return self.lab_utc_ns - span_ns(step * int(span))


_SECONDS = {
    Resolution.TICK: 1, Resolution.SECOND: 1, Resolution.MINUTE: 60, Resolution.HOUR: 3600, Resolution.DAILY: 86_400,
}  # fmt: skip

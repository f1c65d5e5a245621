"""What happened at an instant: the bars, ticks and corporate events of one time step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tradinglab.algorithm.bars import QuoteBar, TradeBar
from tradinglab.algorithm.base_data import BaseData
from tradinglab.algorithm.market_events import Delisting, Dividend, MarginInterestRate, Split, SymbolChangedEvent
from tradinglab.algorithm.ticks import Tick
from tradinglab.core.dual import Derivable
from tradinglab.core.enums import MarketDataType
from tradinglab.core.symbol import Symbol

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")


class KeyValuePair(Derivable, Generic[T]):
    """A key and its value, as iteration over LEAN's dictionaries gives them."""

    __slots__ = ("_key", "_value")

    def __init__(self, key: Any, value: T) -> None:
        self._key, self._value = key, value

    @property
    def key(self) -> Any:
        """The key."""
        return self._key

    @property
    def value(self) -> T:
        """The value."""
        return self._value

    def __iter__(self) -> Iterator[Any]:
        return iter((self._key, self._value))


class DataDictionary(Derivable, Generic[T]):
    """Data by symbol. It is found by ``Symbol``, by security and by ticker."""

    def __init__(self, items: dict[Symbol, T] | None = None) -> None:
        self._items: dict[Symbol, T] = {} if items is None else items

    def _find(self, key: Any) -> T | None:
        found = self._items.get(key) if isinstance(key, Symbol) else None
        if found is not None or isinstance(key, Symbol):
            return found
        symbol = getattr(key, "symbol", None)
        if isinstance(symbol, Symbol):
            return self._items.get(symbol)
        wanted = str(key).upper()
        return next((value for s, value in self._items.items() if s.value.upper() == wanted or str(s.id) == key), None)

    def __getitem__(self, key: Any) -> T:
        found = self._find(key)
        if found is None:
            raise KeyError(
                f"'{key}' was not found in the {type(self).__name__} at this time. Check with "
                "`contains_key` (or `get`) first: a security has no data at a time it did not trade."
            )
        return found

    def __setitem__(self, key: Symbol, value: T) -> None:
        self._items[key] = value

    def __contains__(self, key: Any) -> bool:
        return self._find(key) is not None

    def __len__(self) -> int:
        return len(self._items)

    def __bool__(self) -> bool:
        return bool(self._items)

    def __iter__(self) -> Iterator[KeyValuePair[T]]:
        return (KeyValuePair(symbol, value) for symbol, value in self._items.items())

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def contains_key(self, key: Any) -> bool:
        """Return whether there is data for a symbol."""
        return key in self

    def get(self, key: Any, default: T | None = None) -> T | None:
        """Return the data for a symbol, or the default."""
        found = self._find(key)
        return default if found is None else found

    def get_value(self, key: Any) -> T | None:
        """Return the data for a symbol, or ``None``."""
        return self._find(key)

    def try_get_value(self, key: Any, default: T | None = None) -> tuple[bool, T | None]:
        """Return whether there is data for a symbol, and the data."""
        found = self._find(key)
        return found is not None, found

    def keys(self) -> list[Symbol]:
        """Return the symbols."""
        return list(self._items)

    def values(self) -> list[T]:
        """Return the data."""
        return list(self._items.values())

    def items(self) -> list[tuple[Symbol, T]]:
        """Return symbols and data."""
        return list(self._items.items())


class TradeBars(DataDictionary[TradeBar]):
    """Trade bars by symbol."""


class QuoteBars(DataDictionary[QuoteBar]):
    """Quote bars by symbol."""


class Ticks(DataDictionary[list[Tick]]):
    """Ticks by symbol."""


class Splits(DataDictionary[Split]):
    """Splits by symbol."""


class Dividends(DataDictionary[Dividend]):
    """Dividends by symbol."""


class Delistings(DataDictionary[Delisting]):
    """Delistings by symbol."""


class SymbolChangedEvents(DataDictionary[SymbolChangedEvent]):
    """Changes of ticker by symbol."""


class MarginInterestRates(DataDictionary[MarginInterestRate]):
    """Funding rates by symbol."""


class SliceGetter:
    """The ``get`` of a slice, which LEAN has as a method, and as a method of a type."""

    __slots__ = ("_kind", "_slice")

    def __init__(self, source: Slice, kind: type | None = None) -> None:
        self._slice = source
        self._kind = kind

    def __getitem__(self, kind: type) -> SliceGetter:
        return SliceGetter(self._slice, kind)

    def __call__(self, key: Any = None, symbol: Any = None) -> Any:
        """Return the data of a symbol, or of a type."""
        if self._kind is not None:
            return self._slice.of_type(self._kind, key)
        if isinstance(key, type):
            return self._slice.of_type(key, symbol)
        return self._slice.of_symbol(key, symbol)


class Slice(Derivable):
    """All data of one time step. It is looked up when asked for, not before.

    Iteration and indexing give, for each symbol, its trade bar, else its quote bar, else its ticks.
    What makes one sets ``_data`` to ``None``; there is no constructor, because most are never looked into.
    """

    __slots__ = ("_by_kind", "_by_symbol", "_data")

    _data: list[BaseData] | None

    def _load(self) -> Iterable[BaseData]:
        """Return the data of the step."""
        raise NotImplementedError

    @property
    def utc_ns(self) -> int:
        """The time of the step as an instant."""
        raise NotImplementedError

    @property
    def time(self) -> datetime:
        """The time of the step, in the algorithm's time zone."""
        raise NotImplementedError

    @property
    def all_data(self) -> list[BaseData]:
        """Every data point of the step."""
        data = self._data
        if data is None:
            data = self._data = list(self._load())
            self._by_kind: dict[object, Any] = {}
            self._by_symbol: dict[Symbol, Any] | None = None
        return data

    @property
    def has_data(self) -> bool:
        """Whether there is any data."""
        return bool(self.all_data)

    @property
    def bars(self) -> TradeBars:
        """Trade bars by symbol."""
        return self._of(TradeBar, TradeBars)  # type: ignore[no-any-return]

    @property
    def quote_bars(self) -> QuoteBars:
        """Quote bars by symbol."""
        return self._of(QuoteBar, QuoteBars)  # type: ignore[no-any-return]

    @property
    def ticks(self) -> Ticks:
        """Ticks by symbol."""
        data = self.all_data
        if Ticks not in self._by_kind:
            found: dict[Symbol, list[Tick]] = {}
            for each in data:
                if isinstance(each, Tick):
                    found.setdefault(each.symbol, []).append(each)
            self._by_kind[Ticks] = Ticks(found)
        return self._by_kind[Ticks]  # type: ignore[no-any-return]

    def _of(self, kind: type, container: type) -> Any:
        data = self.all_data
        key = kind if container is DataDictionary else container
        found = self._by_kind.get(key)
        if found is None:
            found = self._by_kind[key] = container({each.symbol: each for each in data if isinstance(each, kind)})
        return found

    @property
    def splits(self) -> Splits:
        """Splits, and warnings of them, by symbol."""
        return self._of(Split, Splits)  # type: ignore[no-any-return]

    @property
    def dividends(self) -> Dividends:
        """Dividends by symbol."""
        return self._of(Dividend, Dividends)  # type: ignore[no-any-return]

    @property
    def delistings(self) -> Delistings:
        """Delistings, and warnings of them, by symbol."""
        return self._of(Delisting, Delistings)  # type: ignore[no-any-return]

    @property
    def symbol_changed_events(self) -> SymbolChangedEvents:
        """Changes of ticker by symbol."""
        return self._of(SymbolChangedEvent, SymbolChangedEvents)  # type: ignore[no-any-return]

    @property
    def margin_interest_rates(self) -> MarginInterestRates:
        """Funding rates of perpetual futures by symbol."""
        return self._of(MarginInterestRate, MarginInterestRates)  # type: ignore[no-any-return]

    @property
    def option_chains(self) -> DataDictionary[Any]:
        """Option chains by symbol: none, options are not simulated."""
        return DataDictionary()

    @property
    def futures_chains(self) -> DataDictionary[Any]:
        """Futures chains by symbol: none, futures are not simulated."""
        return DataDictionary()

    def _symbols(self) -> dict[Symbol, Any]:
        """Return the data point that stands for each symbol."""
        everything = self.all_data
        if self._by_symbol is None:
            found: dict[Symbol, Any] = {}
            for data in everything:
                if data.data_type == MarketDataType.AUXILIARY:
                    # A symbol with a corporate event alone is in the slice, as in LEAN, with no price data.
                    found.setdefault(data.symbol, None)
                    continue
                if isinstance(data, Tick):
                    known = found.get(data.symbol)
                    if isinstance(known, list):
                        known.append(data)
                    elif known is None:
                        found[data.symbol] = [data]
                elif isinstance(data, QuoteBar):
                    if not isinstance(found.get(data.symbol), TradeBar):
                        found[data.symbol] = data
                else:
                    found[data.symbol] = data
            self._by_symbol = found
        return self._by_symbol

    def _key(self, key: Any) -> Symbol | None:
        """Return the symbol in the slice that a symbol, a security or a ticker means."""
        symbols = self._symbols()
        if isinstance(key, Symbol):
            return key if key in symbols else None
        symbol = getattr(key, "symbol", None)
        if isinstance(symbol, Symbol):
            return symbol if symbol in symbols else None
        wanted = str(key).upper()
        return next((s for s in symbols if s.value.upper() == wanted or str(s.id) == key), None)

    def __getitem__(self, key: Any) -> Any:
        symbol = self._key(key)
        if symbol is None:
            raise KeyError(
                f"'{key}' was not found in the slice at {self.time}. Check with `slice.contains_key(symbol)` first: "
                "a security has no data at a time it did not trade."
            )
        return self._symbols()[symbol]

    def __contains__(self, key: Any) -> bool:
        return self._key(key) is not None

    def __len__(self) -> int:
        return len(self._symbols())

    def __iter__(self) -> Iterator[KeyValuePair[Any]]:
        return (KeyValuePair(symbol, data) for symbol, data in self._symbols().items())

    @property
    def count(self) -> int:
        """How many symbols have data."""
        return len(self)

    @property
    def keys(self) -> _CallableList:
        """The symbols that have data; ``slice.keys`` and ``slice.keys()`` both give them."""
        return _CallableList(self._symbols())

    @property
    def values(self) -> _CallableList:
        """The data; ``slice.values`` and ``slice.values()`` both give it."""
        return _CallableList(self._symbols().values())

    def items(self) -> list[tuple[Symbol, Any]]:
        """Return symbols and data."""
        return list(self._symbols().items())

    def contains_key(self, key: Any) -> bool:
        """Return whether a symbol has data."""
        return key in self

    @property
    def get(self) -> SliceGetter:
        """Data by symbol or type: ``get(symbol)``, ``get(TradeBar)``, ``get(TradeBar, symbol)``."""
        return SliceGetter(self)

    def of_type(self, kind: type, symbol: Any = None) -> Any:
        """Return the data of a type by symbol, or, given a symbol too, that symbol's data of the type."""
        found = self.ticks if kind is Tick else self._of(kind, DataDictionary)
        return found if symbol is None else found.get(symbol)

    def of_symbol(self, key: Any, default: Any = None) -> Any:
        """Return the data of a symbol, or the default."""
        found = self._key(key)
        return default if found is None else self._symbols()[found]

    def get_value(self, key: Any) -> Any:
        """Return the data of a symbol, or ``None``."""
        return self.get(key)

    def try_get_value(self, key: Any, default: Any = None) -> tuple[bool, Any]:
        """Return whether a symbol has data, and the data."""
        return key in self, self.get(key, default)

    @property
    def utc_time(self) -> datetime:
        """The time of the step in UTC."""
        from tradinglab.core.clock import from_ns

        return from_ns(self.utc_ns)


class _CallableList(list[Any]):
    """A list that is also a method returning itself: LEAN has properties where Python expects methods."""

    def __call__(self) -> list[Any]:
        return list(self)

    @property
    def count(self) -> int:  # type: ignore[override]
        return len(self)

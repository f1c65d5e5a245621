"""Symbols as labels of a data frame that answer to tickers: ``frame.loc["SPY"]``.

A symbol equals its ticker's text, but has another hash, and pandas looks labels up by their hashes.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def with_tickers(index: Any) -> pd.MultiIndex:
    """Return an index, whose first level are symbols, with a first level that finds tickers too."""
    level = index.levels[0]
    ours = _symbol_index()._simple_new(level.to_numpy(), name=level.name)
    found: pd.MultiIndex = index.set_levels(ours, level=0, verify_integrity=False)
    return found


@cache
def _symbol_index() -> Any:
    """Return the class of the level; it is made late because pandas is loaded late."""
    import pandas as pd

    base: Any = pd.Index

    class SymbolIndex(base):  # type: ignore[misc]  # what it overrides is pandas' own affair, and not annotated
        """Labels that are symbols; a text that is not among them stands for the symbol that equals it."""

        @property
        def _constructor(self) -> Any:
            return SymbolIndex

        def _label(self, key: Any) -> Any:
            return next((label for label in self if label == key), key) if isinstance(key, str) else key

        def __contains__(self, key: Any) -> bool:
            return bool(super().__contains__(self._label(key)))

        def get_loc(self, key: Any) -> Any:
            return super().get_loc(self._label(key))

        def _labels(self, keys: Any) -> Any:
            has_texts = any(isinstance(key, str) for key in keys)
            return [self._label(key) for key in keys] if has_texts else keys

        def get_indexer(self, target: Any, *args: Any, **kwargs: Any) -> Any:
            return super().get_indexer(self._labels(target), *args, **kwargs)

        def isin(self, values: Any, level: Any = None) -> Any:
            return super().isin(self._labels(list(values)), level)

        def get_indexer_for(self, target: Any) -> Any:
            return super().get_indexer_for(self._labels(target))

        def _get_indexer_strict(self, key: Any, axis_name: str) -> Any:
            return super()._get_indexer_strict(self._labels(key), axis_name)

    return SymbolIndex

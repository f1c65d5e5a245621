"""Names of a package that are imported when they are first asked for."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any


class _Awaited:
    """Where a name will come from."""

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name


class _Source:
    """Stands for a module in ``from module import name``."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> _Awaited:
        return _Awaited(self._module, name)


@contextmanager
def lazy_names(namespace: dict[str, Any]) -> Iterator[None]:
    """Put off the imports in a ``with`` block until one of their names is asked for.

    For the ``__init__`` of a package: its users import as ever, and type checkers and linters see ordinary imports::

        with lazy_names(globals()):
            from tradinglab.algorithm.orders.combo import ComboLimitOrder

    The names are attributes of the package (PEP 562), not variables: its own functions cannot use them.

    Parameters
    ----------
    namespace
        ``globals()`` of the package. All statements in the block have to be ``from … import …``.
    """
    import_now = builtins.__import__

    def note(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        if globals is namespace:
            return _Source(name)
        return import_now(name, globals, locals, fromlist, level)

    builtins.__import__ = note
    try:
        yield
    finally:
        builtins.__import__ = import_now
    awaited = {name: value for name, value in namespace.items() if isinstance(value, _Awaited)}
    for name in awaited:
        del namespace[name]

    def find(name: str) -> Any:
        place = awaited.get(name)
        if place is None:
            raise AttributeError(f"module '{namespace['__name__']}' has no attribute '{name}'")
        namespace[name] = value = getattr(import_module(place.module), place.name)
        return value

    namespace["__getattr__"] = find
    namespace["__dir__"] = lambda: sorted({*namespace, *awaited})

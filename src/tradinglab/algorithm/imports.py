"""What ``from AlgorithmImports import *`` brings: the modules and classes that LEAN's does.

Nothing is here until it is asked for; see :mod:`tradinglab.algorithm.star_import`.
"""

import sys

from tradinglab.algorithm import star_import as _star
from tradinglab.core import surface as _surface


def __getattr__(name: str) -> object:
    """Return what a name means; for a class that LEAN has and we have not, a stand-in.

    Raises
    ------
    ImportError
        If nobody has it.
    """
    if name == "__all__":
        return _star.names_for(sys._getframe(1))
    if name in _star.NAMES:
        value = globals()[name] = _star.find(name)
        return value
    if name.startswith("_"):
        raise AttributeError(name)
    if _surface.is_lean_class(name):
        return _surface.AbsentClass(name)
    hint = _surface.did_you_mean(name, _star.NAMES)
    raise ImportError(f"'AlgorithmImports' has no '{name}', here or in LEAN{hint}", name=name)


def __dir__() -> list[str]:
    return sorted(_star.NAMES)

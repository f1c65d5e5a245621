"""The indicators that rules may use: those that are computed from the bars of one symbol.

They are the indicator methods of an algorithm, under the same names: ``SMA(20)`` is ``self.sma(symbol, 20)``.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tradinglab.core.enums import MovingAverageType
from tradinglab.core.surface import did_you_mean
from tradinglab.core.values import dataclass
from tradinglab.rules.errors import RulesInvalidError

if TYPE_CHECKING:
    from tradinglab.algorithm.indicators.base import IndicatorBase

Argument = float | str
#: What an indicator's constructor takes.
Value = int | float | MovingAverageType | None

# As many bars as rules may look back otherwise.
_MOST_PERIOD = 1_000_000
#: How averages are called in rules.
AVERAGES = {each.name.lower(): each for each in MovingAverageType}

#: Methods whose arguments are not in a table: their class, and its arguments with their defaults.
_SPECIAL: dict[str, tuple[str, tuple[tuple[str, object], ...]]] = {
    "sto": ("Stochastic", (("period", None), ("k_period", None), ("d_period", None))),
    "dch": ("DonchianChannel", (("upper_period", None), ("lower_period", None))),
    "aroon": ("AroonOscillator", (("up_period", None), ("down_period", None))),
}
#: Those that are not one number per bar, or have no place in a rule.
_LEFT_OUT = frozenset({"tds", "pphl", "vp", "tp", "swiss", "ht", "zz", "asi", "si", "t_3"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """An argument of an indicator.

    Attributes
    ----------
    is_whole
        Whether it is a whole number, such as a period.
    is_average
        Whether it is the name of a kind of average.
    is_required
        Whether it has no default.
    default
        What it is if nothing is said: the default of the algorithm's method, which may differ from that of the class.
    """

    name: str
    is_whole: bool
    is_average: bool
    is_required: bool
    default: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorKind:
    """An indicator that rules may use.

    Attributes
    ----------
    name
        As it is written in rules: ``SMA``.
    method
        The method of an algorithm that makes it.
    takes_bars
        Whether it reads whole bars, so that no field can be chosen.
    needs_volume
        Whether it reads the volume.
    """

    name: str
    method: str
    class_name: str
    slots: tuple[Slot, ...]
    takes_bars: bool
    needs_volume: bool

    def make(self, values: Sequence[Value]) -> IndicatorBase:
        """Return a new indicator.

        Raises
        ------
        RulesInvalidError
            If the indicator refuses its arguments.
        """
        from tradinglab.algorithm.indicators.registry import indicator_type

        try:
            return indicator_type(self.class_name)(self.name, *values)
        except (ValueError, TypeError, ArithmeticError, IndexError) as problem:
            written = ", ".join(str(value) for value in values)
            raise RulesInvalidError(f"{self.name}({written}) cannot be made: {problem}") from None

    def values(self, arguments: Sequence[Argument]) -> tuple[Value, ...]:
        """Return what the constructor takes for the arguments of a rule.

        Raises
        ------
        RulesInvalidError
            If there are too many or too few, or one is not what is expected.
        """
        needed = sum(slot.is_required for slot in self.slots)
        if not needed <= len(arguments) <= len(self.slots):
            raise RulesInvalidError(f"{self.signature} was given {len(arguments)} arguments")
        given = [self._value(slot, value) for slot, value in zip(self.slots, arguments, strict=False)]
        return (*given, *(slot.default for slot in self.slots[len(given) :]))

    def _value(self, slot: Slot, given: Argument) -> Value:
        if slot.is_average:
            if isinstance(given, str) and given in AVERAGES:
                return AVERAGES[given]
            raise RulesInvalidError(
                f"{self.name}: {slot.name} was '{given}'; it is one of {', '.join(sorted(AVERAGES))}"
            )
        if isinstance(given, str):
            raise RulesInvalidError(f"{self.name}: {slot.name} was '{given}'; a number is expected")
        if slot.is_whole:
            if given != int(given) or not 1 <= given <= _MOST_PERIOD:
                raise RulesInvalidError(
                    f"{self.name}: {slot.name} was {given:g}; a whole number from 1 to {_MOST_PERIOD:,} is expected"
                )
            return int(given)
        return float(given)

    @property
    def signature(self) -> str:
        """How it is written: ``MACD(fast_period, slow_period, signal_period, [type])``."""
        slots = ", ".join(slot.name if slot.is_required else f"[{slot.name}]" for slot in self.slots)
        return f"{self.name}({slots})"

    @property
    def lines(self) -> tuple[str, ...]:
        """The names of its further lines, such as ``signal`` of MACD."""
        return _lines(self)


@lru_cache(maxsize=256)
def _lines(kind: IndicatorKind) -> tuple[str, ...]:
    """Return the properties of an indicator that are indicators themselves."""
    from tradinglab.algorithm.indicators.base import IndicatorBase

    # Periods are of different length, and a factor is none of them.
    trial: list[Value] = [AVERAGES["simple"] if slot.is_average else 5 + 2 * place if slot.is_whole else 0.5
             for place, slot in enumerate(kind.slots) if slot.is_required]  # fmt: skip
    trial += [slot.default for slot in kind.slots if not slot.is_required]
    try:
        made = kind.make(trial)
    except RulesInvalidError:
        return ()
    names = [name for name in dir(type(made)) if name.islower() and not name.startswith("_") and name != "current"]
    properties = [name for name in names if isinstance(inspect.getattr_static(type(made), name, None), property)]
    return tuple(name for name in properties if isinstance(_read(made, name), IndicatorBase))


def _read(made: object, name: str) -> object:
    try:
        return getattr(made, name)
    except (AttributeError, NotImplementedError, TypeError, ValueError, IndexError):
        return None


@lru_cache(maxsize=1)
def indicator_kinds() -> dict[str, IndicatorKind]:
    """Return the indicators that rules may use, by name."""
    from tradinglab.algorithm.indicator_methods import IndicatorMethods

    found: dict[str, IndicatorKind] = {}
    for method, maker in inspect.getmembers(IndicatorMethods, inspect.isfunction):
        signature = getattr(maker, "__signature__", None)
        # Every method is there in two spellings.
        if not method.islower() or method in _LEFT_OUT or (signature is None and method not in _SPECIAL):
            continue
        if signature is None:
            class_name, given = _SPECIAL[method]
            defaults: dict[str, object] = dict.fromkeys((name for name, _ in given), inspect.Parameter.empty)
        else:
            names = list(signature.parameters)
            if names[1] != "symbol":
                continue
            class_name = maker.__annotations__["return"]
            defaults = {name: signature.parameters[name].default for name in names[2:-2]}
        kind = _kind(method, class_name, defaults)
        if kind is not None:
            found[kind.name] = kind
    return found


def _kind(method: str, class_name: str, defaults: dict[str, object]) -> IndicatorKind | None:
    from tradinglab.algorithm.indicators.registry import indicator_type

    cls = indicator_type(class_name)
    if cls.input_kind == "data":
        return None
    annotations = {name: str(each.annotation) for name, each in inspect.signature(cls).parameters.items()}
    slots = []
    for name, default in defaults.items():
        if isinstance(default, bool):
            break
        written = annotations.get(name, "")
        slots.append(
            Slot(
                name=name,
                is_whole=("int" in written and "float" not in written) or "period" in name,
                is_average=isinstance(default, MovingAverageType),
                is_required=default is inspect.Parameter.empty,
                default=default if isinstance(default, (int, float, MovingAverageType)) else None,
            )
        )
    return IndicatorKind(
        name=method.upper(),
        method=method,
        class_name=class_name,
        slots=tuple(slots),
        takes_bars=cls.input_kind != "point",
        needs_volume=cls.input_kind == "trade_bar",
    )


def find_indicator(name: str) -> IndicatorKind:
    """Return the indicator of a name, in any case.

    Raises
    ------
    RulesInvalidError
        If there is none; the nearest name is said.
    """
    kinds = indicator_kinds()
    found = kinds.get(name) or kinds.get(name.upper())
    if found is None:
        hint = did_you_mean(name.upper(), kinds) or "."
        raise RulesInvalidError(f"there is no indicator '{name}'{hint} 'tradinglab rules indicators' lists them")
    return found

"""The random numbers of .NET's ``Random`` with a seed, so that a seeded strategy draws what it draws in LEAN."""

from __future__ import annotations

from tradinglab.core.dual import Dual

_MAX = 2**31 - 1
_MIN = -(2**31)
_SEED = 161_803_398
_SIZE = 55


class Random(Dual):
    """Knuth's subtractive generator, as .NET seeds it.

    Parameters
    ----------
    seed
        Any 32-bit integer; the sign does not matter. Without one, a different sequence each time.
    """

    def __init__(self, seed: int | None = None) -> None:
        if seed is None:
            from secrets import randbits

            seed = randbits(31)
        self._state = _initial_state(seed)
        self._at, self._other = 0, 21

    def _draw(self) -> int:
        self._at = self._at % _SIZE + 1
        self._other = self._other % _SIZE + 1
        value = self._state[self._at] - self._state[self._other]
        if value == _MAX:
            value -= 1
        if value < 0:
            value += _MAX
        self._state[self._at] = value
        return value

    def next_double(self) -> float:
        """Return a number of at least 0 and less than 1."""
        return self._draw() * (1.0 / _MAX)

    def next(self, min_value: int | None = None, max_value: int | None = None) -> int:
        """Return an integer: any positive one, one below a maximum, or one from a minimum to below a maximum.

        Raises
        ------
        ValueError
            If the minimum is above the maximum.
        """
        if min_value is None:
            return self._draw()
        low, high = (0, int(min_value)) if max_value is None else (int(min_value), int(max_value))
        if low > high:
            raise ValueError(f"The minimum must not be above the maximum, they were {low} and {high}.")
        span = high - low
        if span <= _MAX:
            return int(self.next_double() * span) + low
        return int(self._draw_wide() * span) + low

    def _draw_wide(self) -> float:
        value = self._draw()
        if self._draw() % 2 == 0:
            value = -value
        return (value + (_MAX - 1)) / (2 * _MAX - 1)

    def next_bytes(self, count: int) -> bytes:
        """Return random bytes."""
        return bytes(self._draw() % 256 for _ in range(count))


def _initial_state(seed: int) -> list[int]:
    state = [0] * (_SIZE + 1)
    last = _SEED - (_MAX if seed == _MIN else abs(seed))
    state[_SIZE] = last
    following = 1
    place = 0
    for _ in range(1, _SIZE):
        place = (place + 21) % _SIZE
        state[place] = following
        following = last - following
        if following < 0:
            following += _MAX
        last = state[place]
    for _ in range(4):
        for index in range(1, _SIZE + 1):
            other = (index + 30) % _SIZE
            value = _wrapped(state[index] - state[1 + other])
            state[index] = value + _MAX if value < 0 else value
    return state


def _wrapped(value: int) -> int:
    """Return *value* as 32 bits hold it."""
    return (value + 2**31) % 2**32 - 2**31

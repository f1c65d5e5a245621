"""What the sandbox of this machine is worth, found out once for each process."""

from __future__ import annotations

from functools import lru_cache

from tradinglab.sandbox import Grade, assess_machine
from tradinglab.sandbox.errors import SandboxError


@lru_cache(maxsize=1)
def machine_grade() -> Grade:
    """Return the grade; a machine that cannot be probed is weak."""
    try:
        return assess_machine().grade
    except SandboxError:
        return Grade.WEAK

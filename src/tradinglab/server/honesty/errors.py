"""What is refused about hold-outs beside what :mod:`tradinglab.server.errors` has."""

from __future__ import annotations

from tradinglab.server.errors import ConflictError, InputError


class SealedDaysError(InputError):
    """Days that are sealed would be touched."""

    code = "days_sealed"


class HoldOutSpentError(ConflictError):
    """A hold-out was opened, or given up, before."""

    code = "hold_out_spent"

"""How a full disk shows."""

from __future__ import annotations

import errno
from typing import Final

#: `EFBIG` is what a limit on the size of files says.
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_full(problem: OSError) -> bool:
    """Return whether an error says that there is no room."""
    return problem.errno in _FULL

"""Exit statuses."""

from __future__ import annotations

from typing import Final

FINISHED: Final = 0
STRATEGY_FAILED: Final = 1
UNSOUND: Final = 1
INCOMPLETE: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130
#: What a shell reports of a program that SIGPIPE has ended, as most do whose reader has left.
READER_LEFT: Final = 141

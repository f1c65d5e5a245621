"""Processes whose memory is their own.

Linux counts the memory of who starts a process into that process's peak. A race that has held large
tables would thereby raise what all its contenders seem to take.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

#: The shell starts the command and waits for it: a command it would turn into had its starter's peak.
_THROUGH_A_SHELL = ["/bin/sh", "-c", '"$@"; exit $?', "sh"]


def run_apart(
    command: Sequence[str | os.PathLike[str]], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in *folder*, and return its output and exit status."""
    return subprocess.run([*_THROUGH_A_SHELL, *command], cwd=folder, capture_output=True, text=True, check=False)

"""Whether somebody sits before this machine, and showing them a page."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Mapping
from functools import partial

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
_ELSEWHERE = ("SSH_CONNECTION", "SSH_TTY", "CI")


def has_desktop(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Say whether a browser that is opened here would be seen."""
    if any(environ.get(name) for name in _ELSEWHERE):
        return False
    return platform == "darwin" or any(environ.get(name) for name in _DISPLAYS)


def open_page(url: str) -> bool:
    """Open a page in the browser, if there is one with a window of its own; return whether it was tried.

    A browser in the terminal would take the terminal from the server. What a browser says on the way is not shown.
    """
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return False
    if type(browser) is webbrowser.GenericBrowser:
        return False
    words = [sys.executable, "-I", "-c", "import sys, webbrowser; webbrowser.open(sys.argv[1])", url]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    start = partial(subprocess.run, words, check=False, start_new_session=True, **quiet)
    threading.Thread(target=start, daemon=True).start()
    return True

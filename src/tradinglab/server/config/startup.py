"""The first thing every process of the server does."""

from __future__ import annotations

import os

from tradinglab.server.config.environment import environment
from tradinglab.server.config.home import Home
from tradinglab.server.ops.sentry import start_sentry

SETTINGS_MODULE = "tradinglab.server.config.settings"


def prepare() -> None:
    """Check the settings and make the home folder.

    Raises
    ------
    SettingsError
        If a setting cannot be used.
    """
    Home(environment().home).prepare()
    start_sentry(environment())
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)


def start_django() -> None:
    """Prepare, and load the applications."""
    prepare()
    import django

    django.setup()

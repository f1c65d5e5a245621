#!/usr/bin/env python
"""Django's commands: ``python manage.py migrate``, ``createsuperuser``, ``runserver`` and the others."""

from __future__ import annotations

import sys

from django.core.management import execute_from_command_line

from tradinglab.server.config.startup import prepare

if __name__ == "__main__":
    prepare()
    execute_from_command_line(sys.argv)

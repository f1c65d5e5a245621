"""Versions of LEAN: there is one engine here, which says so by one entry."""

from __future__ import annotations

from typing import Any

import tradinglab

#: What clients send for the newest version.
NEWEST = -1
#: The number of the only one.
VERSION = 1
_ENVIRONMENT = 1
_MADE = "2026-01-01 00:00:00"


def versions_shown() -> list[dict[str, Any]]:
    """Return the versions that can be chosen."""
    return [
        {
            "id": VERSION,
            "created": _MADE,
            "description": f"TradingLab's engine {tradinglab.__version__}, which computes LEAN's figures.",
            "leanHash": "",
            "leanCloudHash": "",
            "name": f"TradingLab {tradinglab.__version__}",
            "ref": "refs/heads/master",
            "public": True,
        }
    ]


def environments_shown() -> list[dict[str, Any]]:
    """Return the Python environments that can be chosen."""
    return [
        {
            "id": _ENVIRONMENT,
            "name": "Default",
            "path": "default",
            "description": "The libraries that this installation's strategies can import.",
            "public": True,
        }
    ]

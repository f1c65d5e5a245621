"""A result as one self-contained HTML file."""

from __future__ import annotations

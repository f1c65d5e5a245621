"""How figures are shown."""

from __future__ import annotations

from collections.abc import Mapping

from django import template

register = template.Library()


@register.filter
def statistic(statistics: Mapping[str, str], name: str) -> str:
    """Return one of LEAN's statistics as it prints it; nothing if the run has none."""
    return statistics.get(name, "")


@register.filter
def percent(fraction: float) -> str:
    """Return a fraction in percent."""
    return f"{fraction:.0%}"

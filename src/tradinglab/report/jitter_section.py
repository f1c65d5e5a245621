"""What small changes of the parameters do to a result, as a section of its report."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import jinja2

from tradinglab.core.values import dataclass
from tradinglab.report.assets import environment

_END: Final = "<footer>"
#: By figure its name, and how it is written.
_FORMS: Final[Mapping[str, tuple[str, str]]] = {
    "net_return": ("Return", ".2%"),
    "sharpe": ("Sharpe ratio", ".3f"),
    "drawdown": ("Drawdown", ".1%"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBand:
    """A figure of the run beside the quantiles of its variants, as a report shows them; *rank* is a share."""

    name: str
    chosen: str
    values: tuple[str, ...]
    rank: float

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Return a band from what it is in JSON."""
        name, form = _FORMS.get(said["figure"], (str(said["figure"]), ".4g"))
        return cls(
            name=name,
            chosen=format(said["chosen"], form),
            values=tuple(format(each, form) for each in said["bands"]),
            rank=said["rank"],
        )


def with_jitter(report: str, bands: Sequence[ReportBand], *, levels: Sequence[float], note: str = "") -> str:
    """Return a report with the bands at its end."""
    section = _template().render(bands=bands, levels=levels, note=note)
    before, end, after = report.rpartition(_END)
    return f"{before}{section}{end}{after}" if end else report + section


@functools.cache
def _template() -> jinja2.Template:
    return environment().get_template("jitter_section.html.j2")

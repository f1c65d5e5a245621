"""Whether margin is asked for on the same terms as before."""

from __future__ import annotations

from typing import ClassVar


class MarginTerms:
    """Counts how often a security got another buying power model, or one other requirements."""

    changes: ClassVar[int] = 0

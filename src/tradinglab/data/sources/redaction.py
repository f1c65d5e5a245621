"""Keys out of texts: of errors, logs, and whatever a source echoes."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote, quote_plus

MASK: Final = "***"
#: Parameters that carry keys, should one turn up that nobody has told us.
_PARAMETER = re.compile(r"(?i)\b(apikey|api_key|access_key|token|crumb|secret|signature)=[^&\s\"'>]+")
#: The loggers of the HTTP client, which tell addresses with all their parameters.
_LOGGERS: Final = ("httpx2",)


class Redactor:
    """Replaces keys in texts by ``***``.

    Parameters
    ----------
    secrets
        The keys; they are found as they are and as they stand in addresses.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        kept = {one.strip() for one in secrets if one.strip()}
        forms = {form for one in kept for form in (one, quote(one, safe=""), quote_plus(one))}
        # The longest first: a key may begin like another.
        self._forms = sorted(forms, key=len, reverse=True)
        _watch(self._forms)

    def __call__(self, text: str) -> str:
        """Return a text without keys."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return _PARAMETER.sub(rf"\1={MASK}", text)

    def __repr__(self) -> str:
        return "Redactor()"


class _Filter(logging.Filter):
    """Takes keys out of what the HTTP client logs."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: set[str] = set()
        self.lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        with self.lock:
            forms = sorted(self.forms, key=len, reverse=True)
        for form in forms:
            text = text.replace(form, MASK)
        record.msg, record.args = _PARAMETER.sub(rf"\1={MASK}", text), ()
        return True


_filter = _Filter()


def _watch(forms: Iterable[str]) -> None:
    with _filter.lock:
        _filter.forms.update(forms)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_filter)

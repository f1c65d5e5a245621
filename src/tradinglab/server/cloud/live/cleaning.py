"""What QuantConnect says, as a database keeps it: no NUL, no endless number, nothing without end."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

LONGEST_LINE = 10_000


def cleaned(value: Any) -> Any:
    """Return a document that every database holds and JSON knows."""
    if isinstance(value, str):
        return value.replace("\0", "")[:LONGEST_LINE]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name).replace("\0", "")[:200]: cleaned(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(each) for each in value]
    return value


def document(model: BaseModel) -> dict[str, Any]:
    """Return something that QuantConnect told, under QuantConnect's names."""
    found: dict[str, Any] = cleaned(model.model_dump(mode="json", by_alias=True, exclude_none=True))
    return found


def number(text: object) -> float | None:
    """Return the number of a text such as ``"$100,000.00"``; ``None`` if it is none."""
    plain = str(text).replace(",", "").replace("$", "").strip()
    try:
        found = float(plain)
    except ValueError:
        return None
    return found if math.isfinite(found) else None

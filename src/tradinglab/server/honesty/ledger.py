"""Noting what was tried. Whoever gives a variant its figures notes it: by hand, in a search, or by a simulation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tradinglab.server.accounts.models import User
from tradinglab.server.honesty.models import Source, TriedVariant

_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Content and parameters that were tried on some days of a data set.

    Attributes
    ----------
    content_hash
        Of the version, or of what its files would be.
    data
        Name of the source of the bars, or of the engine that has its own.
    sharpe_ratio
        Annualised, if there was one.
    """

    content_hash: str
    parameters: Mapping[str, str]
    data: str
    first_day: date | None = None
    last_day: date | None = None
    sharpe_ratio: float | None = None

    @property
    def variant(self) -> str:
        """What is the same wherever it is tried; 10 and 10.0 are one value."""
        return _hash([self.content_hash, {name: _plain(self.parameters[name]) for name in sorted(self.parameters)}])

    @property
    def digest(self) -> str:
        """What is the same where it is tried on the same days."""
        return _hash([self.variant, self.data, str(self.first_day), str(self.last_day)])


def variants_note(
    *, strategy_id: UUID, by: User, source: Source, variants: Sequence[Variant], at: datetime | None = None
) -> None:
    """Note that variants were tried: new ones are added to the ledger, others have been tried once more.

    Each five hundred are three statements, whoever else notes the same at the same time.

    Parameters
    ----------
    at
        When that was; now by default. What was tried by the end of a run counts for it, the run itself included.
    """
    rows = {each.digest: each for each in variants}
    for first in range(0, len(rows), _AT_ONCE):
        some = sorted(rows)[first : first + _AT_ONCE]
        tried = {digest: rows[digest] for digest in some}
        _note(strategy_id, tried, {"at": at or timezone.now(), "by": by, "source": source})


@transaction.atomic
def _note(strategy_id: UUID, rows: Mapping[str, Variant], told: Mapping[str, Any]) -> None:
    first, last = ({f"{when}_{name}": value for name, value in told.items()} for when in ("first", "last"))
    TriedVariant.objects.bulk_create(
        [
            TriedVariant(
                strategy_id=strategy_id,
                digest=digest,
                variant=each.variant,
                content_hash=each.content_hash,
                parameters=dict(each.parameters),
                data=each.data,
                first_day=each.first_day,
                last_day=each.last_day,
                sharpe_ratio=each.sharpe_ratio,
                **first,
                **last,
            )
            for digest, each in rows.items()
        ],
        ignore_conflicts=True,
    )
    known = TriedVariant.objects.filter(strategy_id=strategy_id, digest__in=list(rows))
    # In one order, so that of two who note the same neither waits for the other for ever.
    list(known.select_for_update().order_by("digest").values_list("pk", flat=True))
    known.update(times=F("times") + 1, **last)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _plain(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return str(number.normalize()) if number.is_finite() else text

"""Writes about backtests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction

import tradinglab
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest, BacktestTag
from tradinglab.server.errors import InputError
from tradinglab.server.runs.models import Run
from tradinglab.server.runs.services import Submission, Wishes, run_create, run_once
from tradinglab.server.strategies.files import file_hashes
from tradinglab.server.strategies.models import StrategyVersion

_DATA = "sample"


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """What is to be backtested; what is left out is the strategy's own."""

    version: StrategyVersion
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    cash: Decimal | None = None
    wishes: Wishes = field(default_factory=Wishes)

    def manifest(self) -> dict[str, Any]:
        """Return all that the figures depend on."""
        return {
            "strategy": {
                "version": str(self.version.pk),
                "content_hash": self.version.content_hash,
                "files": file_hashes(self.version.files),
            },
            "parameters": dict(sorted(self.parameters.items())),
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "cash": str(self.cash) if self.cash is not None else None,
            "engine": tradinglab.__version__,
            "data": {"source": _DATA, "sha256": sample_hash()},
        }

    def fingerprint(self) -> str:
        """Return a hash by which the same request is known again."""
        text = json.dumps([self.name, self.manifest(), asdict(self.wishes)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def backtest_submit(*, owner: User, request: BacktestRequest, idempotency_key: str | None = None) -> Submission:
    """Store a backtest that is to be run; the same request under the same key is stored once.

    Raises
    ------
    InputError
        If the dates are reversed, or more time or memory is wished for than the owner may have.
    TooManyQueuedError
        If the owner has as many runs waiting as may wait.
    IdempotencyKeyReusedError
        If the key came with another request.
    """
    if request.start and request.end and request.end < request.start:
        raise InputError("end", request.end.isoformat(), f"The end is before the start ({request.start}); swap them.")
    return run_once(
        owner=owner,
        key=idempotency_key,
        request_hash=request.fingerprint(),
        start=lambda: _create(owner, request),
    )


@transaction.atomic
def _create(owner: User, request: BacktestRequest) -> Run:
    run = run_create(owner=owner, kind="backtest", manifest=request.manifest(), wishes=request.wishes)
    Backtest.objects.create(
        run=run,
        version=request.version,
        name=request.name,
        parameters=dict(request.parameters),
        start=request.start,
        end=request.end,
        cash=request.cash,
    )
    return run


@transaction.atomic
def backtest_annotate(
    *,
    test: Backtest,
    name: str | None = None,
    notes: str | None = None,
    tags: Sequence[str] | None = None,
    is_starred: bool | None = None,
) -> None:
    """Change what is given of what its owner says of a backtest, leave the rest."""
    given = {"name": name, "notes": notes, "is_starred": is_starred}
    changes: dict[str, Any] = {field: value for field, value in given.items() if value is not None}
    if changes:
        Backtest.objects.filter(pk=test.pk).update(**changes)
    if tags is not None:
        # The row is locked, so that of two sets of tags one is stored, and not a mixture.
        Backtest.objects.select_for_update().get(pk=test.pk)
        BacktestTag.objects.filter(backtest=test).delete()
        BacktestTag.objects.bulk_create(BacktestTag(backtest=test, name=tag) for tag in tags)


@lru_cache(maxsize=1)
def sample_hash() -> str:
    """Return the SHA-256 over names and contents of the bundled bars."""
    from tradinglab.data import sample

    folder = Path(sample.__file__).parent / "folder"
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

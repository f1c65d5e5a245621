"""What is asked for when a backtest is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

import tradinglab
from tradinglab.server.backtests.data_sources import data_before_run, data_source_wanted
from tradinglab.server.backtests.engines import Fallback
from tradinglab.server.backtests.holding_out import SealedDays
from tradinglab.server.backtests.manifests import calendar_versions, engine_versions
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.config.data_sources import SAMPLE
from tradinglab.server.errors import InputError
from tradinglab.server.runs.models import Priority
from tradinglab.server.runs.services import Wishes
from tradinglab.server.strategies.files import check_entry, file_hashes
from tradinglab.server.strategies.models import StrategyVersion
from tradinglab.server.strategies.running import files_run, generated_manifest
from tradinglab.server.texts import check_name

#: Before it there are no bars of any source, and the engine's clock does not reach much further.
FIRST_DAY = date(1900, 1, 1)
MOST_CASH = 10**12
#: In a manifest, under ``data``: the pin of the slices that are to be read.
AS_OF = "as_of"


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """What is to be backtested; what is left out is the strategy's own.

    Attributes
    ----------
    version
        What is run.
    data
        Name of the source of the bars.
    seed
        What generators of random numbers start from; if it is left out, it follows from the rest.
    wishes
        How it is run; no figure depends on it.
    engine, fallback
        Where it is run, and what becomes of it if that place cannot be reached; *data* is then that of a run here.
    hold_out
        What becomes of it if it would touch days that are sealed.
    as_of
        The pin of the slices of a bar store that are to be read; empty: what is there when it runs.
    """

    version: StrategyVersion
    name: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    cash: Decimal | None = None
    data: str = SAMPLE
    seed: int | None = None
    wishes: Wishes = field(default_factory=Wishes)
    engine: str = Backtest.Engine.LOCAL
    fallback: str = Fallback.QUEUE
    hold_out: str = SealedDays.REFUSE
    as_of: str = ""

    def check(self) -> None:
        """Refuse a name, dates, cash and data that there cannot be, and a version without a file that can be run.

        Raises
        ------
        InputError
            Names field, value, and what to do.
        """
        check_name("name", self.name)
        for name, day in (("start", self.start), ("end", self.end)):
            if day is not None:
                check_day(name, day)
        if self.start and self.end and self.end < self.start:
            raise InputError("end", self.end.isoformat(), f"The end is before the start ({self.start}); swap them.")
        if self.cash is not None and not 0 < self.cash <= MOST_CASH:
            raise InputError("cash", str(self.cash), f"Cash is an amount above 0 and up to {MOST_CASH:,}.")
        data_source_wanted(name=self.data)
        check_entry(self.version.files)
        files_run(self.version.files)
        if not self.is_run_here:
            self._check_elsewhere()

    @property
    def is_run_here(self) -> bool:
        """Whether it is run by this installation's own engine."""
        return self.engine == Backtest.Engine.LOCAL

    @property
    def source(self) -> str:
        """The name of where its bars come from."""
        return self.data if self.is_run_here else self.engine

    def _check_elsewhere(self) -> None:
        """Refuse what only a run here could follow."""
        if self.fallback == Fallback.LOCAL:
            return
        here = {
            "data": self.data if self.data != SAMPLE else None,
            "seed": self.seed,
            "memory_mb": self.wishes.memory_mb,
        }
        for name, value in here.items():
            if value is not None:
                text = (
                    f"QuantConnect has its own data and machines: leave '{name}' out, or choose the fallback 'local'."
                )
                raise InputError(name, value, text)

    def manifest(self) -> dict[str, Any]:
        """Return all that the figures depend on, as far as it is known before the run."""
        asked = self._asked()
        if not self.is_run_here:
            return self._manifest_elsewhere(asked)
        return {
            "strategy": self._strategy(),
            **asked,
            "seed": self.seed if self.seed is not None else self._seed(asked),
            "engine": tradinglab.__version__,
            "versions": engine_versions(),
            "calendars": calendar_versions(),
            "data": {
                **data_before_run(source=data_source_wanted(name=self.data)),
                **({AS_OF: self.as_of} if self.as_of else {}),
            },
        }

    def _manifest_elsewhere(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return what is known of a run elsewhere, and what would be a run here."""
        return {
            "strategy": self._strategy(),
            **asked,
            "versions": {"tradinglab": tradinglab.__version__},
            "data": {"source": self.engine},
            "engine": self.engine,
            "elsewhere": {
                "fallback": str(self.fallback),
                "timeout_s": self.wishes.timeout_s,
                "memory_mb": self.wishes.memory_mb,
                "seed": self.seed,
                "data": self.data,
            },
        }

    def _strategy(self) -> dict[str, Any]:
        return {
            "version": str(self.version.pk),
            "content_hash": self.version.content_hash,
            "files": file_hashes(self.version.files),
            **generated_manifest(self.version.files),
        }

    def _asked(self) -> dict[str, Any]:
        return {
            "parameters": dict(sorted(self.parameters.items())),
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "cash": str(self.cash) if self.cash is not None else None,
        }

    def _seed(self, asked: Mapping[str, Any]) -> int:
        """Return a seed that is the same for whoever asks for the same."""
        text = json.dumps([self.version.content_hash, self.data, asked], sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])

    def fingerprint(self) -> str:
        """Return a hash by which the same request is known again."""
        wanted = {
            "name": self.name,
            "content": self.version.content_hash,
            "version": str(self.version.pk),
            "parameters": self.parameters,
            "start": str(self.start),
            "end": str(self.end),
            "cash": str(self.cash),
            "data": self.data,
            "seed": self.seed,
            "wishes": asdict(self.wishes),
        }
        if self.as_of:
            wanted |= {AS_OF: self.as_of}
        if not self.is_run_here:
            wanted |= {"engine": str(self.engine), "fallback": str(self.fallback)}
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()


def check_day(name: str, day: date) -> None:
    """Refuse a day of which there can be no bars: one of long ago, or one to come.

    Raises
    ------
    InputError
        With the field's name.
    """
    # Somewhere it is tomorrow already.
    last = timezone.now().date() + timedelta(days=1)
    if day < FIRST_DAY:
        raise InputError(name, day.isoformat(), f"There are no bars that old; use a day from {FIRST_DAY} on.")
    if day > last:
        raise InputError(name, day.isoformat(), "That day is to come, and has no bars; use a day in the past.")


def request_of(test: Backtest) -> BacktestRequest:
    """Return what was asked for when a backtest was."""
    priority = Priority(test.run.priority)
    if test.engine != Backtest.Engine.LOCAL:
        elsewhere = test.run.manifest.get("elsewhere", {})
        return BacktestRequest(
            version=test.version,
            name=test.name,
            parameters=test.parameters,
            start=test.start,
            end=test.end,
            cash=test.cash,
            data=elsewhere.get("data", SAMPLE),
            seed=elsewhere.get("seed"),
            wishes=Wishes(
                priority=priority, timeout_s=elsewhere.get("timeout_s"), memory_mb=elsewhere.get("memory_mb")
            ),
            engine=test.engine,
            fallback=elsewhere.get("fallback", Fallback.QUEUE),
        )
    return BacktestRequest(
        version=test.version,
        name=test.name,
        parameters=test.parameters,
        start=test.start,
        end=test.end,
        cash=test.cash,
        data=test.data,
        seed=test.run.manifest.get("seed"),
        wishes=Wishes(priority=priority, timeout_s=test.run.timeout_s, memory_mb=test.run.memory_mb),
    )

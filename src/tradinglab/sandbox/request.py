"""What a run is asked for, and what its answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tradinglab.core.errors import TradingLabError
from tradinglab.core.values import dataclass, field
from tradinglab.data.store.places import split_pin
from tradinglab.engine.errors import StrategyError, TimeLimitError
from tradinglab.engine.result import BacktestResult
from tradinglab.engine.run import given_day
from tradinglab.sandbox.answer import Reader, parse
from tradinglab.sandbox.errors import RunMemoryError, RunStoppedError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.places import data_places
from tradinglab.sandbox.replay import Terms, read_declared, verified
from tradinglab.sandbox.unpacking import check_figures, unpacked

if TYPE_CHECKING:
    from tradinglab.data.source import DataSource

_KINDS: Final = ("finished", "strategy", "time_limit", "refused", "memory", "stopped")
#: Beyond the time that the engine itself keeps, so that a run that obeys can say what it has.
_GRACE_S: Final = 3.0
_STORE_THREADS: Final = 24
_TRIALS: Final = ("ready", "strategy", "refused", "memory", "stopped")
_WITHOUT_WORDS: Final = {"memory": "the strategy needs too much memory", "stopped": "the strategy was stopped"}
_MOST_TRIAL: Final = 20_000


class RefusedError(TradingLabError):
    """What the engine inside the sandbox found wrong with the request: a date, a file, the data."""

    code = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTerms:
    """How a live run is set up.

    Attributes
    ----------
    start_ns
        What its clock shows at first; ``None`` for the present, at which the last weeks of stored bars come again.
    speed
        How many times as fast as the wall's its clock goes.
    cash
        Amounts by currency; empty for the strategy's own.
    positions
        What it holds at the start, each with ``symbol_id``, ``ticker``, ``quantity`` and ``average_price`` as texts.
    orders_before
        How many orders the deployment has sent before: their numbers are not given out again.
    open_orders
        Those that may still be filled, each as LEAN's JSON with its ``events``.
    feed
        What brings its bars, told by whoever looks after it; empty for a replay of what is stored.
    """

    deployment_id: str
    start_ns: int | None = None
    speed: float = 1.0
    cash: Mapping[str, str] = field(default_factory=dict)
    positions: Sequence[Mapping[str, str]] = ()
    orders_before: int = 0
    open_orders: Sequence[Mapping[str, Any]] = ()
    feed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What is to be backtested, complete: the child reads no file of an author's.

    Attributes
    ----------
    strategy
        Path of the strategy's file, which need not exist but in *files*.
    files
        Texts of the strategy's file and of those that it imports, by their paths.
    folders
        Where it imports from.
    data
        A spec, as for :func:`tradinglab.engine.run.backtest`, like all that follows.
    tries_out
        ``import`` to load the strategy alone, ``initialize`` to set it up too; empty to run it.
    live
        How it trades live; ``None`` for a backtest.
    work, order
        The module whose ``answer(request)`` does something else than a plain run, and what it is to do; who reads the
        answer has to know its form.
    """

    strategy: str
    files: Mapping[str, str]
    folders: Sequence[str]
    data: str = "sample"
    start: str | None = None
    end: str | None = None
    cash: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    class_name: str | None = None
    timeout_s: float | None = None
    seed: int | None = None
    tries_out: str = ""
    live: LiveTerms | None = None
    work: str = ""
    order: Mapping[str, Any] = field(default_factory=dict)

    def as_bytes(self) -> bytes:
        """Return what the guest reads."""
        asked: dict[str, object] = {each.name: getattr(self, each.name) for each in fields(self)}
        asked |= {"data": self.data_inside, "live": None if self.live is None else asdict(self.live)}
        return json.dumps(asked).encode()

    @property
    def data_inside(self) -> str:
        """The spec of the data as it reads in a sandbox, where paths begin at the root."""
        kind, _, where = self.data.partition(":")
        places = data_places(self.data)
        pin = split_pin(where)[1] if kind == "store" else ""
        return f"{kind}:{places[0]}" + (f"@{pin}" if pin else "") if places else self.data

    def terms(self) -> Terms:
        """Return what the run may not set for itself."""
        return Terms(
            start=given_day("start", self.start),
            end=given_day("end", self.end),
            cash=None if self.cash is None else Decimal(self.cash),
        )

    def bounds(self, limits: Limits) -> Limits:
        """Return limits that end a run which overstays its time, and let polars, which reads a store, have threads."""
        timeout_s, wall_s = self.timeout_s, limits.wall_s
        if timeout_s is not None:
            wall_s = min(timeout_s + _GRACE_S, wall_s or float("inf"))
        threads = max(limits.threads, _STORE_THREADS) if self.data.startswith("store:") else limits.threads
        return replace(limits, wall_s=wall_s, threads=threads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """How a result is checked: by a replay of the run's requests.

    Attributes
    ----------
    data
        The data over which they are replayed, or their spec.
    terms
        What the run was told, and is held to.
    timeout_s
        Seconds after which the replay is given up, and the result is not verified.
    with_partial
        Whether what a run left that did not complete is checked, too.
    """

    data: str | DataSource
    terms: Terms = field(default_factory=Terms)
    timeout_s: float | None = None
    with_partial: bool = True

    @classmethod
    def ordered(cls, order: Mapping[str, Any]) -> Check:
        """Return the check that an order asks for: its data, its time, and as texts ``start``, ``end`` and ``cash``."""
        first, last, cash = order["start"], order["end"], order["cash"]
        terms = Terms(
            start=None if first is None else date.fromisoformat(first),
            end=None if last is None else date.fromisoformat(last),
            cash=None if cash is None else Decimal(cash),
        )
        return cls(data=order["data"], terms=terms, timeout_s=order["timeout_s"], with_partial=False)


class Trial(NamedTuple):
    """What came of loading a strategy: nothing, or what is wrong with it."""

    problem: str = ""
    trace: str = ""


def trial_of(answer: bytes) -> Trial:
    """Return what came of a request that tries out.

    Raises
    ------
    BadAnswerError
        If the answer is none.
    """
    source = Reader(parse(answer, most_items=_MOST_TRIAL))
    kind = source.member("kind").one_of(_TRIALS)
    if kind == "ready":
        return Trial()
    if kind in _WITHOUT_WORDS:
        return Trial(_WITHOUT_WORDS[kind])
    trace = source.member("trace").text() if kind == "strategy" else ""
    return Trial(source.member("message").text(), trace)


def result_of(answer: bytes, *, limits: Limits, data_name: str, check: Check | None = None) -> BacktestResult:
    """Return the result that an answer describes, its statistics computed here.

    Parameters
    ----------
    limits
        Those that the run had.
    data_name
        What the data source calls itself on this side.
    check
        How to check it: the result's ``verification`` says what came of it. ``None`` for a result that is as the run
        says.

    Raises
    ------
    StrategyError, TimeLimitError
        If that is what the run came to; ``result`` has what was computed until then.
    RefusedError
        If the engine could not use what it was given.
    RunMemoryError, RunStoppedError, BadAnswerError
        If there is no result.
    """
    source = Reader(parse(answer, most_items=limits.answer_items))
    kind = source.member("kind").one_of(_KINDS)
    if kind == "finished":
        return _result(source, data_name, check)
    if kind == "memory":
        raise RunMemoryError(f"the run needed more than the {limits.memory_mb:,} MB that it was given")
    if kind == "stopped":
        raise RunStoppedError("the run was stopped before the strategy was set up")
    message = source.member("message").text()
    if kind == "refused":
        raise RefusedError(message)
    check = check if check is not None and check.with_partial else None
    error = TimeLimitError if kind == "time_limit" else StrategyError
    raise error(
        message,
        phase=source.member("phase").text(),
        time=source.member("time").text(),
        trace=source.member("trace").text(),
        result=None if source.member("result").is_null else _result(source, data_name, check),
    )


def _result(source: Reader, data_name: str, check: Check | None) -> BacktestResult:
    claimed = unpacked(source.member("result"), data=data_name)
    if check is None:
        check_figures(claimed, with_charts=True)
        return claimed
    declared = read_declared(source.member("declared"))
    result = verified(claimed, declared, data=check.data, terms=check.terms, timeout_s=check.timeout_s)
    # A replay's own samples can be shown.
    check_figures(result, with_charts=result.record.sampler is claimed.record.sampler)
    return result

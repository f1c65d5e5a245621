"""What is watched of a run, as plain values that JSON can carry, and read again from somebody who is not trusted."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tradinglab.core.enums import Resolution, TickType
from tradinglab.doctor.asked import Asked, Stream, Watched
from tradinglab.doctor.assumptions import Assumption
from tradinglab.doctor.outside import OutsideRead
from tradinglab.doctor.replay import AskedAgain, Difference
from tradinglab.sandbox.answer import Reader
from tradinglab.sandbox.errors import BadAnswerError
from tradinglab.sandbox.reading import optional, symbol_of
from tradinglab.sandbox.replay.values import plain_text, symbol_pair

_MOST_NAMES, _LONGEST_NAME = 20, 200
_MOST_AMOUNTS = 8


def packed_asked(asked: Sequence[Asked]) -> list[list[object]]:
    """Return what was asked for as rows."""
    return [_packed_row(each) for each in asked]


def _packed_row(each: Asked) -> list[object]:
    amounts = [None if amount is None else str(amount) for amount in each.amounts]
    unready = [plain_text(name[:_LONGEST_NAME]) for name in each.unready[:_MOST_NAMES]]
    return [each.utc_ns, each.what, plain_text(each.of), amounts, unready]


def packed_again(again: AskedAgain) -> dict[str, object]:
    """Return what was asked for when a strategy was run again."""
    return {"asked": packed_asked(again.asked), "reached_ns": again.reached_ns}


def packed_watched(watched: Watched) -> dict[str, object]:
    """Return all that was taken down of a run."""
    return {
        "asked": packed_asked(watched.asked),
        "streams": [
            [symbol_pair(symbol), int(each.resolution), int(each.tick_type)] for symbol, each in watched.streams.items()
        ],
        "outside": [[plain_text(each.name), each.count] for each in watched.outside],
    }


def read_watched(value: Reader) -> Watched:
    """Return what was taken down.

    Raises
    ------
    BadAnswerError
        If it has another form.
    """
    streams = {}
    for each in value.member("streams").items():
        symbol, resolution, tick_type = each.items(3)
        try:
            stream = Stream(resolution=Resolution(resolution.whole()), tick_type=TickType(tick_type.whole()))
            streams[symbol_of(symbol)] = stream
        except (ValueError, KeyError) as problem:
            raise BadAnswerError(f"the answer names no bars: {str(problem)[:200]}") from None
    pairs = [each.items(2) for each in value.member("outside").items()]
    outside = tuple(OutsideRead(name=name.text(), count=count.whole(low=1)) for name, count in pairs)
    return Watched(asked=read_asked(value.member("asked")), streams=streams, outside=outside)


def read_again(value: Reader) -> AskedAgain:
    """Return what was asked for when a strategy was run again."""
    return AskedAgain(asked=read_asked(value.member("asked")), reached_ns=value.member("reached_ns").whole())


def read_asked(value: Reader) -> list[Asked]:
    """Return what was asked for."""
    return [_read_row(each) for each in value.items()]


def _read_row(value: Reader) -> Asked:
    utc_ns, what, of, amounts, unready = value.items(5)
    read = amounts.items()
    if len(read) > _MOST_AMOUNTS:
        raise BadAnswerError(f"an order has up to {_MOST_AMOUNTS} amounts, not {len(read)}")
    return Asked(
        utc_ns=utc_ns.whole(),
        what=what.text(),
        of=of.text(),
        amounts=tuple(optional(each, Reader.decimal) for each in read),
        unready=tuple(unready.texts()),
    )


def packed_difference(difference: Difference | None) -> list[object] | None:
    """Return where two runs part."""
    if difference is None:
        return None
    return [None if each is None else _packed_row(each) for each in (difference.whole, difference.cut)]


def read_difference(value: Reader) -> Difference | None:
    """Return where two runs part."""
    if value.is_null:
        return None
    whole, cut = value.items(2)
    found = Difference(whole=optional(whole, _read_row), cut=optional(cut, _read_row))
    if found.whole is None and found.cut is None:
        raise BadAnswerError("a difference has one side at least")
    return found


def packed_assumption(assumption: Assumption) -> dict[str, object]:
    """Return an assumption."""
    return {
        "fee_times": str(assumption.fee_times),
        "cost_bps": str(assumption.cost_bps),
        "slippage_bps": str(assumption.slippage_bps),
        "is_delayed": assumption.is_delayed,
        "missed": assumption.missed,
        "cash_times": assumption.cash_times,
        "seed": assumption.seed,
    }


def read_assumption(value: Reader) -> Assumption:
    """Return an assumption."""
    decimals = {name: Decimal(value.member(name).raw_text()) for name in ("fee_times", "cost_bps", "slippage_bps")}
    return Assumption(
        **decimals,
        is_delayed=value.member("is_delayed").flag(),
        missed=value.member("missed").number(),
        cash_times=value.member("cash_times").whole(low=1),
        seed=value.member("seed").whole(low=0),
    )

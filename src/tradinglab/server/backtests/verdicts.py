"""Whether figures follow from orders, bars and models: what a backtest keeps of its replay."""

from __future__ import annotations

from typing import Any

from tradinglab.engine.verification import FindingCode
from tradinglab.sandbox.answer import Reader
from tradinglab.server.backtests.models import Backtest

_CODES = [each.value for each in FindingCode]
_MOST = (1 << 31) - 1


def verdict_columns(said: Reader) -> dict[str, Any]:
    """Return the columns of a backtest that the clerk's verdict goes to.

    Raises
    ------
    BadAnswerError
        If it is none.
    """
    findings = [_finding(each) for each in said.member("findings").items()]
    standing = Backtest.Standing.UNVERIFIED if findings else Backtest.Standing.VERIFIED
    return {
        "verification": str(standing),
        "findings": findings,
        "findings_left_out": said.member("left_out").whole(low=0, high=_MOST),
        "verification_notes": [each.text() for each in said.member("notes").items()],
    }


def _finding(said: Reader) -> dict[str, Any]:
    order, symbol, time = (said.member(name) for name in ("order_id", "symbol", "time_ns"))
    return {
        "code": said.member("code").one_of(_CODES),
        "text": said.member("text").text(),
        "order_id": None if order.is_null else order.whole(),
        "symbol": None if symbol.is_null else symbol.text(),
        "time_ns": None if time.is_null else time.whole(),
        "claimed": said.member("claimed").text(),
        "expected": said.member("expected").text(),
    }

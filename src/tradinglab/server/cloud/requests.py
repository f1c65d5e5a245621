"""What of a request for a backtest QuantConnect can follow."""

from __future__ import annotations

from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.cloud.credentials import account_find
from tradinglab.server.cloud.terms import files_with_terms
from tradinglab.server.errors import InputError
from tradinglab.server.strategies.running import files_run


def request_check(*, owner: User, request: BacktestRequest) -> None:
    """Refuse what could not be run at QuantConnect.

    Raises
    ------
    InputError
        If no account is connected, or dates or cash are given that the strategy does not set.
    """
    if account_find(user=owner) is None:
        text = (
            "No QuantConnect account is connected: give user id and token by PUT /api/v1/quantconnect/credentials/, "
            "or choose the engine 'local'."
        )
        raise InputError("engine", request.engine, text)
    files_with_terms(files_run(request.version.files), start=request.start, end=request.end, cash=request.cash)

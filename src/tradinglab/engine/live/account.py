"""What a live account looks like from outside, and how one is set up as it was."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradinglab.core.currencies import Currencies
from tradinglab.core.decimals import ZERO
from tradinglab.core.security_identifier import SecurityIdentifier
from tradinglab.core.symbol import Symbol
from tradinglab.engine.errors import UsageError
from tradinglab.engine.result_record import AccountFigures

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.securities import Security
    from tradinglab.engine.live.options import Position

_MOST_HOLDINGS = 500


def portfolio_snapshot(algorithm: QCAlgorithm) -> dict[str, Any]:
    """Return holdings by symbol and cash by currency, in the words of QuantConnect's API.

    Of a holding: ``a`` average price, ``q`` quantity, ``p`` price, ``v`` value, ``u`` unrealised profit, ``up`` that
    in percent of the cost.
    """
    held = [security for security in algorithm.securities.values() if security.holdings.exact_quantity != ZERO]
    return {
        "time": algorithm.lab_utc_ns,
        "holdings": {str(security.symbol.id): _holding(security) for security in held[:_MOST_HOLDINGS]},
        "cash": {
            cash.symbol: {
                "symbol": cash.symbol,
                "amount": _number(cash.exact_amount),
                "conversionRate": _number(cash.exact_conversion_rate),
                "currencySymbol": Currencies.get_currency_symbol(cash.symbol),
                "valueInAccountCurrency": _number(cash.exact_value_in_account_currency),
                "securitySymbols": [str(symbol.id) for symbol in cash.security_symbols],
            }
            for cash in algorithm.portfolio.cash_book.values()
        },
        "value": _number(algorithm.portfolio.exact_total_portfolio_value),
    }


def _holding(security: Security) -> dict[str, Any]:
    holdings = security.holdings
    cost = abs(holdings.exact_holdings_cost)
    profit = holdings.exact_unrealized_profit
    return {
        "symbol": security.symbol.value,
        "a": _number(holdings.exact_average_price),
        "q": _number(holdings.exact_quantity),
        "p": _number(holdings.exact_price),
        "v": _number(holdings.exact_holdings_value),
        "u": _number(profit),
        "up": round(float(profit / cost) * 100, 4) if cost else 0.0,
        "securityType": int(security.type),
    }


def _number(value: Decimal) -> float:
    return float(value)


def figures_snapshot(algorithm: QCAlgorithm, start_value: Decimal) -> dict[str, str]:
    """Return LEAN's runtime statistics, and the author's own."""
    symbol = Currencies.get_currency_symbol(algorithm.account_currency)
    own = {str(name): str(value) for name, value in algorithm.runtime_statistics.items()}
    return AccountFigures.of(algorithm.portfolio).runtime_statistics(symbol, start_value) | own


def set_cash(algorithm: QCAlgorithm, amounts: Mapping[str, Decimal]) -> None:
    """Let an account have these amounts and no other; without any it has what the strategy has set."""
    if not amounts:
        return
    for cash in algorithm.portfolio.cash_book.values():
        cash.set_amount(0)
    for currency, amount in amounts.items():
        if currency == algorithm.account_currency:
            algorithm.set_cash(amount)
        else:
            algorithm.set_cash(currency, amount)


def set_positions(algorithm: QCAlgorithm, positions: Iterable[Position], cash: Container[str]) -> None:
    """Let an account hold these positions; a security that the strategy has not added is added.

    Parameters
    ----------
    cash
        The currencies whose amounts were set: they count what is held of them already.

    Raises
    ------
    UsageError
        If a position names no security that there is.
    """
    for position in positions:
        security = security_of(algorithm, position.symbol_id, position.ticker)
        algorithm.lab_seed([security])
        security.holdings.set_holdings(position.average_price, position.quantity)
        base = getattr(security, "base_currency", None)
        if base is not None and base.symbol not in cash:
            # A coin that is held is money, too.
            base.exact_add(position.quantity)


def security_of(algorithm: QCAlgorithm, symbol_id: str, ticker: str) -> Security:
    """Return the security of an identifier, or of a ticker where there is none; it is added if it is not there.

    Raises
    ------
    UsageError
        If they name no security that there is.
    """
    for security in algorithm.securities.values():
        if str(security.symbol.id) == symbol_id:
            return security
    if not symbol_id:
        found = next((s for s in algorithm.securities.values() if s.symbol.value == ticker.upper()), None)
        if found is not None:
            return found
    try:
        identifier = SecurityIdentifier.parse(symbol_id)
        return algorithm.lab_add_security_by_symbol(Symbol(identifier, ticker or identifier.symbol))
    except (ValueError, TypeError, KeyError, ArithmeticError) as problem:
        name = symbol_id or ticker
        raise UsageError(
            f"holdings: '{name}' is no security that the strategy adds, and no identifier such as 'SPY R735QTJ8XC9X' "
            f"({problem})"
        ) from None

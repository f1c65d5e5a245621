"""What a result claims, held against what the replay of its requests gave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tradinglab.algorithm.orders.serialization import hashed_order_json, order_json
from tradinglab.core.clock import from_ns
from tradinglab.engine.result_record import AccountFigures
from tradinglab.engine.verification import Finding, FindingCode

if TYPE_CHECKING:
    from tradinglab.algorithm.orders import Order
    from tradinglab.algorithm.orders.written import WrittenOrder
    from tradinglab.algorithm.trade import Trade
    from tradinglab.engine.result import BacktestResult
    from tradinglab.engine.sampling import DaySample

    AnyOrder = Order | WrittenOrder

_TRADE_AMOUNTS = (
    "exact_entry_price", "exact_quantity", "exact_total_fees", "exact_exit_price", "exact_profit_loss", "exact_mae",
    "exact_mfe", "exact_end_trade_drawdown",
)  # fmt: skip
_FIGURES = (
    "starting_capital", "total_fees", "total_orders", "capacity", "lowest_capacity_asset", "currency_symbol",
    "trading_days_per_year",
)  # fmt: skip


def compare(claimed: BacktestResult, replayed: BacktestResult) -> Iterator[Finding]:
    """Yield what a result says and its replay does not."""
    yield from _configuration(claimed, replayed)
    yield from _times(claimed)
    yield from _orders(claimed.record.orders, replayed.record.orders)
    yield from _trades(claimed.closed_trades, replayed.closed_trades)
    yield from _samples(claimed, replayed)
    yield from _account(claimed, replayed)


def _moment(time_ns: int) -> str:
    return f"{from_ns(time_ns):%Y-%m-%d %H:%M:%S} UTC"


def _configuration(claimed: BacktestResult, replayed: BacktestResult) -> Iterator[Finding]:
    """Yield what the result says of its own setup and end that is not so."""
    said, given = claimed.record, replayed.record
    status = ("failed", "interrupted") if given.status == "interrupted" else (given.status,)
    if said.status not in status:
        text = f"The run is said to have {said.status}; by its requests it was {given.status}."
        yield Finding(code=FindingCode.CONFIGURATION, text=text, claimed=said.status, expected=given.status)
    for name, one, other in (
        ("start", said.start, given.start),
        ("end", said.end, given.end),
        ("time zone", said.time_zone, given.time_zone),
        ("currency", said.configuration.account_currency, given.configuration.account_currency),
        ("account type", said.configuration.account_type, given.configuration.account_type),
        ("brokerage", said.configuration.brokerage, given.configuration.brokerage),
    ):
        if one != other:
            text = f"The {name} of the result is {one}; the run was set up with {other}."
            yield Finding(code=FindingCode.CONFIGURATION, text=text, claimed=str(one), expected=str(other))


def _times(claimed: BacktestResult) -> Iterator[Finding]:
    """Yield the orders that are filled before they are sent."""
    for order in claimed.record.orders:
        filled_ns = order.last_fill_time_ns
        if filled_ns is not None and filled_ns < order.time_ns:
            yield Finding(
                code=FindingCode.FILL_BEFORE_ORDER,
                text=f"Order {order.id} is filled at {_moment(filled_ns)}, before it was sent.",
                order_id=order.id,
                symbol=order.symbol.value,
                time_ns=filled_ns,
                claimed=_moment(filled_ns),
                expected=f"not before {_moment(order.time_ns)}",
            )


def _orders(claimed: Sequence[AnyOrder], replayed: Sequence[AnyOrder]) -> Iterator[Finding]:
    made = {order.id: order for order in replayed}
    named: set[int] = set()
    for order in claimed:
        twin = made.get(order.id)
        if order.id in named or twin is None:
            yield _about(
                order, FindingCode.ORDER_UNKNOWN, f"Order {order.id} was not sent: no request of the run made it."
            )
        else:
            yield from _order(order, twin)
        named.add(order.id)
    for number, order in made.items():
        if number not in named:
            yield _about(
                order, FindingCode.ORDER_MISSING, f"Order {number}, which the run sent, is missing in its result."
            )


def _about(order: AnyOrder, code: FindingCode, text: str, claimed: object = "", expected: object = "") -> Finding:
    return Finding(
        code=code,
        text=text,
        order_id=order.id,
        symbol=order.symbol.value,
        time_ns=order.last_fill_time_ns or order.time_ns,
        claimed=str(claimed),
        expected=str(expected),
    )


def _order(order: AnyOrder, twin: AnyOrder) -> Iterator[Finding]:
    """Yield how an order differs from its replay: what it was filled at first, then the rest."""
    found = False
    filled_ns, twin_ns = order.last_fill_time_ns, twin.last_fill_time_ns
    if filled_ns != twin_ns:
        found = True
        said = "not filled" if filled_ns is None else f"filled at {_moment(filled_ns)}"
        given = "not filled" if twin_ns is None else f"filled at {_moment(twin_ns)}"
        text = f"Order {order.id} for {order.symbol.value} is {said}; by the bars it is {given}."
        yield _about(order, FindingCode.FILL_TIME, text, said, given)
    if order.exact_price != twin.exact_price:
        found = True
        text = (
            f"Order {order.id} for {order.symbol.value} is filled at {order.exact_price}; bars and models give "
            f"{twin.exact_price}."
        )
        yield _about(order, FindingCode.FILL_PRICE, text, order.exact_price, twin.exact_price)
    if order.exact_quantity != twin.exact_quantity:
        found = True
        text = (
            f"Order {order.id} is for {order.exact_quantity} {order.symbol.value}; the request and the rules of the "
            f"brokerage give {twin.exact_quantity}."
        )
        yield _about(order, FindingCode.FILL_QUANTITY, text, order.exact_quantity, twin.exact_quantity)
    if not found:
        yield from _rest_of_order(order, twin)


def _rest_of_order(order: AnyOrder, twin: AnyOrder) -> Iterator[Finding]:
    pairs = [(_json(order), _json(twin)), (_hashed(order), _hashed(twin))]
    same = order.symbol == twin.symbol and order.type == twin.type and order.direction == twin.direction
    same = same and order.status == twin.status and order.time_ns == twin.time_ns and order.tag == twin.tag
    if same and all(said == given for said, given in pairs):
        return
    names = sorted({name for said, given in pairs for name in _differences(said, given)})
    what = ", ".join(names) or "type, direction, status, time or tag"
    text = f"Order {order.id} differs from what its request and the bars make of it, in {what}."
    yield _about(order, FindingCode.ORDER_DIFFERS, text, order.status, twin.status)


def _json(order: AnyOrder) -> str:
    return getattr(order, "json", None) or order_json(order)


def _hashed(order: AnyOrder) -> str:
    return getattr(order, "hashed_json", None) or hashed_order_json(order)


def _differences(said: str, given: str) -> Iterator[str]:
    one, other = json.loads(said), json.loads(given)
    for name in {**one, **other}:
        if one.get(name) != other.get(name):
            yield str(name)


def _trades(claimed: Sequence[Trade], replayed: Sequence[Trade]) -> Iterator[Finding]:
    if len(claimed) != len(replayed):
        yield Finding(
            code=FindingCode.TRADES,
            text=f"The result has {len(claimed)} trades; its fills make {len(replayed)}.",
            claimed=str(len(claimed)),
            expected=str(len(replayed)),
        )
    for number, (trade, twin) in enumerate(zip(claimed, replayed, strict=False), 1):
        said, given = _trade(trade), _trade(twin)
        if said != given:
            names = [name for name in said if said[name] != given[name]]
            yield Finding(
                code=FindingCode.TRADES,
                text=f"Trade {number} ({twin.symbols[0].value}) does not follow from the fills: {', '.join(names)}.",
                symbol=twin.symbols[0].value,
                time_ns=twin.exit_ns,
                claimed=", ".join(str(said[name]) for name in names),
                expected=", ".join(str(given[name]) for name in names),
            )


def _trade(trade: Trade) -> dict[str, object]:
    return {
        "symbols": [symbol.id for symbol in trade.symbols],
        "direction": trade.direction,
        "entry_time": trade.entry_ns,
        "exit_time": trade.exit_ns,
        "is_win": trade.is_win,
        "orders": sorted(trade.order_ids),
    } | {name.removeprefix("exact_"): getattr(trade, name) for name in _TRADE_AMOUNTS}


def _samples(claimed: BacktestResult, replayed: BacktestResult) -> Iterator[Finding]:
    said, given = claimed.record.sampler, replayed.record.sampler
    yield from _series("equity", *[[(each[0], each[1:]) for each in s.candles] for s in (said, given)])
    yield from _series(
        "account at the end of the day", *[[(d.time_ns, _day(d)) for d in s.days] for s in (said, given)]
    )
    yield from _series("turnover", said.turnover, given.turnover)


def _day(day: DaySample) -> tuple[object, ...]:
    holdings = [(each.name, each.security_type, each.value, each.margin) for each in day.holdings]
    figures = day.value, _decimal(day.noted_benchmark), day.performance, day.highest, day.exact_capacity
    return *figures, list(day.sales), sorted(day.types), holdings


def _decimal(value: Decimal | float) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _series(name: str, said: Sequence[tuple[int, object]], given: Sequence[tuple[int, object]]) -> Iterator[Finding]:
    """Yield the first sample of a series that is not as it should be, and how many there are."""
    if said == given:
        return
    one, other = dict(said), dict(given)
    times = [time_ns for time_ns in sorted({**one, **other}) if one.get(time_ns) != other.get(time_ns)]
    if not times:
        return
    first = times[0]
    text = f"The {name} does not follow from the fills and the bars at {len(times)} of {len(one)} samples"
    yield Finding(
        code=FindingCode.EQUITY,
        text=f"{text}, first at {_moment(first)}.",
        time_ns=first,
        claimed=_shown(one.get(first)),
        expected=_shown(other.get(first)),
    )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        value = ", ".join(str(each) for each in value if isinstance(each, Decimal))
    return "no sample" if value is None else str(value)


def _account(claimed: BacktestResult, replayed: BacktestResult) -> Iterator[Finding]:
    said, given = claimed.record.statistics_input, replayed.record.statistics_input
    for name in _FIGURES:
        one, other = getattr(said, name), getattr(given, name)
        if one != other:
            code = FindingCode.FEES if name == "total_fees" else FindingCode.FIGURES
            label = name.replace("_", " ")
            text = f"By the result, {label} is {one}; the replay gives {other}."
            yield Finding(code=code, text=text, claimed=str(one), expected=str(other))
    for name, one, other in (
        ("profits of closing fills", said.profit_loss, given.profit_loss),
        ("closing fills that won", list(said.wins), list(given.wins)),
        ("closing fills that lost", list(said.losses), list(given.losses)),
        *(
            (name.replace("_", " "), getattr(claimed.record.account, name), getattr(replayed.record.account, name))
            for name in AccountFigures.__slots__
        ),
    ):
        if one != other:
            text = f"This figure of the account does not follow from the fills: {name}."
            yield Finding(code=FindingCode.FIGURES, text=text, claimed=_brief(one), expected=_brief(other))


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:100]}…"

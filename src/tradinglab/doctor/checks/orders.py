"""What became of the orders: none, refused, too early, on too much margin."""

from __future__ import annotations

from collections import defaultdict

from tradinglab.core.symbol import Symbol
from tradinglab.doctor.examined import Examined
from tradinglab.doctor.findings import Finding, FindingCode, Severity, counted

#: How much more than the account is worth may be held before it counts as leverage: prices move after a sizing.
_LEVERAGE = 1.1
_NAMED = 3
_WARMING_UP = ("warming up", "during warm up")
_MARGIN = ("buying power", "margin")


def no_orders(run: Examined) -> list[Finding]:
    """Find that nothing was filled, and say why."""
    funnel = run.result.funnel
    if funnel.filled or run.fills:
        return []
    evidence = {name: float(count) for name, count in funnel.telling()}
    return [
        Finding(
            code=FindingCode.NO_ORDERS,
            severity=Severity.ERROR,
            sentence=f"Nothing was traded. {funnel.explanation}",
            advice="Begin with the first count that is zero: what is below it is zero because of it.",
            evidence=evidence,
        )
    ]


def refused_orders(run: Examined) -> list[Finding]:
    """Find orders that were refused for other reasons than margin and warm-up."""
    others = {
        reason: count
        for reason, count in run.result.funnel.rejections.items()
        if not _is_of_warm_up(reason) and not _is_of_margin(reason)
    }
    if not others:
        return []
    reason, most = max(others.items(), key=lambda item: item[1])
    total = sum(others.values())
    return [
        Finding(
            code=FindingCode.REFUSED_ORDERS,
            severity=Severity.WARNING,
            sentence=f"{total:,} of {run.result.funnel.requests:,} orders were refused; {most:,} of them: {reason}",
            advice="The strategy holds other positions than it means to. Ask for what can be had.",
            evidence={"refused": float(total), "requests": float(run.result.funnel.requests)},
        )
    ]


def margin_refusals(run: Examined) -> list[Finding]:
    """Find orders that the account could not carry."""
    count = sum(each for reason, each in run.result.funnel.rejections.items() if _is_of_margin(reason))
    if not count:
        return []
    event = next((each for each in run.result.record.order_events if _is_of_margin(each.message)), None)
    place = None if event is None else run.place(event.symbol.value, event.utc_ns)
    return [
        Finding(
            code=FindingCode.MARGIN_REFUSALS,
            severity=Severity.WARNING,
            sentence=f"{counted(count, 'order')} {_were(count)} refused because the account could not carry so much.",
            advice="Size by set_holdings with weights that add up to less than one, sell before buying, or start with "
            "more cash: the results depend on which orders happened to come first.",
            evidence={"refused": float(count), "requests": float(run.result.funnel.requests)},
            place=place,
        )
    ]


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _is_of_margin(text: str) -> bool:
    return any(word in text.lower() for word in _MARGIN)


def _is_of_warm_up(text: str) -> bool:
    return any(words in text.lower() for words in _WARMING_UP)


def warm_up_orders(run: Examined) -> list[Finding]:
    """Find orders that were asked for while the warm-up went on, when none is taken."""
    count = sum(each for reason, each in run.result.funnel.rejections.items() if _is_of_warm_up(reason))
    if not count:
        return []
    return [
        Finding(
            code=FindingCode.WARM_UP_ORDERS,
            severity=Severity.WARNING,
            sentence=f"{counted(count, 'order')} {_were(count)} asked for during the warm-up and refused.",
            advice="Return from on_data while self.is_warming_up: the strategy does not hold what it believes to hold.",
            evidence={"refused": float(count)},
        )
    ]


def unready_indicators(run: Examined) -> list[Finding]:
    """Find orders that were decided while an indicator of their symbol had not enough bars yet."""
    early = [each for each in run.watched.asked if each.unready]
    if not early:
        return []
    first = early[0]
    names = ", ".join(first.unready[:_NAMED]) + (", …" if len(first.unready) > _NAMED else "")
    return [
        Finding(
            code=FindingCode.UNREADY_INDICATORS,
            severity=Severity.WARNING,
            sentence=f"{len(early):,} of {len(run.watched.asked):,} orders were decided while an indicator of their "
            f"symbol had not enough bars; first {first}, before {names} was ready.",
            advice="Warm up (set_warm_up, or settings.automatic_indicator_warm_up), and decide only when is_ready.",
            evidence={"orders": float(len(early)), "asked": float(len(run.watched.asked)), "indicators": names},
            place=run.place(first.of, first.utc_ns),
        )
    ]


def leverage(run: Examined) -> list[Finding]:
    """Find that more was held than the account was worth, of what is traded in the account's currency.

    Each position counts at the price of its own last fill: the absolute sum of price, quantity and multiplier.
    """
    record = run.result.record
    held: defaultdict[Symbol, float] = defaultdict(float)
    worth: defaultdict[Symbol, float] = defaultdict(float)
    gross = 0.0
    days = [(day.time_ns, float(day.value)) for day in record.sampler.days]
    place, equity, worst, worst_at = 0, float(record.sampler.starting_portfolio_value), 0.0, None
    for fill in run.fills:
        while place < len(days) and days[place][0] <= fill.utc_ns:
            equity, place = days[place][1], place + 1
        if fill.fill_price_currency != record.configuration.account_currency:
            continue
        held[fill.symbol] += fill.fill_quantity
        before, now = worth[fill.symbol], abs(held[fill.symbol]) * fill.fill_price * run.multiplier(fill.symbol)
        # One position changes with a fill; the others, of which there may be hundreds, are not added up again.
        gross, worth[fill.symbol] = gross + now - before, now
        if equity > 0 and gross / equity > worst:
            worst, worst_at = gross / equity, fill
    if worst <= _LEVERAGE or worst_at is None:
        return []
    return [
        Finding(
            code=FindingCode.LEVERAGE,
            severity=Severity.NOTE,
            sentence=f"Positions were worth up to {worst:.2f} times the account.",
            advice="Borrowed money is free of interest here unless a margin interest model is set, and a gap can take "
            "more than the account. Look at the drawdown, and at a run without leverage.",
            evidence={"leverage": round(worst, 4)},
            place=run.place(worst_at.symbol.value, worst_at.utc_ns),
        )
    ]


def outside_data(run: Examined) -> list[Finding]:
    """Find that the strategy reads files by itself: a cut does not hide what is in them."""
    files = run.watched.outside
    if not files:
        return []
    names = ", ".join(each.name for each in files[:_NAMED]) + (", …" if len(files) > _NAMED else "")
    return [
        Finding(
            code=FindingCode.OUTSIDE_DATA,
            severity=Severity.WARNING,
            sentence=f"The strategy reads {len(files):,} {'file' if len(files) == 1 else 'files'} by itself, past the "
            f"engine: {names}. Whether it sees the future there cannot be told, as no cut hides what is in them.",
            advice="Bring the figures in as data (add_data, or a store of bars), which comes at its time; or make sure "
            "that none is used before it was known.",
            evidence={"files": float(len(files)), "reads": float(sum(each.count for each in files)), "names": names},
        )
    ]

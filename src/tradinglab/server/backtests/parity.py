"""Two backtests of a version by different engines, side by side."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import polars as pl

from tradinglab.report.parity import Parity, ParityOrder, ParitySide, parity
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.results import table_collect, table_read
from tradinglab.server.backtests.selectors import backtest_get, backtest_list
from tradinglab.server.errors import ConflictError, InputError
from tradinglab.server.runs.models import RunState

_MOST_POINTS: Final = 5_000


def parity_partner(*, user: User, test: Backtest, against: UUID | None) -> Backtest:
    """Return what a backtest is compared with: the one that is named, else the newest of another engine.

    Raises
    ------
    NotFoundError
        If the user has no such backtest.
    ConflictError
        If one of the two has not completed.
    InputError
        If none is named and there is none, or the other is of another version's files.
    """
    _check_completed(test)
    if against is not None:
        other = backtest_get(user=user, run_id=against)
        _check_completed(other)
        if other.version.content_hash != test.version.content_hash:
            text = "That backtest is of other files; a parity report is of one version that two engines have run."
            raise InputError("against", str(against), text)
        return other
    found = parity_counterpart(user=user, test=test)
    if found is None:
        text = (
            "The version was not run by another engine with the same parameters, dates and cash. Run it there, or name "
            "the other backtest."
        )
        raise InputError("against", None, text)
    return found


def parity_counterpart(*, user: User, test: Backtest) -> Backtest | None:
    """Return the newest completed backtest of the same version, parameters, dates and cash by another engine."""
    others = backtest_list(user=user).filter(
        version__content_hash=test.version.content_hash,
        parameters=test.parameters,
        start=test.start,
        end=test.end,
        cash=test.cash,
        run__state=RunState.COMPLETED,
        is_slim=False,
    )
    return others.exclude(engine=test.engine).order_by("-run__created_at").first()


def _check_completed(test: Backtest) -> None:
    if test.run.state != RunState.COMPLETED:
        raise ConflictError(f"The backtest {test.pk} is {test.run.state}; only what has completed can be compared.")


def parity_of(*, left: Backtest, right: Backtest) -> Parity:
    """Compare two backtests; of the same engine, they are told apart by their names."""
    names = [each.engine for each in (left, right)]
    if names[0] == names[1]:
        names = [f"{each.engine} {each.name or each.pk}" for each in (left, right)]
    return parity(_side(left, names[0]), _side(right, names[1]))


def _side(test: Backtest, name: str) -> ParitySide:
    equity = table_collect(table_read(test=test, name="equity").select("time", "equity").drop_nulls())
    step = max(1, equity.height // _MOST_POINTS)
    times = equity["time"].dt.epoch("us").to_list()[::step]
    return ParitySide(
        name=name,
        orders=_orders(test),
        statistics=test.statistics,
        equity=list(zip(times, equity["equity"].to_list()[::step], strict=True)),
        without_bars={each["no_bars_of"]: each["text"] for each in test.warnings if each.get("no_bars_of")},
    )


def _orders(test: Backtest) -> list[ParityOrder]:
    events = table_read(test=test, name="order_events")
    fills = events.group_by("order_id").agg(
        pl.col("fee").sum(),
        pl.col("fill_quantity").sum().alias("filled"),
        (pl.col("fill_quantity") * pl.col("fill_price")).sum().alias("paid"),
    )
    orders = table_read(test=test, name="orders").join(fills, left_on="id", right_on="order_id", how="left")
    instant = pl.coalesce("last_fill_time", "time").dt.epoch("us").fill_null(0).alias("at")
    rows = table_collect(orders.with_columns(instant)).to_dicts()
    # Without a fill of any, nothing is known of fees.
    is_told = any(row["filled"] for row in rows)
    found = []
    for row in rows:
        filled = row["filled"] or 0.0
        is_filled = abs(filled) > 0
        found.append(
            ParityOrder(
                id=row["id"],
                symbol=row["symbol"],
                side=row["direction"],
                time_us=row["at"],
                # What was not filled changed nothing, but was a decision.
                quantity=filled if is_filled else row["quantity"],
                price=row["paid"] / filled if is_filled else row["price"],
                fee=(row["fee"] or 0.0) if is_told else None,
                status=row["status"],
            )
        )
    return found

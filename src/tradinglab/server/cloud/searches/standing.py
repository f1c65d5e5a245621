"""Where an optimization at QuantConnect stands, and what one would cost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tradinglab.server.accounts.models import User
from tradinglab.server.cloud.browsing import asked
from tradinglab.server.cloud.credentials import account_get
from tradinglab.server.cloud.flow import standing_of
from tradinglab.server.cloud.models import CloudOptimization, CloudProject
from tradinglab.server.cloud.searches.requests import PRICES, node_of, search_check, search_of
from tradinglab.server.cloud.searches.steps import cost_of
from tradinglab.server.errors import ConflictError
from tradinglab.server.optimizations.requests import OptimizationRequest
from tradinglab.server.optimizations.selectors import optimization_get


def search_standing(*, user: User, run_id: UUID) -> dict[str, Any]:
    """Return where an optimization stands, with its ids at QuantConnect; one that is searched here has none."""
    found = optimization_get(user=user, run_id=run_id)
    row = CloudOptimization.objects.filter(pk=run_id).first()
    run = found.run
    elsewhere = run.manifest.get("elsewhere", {})
    return {
        **standing_of(run, row),
        "optimization_id": run.pk,
        "engine": found.engine,
        "remote": {
            "project_id": row and row.project_id,
            "compile_id": row.compile_id if row else "",
            "optimization_id": row.optimization_id if row else "",
            "estimate_s": row and row.estimate_s,
            "estimated_cost": row and row.estimated_cost,
            "most_cost": elsewhere.get("most_cost"),
        },
    }


def search_estimate(*, user: User, request: OptimizationRequest) -> dict[str, Any]:
    """Return what QuantConnect says that an optimization would take; nothing is started.

    Raises
    ------
    InputError
        If it could not be searched there.
    ConflictError
        If the strategy has no project there yet.
    CloudError
        If QuantConnect cannot be asked, or cannot say.
    """
    request.check()
    account = account_get(user=user)
    search_check(owner=user, request=request)
    project = CloudProject.objects.filter(account=account, strategy=request.version.strategy).first()
    if project is None or project.remote_id is None:
        raise ConflictError(
            f"The strategy '{request.version.strategy.name}' has no project at QuantConnect yet, which estimates from "
            "a backtest of it: run one there first."
        )
    number, name, node = project.remote_id, request.name or request.version.strategy.name, node_of(request)
    told = asked(user, lambda client: client.optimizations.estimate(number, name, search_of(request)))
    return {
        "combinations": request.space.size,
        "seconds": told.time,
        "cost": None if told.time is None else cost_of(seconds=told.time, node=node),
        "balance": told.balance,
        "node_type": node,
        "price_per_hour": PRICES[node],
        "parallel_nodes": request.most_parallel,
    }

"""``optimizations/…``: grid searches over this installation's engine."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

from pydantic import AliasChoices, Field

from tradinglab.server.accounts.models import Scope
from tradinglab.server.errors import ConflictError
from tradinglab.server.optimizations.annotating import run_annotate
from tradinglab.server.optimizations.services import optimization_cancel, optimization_discard
from tradinglab.server.qcapi.asking import Ask, Number, OrNone, Whole
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.names import checked_name
from tradinglab.server.qcapi.search_answers import described, summaries_of
from tradinglab.server.qcapi.searches import (
    AskedAxis,
    AskedConstraint,
    AskedSearch,
    search_create,
    search_of,
    search_seconds,
    searches_of,
)
from tradinglab.server.qcapi.selectors import compile_get, project_get, run_check_ending

_MOST_PARAMETERS = 200
_MOST_CONSTRAINTS = 20


class AxisAsk(Ask):
    """A parameter: a range, or one value."""

    name: str = Field(validation_alias=AliasChoices("name", "key"))
    min: OrNone[Number] = None
    max: OrNone[Number] = None
    step: OrNone[Number] = None
    value: str | None = None


class ConstraintAsk(Ask):
    """A bound."""

    target: str
    operator: str
    target_value: Number = Field(validation_alias=AliasChoices("targetValue", "target-value"))


class SearchAsk(Ask):
    """What is to be searched, and what for."""

    project_id: Whole
    name: str
    target: str
    target_to: str
    strategy: str
    parameters: Annotated[list[AxisAsk], Field(max_length=_MOST_PARAMETERS)]
    target_value: OrNone[Number] = None
    constraints: OrNone[Annotated[list[ConstraintAsk], Field(max_length=_MOST_CONSTRAINTS)]] = None

    @property
    def search(self) -> AskedSearch:
        """What is asked for."""
        return AskedSearch(
            strategy=self.strategy,
            target=self.target,
            target_to=self.target_to,
            target_value=self.target_value,
            axes=[
                AskedAxis(name=each.name, low=each.min, high=each.max, step=each.step, value=each.value)
                for each in self.parameters
            ],
            constraints=[
                AskedConstraint(target=each.target, operator=each.operator, value=each.target_value)
                for each in self.constraints or []
            ],
        )


class EstimateAsk(SearchAsk):
    """How long a search would take."""

    compile_id: OrNone[str] = None


class CreateAsk(SearchAsk):
    """A search that is to be carried out."""

    compile_id: str
    estimated_cost: Number
    node_type: str
    parallel_nodes: Whole


class ProjectAsk(Ask):
    """The searches of a project."""

    project_id: Whole


class OneAsk(Ask):
    """A search."""

    optimization_id: str


class NameAsk(OneAsk):
    """Another name for it."""

    name: str


@endpoint("optimizations/estimate", EstimateAsk)
def estimate(call: Call, asked: EstimateAsk) -> Answer:
    """Say how long a search may take; it costs nothing."""
    project = project_get(user=call.user, project_id=asked.project_id)
    search = asked.search
    _ = search.objective  # refuses what cannot be looked for
    seconds = search_seconds(project=project, search=search)
    return {"estimate": {"estimateId": f"E-{uuid4().hex}", "time": seconds, "balance": 0}}


@endpoint("optimizations/create", CreateAsk, scope=Scope.RUN)
def create(call: Call, asked: CreateAsk) -> Answer:
    """Start a search."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    made = search_create(
        user=call.user,
        project=project,
        compiled=compile_get(project=project, compile_id=asked.compile_id),
        name=asked.name,
        search=asked.search,
        node=asked.node_type,
        parallel=asked.parallel_nodes,
    )
    return {"optimizations": summaries_of([made], project)}


@endpoint("optimizations/list", ProjectAsk)
def list_all(call: Call, asked: ProjectAsk) -> Answer:
    """List a project's, the newest first."""
    project = project_get(user=call.user, project_id=asked.project_id)
    found = summaries_of(searches_of(project=project), project)
    return {"optimizations": found, "count": len(found)}


@endpoint("optimizations/read", OneAsk)
def read(call: Call, asked: OneAsk) -> Answer:
    """Tell how far it is, and what its trials came to."""
    found, project = search_of(user=call.user, optimization_id=asked.optimization_id)
    return {"optimization": described(found, project)}


@endpoint("optimizations/update", NameAsk, scope=Scope.RUN)
def update(call: Call, asked: NameAsk) -> Answer:
    """Give it another name."""
    found, _ = search_of(user=call.user, optimization_id=asked.optimization_id, to_write=True)
    run_annotate(annotated=found, name=checked_name(asked.name))
    return {}


@endpoint("optimizations/abort", OneAsk, scope=Scope.RUN)
def abort(call: Call, asked: OneAsk) -> Answer:
    """Stop it; what is done is kept."""
    found, project = search_of(user=call.user, optimization_id=asked.optimization_id, to_write=True)
    run_check_ending(user=call.user, project=project, run=found.run)
    if found.run.is_final:
        raise ConflictError(f"The optimization is over: it is {found.run.state}.")
    optimization_cancel(optimization=found)
    return {}


@endpoint("optimizations/delete", OneAsk, scope=Scope.RUN)
def delete(call: Call, asked: OneAsk) -> Answer:
    """Take it out of sight with its trials, and stop it if it goes on."""
    found, project = search_of(user=call.user, optimization_id=asked.optimization_id, to_write=True)
    run_check_ending(user=call.user, project=project, run=found.run)
    optimization_discard(optimization=found)
    return {}

"""``backtests/…``: start, read, list, change, delete."""

from __future__ import annotations

from pydantic import Field, JsonValue

from tradinglab.server.accounts.models import Scope
from tradinglab.server.backtests.services import backtest_annotate
from tradinglab.server.qcapi.asking import Ask, Flag, OrNone, Whole
from tradinglab.server.qcapi.backtests import backtest_create, backtest_of, backtests_of, described, listed
from tradinglab.server.qcapi.endpoints import Answer, Call, endpoint
from tradinglab.server.qcapi.names import checked_name, checked_note, checked_tags
from tradinglab.server.qcapi.organizations import organization_of
from tradinglab.server.qcapi.selectors import compile_get, project_get, run_check_ending
from tradinglab.server.runs.deletion import run_discard


class ProjectAsk(Ask):
    """The backtests of a project."""

    project_id: Whole
    include_statistics: OrNone[Flag] = None


class BacktestAsk(Ask):
    """One of them."""

    project_id: Whole
    backtest_id: str


class CreateAsk(Ask):
    """What is to be run."""

    project_id: Whole
    compile_id: str
    backtest_name: str
    parameters: OrNone[dict[str, JsonValue]] = None


class UpdateAsk(BacktestAsk):
    """What its user says of it."""

    name: OrNone[str] = None
    note: str | None = None


class TagsAsk(BacktestAsk):
    """Its tags, in place of those that it has."""

    tags: list[str] = Field(default_factory=list)


@endpoint("backtests/create", CreateAsk, scope=Scope.RUN)
def create(call: Call, asked: CreateAsk) -> Answer:
    """Start a backtest of what was compiled."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    test = backtest_create(
        user=call.user,
        project=project,
        compiled=compile_get(project=project, compile_id=asked.compile_id),
        name=asked.backtest_name,
        parameters=asked.parameters or {},
    )
    return {"backtest": described(test, project, organization_of(call.user).id), "debugging": False}


@endpoint("backtests/read", BacktestAsk)
def read(call: Call, asked: BacktestAsk) -> Answer:
    """Tell how far it is, and what came out."""
    project = project_get(user=call.user, project_id=asked.project_id)
    test = backtest_of(project=project, backtest_id=asked.backtest_id)
    return {"backtest": described(test, project, organization_of(call.user).id), "debugging": False}


@endpoint("backtests/list", ProjectAsk)
def list_all(call: Call, asked: ProjectAsk) -> Answer:
    """List a project's, the newest first."""
    project = project_get(user=call.user, project_id=asked.project_id)
    found = [listed(each, with_statistics=bool(asked.include_statistics)) for each in backtests_of(project=project)]
    return {"backtests": found, "count": len(found)}


@endpoint("backtests/update", UpdateAsk, scope=Scope.RUN)
def update(call: Call, asked: UpdateAsk) -> Answer:
    """Give it another name or note."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    test = backtest_of(project=project, backtest_id=asked.backtest_id)
    backtest_annotate(
        test=test,
        name=None if asked.name is None else checked_name(asked.name),
        notes=None if asked.note is None else checked_note(asked.note),
    )
    return {}


@endpoint("backtests/tags/update", TagsAsk, scope=Scope.RUN)
def tags_update(call: Call, asked: TagsAsk) -> Answer:
    """Give it other tags."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    test = backtest_of(project=project, backtest_id=asked.backtest_id)
    backtest_annotate(test=test, tags=checked_tags(asked.tags))
    return {}


@endpoint("backtests/delete", BacktestAsk, scope=Scope.RUN)
def delete(call: Call, asked: BacktestAsk) -> Answer:
    """Take it out of sight, and stop it if it goes on."""
    project = project_get(user=call.user, project_id=asked.project_id, to_write=True)
    test = backtest_of(project=project, backtest_id=asked.backtest_id)
    run_check_ending(user=call.user, project=project, run=test.run)
    run_discard(run=test.run)
    return {}

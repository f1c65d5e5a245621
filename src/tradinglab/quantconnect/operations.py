"""One text for both faces of the client.

A method of a resource is written once, as a plan. On a resource that blocks it is a function; on one that awaits it is
a coroutine function; a type checker sees which::

    class Projects(Resource[D]):
        @operation
        def read(self, project_id: int) -> Plan[Project]: ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from tradinglab.quantconnect.drivers import AsyncDriver, BlockingDriver, Driver
from tradinglab.quantconnect.exchange import Exchange
from tradinglab.quantconnect.steps import Plan

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D", bound=Driver)


class Resource(Generic[D]):
    """Part of the API.

    Parameters
    ----------
    exchange
        What it talks through.
    driver
        Who carries its plans out.
    """

    def __init__(self, exchange: Exchange, driver: D) -> None:
        self._exchange = exchange
        self._driver = driver


class Operation(Generic[P, T]):
    """A method that is a plan; `plan` is the plan itself, for others to build on."""

    def __init__(self, plan: Callable[Concatenate[Any, P], Plan[T]]) -> None:
        self.plan = plan
        functools.update_wrapper(cast(Callable[..., object], self), plan)

    @overload
    def __get__(self, resource: None, kind: type) -> Operation[P, T]: ...

    @overload
    def __get__(self, resource: Resource[BlockingDriver], kind: type) -> Callable[P, T]: ...

    @overload
    def __get__(self, resource: Resource[AsyncDriver], kind: type) -> Callable[P, Coroutine[object, object, T]]: ...

    def __get__(self, resource: Resource[Any] | None, kind: type) -> object:
        """Return what makes the call."""
        if resource is None:
            return self
        plan, driver = self.plan, resource._driver

        @functools.wraps(plan)
        def call(*args: P.args, **kwargs: P.kwargs) -> object:
            return driver.run(plan(resource, *args, **kwargs))

        return call


def operation(plan: Callable[Concatenate[Any, P], Plan[T]]) -> Operation[P, T]:
    """Make a method of a resource of a plan."""
    return Operation(plan)

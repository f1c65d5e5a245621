"""The bar stores that jobs may write: the installation's own, and those that the operator has named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.conf import settings

from tradinglab.server.config.data_sources import LOCAL
from tradinglab.server.errors import InputError, NotFoundError

_STORE = "store"


@dataclass(frozen=True, slots=True)
class Target:
    """A store by its name; *where* it is stays inside the server."""

    name: str
    where: str

    @property
    def key(self) -> str:
        """What tells the store from others, whatever it is called."""
        return hashlib.sha256(self.where.encode()).hexdigest()

    def without_place(self, text: str) -> str:
        """Return a text that names the store, not where it is on the server."""
        return text.replace(f"store:{self.where}", self.name).replace(self.where, self.name)


def target_list() -> list[Target]:
    """Return the stores that can be written; the installation's own is made when the first bars come."""
    found = {LOCAL: str(settings.HOME.bars)}
    for name, spec in settings.ENVIRONMENT.data_sources.items():
        kind, _, where = spec.partition(":")
        if kind == _STORE:
            found[name] = where
        else:
            found.pop(name, None)
    return [Target(name, where) for name, where in found.items()]


def target_get(*, name: str) -> Target:
    """Return the store of that name."""
    found = next((each for each in target_list() if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in target_list())
        raise NotFoundError(f"There is no bar store '{name}' that can be written. Use one of: {known}.")
    return found


def target_wanted(*, name: str) -> Target:
    """Return the store that a request names.

    Raises
    ------
    InputError
        With the list of those that there are.
    """
    try:
        return target_get(name=name)
    except NotFoundError as error:
        raise InputError("target", name, str(error)) from None

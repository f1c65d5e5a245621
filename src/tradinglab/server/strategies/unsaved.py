"""Files that are run without having been saved: they become versions of a strategy that is kept for them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError
from tradinglab.server.strategies.files import check_files
from tradinglab.server.strategies.models import Strategy, StrategyVersion
from tradinglab.server.strategies.selectors import strategy_list
from tradinglab.server.strategies.services import strategy_create
from tradinglab.server.strategies.versions import version_save

#: The strategy whose versions they are; one for each user.
NAME = "Unsaved files"
_TAGS = ("unsaved",)
_DESCRIPTION = (
    "Files that were sent with a request to run them. Copy a version to go on with it under a name of its own."
)


@transaction.atomic
def version_of_files(*, owner: User, files: Mapping[str, str]) -> StrategyVersion:
    """Return the version that consists of these files, stored once.

    Raises
    ------
    InputError
        If the files cannot be stored.
    ConflictError
        If the owner has archived the strategy that is kept for them.
    """
    check_files(files)
    strategy = _kept(owner)
    if strategy is None:
        try:
            strategy = strategy_create(
                owner=owner, name=NAME, description=_DESCRIPTION, tags=_TAGS, files=files, message="Sent with a run"
            )
        except InputError:
            strategy = _kept(owner)
            if strategy is None:
                raise
    return version_save(strategy=strategy, author=owner, files=files, message="Sent with a run").version


def _kept(owner: User) -> Strategy | None:
    return strategy_list(user=owner).filter(name=NAME).first()

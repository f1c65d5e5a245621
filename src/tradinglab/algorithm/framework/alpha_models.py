"""Alpha models: what makes insights of data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from tradinglab.algorithm.framework.members import checked_model, listed, member_of, model_name
from tradinglab.algorithm.names import ArgumentException
from tradinglab.core.dual import Derivable, second_spelling

if TYPE_CHECKING:
    from tradinglab.algorithm.insights import Insight
    from tradinglab.algorithm.qc_algorithm import QCAlgorithm
    from tradinglab.algorithm.security_changes import SecurityChanges
    from tradinglab.algorithm.slice import Slice

#: What every alpha model has.
ALPHA_METHODS = ("update", "on_securities_changed")


class AlphaModel(Derivable):
    """Makes insights of data. Derive from it and write ``update``.

    Attributes
    ----------
    name
        What its insights give as their source; that of the class if it is left empty.
    """

    name = ""
    Name = second_spelling("name")

    def update(self, algorithm: QCAlgorithm, data: Slice) -> Iterable[Insight]:
        """Return the insights that follow from new data."""
        raise NotImplementedError(f"{type(self).__name__} has to say what its insights are: write update.")

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Take note of securities that were added or removed."""


class NullAlphaModel(AlphaModel):
    """Makes no insights."""

    def update(self, algorithm: QCAlgorithm, data: Slice) -> Iterable[Insight]:
        """Return none."""
        return []


class CompositeAlphaModel(AlphaModel):
    """Makes the insights of several models, one model after the other."""

    def __init__(self, *alpha_models: Any) -> None:
        if not alpha_models:
            raise ArgumentException("A CompositeAlphaModel consists of at least one alpha model; none was given.")
        self._models: list[Any] = []
        for model in alpha_models:
            self.add_alpha(model)

    def add_alpha(self, alpha_model: Any) -> None:
        """Add a model, as the last."""
        self._models.append(checked_model("an alpha model", alpha_model, ALPHA_METHODS))

    def update(self, algorithm: QCAlgorithm, data: Slice) -> Iterator[Insight]:
        """Return the insights of all models; each has its own model as source."""
        for model in self._models:
            update = member_of(model, "update")
            assert update is not None
            for insight in listed(update(algorithm, data)):
                insight.source_model = insight.source_model or model_name(model)
                yield insight

    def on_securities_changed(self, algorithm: QCAlgorithm, changes: SecurityChanges) -> None:
        """Tell all models."""
        for model in self._models:
            changed = member_of(model, "on_securities_changed")
            assert changed is not None
            changed(algorithm, changes)

"""Which callback a strategy is in, and the flag that something asks for the engine's attention."""

from __future__ import annotations

#: When the models of the algorithm framework are asked, after ``on_data``.
MODELS_PHASE = "a framework model"
#: When universes choose, before a step.
SELECTION_PHASE = "a universe"
#: When all is over.
END_PHASE = "on_end_of_algorithm"


class Phase:
    """The name of the author's callback that is running, for error messages."""

    __slots__ = ("name",)

    def __init__(self) -> None:
        self.name = "initialize"


class Attention:
    """Raised by whatever makes the next steps more than quiet: an order, a subscription, a quit."""

    __slots__ = ("filled", "raised")

    def __init__(self) -> None:
        self.raised = True
        #: An order was filled, and left nothing behind but perhaps a sample to take.
        self.filled = False

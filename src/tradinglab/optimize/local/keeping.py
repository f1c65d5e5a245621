"""Keeping processes at work: what an optimization and a walk-forward do alike."""

from __future__ import annotations

from collections.abc import Callable

from tradinglab.optimize.local.journal import Journal
from tradinglab.optimize.local.trials import Done
from tradinglab.optimize.local.workers import Workers


def keep_at_work(
    workers: Workers,
    journal: Journal,
    *,
    hand_out: Callable[[Workers], None],
    take: Callable[[Done], None],
    tell: Callable[[], None],
) -> str:
    """Have trials run until none is handed out any more; return ``completed``, or ``interrupted`` after Ctrl+C.

    Parameters
    ----------
    hand_out
        Gives the processes that are free what they are to run next.
    take
        Takes what came of a trial; it is in the journal a little later.
    tell
        Says how far it is, whenever something has arrived.
    """
    try:
        with workers:
            hand_out(workers)
            while workers.busy:
                arrived = workers.wait()
                for done in arrived:
                    take(done)
                # First the processes get on with their work, then the disk with its.
                hand_out(workers)
                journal.tell(arrived)
                tell()
        journal.end()
    except KeyboardInterrupt:
        return "interrupted"
    return "completed"

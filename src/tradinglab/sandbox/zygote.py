"""The process that runs are forked from: started fresh, without environment, with the libraries read in once.

It is started as ``python -I -B -c … DESCRIPTOR ORDER`` by the supervisor, with a socket as its only descriptor. It
first finds out what the machine has, enters its namespaces, imports, and says what it is; then each datagram asks for
a run, and brings the descriptors of the run along. Strategy code is never in this process.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from tradinglab.sandbox import kernel, landlock, namespaces
from tradinglab.sandbox.lockdown import Cell, Layer, become_nobody
from tradinglab.sandbox.nursery import Nursery, say
from tradinglab.sandbox.places import DEVICES
from tradinglab.sandbox.probe import Assessment, assess

_LARGEST_MESSAGE: Final = 1000
#: How often what runs do is done again before the first of them, if there are to be many, and how long that may take.
#: Python makes code that is run often faster, and the children have it so from the zygote.
_MORE_WARM_UPS: Final = 9
_WARM_UP_S: Final = 0.3


def main(descriptor: int, order: dict[str, Any]) -> NoReturn:
    """Be the zygote, until the supervisor closes its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=descriptor)
    try:
        cell, assessment = _settle(order)
    except BaseException as problem:
        say(control, {"problem": f"{type(problem).__name__}: {problem}"[:2000]})
        os._exit(1)
    say(control, {"ready": True, "assessment": assessment.as_json(), "layers": sorted(cell.layers)})
    Nursery(cell, control, spares=order["spares"], is_alone=order["is_alone"]).serve()
    os._exit(0)


def _settle(order: dict[str, Any]) -> tuple[Cell, Assessment]:
    """Take the place that runs will have, and read in what they need."""
    assessment = assess(order["readable"])
    layers = {Layer(name) for name in order["layers"] or assessment.layers}
    if Layer.NAMESPACES in layers:
        size = namespaces.enter(order["readable"])
    else:
        size = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        kernel.not_dumpable()
        if os.geteuid() == 0:
            _check_readable(order["readable"])
    for name in order["modules"]:
        importlib.import_module(name)
    guest = importlib.import_module(order["guest"])
    _warm_up(guest.warm_up, is_for_many=bool(order["spares"]))
    rules = None
    if Layer.LANDLOCK in layers:
        rules = landlock.ruleset([*order["readable"], *DEVICES])
    gc.disable()
    gc.collect()
    gc.freeze()
    pages = int(os.pread(size, 256, 0).split()[0])
    os.close(size)
    base_bytes = pages * os.sysconf("SC_PAGE_SIZE")
    cell = Cell(
        layers=frozenset(layers), rules=rules, base_bytes=base_bytes, rehearse=guest.warm_up, prepare=guest.prepare
    )
    return cell, assessment


def _warm_up(rehearse: Callable[[], None], *, is_for_many: bool) -> None:
    rehearse()
    if is_for_many:
        end = time.monotonic() + _WARM_UP_S
        for _ in range(_MORE_WARM_UPS):
            if time.monotonic() < end:
                rehearse()


def _check_readable(places: Sequence[str]) -> None:
    """See that runs, which are not root here, can read what they need; see it here, and not as a riddle in a run.

    Raises
    ------
    PermissionError
        If something is for root alone.
    """
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        become_nobody()
        closed = [place for place in places if not os.access(place, os.R_OK)]
        os.write(sink, ", ".join(closed).encode()[:_LARGEST_MESSAGE])
        os._exit(0)
    os.close(sink)
    closed_to_others = os.read(source, _LARGEST_MESSAGE).decode("utf-8", "replace")
    os.close(source)
    os.waitpid(child, 0)
    if closed_to_others:
        raise PermissionError(
            f"runs that root starts give up being root, and could then not read {closed_to_others}; let every user "
            "read that, or start the program as another user"
        )


def start() -> NoReturn:
    """Start from the arguments of the process."""
    main(int(sys.argv[1]), json.loads(sys.argv[2]))

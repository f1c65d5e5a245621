"""The trusted side: starts the zygote, asks it for runs, watches each one, and reads what it sends back."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Final, Self

from tradinglab.sandbox.errors import SandboxLostError, SandboxUnavailableError
from tradinglab.sandbox.limits import Limits
from tradinglab.sandbox.places import import_path, library_places, outermost
from tradinglab.sandbox.probe import Assessment, Grade, grade_of
from tradinglab.sandbox.watch import LARGEST_DATAGRAM, Reply, Task, Watch

_START_S: Final = 60.0
_BOOT: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2])['path']; "
    "from tradinglab.sandbox.zygote import start; start()"
)
_PROBE: Final = (
    "import json, sys; order = json.loads(sys.argv[1]); sys.path[:] = order['path']; "
    "from tradinglab.sandbox.probe import assess; print(json.dumps(assess(order['readable']).as_json()))"
)
_MODULES: Final = ("numpy", "pandas", "tradinglab.algorithm.imports")
#: One for the next run, and one for the run after it while the next one's successor is being made.
SPARES: Final = 2
_NOT_LINUX: Final = f"the sandbox needs Linux; this is {sys.platform}"
#: Runs a strategy over historical bars.
BACKTEST: Final = "tradinglab.sandbox.guest"
#: All that the zygote knows of its surroundings. One thread, as the children may not start any.
_ENVIRONMENT: Final = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "TZ": "UTC",
    "MALLOC_ARENA_MAX": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
}


#: Where strategies run, sets of texts have one order, so that a run comes to the same again. Where what they answer is
#: read, they have another one each time: nobody can make up names that all collide.
_ENVIRONMENT_OF_STRATEGIES: Final = {**_ENVIRONMENT, "PYTHONHASHSEED": "0"}
#: As ``-I``, but for the environment, of which there is none but ours.
_ISOLATED: Final = ("-P", "-s", "-B")


def assess_machine() -> Assessment:
    """Return what a sandbox would be worth here, as tried in a process of its own.

    Raises
    ------
    SandboxUnavailableError
        If that process fails.
    """
    order = json.dumps({"path": import_path(), "readable": library_places()})
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-c", _PROBE, order],
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_START_S,
            cwd="/",
        )
    except (subprocess.SubprocessError, OSError) as problem:
        raise SandboxUnavailableError(f"the machine could not be probed: {problem}") from None
    return _assessment(json.loads(done.stdout))


def require_sandbox(*, allow_weak: bool = False) -> None:
    """See that runs can be made in a sandbox here, before there are any.

    Raises
    ------
    SandboxUnavailableError
        If there is none here, or only a weak one and *allow_weak* is False.
    """
    if sys.platform != "linux":
        raise SandboxUnavailableError(_NOT_LINUX)
    assessment = assess_machine()
    if assessment.grade == Grade.WEAK and not allow_weak:
        raise _too_weak(assessment)


def _too_weak(assessment: Assessment) -> SandboxUnavailableError:
    reasons = "\n".join(f"  {each}" for each in assessment.reasons)
    return SandboxUnavailableError(f"the sandbox would be weak here, so the strategy was not run:\n{reasons}")


def _assessment(found: dict[str, list[str]]) -> Assessment:
    return Assessment(layers=tuple(found["layers"]), reasons=tuple(found["reasons"]))


class Sandbox:
    """A zygote, and the runs that are made in its children.

    Parameters
    ----------
    readable
        Files and folders that runs may read beside the libraries, such as the data.
    guest
        What the children do: a module with ``warm_up()``, which the zygote calls, and ``prepare(request)``, which
        returns the work of a child.
    layers
        Which layers to put on; by default all that work here.
    allow_weak
        Whether to go on where only a weak sandbox can be had.
    spares
        How many children wait for a run, each with some twenty megabytes of its own; none for a single run.
    is_alone
        Whether the processors are there for these runs alone. If not, the children that wait rehearse only when no run
        has come for two seconds: what a rehearsal takes is taken from others.

    Raises
    ------
    SandboxUnavailableError
        If there is none here, or only a weak one and *allow_weak* is False.
    """

    def __init__(
        self,
        *,
        readable: Iterable[str] = (),
        guest: str = BACKTEST,
        layers: Sequence[str] | None = None,
        allow_weak: bool = False,
        spares: int = SPARES,
        is_alone: bool = True,
    ) -> None:
        if sys.platform != "linux":
            raise SandboxUnavailableError(_NOT_LINUX)
        order = {
            "path": import_path(),
            "readable": outermost([*library_places(), *readable]),
            "layers": None if layers is None else list(layers),
            "modules": _MODULES,
            "guest": guest,
            "spares": spares,
            "is_alone": is_alone,
        }
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._sending = threading.Lock()
        self._is_lost = False
        with theirs, ExitStack() as stack:
            stack.callback(self._control.close)
            self._process = subprocess.Popen(
                [sys.executable, *_ISOLATED, "-c", _BOOT, str(theirs.fileno()), json.dumps(order)],
                env=_ENVIRONMENT_OF_STRATEGIES if guest == BACKTEST else _ENVIRONMENT,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )
            stack.pop_all()  # from now on, closing the sandbox closes it
        try:
            self.assessment, self.layers = self._greeting()
            if self.grade == Grade.WEAK and not allow_weak:
                raise _too_weak(self.assessment)
        except BaseException:
            self.close()
            raise

    def _greeting(self) -> tuple[Assessment, tuple[str, ...]]:
        self._control.settimeout(_START_S)
        try:
            said = json.loads(self._control.recv(LARGEST_DATAGRAM) or b"{}")
        except TimeoutError:
            said = {"problem": f"no word from it in {_START_S:g} s"}
        if not said.get("ready"):
            raise SandboxUnavailableError(f"the sandbox did not start: {said.get('problem', 'its process died')}")
        self._control.settimeout(None)
        return _assessment(said["assessment"]), tuple(said["layers"])

    @property
    def grade(self) -> Grade:
        """What the layers that are put on are worth."""
        return grade_of(self.layers)

    @property
    def is_alive(self) -> bool:
        """Whether the zygote is there."""
        return not self._is_lost and self._process.poll() is None

    def run(self, request: bytes, limits: Limits | None = None) -> Reply:
        """Have a child do what a request asks for, and return what it left; see :meth:`carry_out`."""
        return self.carry_out(Task(request=request, limits=limits or Limits()))

    def carry_out(self, task: Task) -> Reply:
        """Have a child do a task, and return what it left. Several threads may do so at once.

        Ctrl+C asks the child to stop and to answer with what it has; a second one kills it.

        Raises
        ------
        SandboxSetupError
            If a layer could not be put on.
        RunEndedError
            If the child ended without an answer; the leaf says why.
        """
        with self.watching(task) as watch:
            return watch.outcome()

    @contextmanager
    def watching(self, task: Task) -> Iterator[Watch]:
        """Have a child do a task, for who wants to look at its answer while it ends; as :meth:`carry_out` otherwise.

        A child that has not ended at the end is killed.
        """
        watch = Watch(task)
        try:
            watch.begin(self._control, self._sending)
            yield watch
        except SandboxLostError:
            self._is_lost = True  # its process may take a moment to end
            raise
        finally:
            watch.close()

    def close(self) -> None:
        """End the zygote and all runs."""
        self._control.close()
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

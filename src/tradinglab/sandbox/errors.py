"""What can go wrong around a run in the sandbox.

::

    SandboxError
    ├── SandboxUnavailableError  the machine has not what it takes, or the zygote did not start
    ├── SandboxSetupError        a layer could not be put on: no strategy code was run
    └── RunEndedError            the run ended without an answer
        ├── RunTimeoutError      it was still running at its deadline
        ├── RunMemoryError       it needed more memory than it was given
        ├── RunKilledError       a signal ended it: a crash, the CPU limit, a forbidden call
        ├── SandboxLostError     the zygote died, and the run with it
        ├── RunStoppedError      it was asked to stop and did not answer
        ├── OutputFloodError     it printed more than it may
        └── BadAnswerError       what came back is not an answer
"""

from __future__ import annotations

from tradinglab.core.errors import TradingLabError


class SandboxError(TradingLabError):
    """Root of the sandbox's errors."""

    code = "sandbox"


class SandboxUnavailableError(SandboxError):
    """There is no sandbox here, or none as strong as was asked for."""

    code = "sandbox_unavailable"


class SandboxSetupError(SandboxError):
    """A layer could not be put on; no strategy code was run."""

    code = "sandbox_setup"


class RunEndedError(SandboxError):
    """A run ended without an answer."""

    code = "sandbox_run"


class RunTimeoutError(RunEndedError):
    """The run was still going on at its deadline and was killed."""

    code = "sandbox_timeout"


class RunMemoryError(RunEndedError):
    """The run needed more memory than it was given."""

    code = "sandbox_memory"


class RunKilledError(RunEndedError):
    """A signal ended the run."""

    code = "sandbox_killed"


class SandboxLostError(RunEndedError):
    """The zygote died, and the run with it: nothing that the run did. Another sandbox may carry it out."""

    code = "sandbox_lost"


class RunStoppedError(RunEndedError):
    """The run was not wanted any more, or was asked to stop and did not answer, and was killed."""

    code = "sandbox_stopped"


class OutputFloodError(RunEndedError):
    """The run printed more than it may."""

    code = "sandbox_flood"


class BadAnswerError(RunEndedError):
    """What the run sent back is not an answer."""

    code = "sandbox_answer"

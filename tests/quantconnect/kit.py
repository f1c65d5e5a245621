"""Clients of the fake, with its faults, on a clock that costs no time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from tests.quantconnect.clock import VirtualClock
from tests.quantconnect.fake import TOKEN, USER_ID, FakeCloud
from tests.quantconnect.faults import Fault, FaultyTransport, Schedule, Script

from tradinglab.quantconnect.client import AsyncQuantConnect, QuantConnect
from tradinglab.quantconnect.credentials import Credentials
from tradinglab.quantconnect.polling import Cancel
from tradinglab.quantconnect.settings import Settings
from tradinglab.quantconnect.shared import Shared


@dataclass
class World:
    """A fake of QuantConnect, a line to it, and a client at this end."""

    clock: VirtualClock
    cloud: FakeCloud
    transport: FaultyTransport
    shared: Shared
    client: QuantConnect

    def another(self, settings: Settings | None = None, cancel: Cancel | None = None) -> QuantConnect:
        """Return a client of another process that shares buckets, circuits and claims."""
        return QuantConnect(
            Credentials(USER_ID, TOKEN), settings, shared=self.shared, clock=self.clock,
            transport=self.transport, random=Random(2), cancel=cancel,
        )  # fmt: skip

    def awaiting(self) -> AsyncQuantConnect:
        """Return a client of the other face."""
        return AsyncQuantConnect(
            Credentials(USER_ID, TOKEN), shared=self.shared, clock=self.clock, transport=self.transport
        )

    def compiled(self) -> tuple[int, str]:
        """Return a project and what was compiled of it, made behind the client's back."""
        project = self.cloud.do_projects_create({"name": "Test", "language": "Py"})["projects"][0]["projectId"]
        return project, self.cloud.do_compile_create({"projectId": project})["compileId"]

    def paths(self) -> list[str]:
        """Return which calls were carried out."""
        return [path for path, _ in self.cloud.calls]


def world(
    faults: Mapping[str, list[Fault | None]] | Schedule | None = None,
    settings: Settings | None = None,
    prepare: Callable[[FakeCloud], None] = lambda cloud: None,
    seed: int = 1,
) -> World:
    """Return a world in which these faults happen."""
    clock = VirtualClock()
    cloud = FakeCloud(clock.true_time)
    prepare(cloud)
    schedule = Script(faults or {}) if isinstance(faults, Mapping) or faults is None else faults
    transport = FaultyTransport(cloud, schedule, clock)
    shared = Shared.in_process(clock.monotonic)
    client = QuantConnect(
        Credentials(USER_ID, TOKEN), settings, shared=shared, clock=clock, transport=transport, random=Random(seed)
    )
    return World(clock, cloud, transport, shared, client)

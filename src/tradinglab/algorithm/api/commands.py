"""What an algorithm has that runs live: its start, and commands from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tradinglab.algorithm.api.core import AlgorithmCore
from tradinglab.algorithm.runtime import AlgorithmError


class CommandMethods(AlgorithmCore):
    """Going live, ``add_command``, and what is done with a command that comes."""

    def lab_go_live(self, utc_ns: int) -> None:
        """Let the algorithm trade live from an instant on, which is its clock's and its start."""
        self.lab_is_live = True
        self.transactions.set_live_mode(True)
        self.lab_start_date = self.lab_zone.datetime(utc_ns)
        self.time_keeper.set_utc_ns(utc_ns)

    def add_command(self, type: type[Any]) -> None:
        """Register a class of commands: one whose ``$type`` is the class's name is made and run."""
        if not callable(getattr(type, "run", None) or getattr(type, "Run", None)):
            raise AlgorithmError(f"add_command: a class with a method run(algorithm) is expected; it was {type!r}")
        self.lab_commands[type.__name__] = type

    def lab_run_command(self, body: Mapping[str, Any]) -> bool | None:
        """Carry out a command: by its class if it names one, else by ``on_command``; return what that says."""
        from tradinglab.algorithm.commands import CommandValues, command_of

        members = {name: value for name, value in body.items() if name != "$type"}
        if "$type" not in body:
            return self.on_command(CommandValues(members))
        kind = self.lab_commands.get(str(body["$type"]))
        if kind is None:
            known = ", ".join(sorted(self.lab_commands)) or "none"
            raise AlgorithmError(f"there is no command class '{body['$type']}'; registered with add_command: {known}")
        command = command_of(kind, members)
        run = getattr(command, "run", None) or command.Run
        result: bool | None = run(self)
        return result

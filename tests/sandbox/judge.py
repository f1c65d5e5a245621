"""Run attacks as the body of a strategy's ``initialize``, and judge from outside what they did.

``python -m tests.sandbox.judge UID FOLDER [LAYER,…] ATTACK.py …`` becomes that user and prints a verdict for each as
JSON: ``blocked`` (the attack itself says that it failed), ``contained`` (the run was ended, or did no harm), or
``succeeded``.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from tests.sandbox.arena import Arena

from tradinglab.core.errors import TradingLabError
from tradinglab.engine.errors import StrategyError
from tradinglab.engine.result import BacktestResult
from tradinglab.sandbox import Limits, Sandbox, sandboxed_backtest
from tradinglab.sandbox.supervisor import SPARES

_LIMITS = Limits(memory_mb=512, cpu_s=2, wall_s=3.0, output_bytes=64 << 10, output_most_bytes=8 << 20)
_PATIENCE_S = 8.0
_MOST_MEMORY_MB = 150
_STRATEGY = """
from AlgorithmImports import *
import json as _json

class Attack(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 1, 4)
        self.add_equity("IBM", Resolution.DAILY)
        names = {{"__name__": "attack", "INPUT": {facts!r}}}
        exec(compile({code!r}, "attack.py", "exec"), names)
        self.log("RESULT " + _json.dumps(names.get("RESULT"), default=repr))
"""
_SLEEPER = "import time\ntime.sleep(3600)\n"


def judge_all(attacks: list[Path], folder: Path, layers: list[str] | None) -> dict[str, dict[str, Any]]:
    """Return a verdict for each attack."""
    os.environ["DJANGO_SECRET_KEY"] = "TOPSECRET-env"
    with closing(Arena(folder / "arena")) as arena, Sandbox(layers=layers, allow_weak=True) as sandbox:
        arena.reset()
        sibling = _start_sibling(sandbox, folder)
        verdicts = {each.stem: _judge(each, arena, sandbox, folder, sibling) for each in _ordered(attacks)}
        clean = _attempt(sandbox, folder, "import numpy\nRESULT = float(numpy.mean([1.0, 2.0]))", {})
        verdicts["still_serving"] = {"verdict": "blocked" if clean[1] == 1.5 else "succeeded", "status": clean[0]}
        verdicts["grade"] = {"verdict": str(sandbox.grade)}
    return verdicts


def _ordered(attacks: list[Path]) -> list[Path]:
    def order(path: Path) -> int:
        found = re.search(r"# order: (\d+)", path.read_text())
        return int(found.group(1)) if found else 0

    return sorted(attacks, key=order)


def _start_sibling(sandbox: Sandbox, folder: Path) -> int:
    """Start a run that goes on beside all others, and return its number where the others are."""

    def stay() -> None:
        try:
            _run(sandbox, folder, "sibling", _SLEEPER, {}, Limits(wall_s=3000))
        except (TradingLabError, OSError):
            return

    threading.Thread(target=stay, daemon=True).start()
    for _ in range(100):
        time.sleep(0.05)
        for each in _descendants():
            if _has_a_run(each):
                status = Path(f"/proc/{each}/status").read_text()
                found = re.search(r"NSpid:\s+(.*)", status)
                assert found
                return int(found.group(1).split()[-1])
    raise AssertionError("the sibling did not start")


def _has_a_run(pid: int) -> bool:
    """Whether a process is held to the limits of a run: those that wait for one are not yet."""
    try:
        return bool(re.search(r"Max file size\s+0\s", Path(f"/proc/{pid}/limits").read_text()))
    except OSError:
        return False


def _descendants() -> Iterator[int]:
    """Yield the processes below this one."""
    parents = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                parents[int(each.name)] = int((each / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    for pid in parents:
        above = pid
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid() and pid != above:
            yield pid


def _run(sandbox: Sandbox, folder: Path, name: str, code: str, facts: dict[str, Any], limits: Limits) -> BacktestResult:
    path = folder / f"{name}.py"
    path.write_text(_STRATEGY.format(facts=facts, code=code))
    return sandboxed_backtest(path, sandbox=sandbox, limits=limits)


def _attempt(sandbox: Sandbox, folder: Path, code: str, facts: dict[str, Any]) -> tuple[str, Any, list[str]]:
    """Run an attack; return how it ended, what it says, and all texts that came back."""
    result: BacktestResult | None
    try:
        result = _run(sandbox, folder, "attack", code, facts, _LIMITS)
        status = "finished"
    except StrategyError as error:
        status, result = f"strategy: {error}", error.result
    except TradingLabError as error:
        status, result = f"{error.code}: {error}", None
    texts = [status, *([] if result is None else result.logs)]
    for text in texts:
        if "RESULT " in text:
            return status, json.loads(text.partition("RESULT ")[2]), texts
    return status, None, texts


def _judge(attack: Path, arena: Arena, sandbox: Sandbox, folder: Path, sibling: int) -> dict[str, Any]:
    arena.reset()
    memory = _peak_memory_mb(reset=True)
    began = time.monotonic()
    status, said, texts = _attempt(sandbox, folder, attack.read_text(), arena.facts(sibling))
    seconds = time.monotonic() - began
    time.sleep(0.1)
    harm = list(arena.harm())
    if surplus := _too_many(sandbox, arena.victim.pid):
        harm.append(f"{surplus} processes were left" if surplus > 0 else f"{-surplus} others were ended")
    if (grown := _peak_memory_mb() - memory) > _MOST_MEMORY_MB:
        harm.append(f"the judge's memory grew by {grown} MB")
    if seconds > _PATIENCE_S:
        harm.append(f"it took {seconds:.1f} s")
    if any("\x1b" in text for text in texts):
        harm.append("control characters came back")
    pwned = said.get("pwned") if isinstance(said, dict) else None
    if pwned:
        harm.append(f"it says so: {said.get('detail')}")
    verdict = "succeeded" if harm else "blocked" if pwned is False else "contained"
    return {"verdict": verdict, "status": status[:200], "harm": harm, "seconds": round(seconds, 2)}


def _too_many(sandbox: Sandbox, victim: int) -> int:
    """Return how many processes there are beside those that there should be, after waiting a moment for that."""
    zygote = 2 if "namespaces" in sandbox.layers else 1
    expected = zygote + SPARES + 1  # the sibling
    for _ in range(100):
        surplus = len(set(_descendants()) - {victim}) - expected
        if not surplus:
            break
        time.sleep(0.05)
    return surplus


def _peak_memory_mb(*, reset: bool = False) -> int:
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found.group(1)) // 1024


def main() -> None:
    """Become another user, judge, and print the verdicts."""
    user, folder, layers, *attacks = sys.argv[1:]
    if int(user) != os.getuid():
        os.setgroups([])
        os.setresgid(int(user), int(user), int(user))
        os.setresuid(int(user), int(user), int(user))
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        Path(os.devnull).open("w") as quiet,
        redirect_stdout(quiet),
        redirect_stderr(quiet),
    ):
        verdicts = judge_all([Path(each) for each in attacks], Path(place), layers.split(",") if layers else None)
    print(json.dumps(verdicts))
    sys.stdout.flush()
    os._exit(0)  # threads that wait for listeners and the sibling


if __name__ == "__main__":
    main()

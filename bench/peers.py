"""The engines that ours is raced against, each in a virtual environment of its own: they pin against each other.

``python -m bench.peers install [NAME ...]`` makes the environments under ``.bench/``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".bench"


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine, what pip calls it, and the script that runs it through a workload."""

    name: str
    requirement: str
    script: str
    workloads: tuple[str, ...]

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return ENVIRONMENTS / self.name / "bin" / "python"

    @property
    def is_installed(self) -> bool:
        """Whether there is one."""
        return self.python.exists()


PEERS = (
    Peer("nautilus_trader", "nautilus_trader>=1.221", "bench_nautilus.py", ("cross",)),
    Peer("backtesting", "backtesting>=0.6", "bench_backtesting.py", ("cross",)),
    Peer("backtrader", "backtrader pandas", "bench_backtrader.py", ("cross",)),
    Peer("zipline-reloaded", "zipline-reloaded>=3.1", "bench_zipline.py", ("cross", "rebalance")),
    Peer("bt", "bt>=1.1", "bench_bt.py", ("rebalance",)),
    Peer("raptorbt", "raptorbt numpy", "bench_raptorbt.py", ("rules",)),
    Peer("duckdb", "duckdb numpy", "bars_duckdb.py", ("bars", "quality", "resampling")),
    Peer("vectorbt", "vectorbt", "bench_vectorbt.py", ("rules",)),
)


def scripts_folder(given: str | None) -> Path | None:
    """Return the folder of the peers' scripts: the one named, ``TRADINGLAB_BENCH``, or ``../shared/bench``."""
    named = given or os.environ.get("TRADINGLAB_BENCH")
    folder = Path(named).expanduser() if named else ROOT.parent / "shared" / "bench"
    return folder if folder.is_dir() else None


def install(names: Sequence[str]) -> int:
    """Make the environments of the named peers, of all if none is named; return how many failed."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    failed = 0
    for peer in PEERS:
        if names and peer.name not in names:
            continue
        folder = peer.python.parent.parent
        wanted = peer.requirement.split()
        if uv:
            make = [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)]
            fill = [uv, "pip", "install", "--quiet", "--python", str(peer.python), *wanted]
        else:
            make = [sys.executable, "-m", "venv", "--clear", str(folder)]
            fill = [str(peer.python), "-m", "pip", "install", "--quiet", *wanted]
        print(f"installing {peer.name} into {folder.relative_to(ROOT)}", flush=True)
        done = subprocess.run(make, check=False).returncode == 0 and subprocess.run(fill, check=False).returncode == 0
        if not done:
            failed += 1
            shutil.rmtree(folder, ignore_errors=True)
            print(f"{peer.name} could not be installed", file=sys.stderr)
    return failed


def main() -> None:
    """Carry out the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    installing = commands.add_parser("install", help="make the peers' virtual environments")
    installing.add_argument("names", nargs="*", choices=[peer.name for peer in PEERS] + [[]], metavar="NAME")
    commands.add_parser("list", help="say which are installed")
    options = parser.parse_args()
    if options.command == "install":
        sys.exit(1 if install(options.names) else 0)
    for peer in PEERS:
        print(f"{peer.name:18} {'installed' if peer.is_installed else 'not installed'}")


if __name__ == "__main__":
    main()

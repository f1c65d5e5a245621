"""What the server bears: ``python -m bench.load``.

Starts an installation of its own, and beside it a plain view of Django REST Framework, which is the yardstick: the
machine's speed drops out of the ratio. Then 200 WebSockets listen to one run, and 100 backtests are queued at once.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from websockets.asyncio.client import connect

from bench.installation import Installation, plain_view, started

_QUICK = """
from AlgorithmImports import *

class Quick(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2010, 1, 4)
        self.set_end_date(2010, 3, 1)
        self.add_equity("AAPL", Resolution.DAILY)

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings("AAPL", 1)
"""
#: Long enough for listeners to come while it runs.
_LONG = _QUICK.replace("2010, 3, 1", "2012, 12, 31").replace(
    "def on_data(self, data):", "def on_data(self, data):\n        sum(range(1_000_000))"
)
_FINAL = ("completed", "failed", "cancelled", "timed_out")


@dataclass(frozen=True, slots=True)
class Timing:
    """Requests a second, and how long they took."""

    rate: float
    median_ms: float
    late_ms: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print; return 1 if something was lost."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--requests", type=int, default=400, help="for each address (default: 400)")
    parser.add_argument("--clients", type=int, default=4, help="that send them at once (default: 4)")
    parser.add_argument("--sockets", type=int, default=200, help="WebSockets on one run (default: 200)")
    parser.add_argument("--backtests", type=int, default=100, help="queued at once (default: 100)")
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}, Python {sys.version.split()[0]}")
    with started() as lab:
        version = _version(lab, "Quick", _QUICK)
        right = _queue(lab, version, options.backtests)
        _requests(lab, version, options.requests, options.clients)
        right &= asyncio.run(_sockets(lab, _version(lab, "Long", _LONG), options.sockets))
    return 0 if right else 1


def _version(lab: Installation, name: str, source: str) -> str:
    made = lab.call("/api/v1/strategies/", {"name": name, "files": {"main.py": source}})
    version: str = made["head"]["id"]
    return version


# Requests.


def _requests(lab: Installation, version: str, count: int, clients: int) -> None:
    run = lab.call("/api/v1/backtests/?page_size=1&state=completed")["results"][0]["id"]
    addresses = {
        "who asks": "/api/v1/me/",
        "strategies": "/api/v1/strategies/",
        "50 backtests": "/api/v1/backtests/",
        "a backtest": f"/api/v1/backtests/{run}/",
        "its equity": f"/api/v1/backtests/{run}/equity/?points=500",
        "its orders": f"/api/v1/backtests/{run}/orders/",
        "its events": f"/api/v1/runs/{run}/events/",
    }
    with plain_view() as port:
        yardstick = _time("127.0.0.1", port, "/", {}, count, clients)
        print(f"\n{count} requests from {clients} clients (load {os.getloadavg()[0]:.2f})")
        print(f"  {'':14} {'a second':>9} {'median ms':>10} {'95 % ms':>9} {'of plain':>9}")
        _print("plain view", yardstick, yardstick)
        for name, path in addresses.items():
            _print(name, _time(lab.host, lab.port, path, lab.headers, count, clients), yardstick)


def _print(name: str, timing: Timing, yardstick: Timing) -> None:
    share = timing.rate / yardstick.rate
    print(
        f"  {name:14} {timing.rate:>9,.0f} {timing.median_ms:>10.1f} {timing.late_ms:>9.1f} {share:>9.2f}", flush=True
    )


def _time(host: str, port: int, path: str, headers: dict[str, str], count: int, clients: int) -> Timing:
    def work(mine: int) -> list[float]:
        connection = http.client.HTTPConnection(host, port, timeout=60)
        taken = []
        for _ in range(mine):
            begin = time.perf_counter()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            answer.read()
            taken.append(time.perf_counter() - begin)
            if answer.status != http.HTTPStatus.OK:
                raise SystemExit(f"{path} answered {answer.status}")
        connection.close()
        return taken

    work(5)
    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        taken = [each for times in pool.map(work, [count // clients] * clients) for each in times]
    whole = time.perf_counter() - begin
    late = statistics.quantiles(taken, n=20)[-1]
    return Timing(len(taken) / whole, statistics.median(taken) * 1e3, late * 1e3)


# Backtests.


def _queue(lab: Installation, version: str, count: int) -> bool:
    """Queue backtests, wait for their ends, and see that each has one, told once, by events without a gap."""
    begin = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        bodies = [{"version": version, "name": f"load {number}"} for number in range(count)]
        runs = [each["id"] for each in pool.map(lambda body: lab.call("/api/v1/backtests/", body), bodies)]
    stored = time.perf_counter() - begin
    states = dict.fromkeys(runs, "queued")
    while waiting := [run for run, state in states.items() if state not in _FINAL]:
        time.sleep(0.25)
        for run in waiting[:20]:
            states[run] = lab.call(f"/api/v1/backtests/{run}/")["state"]
    taken = time.perf_counter() - begin
    good = sum(state == "completed" for state in states.values())
    whole = sum(_has_one_end(lab, run) for run in runs)
    print(f"\n{count} small backtests queued in {stored:.1f} s (load {os.getloadavg()[0]:.2f})")
    print(f"  all over after {taken:.1f} s, {count / taken:.1f} a second; {good} completed, {whole} told without a gap")
    return good == whole == count


def _has_one_end(lab: Installation, run: str) -> bool:
    events = lab.call(f"/api/v1/runs/{run}/events/?limit=1000")["events"]
    numbers = [each["sequence"] for each in events]
    ends = [each for each in events if each["kind"] == "finished"]
    return numbers == list(range(1, len(numbers) + 1)) and len(ends) == 1


# WebSockets.


async def _sockets(lab: Installation, version: str, count: int) -> bool:
    """Listen to one run with many WebSockets; see that each hears all, and how late."""
    run = lab.call("/api/v1/backtests/", {"version": version, "name": "listened to"})["id"]
    begin = time.perf_counter()
    heard = await asyncio.gather(*(_listen(lab, run) for _ in range(count)))
    taken = time.perf_counter() - begin
    stored = [each["sequence"] for each in lab.call(f"/api/v1/runs/{run}/events/?limit=1000")["events"]]
    complete = sum([number for number, _ in each] == stored for each in heard)
    # What was there before the listener came says nothing about delay.
    late = sorted(delay for each in heard for _, delay in each if delay is not None)
    print(f"\n{count} WebSockets on one run of {len(stored)} events, {taken:.1f} s (load {os.getloadavg()[0]:.2f})")
    if late:
        middle, most = statistics.median(late), statistics.quantiles(late, n=20)[-1]
        print(
            f"  heard after {middle * 1e3:.0f} ms (median), {most * 1e3:.0f} ms (95 %), {late[-1] * 1e3:.0f} ms at most"
        )
    print(f"  {complete} of them heard every event once")
    return complete == count


async def _listen(lab: Installation, run: str) -> list[tuple[int, float | None]]:
    made = await asyncio.to_thread(lab.call, "/api/v1/ws-tickets/", {})
    address = f"ws://{lab.host}:{lab.port}/ws/runs/{run}/?ticket={made['ticket']}"
    heard: list[tuple[int, float | None]] = []
    async with connect(address, open_timeout=60) as socket:
        since = datetime.now(UTC)
        async for text in socket:
            event = json.loads(text)
            if "sequence" in event:
                at, now = datetime.fromisoformat(event["at"]), datetime.now(UTC)
                heard.append((event["sequence"], (now - at).total_seconds() if at > since else None))
    return heard


if __name__ == "__main__":
    sys.exit(main())

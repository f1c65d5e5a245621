"""A small QuantConnect in memory: projects, files, compilations, backtests and what they come to.

It answers as `api.md`'s sources say the real one does: errors with status 200, ``[]`` for empty maps, dates with a
space, results that are late, lists that are late.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from tests.quantconnect.fake_searches import FakeSearches

USER_ID = "1001"
TOKEN = "fa4e70ad-c1e5-4d2b-9b1e-0f9be7c0ffee"
_WINDOW_S = 60.0
#: What of a deployment is read by itself.
_LIVE_HIDDEN = ("quantity", "unwilling", "orders", "lines", "insights", "commands")


@dataclass
class Told:
    """What the server answers."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, payload: object, status: int = 200) -> Told:
        return cls(status, json.dumps(payload).encode(), {"Content-Type": "application/json"})


class Refused(Exception):
    """A refusal, which QuantConnect answers with status 200."""


class FakeCloud(FakeSearches):
    """Everything that one account has.

    Parameters
    ----------
    now
        The true time. `skew_s` is what this server's clock is ahead of it.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__()
        self._now = now
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self.skew_s = 0.0
        #: So long after its creation a thing is missing from lists.
        self.list_late_s = 0.0
        self.compile_s = 2.0
        self.backtest_s = 20.0
        self.results_late_s = 3.0
        self.order_count = 250
        self.nodes = 100
        self.build_error = False
        self.runtime_error = False
        self.projects: dict[int, dict[str, Any]] = {}
        self.backtests: dict[str, dict[str, Any]] = {}
        self.compiles: dict[str, dict[str, Any]] = {}
        self.deployments: dict[int, dict[str, Any]] = {}
        #: All deployments that ever were asked for.
        self.live_started: list[str] = []
        self.live_nodes = 2
        #: All that was ever started, also what was deleted since.
        self.started: list[str] = []
        self.calls: list[tuple[str, Mapping[str, Any]]] = []

    def time(self) -> float:
        return self._now() + self.skew_s

    def answer(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Told:
        """Carry a request out and answer it; *headers* have names in lower case."""
        with self._lock:
            self.calls.append((path, body))
            told = self._answer(path, headers, body)
        told.headers.setdefault("Date", formatdate(self.time(), usegmt=True))
        return told

    def _answer(self, path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Told:
        if not self._is_signed(headers):
            return self.bad_hash()
        try:
            handler = getattr(self, "do_" + path.strip("/").replace("/", "_"))
        except AttributeError:
            return Told(404, b"<html><body>Not Found</body></html>", {"Content-Type": "text/html"})
        try:
            return Told.of({"success": True, **handler(body)})
        except Refused as refusal:
            return Told.of({"success": False, "errors": [str(refusal)]})

    def bad_hash(self) -> Told:
        text = "The API token hash is not valid. This could be due to an old hash, or an invalid timestamp."
        told = Told.of({"errorCode": 10002, "errors": [text], "success": False}, 401)
        told.headers["Date"] = formatdate(self.time(), usegmt=True)
        return told

    def _is_signed(self, headers: Mapping[str, str]) -> bool:
        stamp = headers.get("timestamp", "0")
        digest = hashlib.sha256(f"{TOKEN}:{stamp}".encode()).hexdigest()
        wanted = "Basic " + base64.b64encode(f"{USER_ID}:{digest}".encode()).decode()
        return headers.get("authorization") == wanted and abs(int(stamp) - self.time()) <= _WINDOW_S

    def _stamp(self, at: float) -> str:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")

    def _id(self) -> str:
        return hashlib.md5(str(next(self._numbers)).encode()).hexdigest()

    def _refusal(self, text: str) -> Exception:
        return Refused(text)

    # Account

    def do_authenticate(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def do_account_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"organizationId": "5cad178b20a1d52567b534553413b691", "creditBalance": "12.5", "card": None}

    def do_organizations_list(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "organizations": [
                {"id": "5cad178b20a1d52567b534553413b691", "name": "Ours", "ownerName": "You", "members": 1}
            ]
        }

    # Projects

    def _project(self, body: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self.projects[int(body["projectId"])]
        except (KeyError, ValueError):
            raise Refused("Project not found.") from None

    def _shown(self, project: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in project.items() if name not in ("files", "at", "is_late_s")}

    def do_projects_create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        number = 10_000_000 + next(self._numbers)
        self.projects[number] = {
            "projectId": number,
            "name": body["name"],
            "language": body["language"],
            "description": "",
            "created": self._stamp(self.time()),
            "modified": self._stamp(self.time()),
            "parameters": [],
            "libraries": [],
            "collaborators": [],
            "at": self._now(),
            "is_late_s": self.list_late_s,
            "files": {"main.py": "# A new project\n", "research.ipynb": "{}"},
        }
        return {"projects": [self._shown(self.projects[number])], "versions": []}

    def do_projects_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        if "projectId" in body:
            return {"projects": [self._shown(self._project(body))], "versions": []}
        return {"projects": [self._shown(each) for each in self._listed(self.projects.values())], "versions": []}

    def _listed(self, things: Any) -> list[dict[str, Any]]:
        now = self._now()
        return [each for each in reversed(list(things)) if now >= each["at"] + each["is_late_s"]]

    def do_projects_update(self, body: Mapping[str, Any]) -> dict[str, Any]:
        project = self._project(body)
        project |= {name: body[name] for name in ("name", "description") if name in body}
        return {}

    def do_projects_delete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        del self.projects[self._project(body)["projectId"]]
        return {}

    # Files

    def _file(self, body: Mapping[str, Any]) -> dict[str, str]:
        files: dict[str, str] = self._project(body)["files"]
        if body["name"] not in files:
            raise Refused(f"File '{body['name']}' not found.")
        return files

    def do_files_create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        files = self._project(body)["files"]
        if body["name"] in files:
            raise Refused("A file with this name exists already.")
        files[body["name"]] = body.get("content", "")
        return {"files": []}

    def do_files_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        files = self._file(body) if "name" in body else self._project(body)["files"]
        names = [body["name"]] if "name" in body else list(files)
        stamp = self._stamp(self.time())
        return {
            "files": [{"name": each, "content": files[each], "modified": stamp, "isLibrary": False} for each in names]
        }

    def do_files_update(self, body: Mapping[str, Any]) -> dict[str, Any]:
        files = self._file(body)
        if "newName" in body:
            files[body["newName"]] = files.pop(body["name"])
        else:
            files[body["name"]] = body["content"]
        return {"files": []}

    def do_files_patch(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._project(body)["files"]["main.py"] += body["patch"]
        return {}

    def do_files_delete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        del self._file(body)[body["name"]]
        return {}

    # Compilations

    def do_compile_create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        project = self._project(body)
        number = f"{self._id()}-{self._id()}"
        self.compiles[number] = {"projectId": project["projectId"], "at": self._now(), "is_bad": self.build_error}
        return self._compile(number, "InQueue")

    def do_compile_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        build = self.compiles.get(body["compileId"])
        if build is None or build["projectId"] != self._project(body)["projectId"]:
            raise Refused("Compile not found.")
        is_over = self._now() >= build["at"] + self.compile_s
        state = ("BuildError" if build["is_bad"] else "BuildSuccess") if is_over else "InQueue"
        return self._compile(body["compileId"], state)

    def _compile(self, number: str, state: str) -> dict[str, Any]:
        logs = {"InQueue": [], "BuildSuccess": ["Build succeeded"], "BuildError": ["main.py line 3: bad"]}[state]
        signature = number.rpartition("-")[2]
        return {"compileId": number, "state": state, "logs": logs, "parameters": [], "signature": signature}

    # Backtests

    def _backtest(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._project(body)
        backtest = self.backtests.get(body["backtestId"])
        if backtest is None or backtest["projectId"] != body["projectId"]:
            raise Refused("Backtest not found.")
        return backtest

    def _is_running(self, backtest: Mapping[str, Any]) -> bool:
        return bool(self._now() < backtest["at"] + self.backtest_s)

    def do_backtests_create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        project = self._project(body)
        if body["compileId"] not in self.compiles:
            raise Refused("Compile not found.")
        if sum(map(self._is_running, self.backtests.values())) >= self.nodes:
            raise Refused("There are no spare nodes available in your cluster.")
        number = self._id()
        self.backtests[number] = {
            "backtestId": number,
            "projectId": project["projectId"],
            "name": body["backtestName"],
            "created": self._stamp(self.time()),
            "parameterSet": body.get("parameters", []),
            "tags": [],
            "at": self._now(),
            "is_late_s": self.list_late_s,
        }
        self.started.append(number)
        return {"backtest": self._state(self.backtests[number]), "debugging": False}

    def _state(self, backtest: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: value for name, value in backtest.items() if name not in ("at", "is_late_s")}
        gone = self._now() - backtest["at"]
        shown |= {"progress": min(1, gone / self.backtest_s), "completed": gone >= self.backtest_s}
        shown |= {"status": "In Queue...", "statistics": [], "runtimeStatistics": None, "charts": []}
        if gone >= self.backtest_s:
            shown["status"] = "Runtime Error" if self.runtime_error else "Completed."
            shown["error"] = "During the algorithm initialization, it failed." if self.runtime_error else None
        if gone >= self.backtest_s + self.results_late_s and not self.runtime_error:
            shown["statistics"] = {"Sharpe Ratio": "1.5", "Total Orders": str(self.order_count)}
            shown["runtimeStatistics"] = {"Equity": "$101,000.00"}
            shown["charts"] = {"Strategy Equity": {"name": "Strategy Equity"}}
        return shown

    def do_backtests_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"backtest": self._state(self._backtest(body)), "debugging": False}

    def do_backtests_list(self, body: Mapping[str, Any]) -> dict[str, Any]:
        project = self._project(body)["projectId"]
        mine = [each for each in self._listed(self.backtests.values()) if each["projectId"] == project]
        return {"backtests": [self._state(each) for each in mine], "count": len(mine)}

    def do_backtests_update(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._backtest(body).update({name: body[name] for name in ("name", "note") if name in body})
        return {}

    def do_backtests_tags_update(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._backtest(body)["tags"] = body["tags"]
        return {}

    def do_backtests_delete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        del self.backtests[self._backtest(body)["backtestId"]]
        return {}

    def _window(self, body: Mapping[str, Any], most: int) -> tuple[int, int]:
        start, end = body["start"], body["end"]
        if not 0 <= start < end or end - start > most:
            raise Refused(f"Please ask for a range of at most {most}.")
        return start, min(end, self.order_count)

    def do_backtests_orders_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._backtest(body)
        start, end = self._window(body, 100)
        orders = [{"id": each + 1, "quantity": "1", "price": 100.5, "brokerId": []} for each in range(start, end)]
        return {"orders": orders, "length": self.order_count}

    def do_backtests_read_insights(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._backtest(body)
        start, end = self._window(body, 100)
        # Here it is the number of those that are returned.
        insights = [{"id": f"i{each}", "direction": "up"} for each in range(start, end)]
        return {"insights": insights, "length": len(insights)}

    def do_backtests_read_log(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._backtest(body)
        start, end = self._window(body, 200)
        return {"logs": ["the same line" for _ in range(start, end)], "length": self.order_count}

    def do_backtests_chart_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        backtest = self._backtest(body)
        backtest["charts_asked"] = backtest.get("charts_asked", 0) + 1
        if backtest["charts_asked"] == 1:
            return {"progress": 0.4, "status": "loading"}
        series = {"Equity": {"name": "Equity", "unit": "$", "seriesType": 2, "values": [[1, 2, 3, 4, 5]]}}
        return {"chart": {"name": body["name"], "chartType": 0, "series": series}}

    def do_backtests_read_report(self, body: Mapping[str, Any]) -> dict[str, Any]:
        backtest = self._backtest(body)
        backtest["reports_asked"] = backtest.get("reports_asked", 0) + 1
        if backtest["reports_asked"] == 1:
            return {"generating": True, "success": False}
        return {"report": "<html>fine</html>"}

    # Live

    def deploy(self, project: int, quantity: float = 10) -> None:
        """Have a project trade, and hold something."""
        self.deployments[project] = {
            "deployId": f"L-{self._id()}",
            "projectId": project,
            "status": "Running",
            "launched": self._stamp(self.time()),
            "stopped": "",
            "brokerage": "PaperBrokerage",
            "equity": 1000.0,
            "quantity": quantity,
            "unwilling": 0,
            "orders": [],
            "lines": [],
            "insights": [],
            "commands": [],
        }

    def _deployment(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found = self.deployments.get(self._project(body)["projectId"])
        if found is None:
            raise Refused("No live deployment found for this project.")
        return found

    def _deployed(self, deployment: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: value for name, value in deployment.items() if name not in _LIVE_HIDDEN}
        return {**shown, "runtimeStatistics": {"Equity": f"${deployment['equity']:,.2f}"}}

    def do_projects_nodes_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._project(body)
        busy = sum(not each["stopped"] for each in self.deployments.values())
        live = [
            {"id": f"LN-{number}", "name": f"L-MICRO {number}", "busy": number < busy, "active": False, "usedBy": "Ann"}
            for number in range(self.live_nodes)
        ]
        return {"nodes": {"backtest": [], "research": [], "live": live}, "autoSelectNode": True}

    def do_live_create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        project = self._project(body)["projectId"]
        if body["compileId"] not in self.compiles:
            raise Refused("Compile not found.")
        if project in self.deployments and not self.deployments[project]["stopped"]:
            raise Refused("This project is deployed already.")
        self.deploy(project, quantity=0)
        self.live_started.append(self.deployments[project]["deployId"])
        made = self._deployed(self.deployments[project])
        return {"live": made, "deployId": made["deployId"], "projectId": project, "source": "api-v2"}

    def _part(self, body: Mapping[str, Any], name: str, start: str = "start", end: str = "end") -> dict[str, Any]:
        found = self._deployment(body)[name]
        if not 0 <= body[start] < body[end]:
            raise Refused("The end comes after the start.")
        return {name: found[body[start] : body[end]], "length": len(found)}

    def do_live_orders_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._part(body, "orders")

    def do_live_insights_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._part(body, "insights")

    def do_live_trades_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._deployment(body)
        return {"trades": [], "length": 0}

    def do_live_logs_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found = self._part(body, "lines", "startLine", "endLine")
        return {"logs": found["lines"], "length": found["length"], "deploymentOffset": 0}

    def do_live_chart_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._deployment(body)
        if body["name"] not in ("Strategy Equity", "sample"):
            raise Refused("There is no such chart.")
        series = {"Equity": {"name": "Equity", "unit": "$", "seriesType": 0, "values": [[1, 1000.0], [2, 1001.0]]}}
        return {"chart": {"name": body["name"], "series": series}}

    def do_live_commands_create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._deployment(body)["commands"].append(body["command"])
        return {}

    def do_live_list(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return {"live": [self._deployed(each) for each in self.deployments.values()]}

    def do_live_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._deployed(self._deployment(body))

    def do_live_portfolio_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        quantity = self._deployment(body)["quantity"]
        holdings = {"SPY R735QTJ8XC9X": {"a": 100, "q": quantity, "p": 101, "v": 101 * quantity}} if quantity else []
        return {"portfolio": {"holdings": holdings, "cash": {"USD": {"symbol": "USD", "amount": 5.0}}}}

    def do_live_update_stop(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._deployment(body).update(status="Stopped", stopped=self._stamp(self.time()))
        return {}

    def do_live_update_liquidate(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found = self._deployment(body)
        if found["unwilling"]:
            found["unwilling"] -= 1
        else:
            found.update(status="Liquidated", stopped=self._stamp(self.time()), quantity=0)
        return {}

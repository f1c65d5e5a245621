"""The optimizations of the small QuantConnect in memory: grid searches whose trials end one after the other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any


class FakeSearches:
    """What a fake cloud has of them; mixed into it."""

    def __init__(self) -> None:
        #: So long until the last trial is done, and until its figures are there after that.
        self.search_s = 20.0
        self.figures_late_s = 0.0
        #: What an estimate says, in seconds; none if it is refused.
        self.estimate_s: float | None = 7200.0
        #: Numbers of trials that fail.
        self.bad_trials: tuple[int, ...] = ()
        self.searches: dict[str, dict[str, Any]] = {}
        #: All that was ever started.
        self.searched: list[str] = []

    def _search(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found = self.searches.get(body["optimizationId"])
        if found is None:
            raise self._refusal("Optimization not found.")
        return found

    def _refusal(self, text: str) -> Exception:
        raise NotImplementedError

    def do_optimizations_estimate(self, body: Mapping[str, Any]) -> dict[str, Any]:
        self._project(body)  # type: ignore[attr-defined]
        if self.estimate_s is None:
            raise self._refusal("There is no backtest of the project to estimate from.")
        return {"estimate": {"estimateId": "E-1", "time": self.estimate_s, "balance": 12}}

    def do_optimizations_create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        project = self._project(body)  # type: ignore[attr-defined]
        if body["compileId"] not in self.compiles:  # type: ignore[attr-defined]
            raise self._refusal("Compile not found.")
        number = f"O-{self._id()}"  # type: ignore[attr-defined]
        ranges = [each for each in body["parameters"] if "value" not in each]
        fixed = {each["name"]: each["value"] for each in body["parameters"] if "value" in each}
        values = [self._values(each) for each in ranges]
        names = [each["name"] for each in ranges]
        self.searches[number] = {
            "optimizationId": number,
            "projectId": project["projectId"],
            "name": body["name"],
            "created": self._stamp(self.time()),  # type: ignore[attr-defined]
            "nodeType": body["nodeType"],
            "parallelNodes": body["parallelNodes"],
            "at": self._now(),  # type: ignore[attr-defined]
            "is_late_s": self.list_late_s,  # type: ignore[attr-defined]
            "aborted": None,
            "asked": dict(body),
            "trials": [
                {"id": self._id(), "parameterSet": {**dict(zip(names, each, strict=True)), **fixed}}  # type: ignore[attr-defined]
                for each in itertools.product(*values)
            ],
        }
        self.searched.append(number)
        return {"optimizations": [self._summary(self.searches[number])]}

    def _values(self, each: Mapping[str, Any]) -> list[str]:
        count = round((each["max"] - each["min"]) / each["step"]) + 1
        # Written otherwise than it was asked for, as numbers are.
        return [f"{each['min'] + place * each['step']:.3f}" for place in range(count)]

    def _age(self, found: Mapping[str, Any]) -> float:
        until = self._now() if found["aborted"] is None else found["aborted"]  # type: ignore[attr-defined]
        return float(until - found["at"])

    def _summary(self, found: Mapping[str, Any]) -> dict[str, Any]:
        shown = {name: found[name] for name in ("optimizationId", "projectId", "name", "created", "nodeType")}
        is_over = self._age(found) >= self.search_s
        status = "aborted" if found["aborted"] is not None else "completed" if is_over else "running"
        return {**shown, "status": status, "criterion": {}, "psr": None, "sharpeRatio": None}

    def do_optimizations_list(self, body: Mapping[str, Any]) -> dict[str, Any]:
        project = self._project(body)["projectId"]  # type: ignore[attr-defined]
        mine = [each for each in self._listed(self.searches.values()) if each["projectId"] == project]  # type: ignore[attr-defined]
        return {"optimizations": [self._summary(each) for each in mine], "count": len(mine)}

    def do_optimizations_read(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found = self._search(body)
        trials = {each["id"]: self._trial(found, place) for place, each in enumerate(found["trials"])}
        return {"optimization": {**self._summary(found), "parallelNodes": found["parallelNodes"], "backtests": trials}}

    def _trial(self, found: Mapping[str, Any], place: int) -> dict[str, Any]:
        each, age = found["trials"][place], self._age(found)
        ends = self.search_s * (place + 1) / len(found["trials"])
        has_figures = age >= ends + self.figures_late_s and place not in self.bad_trials
        return {
            **each,
            "name": f"Trial {place}",
            "progress": min(1.0, max(0.0, age / ends)),
            "exitCode": 1 if place in self.bad_trials and age >= ends else 0,
            "statistics": self.figures(place) if has_figures else [],
            "startDate": "2010-01-04 00:00:00",
            "endDate": "2010-03-01 23:59:59",
            "equity": [],
        }

    def figures(self, place: int) -> list[float]:
        """Return LEAN's list of a trial: the third has the best Sharpe ratio."""
        listed = [0.0] * 21
        listed[6], listed[7], listed[12], listed[13] = 10.0 + place, 5.0 - place / 10, float(place), 60.0
        listed[15], listed[16], listed[17] = 2.0 - abs(place - 2), 3.5, 4.0 + place
        return listed

    def do_optimizations_abort(self, body: Mapping[str, Any]) -> dict[str, Any]:
        found = self._search(body)
        if self._summary(found)["status"] != "running":
            raise self._refusal("The optimization is over.")
        found["aborted"] = self._now()  # type: ignore[attr-defined]
        return {}

    def do_optimizations_delete(self, body: Mapping[str, Any]) -> dict[str, Any]:
        del self.searches[self._search(body)["optimizationId"]]
        return {}

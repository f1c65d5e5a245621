"""Strategies that are told as rules: stored, checked, generated and run as any other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tradinglab.rules import algorithm_source, read_rules
from tradinglab.server.accounts.models import User
from tradinglab.server.backtests import carrying_out
from tradinglab.server.backtests.models import Backtest
from tradinglab.server.backtests.requests import BacktestRequest
from tradinglab.server.backtests.services import backtest_submit
from tradinglab.server.runs.models import Run, RunState
from tradinglab.server.runs.supervision import run_carry_out
from tradinglab.server.strategies import running
from tradinglab.server.strategies.models import Strategy
from tradinglab.server.strategies.services import strategy_create

pytestmark = pytest.mark.django_db
HOME = "/api/v1/strategies/"
V1 = "/api/v1/backtests/"
CROSS = """# Above the average.
rules "Cross"
universe AAPL daily
from 2010-01-04 to 2010-06-01
parameter fast = 5 from 2 to 10 step 1
parameter share = 90 from 10 to 100
enter long when close > SMA(fast)
exit long when close < SMA(fast)
size share % of equity
"""


@pytest.fixture
def told(owner: User) -> Strategy:
    return strategy_create(owner=owner, name="Told", files={"main.rules": CROSS})


def head(strategy: Strategy) -> str:
    assert strategy.head is not None
    return f"{HOME}{strategy.pk}/versions/{strategy.head.content_hash}/"


def check(api: APIClient, text: str) -> Any:
    answer = api.post(f"{HOME}check/", {"files": {"main.rules": text}}, format="json")
    assert answer.status_code == 200, answer.content
    return answer.json()


def ran(owner: User, strategy: Strategy, **wanted: Any) -> Run:
    assert strategy.head is not None
    made = backtest_submit(owner=owner, request=BacktestRequest(version=strategy.head, **wanted)).run
    run_carry_out(run_id=made.pk, worker="here")
    made.refresh_from_db()
    return made


class TestVersions:
    def test_they_are_saved_compared_restored_and_copied(self, api: APIClient, told: Strategy) -> None:
        first = head(told)
        other = CROSS.replace("fast = 5", "fast = 6")
        saved = api.post(f"{HOME}{told.pk}/versions/", {"files": {"main.rules": other}}, format="json")
        assert saved.status_code == 201, saved.content
        diff = api.get(f"{HOME}{told.pk}/versions/{saved.json()['content_hash']}/diff/").json()
        assert (diff["lines_added"], diff["lines_removed"]) == (1, 1)
        assert "+parameter fast = 6" in diff["unified"]
        assert api.post(f"{first}restore/").json()["head"]["content_hash"] in first
        copy = api.post(f"{HOME}{told.pk}/duplicate/", {}, format="json")
        assert copy.json()["head"]["content_hash"] in first

    def test_a_zip_file_brings_them_back(self, api: APIClient, told: Strategy) -> None:
        archive = api.get(f"{head(told)}archive/").content
        made = api.post(f"{HOME}import/?name=Back", archive, content_type="application/zip")
        assert made.status_code == 201, made.content
        assert made.json()["strategy"]["head"]["content_hash"] in head(told)

    def test_code_and_rules_do_not_stand_together(self, api: APIClient) -> None:
        files = {"main.rules": CROSS, "main.py": ""}
        answer = api.post(HOME, {"name": "Both", "files": files}, format="json")
        assert answer.status_code == 400
        assert "take one of them out" in answer.json()["detail"]

    def test_code_takes_the_place_of_rules_in_one_save(self, api: APIClient, told: Strategy) -> None:
        address = f"{HOME}{told.pk}/files/"
        assert api.patch(address, {"files": {"main.py": ""}}, format="json").status_code == 400
        answer = api.patch(address, {"files": {"main.py": "", "main.rules": None}}, format="json")
        assert answer.status_code == 201, answer.content

    def test_their_parameters_are_shown_with_their_ranges(self, api: APIClient, told: Strategy) -> None:
        assert api.get(head(told)).json()["parameters"] == [
            {"name": "fast", "type": "int", "default": 5, "file": "main.rules", "line": 5,
             "minimum": 2.0, "maximum": 10.0, "step": 1.0},
            {"name": "share", "type": "float", "default": 90.0, "file": "main.rules", "line": 6,
             "minimum": 10.0, "maximum": 100.0, "step": None},
        ]  # fmt: skip

    def test_a_template_of_rules_is_one_of_the_templates(self, api: APIClient) -> None:
        listed = {each["name"]: each for each in api.get(f"{HOME}templates/").json()}
        assert (listed["sma-cross"]["kind"], listed["rules-sma-cross"]["kind"]) == ("code", "rules")
        assert [each["name"] for each in listed["rules-sma-cross"]["parameters"]] == ["fast", "slow"]
        text = api.get(f"{HOME}templates/rules-sma-cross/").json()["files"]["main.rules"]
        made = api.post(HOME, {"name": "From it", "template": "rules-sma-cross"}, format="json")
        assert made.status_code == 201, made.content
        address = f"{HOME}{made.json()['id']}/versions/{made.json()['head']['content_hash']}/"
        assert api.get(address).json()["files"] == {"main.rules": text}
        assert not api.get(f"{address}check/").json()["has_errors"]


class TestCheck:
    def test_what_is_right_has_no_findings(self, api: APIClient, told: Strategy) -> None:
        assert check(api, CROSS)["findings"] == []
        assert not api.get(f"{head(told)}check/").json()["has_errors"]

    @pytest.mark.parametrize(
        ("old", "new", "code", "line", "column"),
        [
            ("close > SMA(fast)", "close > SMAA(fast)", "rules_syntax", 7, 25),
            ("close < SMA(fast)", "close > SMA(fast)", "rules_invalid", 8, 1),
            ("fast = 5", "fast = 50", "rules_invalid", 5, 1),
            ("from 2010-01-04", "from 2011-01-04", "rules_invalid", 4, 1),
            ("size share", "siz share", "rules_syntax", 9, 1),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(
        self, old: str, new: str, code: str, line: int, column: int, api: APIClient
    ) -> None:
        body = check(api, CROSS.replace(old, new, 1))
        assert body["has_errors"]
        (found,) = body["findings"]
        assert (found["file"], found["severity"]) == ("main.rules", "error")
        assert (found["code"], found["line"], found["column"]) == (code, line, column)
        assert found["message"]

    def test_json_is_read_too(self, api: APIClient, owner: User) -> None:
        text = json.dumps(read_rules(CROSS).model_dump(mode="json"), indent=1)
        assert check(api, text)["findings"] == []
        wrong = check(api, text.replace('"cash"', '"cahs"'))["findings"][0]
        assert (wrong["line"], "cash" in wrong["message"]) == (text[: text.index('"cash"')].count("\n") + 1, True)
        broken = check(api, '{\n  "name": }')["findings"][0]
        assert (broken["line"], broken["column"]) == (2, 11)

    def test_rules_that_grow_without_end_are_a_finding_at_their_line(self, api: APIClient) -> None:
        lets = "let a0 = close\n" + "".join(f"let a{i} = a{i - 1} + a{i - 1}\n" for i in range(1, 60))
        text = CROSS.replace("enter long when close", f"{lets}enter long when a59")
        (found,) = check(api, text)["findings"]
        assert (found["file"], found["line"]) == ("main.rules", text[: text.index("let a10 ")].count("\n") + 1)
        assert "2,047 parts" in found["message"]


class TestGenerated:
    def test_it_is_the_source_of_the_rules(self, api: APIClient, told: Strategy) -> None:
        body = api.get(f"{head(told)}generated/").json()
        assert body["files"] == {"main.py": algorithm_source(read_rules(CROSS))}
        assert body["generator"]

    def test_code_has_none(self, api: APIClient, strategy: Strategy) -> None:
        assert api.get(f"{head(strategy)}generated/").json()["files"] == {}

    def test_rules_with_errors_have_none(self, api: APIClient, owner: User) -> None:
        wrong = strategy_create(owner=owner, name="Wrong", files={"main.rules": CROSS.replace("rules", "ruls", 1)})
        answer = api.get(f"{head(wrong)}generated/")
        assert answer.status_code == 400
        assert "main.rules, line 2" in answer.json()["detail"]

    def test_it_is_shown_to_nobody_else(
        self, told: Strategy, client_of: Callable[..., APIClient], other: User, client: Any
    ) -> None:
        assert client_of(other).get(f"{head(told)}generated/").status_code == 404
        assert client.get(f"{head(told)}generated/").status_code == 401

    def test_it_is_read_by_a_key_that_may_only_read(
        self, told: Strategy, client_of: Callable[..., APIClient], owner: User
    ) -> None:
        assert client_of(owner, ("read",)).get(f"{head(told)}generated/").status_code == 200


class TestRuns:
    def test_a_backtest_runs_the_generated_source(self, api: APIClient, owner: User, told: Strategy) -> None:
        run = ran(owner, told)
        assert (run.state, run.error) == (RunState.COMPLETED, {})
        code = strategy_create(owner=owner, name="Code", files={"main.py": algorithm_source(read_rules(CROSS))})
        test, same = Backtest.objects.get(run=run), Backtest.objects.get(run=ran(owner, code))
        assert test.total_orders > 0
        assert test.statistics == same.statistics
        manifest = run.manifest["strategy"]
        assert manifest["content_hash"] == told.head.content_hash  # type: ignore[union-attr]
        made, written = manifest["generated"], same.run.manifest["strategy"]
        assert (made["files"], made["generator"]) == (written["files"], running.generator_version())
        assert "generated" not in written

    def test_it_is_verified(self, api: APIClient, owner: User, told: Strategy) -> None:
        run = ran(owner, told)
        asked = api.post(f"{V1}{run.pk}/verify/", {}, format="json")
        assert asked.status_code in (201, 202), asked.content
        again = Run.objects.get(kind="verification")
        run_carry_out(run_id=again.pk, worker="here")
        assert api.get(f"{V1}{run.pk}/verifications/{again.pk}/").json()["outcome"] == "identical"

    def test_another_source_of_the_same_rules_is_not_run_silently(
        self, owner: User, told: Strategy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(running, "file_hashes", lambda files: {"main.py": "0"})
        assert told.head is not None
        made = backtest_submit(owner=owner, request=BacktestRequest(version=told.head)).run
        monkeypatch.undo()
        run_carry_out(run_id=made.pk, worker="here")
        made.refresh_from_db()
        assert (made.state, made.error["code"]) == (RunState.FAILED, "generated_source_changed")

    def test_parameters_change_what_it_does(self, owner: User, told: Strategy) -> None:
        usual = Backtest.objects.get(run=ran(owner, told))
        other = Backtest.objects.get(run=ran(owner, told, parameters={"fast": "9"}))
        assert usual.statistics != other.statistics

    def test_rules_with_errors_are_not_run(self, api: APIClient) -> None:
        answer = api.post(V1, {"files": {"main.rules": CROSS.replace("size", "siz")}}, format="json")
        assert answer.status_code == 400
        assert "main.rules, line 9" in answer.json()["detail"]
        assert not Backtest.objects.exists()

    @pytest.mark.parametrize(
        ("given", "field", "said"),
        [
            ({"fats": "9"}, "parameters.fats", "The rules have no parameter 'fats'. Did you mean: 'fast'?"),
            ({"fast": "1"}, "parameters.fast", "A number from 2 to 10 is expected, as the rules declare; it was 1."),
            ({"fast": "11", "share": "20"}, "parameters.fast", "it was 11"),
            ({"fast": "nan"}, "parameters.fast", "A number is expected, such as the default 5; it was 'nan'."),
            ({"fast": "1e999"}, "parameters.fast", "it was '1e999'"),
            ({"fast": ""}, "parameters.fast", "it was ''"),
            ({"share": "a lot"}, "parameters.share", "it was 'a lot'"),
            ({"fast": "2.5", "share": "50"}, "parameters.fast", "With fast = 2.5 the rules cannot be carried out"),
        ],
    )
    def test_a_value_that_rules_cannot_have_is_refused_before_the_run(
        self, api: APIClient, told: Strategy, given: dict[str, str], field: str, said: str
    ) -> None:
        assert told.head is not None
        for body in ({"version": str(told.head.pk)}, {"files": {"main.rules": CROSS}}):
            answer = api.post(V1, {**body, "parameters": given}, format="json")
            assert answer.status_code == 400, answer.content
            assert [each["field"] for each in answer.json()["errors"]] == [field]
            assert said in answer.json()["detail"]
        assert not Run.objects.exists()

    def test_values_that_do_not_go_together_are_refused(self, api: APIClient) -> None:
        text = CROSS.replace("when close > SMA(fast)", "when close > SMA(5) and share > fast").replace("to 10", "to 95")
        for given, field in (
            ({"fast": "50", "share": "40"}, "parameters"),
            ({"fast": "95", "share": "60"}, "parameters.fast"),
        ):
            answer = api.post(V1, {"files": {"main.rules": text}, "parameters": given}, format="json")
            assert answer.status_code == 400, answer.content
            assert [each["field"] for each in answer.json()["errors"]] == [field]
            assert "never holds" in answer.json()["detail"]
        good = {"files": {"main.rules": text}, "parameters": {"fast": "50", "share": "60"}}
        assert api.post(V1, good, format="json").status_code == 202

    def test_what_the_project_sets_is_held_to_it_too(self, api: APIClient) -> None:
        files = {"main.rules": CROSS, "config.json": json.dumps({"parameters": {"fast": 99, "other": 1}})}
        answer = api.post(V1, {"files": files}, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "parameters.fast")
        assert api.post(V1, {"files": files, "parameters": {"fast": 3}}, format="json").status_code == 202

    @pytest.mark.parametrize("axis", [{"name": "fast", "values": [4, 12]}, {"name": "share", "min": 5, "max": 50}])
    def test_a_search_stays_within_the_ranges(self, api: APIClient, told: Strategy, axis: dict[str, Any]) -> None:
        assert told.head is not None
        body = {"version": str(told.head.pk), "space": [axis], "sampler": "random", "most_trials": 3}
        body["target"] = "end_equity"
        answer = api.post("/api/v1/optimizations/", body, format="json")
        assert answer.status_code == 400, answer.content
        assert "declares a range" in answer.json()["detail"], answer.content


def test_the_supervisor_hands_out_the_generated_source_alone(told: Strategy, owner: User) -> None:
    assert told.head is not None
    run = backtest_submit(owner=owner, request=BacktestRequest(version=told.head)).run
    request = carrying_out.run_request(Backtest.objects.get(run=run), run)
    assert [*request.files] == ["/strategy/main.py"]

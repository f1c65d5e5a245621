"""Grades, what a sandbox of fewer layers does, and which files a run is handed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tradinglab.cli.main import main
from tradinglab.engine.errors import StrategyError, StrategyFileError
from tradinglab.engine.run import backtest
from tradinglab.sandbox import Grade, Limits, Sandbox, sandboxed_backtest
from tradinglab.sandbox.author_modules import author_files
from tradinglab.sandbox.errors import SandboxLostError, SandboxUnavailableError
from tradinglab.sandbox.places import data_places, import_path, outermost
from tradinglab.sandbox.probe import grade_of

_ALL = ("limits", "landlock", "seccomp", "namespaces")
_STRATEGY = """
from AlgorithmImports import *
{imports}

class Buys(QCAlgorithm):
    def initialize(self):
        self.set_start_date(2013, 1, 2)
        self.set_end_date(2013, 1, 31)
        self.add_equity("IBM", Resolution.DAILY)
        self.set_benchmark("IBM")
{body}

    def on_data(self, data):
        if not self.portfolio.invested:
            self.set_holdings("IBM", 0.5)
"""


def _write(folder: Path, imports: str = "", body: str = "") -> Path:
    path = folder / "buys.py"
    path.write_text(_STRATEGY.format(imports=imports, body=f"        {body}"))
    return path


def test_grades() -> None:
    """One layer may be missing for standard, and only one that another stands in for."""
    assert grade_of(_ALL) == Grade.STRONG
    assert grade_of(("limits", "landlock", "seccomp")) == Grade.STANDARD
    assert grade_of(("limits", "seccomp", "namespaces")) == Grade.STANDARD
    for missing in ("limits", "seccomp"):
        assert grade_of(set(_ALL) - {missing}) == Grade.WEAK
    assert grade_of(()) == Grade.WEAK


def test_a_weak_sandbox_is_refused(grade: Grade, tmp_path: Path) -> None:
    """Unless it is asked for."""
    with pytest.raises(SandboxUnavailableError, match="weak"):
        Sandbox(layers=["limits", "namespaces"])
    with Sandbox(layers=["limits", "namespaces"], allow_weak=True) as sandbox:
        assert sandbox.grade == Grade.WEAK
        assert sandboxed_backtest(_write(tmp_path), sandbox=sandbox).total_orders == 1


def test_the_probe_prints_the_grade(grade: Grade, capsys: pytest.CaptureFixture[str]) -> None:
    """And the layers."""
    assert main(["sandbox", "probe"]) == 0
    assert f"grade: {grade}" in capsys.readouterr().out


def test_a_zygote_that_has_died_is_told(grade: Grade, tmp_path: Path) -> None:
    """Not waited for."""
    sandbox = Sandbox()
    sandbox.close()
    with pytest.raises(SandboxLostError, match="ended"):
        sandboxed_backtest(_write(tmp_path), sandbox=sandbox)


def test_a_lean_folder_is_read(grade: Grade, tmp_path: Path) -> None:
    """The folder that the run names can be read, and the one beside it cannot."""
    import tradinglab.data.sample as sample

    data = f"lean:{Path(sample.__file__).parent / 'folder'}"
    (tmp_path / "beside.txt").write_text("secret")
    path = _write(tmp_path)
    assert sandboxed_backtest(path, data=data).statistics == backtest(path, data=data).statistics
    with pytest.raises(StrategyError):
        sandboxed_backtest(_write(tmp_path, body=f"open({str(tmp_path / 'beside.txt')!r})"), data=data)


def test_a_store_is_read(grade: Grade, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Polars, which reads it, has the few threads that it needs."""
    rows = [f"2013-01-{day:02},{100 + day},{102 + day},{99 + day},{101 + day},1000" for day in range(2, 32)]
    (tmp_path / "ibm.csv").write_text("\n".join(["date,open,high,low,close,volume", *rows]))
    words = ["data", "import", str(tmp_path / "ibm.csv"), "--symbol", "IBM", "--resolution", "daily"]
    assert main([*words, "--store", str(tmp_path / "bars")]) == 0
    capsys.readouterr()
    path, data = _write(tmp_path), f"store:{tmp_path / 'bars'}"
    assert sandboxed_backtest(path, data=data).statistics == backtest(path, data=data).statistics


def test_modules_beside_the_strategy_are_handed_in(sandbox: Sandbox, tmp_path: Path) -> None:
    """Packages, relative imports, folders of ``import_paths``; tracebacks show their lines."""
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").write_text("from .inner import VALUE\n")
    (tmp_path / "pack" / "inner.py").write_text("from . import deep\nVALUE = deep.VALUE\n")
    (tmp_path / "pack" / "deep.py").write_text("VALUE = 42\n")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "elsewhere.py").write_text("def fail():\n    raise ValueError('from elsewhere')\n")
    path = _write(tmp_path, "import pack, elsewhere", "self.log(f'VALUE {pack.VALUE}'); elsewhere.fail()")
    with pytest.raises(StrategyError, match="from elsewhere") as caught:
        sandboxed_backtest(path, sandbox=sandbox, import_paths=[tmp_path / "other"])
    assert "raise ValueError('from elsewhere')" in caught.value.trace
    assert str(tmp_path / "other" / "elsewhere.py") in caught.value.trace


def test_files_that_are_not_imported_are_not_handed_in(tmp_path: Path) -> None:
    """Nor is what is no Python."""
    (tmp_path / "used.py").write_text("import json\n")
    (tmp_path / "unused.py").write_text("SECRET = 1\n")
    (tmp_path / "secret.env").write_text("PASSWORD=1\n")
    main_file = _write(tmp_path, "import used")
    assert set(author_files(main_file, [tmp_path])) == {str(main_file), str(tmp_path / "used.py")}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """As it is without the sandbox."""
    with pytest.raises(StrategyFileError, match=r"nothing\.py"):
        author_files(tmp_path / "nothing.py", [tmp_path])


def test_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is inside of another place, or not there, is left out; so is the folder that one is in."""
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    twin = tmp_path / "ab"
    twin.mkdir()
    found = outermost([str(inner), str(tmp_path / "a"), str(twin), str(tmp_path / "none")])
    assert found == [str(tmp_path / "a"), str(twin)]
    assert data_places("sample") == []
    assert data_places(f"lean:{tmp_path}") == [str(tmp_path.resolve())]
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert str(tmp_path) not in import_path()


@pytest.mark.parametrize("wrong", [{"memory_mb": 0}, {"wall_s": 0.0}, {"cpu_s": -1}, {"answer_bytes": 0}])
def test_limits_are_above_zero(wrong: dict[str, int]) -> None:
    """Zero would mean no limit to the kernel, or no run."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Limits(**wrong)  # type: ignore[arg-type]


def test_what_the_zygote_is_told_is_json() -> None:
    """It is sent as such."""
    assert json.loads(json.dumps(Limits(cpu_s=3).as_order()))["cpu_s"] == 3

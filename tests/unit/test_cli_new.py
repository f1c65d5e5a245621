from __future__ import annotations

from pathlib import Path

import pytest

from tradinglab.cli.main import main
from tradinglab.templates import all_templates


@pytest.fixture(autouse=True)
def in_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("template", [each.name for each in all_templates()])
def test_new_copies_a_template_under_its_own_name(template: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "my-first_try", "--template", template]) == 0
    source = Path("my-first_try/main.py").read_text()
    assert source.count("class MyFirstTry(QCAlgorithm)") == 1
    compile(source, "main.py", "exec")
    assert "tradinglab backtest my-first_try/main.py" in capsys.readouterr().out


def test_nothing_is_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine").mkdir()
    Path("mine/main.py").write_text("precious")
    assert main(["new", "mine"]) == 2
    assert "there already" in capsys.readouterr().err
    assert Path("mine/main.py").read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new"], "tradinglab new NAME"),
        (["new", "x", "--template", "nope"], "sma-cross"),
        (["new", "123"], "start it with a letter"),
        (["new", "--no-such"], "There is no option --no-such."),
        (["new", "x", "--templat=sma-cross", "--lits"], "There is no option --lits. Did you mean: '--list'?"),
        (["new", "x", "y"], "'y' is one word too many"),
        (["backtset", "x"], "COMMAND: there is no 'backtset'. Did you mean: 'backtest'?"),
        (["data", "improt"], "COMMAND: there is no 'improt'. Did you mean: 'import'?"),
        (["backtest", "demo", "--cahs=5"], "There is no option --cahs. Did you mean: '--cash'?"),
        (["data", "generate", "--resolution", "minuet"], "--resolution: there is no 'minuet'. Did you mean: 'minute'?"),
    ],
)
def test_wrong_use(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_the_templates_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--list"]) == 0
    out = capsys.readouterr().out
    assert all(each.name in out and each.title in out for each in all_templates())
    assert out.splitlines()[-1].split() == ["demo", "Another", "name", "of", "momentum-rotation"]

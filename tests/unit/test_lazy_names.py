"""Names of packages that are imported when they are asked for."""

from __future__ import annotations

import builtins
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = [
    "orders", "securities", "consolidators", "scheduling", "indicators",
    "models.fees", "models.fills", "models.buying_power", "models.brokerage",
]  # fmt: skip


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the name of a package with two modules, one of which cannot be imported."""
    folder = tmp_path / "lazy_sample"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from tradinglab.core.lazy_names import lazy_names\n"
        "with lazy_names(globals()):\n"
        "    from lazy_sample.good import First, second as other\n"
        "    from lazy_sample.bad import Broken\n"
        "__all__ = ['First', 'other', 'Broken']\n"
    )
    (folder / "good.py").write_text("class First: pass\ndef second(): return 2\n")
    (folder / "bad.py").write_text("raise ValueError('imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "lazy_sample"
    for name in [name for name in sys.modules if name.startswith("lazy_sample")]:
        del sys.modules[name]


def test_a_name_is_imported_when_it_is_asked_for(package):
    module = importlib.import_module(package)
    assert "lazy_sample.good" not in sys.modules
    assert module.other() == 2
    assert module.First.__module__ == "lazy_sample.good"
    assert vars(module)["First"] is module.First  # found at once the next time
    with pytest.raises(ValueError, match="imported"):
        _ = module.Broken


def test_what_is_there(package):
    module = importlib.import_module(package)
    assert {"First", "other", "Broken"} <= set(dir(module))
    with pytest.raises(AttributeError, match="module 'lazy_sample' has no attribute 'Third'"):
        _ = module.Third
    with pytest.raises(ImportError, match="Third"):
        exec("from lazy_sample import Third")


def test_imports_elsewhere_are_left_alone(package):
    before = builtins.__import__
    importlib.import_module(package)
    assert builtins.__import__ is before


@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_of_our_packages_is_there(name):
    module = importlib.import_module(f"tradinglab.algorithm.{name}")
    for public in module.__all__:
        assert getattr(module, public) is not None


@pytest.mark.parametrize("name", PACKAGES)
def test_any_package_can_be_the_first(name):
    """Whatever is imported first, no circle of imports is in the way."""
    code = f"import tradinglab.algorithm.{name} as found\nfor name in found.__all__: getattr(found, name)"
    subprocess.run([sys.executable, "-c", code], check=True)

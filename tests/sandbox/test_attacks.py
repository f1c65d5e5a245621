"""Attacks by scripts that lie outside of the repository, at each grade, as root and as an ordinary user.

``TRADINGLAB_ATTACKS`` names the folder; each script reads a dictionary ``INPUT`` and sets ``RESULT``. Without it, or
without the folder, there is nothing to run: ``test_own_attacks.py`` needs none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tradinglab.sandbox import Grade

_ROOT = Path(__file__).resolve().parent.parent.parent
_FOLDER = Path(os.environ.get("TRADINGLAB_ATTACKS", _ROOT.parent / "shared" / "sandbox" / "attacks"))
_NOBODY = 65534
_ARENAS = 2
#: Layers, the grade that they make, and what is known to get through. Without namespaces, how large files are and when
#: they were changed can be seen.
_KINDS = {
    "strong": ("", Grade.STRONG, set[str]()),
    "without_namespaces": ("limits,landlock,seccomp", Grade.STANDARD, {"fs_stat_metadata"}),
    "without_landlock": ("limits,seccomp,namespaces", Grade.STANDARD, set[str]()),
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def _python_for_everybody() -> str | None:
    """Return an interpreter of this version that any user may run."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for path in (sys.executable, shutil.which(name, path="/usr/bin:/usr/local/bin")):
        real = Path(path).resolve() if path else None
        if real and all(each.stat().st_mode & 0o5 == 0o5 for each in (real, *real.parents)):
            return path
    return None


def judged(user: int, layers: str, folder: Path) -> Mapping[str, Any]:
    """Return the verdict on each attack, run by a user behind some layers."""
    attacks = sorted(map(str, _FOLDER.glob("*.py")))
    if not attacks:
        pytest.skip(f"there are no attacks in {_FOLDER}; name their folder in TRADINGLAB_ATTACKS")
    python = sys.executable if user == 0 and not layers else _python_for_everybody()
    if python is None:
        pytest.skip("this Python is for its owner alone, and there is no other of its version")
    folder.chmod(0o777)
    # In two arenas at once, as most of the time is spent waiting for runs that do not end.
    with ThreadPoolExecutor(_ARENAS) as pool:
        parts = [pool.submit(_judged, python, user, layers, folder, attacks[at::_ARENAS]) for at in range(_ARENAS)]
    verdicts: dict[str, Any] = {}
    for part in parts:
        for name, verdict in part.result().items():
            if verdicts.get(name, {}).get("verdict") != "succeeded":
                verdicts[name] = verdict
    assert verdicts.keys() >= {Path(each).stem for each in attacks}
    return verdicts


def _judged(python: str, user: int, layers: str, folder: Path, attacks: list[str]) -> Mapping[str, Any]:
    packages = [each for each in sys.path if Path(each).name in ("site-packages", "dist-packages")]
    command = [python, "-B", "-m", "tests.sandbox.judge", str(user), str(folder), layers, *attacks]
    paths = os.pathsep.join([str(_ROOT / "src"), str(_ROOT), *packages])
    done = subprocess.run(
        command,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
        user=user if user != os.getuid() else None,
        group=user if user != os.getuid() else None,
        extra_groups=[] if user != os.getuid() else None,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    verdicts: Mapping[str, Any] = json.loads(done.stdout)
    return verdicts


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("who", ["root", "user"])
def test_no_attack_succeeds(who: str, kind: str, grade: Grade) -> None:
    """Nothing but the sizes and times of files gets out, nothing is changed, and the zygote goes on serving."""
    layers, wanted, excepted = _KINDS[kind]
    if "landlock" not in layers and grade != Grade.STRONG:
        pytest.skip("this machine is not of grade strong")
    if who == "root" and os.getuid() != 0:
        pytest.skip("only root can attack as root")
    user = 0 if who == "root" else os.getuid() or _NOBODY
    # Not `tmp_path`: the folders above it are for their owner alone.
    with tempfile.TemporaryDirectory() as folder:
        verdicts = judged(user, layers, Path(folder))
    assert verdicts["grade"]["verdict"] == wanted
    harmful = {name: each for name, each in verdicts.items() if each["verdict"] == "succeeded"}
    assert set(harmful) <= excepted, harmful

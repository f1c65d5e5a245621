"""Which files a run may read, beside those that it is handed: the libraries, time zones, and its data."""

from __future__ import annotations

import site
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import tradinglab
from tradinglab.data.store.places import split_pin

_PACKAGE: Final = Path(tradinglab.__file__).resolve().parent
#: Shared libraries of the system, which modules in C may need, and what tells the time of other places.
_SYSTEM: Final = (
    "/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime",
    "/usr/share/zoneinfo",
)  # fmt: skip
DEVICES: Final = ("/dev/null", "/dev/urandom")


def import_path() -> list[str]:
    """Return where the zygote finds modules: the standard library, site-packages, and the folder of this package.

    The folder that the caller was started in is not among them, nor is anything of ``PYTHONPATH`` but the package.
    """
    folders = [*_standard_library(), *_site_packages()]
    package_root = str(_PACKAGE.parent)
    return _unique([package_root, *folders]) if package_root not in folders else _unique(folders)


def _standard_library() -> list[str]:
    paths = sysconfig.get_paths()
    stdlib = paths["stdlib"]
    zipped = [each for each in sys.path if each.endswith(".zip")]
    return [*zipped, stdlib, paths["platstdlib"], str(Path(stdlib) / "lib-dynload")]


def _site_packages() -> list[str]:
    paths = sysconfig.get_paths()
    user = [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    seen = [each for each in sys.path if Path(each).name in ("site-packages", "dist-packages")]
    return [paths["purelib"], paths["platlib"], *seen, *user]


def library_places() -> list[str]:
    """Return what every run may read."""
    bases = [str(Path(base) / "lib") for base in (sys.base_prefix, sys.prefix)]
    own = [str(_PACKAGE), *_standard_library(), *_site_packages(), *bases]
    return outermost([*own, *_SYSTEM])


def outermost(paths: Iterable[str]) -> list[str]:
    """Return the paths that exist and are not inside another one, sorted."""
    kept: list[str] = []
    for path in sorted({str(Path(each).absolute()) for each in paths if Path(each).exists()}):
        if not any(path == other or path.startswith(other.rstrip("/") + "/") for other in kept):
            kept.append(path)
    return kept


def data_places(spec: str) -> list[str]:
    """Return the folders that a data source named *spec* reads; the sample is part of the package."""
    kind, _, folder = spec.partition(":")
    folder = split_pin(folder)[0] if kind == "store" else folder
    return [str(Path(folder).expanduser().resolve())] if kind in ("lean", "store") and folder else []


def _unique(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(path for path in paths if Path(path).exists()))

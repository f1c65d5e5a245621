"""A folder whose files are those of a project at QuantConnect.

``config.json`` in it says which: the entry ``cloud-id``, as in folders of QuantConnect's own command line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tradinglab.cli.errors import CommandError
from tradinglab.core.values import dataclass

if TYPE_CHECKING:
    from tradinglab.quantconnect.client import QuantConnect
    from tradinglab.quantconnect.models.projects import Project

_CONFIG = "config.json"
_ID, _TOKEN = "cloud-id", "tradinglab-token"
_SUFFIXES = frozenset({".py", ".ipynb", ".cs", ".html", ".css"})
_LEFT_OUT = frozenset({"__pycache__", "backtests", "optimizations", "live", "runs", "node_modules"})
_LANGUAGES = {"Py": "Python", "C#": "CSharp"}


@dataclass(slots=True, frozen=True)
class Pushed:
    """What a push changed at QuantConnect."""

    project_id: int
    sent: tuple[str, ...]
    deleted: tuple[str, ...]
    #: At QuantConnect, not here, and left there.
    left: tuple[str, ...]


def pull(client: QuantConnect, project_id: int, folder: Path, *, is_forced: bool) -> list[str]:
    """Write a project's files into a folder, and return the names of those that were written.

    Raises
    ------
    CommandError
        If files there would be overwritten that differ, and it is not forced; or if a name leads out of the folder.
    """
    project = client.projects.read(project_id)
    config = _read_config(folder)
    known = config.get(_ID)
    if known is not None and known != project_id:
        raise CommandError(f"{folder / _CONFIG} names project {known}; pull {project_id} into another folder.")
    files = {each.name: each.content for each in client.files.list(project_id) if not each.is_library}
    targets = {name: _target(folder, name) for name in files}
    changed = [name for name, target in targets.items() if not target.exists() or _text(target) != files[name]]
    at_stake = [name for name in changed if targets[name].exists()]
    if at_stake and not is_forced:
        names = ", ".join(sorted(at_stake))
        raise CommandError(f"These files differ from QuantConnect's: {names}. Say --force to overwrite them.")
    for name in changed:
        targets[name].parent.mkdir(parents=True, exist_ok=True)
        targets[name].write_text(files[name], encoding="utf-8", newline="")
    _write_config(folder, _described(config, project))
    return sorted(changed)


def push(client: QuantConnect, folder: Path, *, name: str | None, is_new: bool, delete: bool) -> Pushed:
    """Send a folder's files to its project, which is created if there is none.

    Parameters
    ----------
    is_new
        Whether another project is made where the folder's is not there any more.

    Raises
    ------
    CommandError
        If there is nothing to send, a file is no text, or the folder's project is not there.
    """
    if not folder.is_dir():
        raise CommandError(f"There is no folder {folder}.")
    here = {str(path.relative_to(folder).as_posix()): _text(path) for path in _files(folder)}
    if not here:
        raise CommandError(f"{folder} holds no file that QuantConnect takes ({', '.join(sorted(_SUFFIXES))}).")
    project_id = _project_id(client, folder, name or folder.resolve().name, is_new=is_new)
    there = {each.name: each.content for each in client.files.list(project_id) if not each.is_library}
    sent = [each for each in sorted(here) if there.get(each) != here[each]]
    for each in sent:
        client.files.put(project_id, each, here[each])
    surplus = sorted(set(there) - set(here))
    if delete:
        for each in surplus:
            client.files.delete(project_id, each)
    return Pushed(project_id, tuple(sent), tuple(surplus) if delete else (), () if delete else tuple(surplus))


def _project_id(client: QuantConnect, folder: Path, name: str, *, is_new: bool) -> int:
    """Return the folder's project; one that is created is created once, even if this process is killed meanwhile."""
    from tradinglab.quantconnect.creating import new_token
    from tradinglab.quantconnect.errors import InvalidRequestError

    config = _read_config(folder)
    if (known := _known_id(client, folder, config, is_new=is_new)) is not None:
        return known
    config = {key: value for key, value in config.items() if key != _ID}
    is_retry = isinstance(config.get(_TOKEN), str)
    token = str(config[_TOKEN]) if is_retry else new_token()
    _write_config(folder, config | {_TOKEN: token})
    language = "Py" if any(path.suffix == ".py" for path in _files(folder)) else "C#"
    project = client.projects.create(name, language, token=token, is_retry=is_retry)
    _write_config(folder, _described(config, project))
    with suppress(InvalidRequestError):
        # Refused if there is one of that name: the token stays in the name then, and tells them apart.
        client.projects.update(project.project_id, name=name)
    return project.project_id


def _known_id(client: QuantConnect, folder: Path, config: Mapping[str, object], *, is_new: bool) -> int | None:
    """Return the project that a folder names, if it is there."""
    from tradinglab.quantconnect.errors import NotFoundError

    known = config.get(_ID)
    if known is None:
        return None
    if not isinstance(known, int) or isinstance(known, bool):
        raise CommandError(f"{folder / _CONFIG}: {_ID} is {known!r}; it has to be the number of a project.")
    try:
        client.projects.read(known)
    except NotFoundError:
        if not is_new:
            raise CommandError(
                f"The account has no project {known}, which {folder / _CONFIG} names as {_ID}: it was deleted there, "
                "or it is another account's. Say --new to make another project of the folder, or write the number of "
                "the right one into the file ('tradinglab cloud projects' lists them)."
            ) from None
        return None
    return known


def _described(config: dict[str, object], project: Project) -> dict[str, object]:
    described = {name: value for name, value in config.items() if name != _TOKEN}
    described.setdefault("algorithm-language", _LANGUAGES.get(project.language, "Python"))
    described.setdefault("parameters", {})
    described.setdefault("description", project.description)
    return described | {_ID: project.project_id}


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        is_apart = any(part in _LEFT_OUT or part.startswith(".") for part in parts)
        if path.suffix in _SUFFIXES and path.is_file() and not is_apart:
            yield path


def _target(folder: Path, name: str) -> Path:
    """Return where a file goes: below the folder, whatever its name says."""
    path = PurePosixPath(name)
    is_plain = not path.is_absolute() and ".." not in path.parts and "\\" not in name and name.isprintable()
    target = folder / path
    if not is_plain or path == PurePosixPath() or folder.resolve() not in target.resolve().parents:
        raise CommandError(f"The project holds a file called {name!r}, which does not belong into a folder.")
    if name == _CONFIG:
        raise CommandError(f"The project holds a file called {_CONFIG}, which is what this folder keeps its id in.")
    return target


def _text(path: Path) -> str:
    try:
        # Line ends stay what they are.
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise CommandError(f"{path} is no text in UTF-8; QuantConnect takes no other files.") from None


def _read_config(folder: Path) -> dict[str, object]:
    path = folder / _CONFIG
    if not path.exists():
        return {}
    try:
        config = json.loads(re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE))
    except (ValueError, OSError) as error:
        raise CommandError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(config, dict):
        raise CommandError(f"{path} holds no JSON object.")
    return config


def _write_config(folder: Path, config: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{_CONFIG}.part"
    part.write_text(json.dumps(config, indent=4) + "\n", encoding="utf-8")
    part.replace(folder / _CONFIG)

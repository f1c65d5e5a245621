"""Writes about a project's files: each saves a version of the strategy, and none changes what is around the text."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Mapping

from tradinglab.server.accounts.models import User
from tradinglab.server.errors import InputError, NotFoundError
from tradinglab.server.qcapi.models import Project
from tradinglab.server.qcapi.patches import patched
from tradinglab.server.strategies.project import project_parameters
from tradinglab.server.strategies.versions import version_edit

#: What the command line keeps beside a strategy. It holds the parameters, and is no file to QuantConnect's clients.
CONFIG = "config.json"
_LONGEST_SHOWN = 200


def files_of(project: Project) -> dict[str, str]:
    """Return the files that clients see of a project, by their names."""
    head = project.strategy.head
    return {} if head is None else {name: text for name, text in sorted(head.files.items()) if name != CONFIG}


def parameters_of(project: Project) -> dict[str, str]:
    """Return the parameters that every run of a project starts with."""
    head = project.strategy.head
    return {} if head is None else project_parameters(head.files)


def file_create(*, project: Project, by: User, name: str, content: str | None) -> None:
    """Add a file; without content it is an empty one.

    Raises
    ------
    InputError
        If there is one of that name, the content is an empty text, or it cannot be stored.
    """
    _refuse_empty(content)

    def edit(files: dict[str, str]) -> Mapping[str, str]:
        if name in files:
            raise InputError("name", name, f"There is a file '{name[:_LONGEST_SHOWN]}' already; update it.")
        return files | {name: content or ""}

    _save(project, by, edit, f"{name} is new", name)


def file_change(*, project: Project, by: User, name: str, content: str | None, new_name: str | None) -> None:
    """Give a file another content, another name, or both; ``None`` leaves it.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InputError
        If the content is empty, or cannot be stored, or there is a file of the new name.
    """
    _refuse_empty(content)
    wanted = name if new_name is None else new_name

    def edit(files: dict[str, str]) -> Mapping[str, str]:
        before = files.pop(_there(files, name))
        if wanted in files:
            raise InputError("newName", wanted, f"There is a file '{wanted[:_LONGEST_SHOWN]}' already.")
        return files | {wanted: before if content is None else content}

    message = f"{name} changed" if new_name is None else f"{name} is {new_name} now"
    _save(project, by, edit, message, name, wanted)


def file_delete(*, project: Project, by: User, name: str) -> None:
    """Take a file away; it stays in the versions before.

    Raises
    ------
    NotFoundError
        If there is no such file.
    """

    def edit(files: dict[str, str]) -> Mapping[str, str]:
        del files[_there(files, name)]
        return files

    _save(project, by, edit, f"{name} is deleted", name)


def files_patch(*, project: Project, by: User, patch: str) -> None:
    """Change files as a unified diff says, all or none.

    Raises
    ------
    InputError
        If it is no such diff, or does not fit the files.
    """

    def edit(files: dict[str, str]) -> Mapping[str, str]:
        config = {name: files.pop(name) for name in (CONFIG,) if name in files}
        changed = patched(files, patch)
        _refuse_config(changed)
        return changed | config

    _save(project, by, edit, "A patch")


def files_replace(*, project: Project, by: User, files: Mapping[str, str]) -> None:
    """Put files in the place of all that there are.

    Raises
    ------
    InputError
        If they cannot be stored.
    """

    def edit(before: dict[str, str]) -> Mapping[str, str]:
        return {**files, **{name: before[name] for name in (CONFIG,) if name in before}}

    _save(project, by, edit, "Pushed", *files)


def parameters_set(*, project: Project, by: User, parameters: Mapping[str, str]) -> None:
    """Set the parameters that every run of a project starts with.

    Raises
    ------
    InputError
        If one of them cannot be one.
    """
    text = json.dumps({"parameters": dict(parameters)})
    missing = set(parameters) - set(project_parameters({CONFIG: text}))
    if missing:
        name = min(missing)
        raise InputError(
            "parameters", name[:_LONGEST_SHOWN], f"The parameter '{name[:_LONGEST_SHOWN]}' cannot be stored: names are "
            "letters, digits, '_', '-' and '.', values up to 1,000 characters, and there are 200 at most."
        )  # fmt: skip

    def edit(files: dict[str, str]) -> Mapping[str, str]:
        config = _config(files.pop(CONFIG, "{}"))
        if parameters:
            config["parameters"] = dict(parameters)
        else:
            config.pop("parameters", None)
        return files | ({CONFIG: json.dumps(config, indent=4)} if config else {})

    version_edit(strategy=project.strategy, author=by, edit=edit, message="Parameters")


def _config(text: str) -> dict[str, object]:
    try:
        config = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}


def _save(
    project: Project, by: User, edit: Callable[[dict[str, str]], Mapping[str, str]], message: str, *names: str
) -> None:
    _refuse_config(names)
    version_edit(strategy=project.strategy, author=by, edit=edit, message=message[:500])


def _refuse_config(names: Container[str]) -> None:
    if CONFIG in names:
        raise InputError(
            "name", CONFIG, f"'{CONFIG}' is the command line's own file; set parameters with projects/update."
        )


def _there(files: Mapping[str, str], name: str) -> str:
    if name not in files:
        raise NotFoundError(f"There is no file '{name[:_LONGEST_SHOWN]}' in the project.")
    return name


def _refuse_empty(content: str | None) -> None:
    if content == "":
        raise InputError("content", "", "The content is empty; leave it out for an empty file, or delete the file.")

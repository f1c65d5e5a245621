"""``tradinglab new``: a strategy to start from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from tradinglab.cli.console import say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.templates import Template, all_templates, find_template

_CLASS = re.compile(r"^class (\w+)\(QCAlgorithm\)", re.MULTILINE)


def command(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Folder to make; the strategy is its main.py.")
    ] = None,
    template: Annotated[str, typer.Option("--template", "-t", help="Strategy to start from.")] = "sma-cross",
    listed: Annotated[bool, typer.Option("--list", help="List the templates and exit.")] = False,
) -> None:
    """Make a strategy from a template."""
    if listed:
        show_rows(("TEMPLATE", "WHAT IT DOES"), [(each.name, each.title) for each in all_templates()])
        return
    if name is None:
        raise CommandError("Say how the strategy shall be called: tradinglab new NAME [--template T]")
    path = create(Path(name), _template(template))
    say(f"Made {path} from the template {template}. Run it:")
    say(f"  tradinglab backtest {path}")


def create(folder: Path, template: Template) -> Path:
    """Write *template* as ``main.py`` into the new *folder*, its class named after it, and return the file."""
    words = re.findall(r"[A-Za-z0-9]+", folder.name)
    class_name = "".join(word[:1].upper() + word[1:] for word in words)
    if not class_name or class_name[0].isdigit():
        raise CommandError(f"'{folder.name}' gives no name for a class: start it with a letter")
    path = folder / "main.py"
    if path.exists():
        raise CommandError(f"{path} is there already; choose another name or remove it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(_CLASS.sub(f"class {class_name}(QCAlgorithm)", template.source, count=1), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _template(name: str) -> Template:
    found = find_template(name)
    if found is None:
        names = ", ".join(each.name for each in all_templates())
        raise CommandError(f"There is no template '{name}'. There are: {names}")
    return found

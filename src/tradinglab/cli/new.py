"""``tradinglab new``: a strategy to start from."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from tradinglab.cli.console import say, show_rows
from tradinglab.cli.errors import CommandError
from tradinglab.cli.status import FINISHED
from tradinglab.templates import DEMO, Template, all_templates, find_template

if TYPE_CHECKING:
    from tradinglab.cli.errors import Commands

_CLASS = re.compile(r"^class (\w+)\(QCAlgorithm\)", re.MULTILINE)


def add_parser(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "new", help="make a strategy from a template", description="Make a strategy from a template."
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("name", metavar="NAME", nargs="?", help="folder to make; the strategy is its main.py")
    add("--template", "-t", metavar="T", default="sma-cross", help="strategy to start from (default: sma-cross)")
    add("--list", action="store_true", help="list the templates")


def run(options: Namespace) -> int:
    """Make the strategy, or list what it can be made from."""
    if options.list:
        rows = [(each.name, each.title) for each in all_templates()]
        show_rows(("TEMPLATE", "WHAT IT DOES"), [*rows, ("demo", f"Another name of {DEMO}")])
        return FINISHED
    if options.name is None:
        raise CommandError("Say how the strategy shall be called: tradinglab new NAME [--template T]")
    path = create(Path(options.name), _template(options.template))
    say(f"Made {path} from the template {options.template}. Run it:")
    say(f"  tradinglab backtest {path}")
    return FINISHED


def create(folder: Path, template: Template) -> Path:
    """Write *template* as ``main.py`` into the new *folder*, its class named after it, and return the file."""
    parts = re.findall(r"[A-Za-z0-9]+", folder.name)
    class_name = "".join(part[:1].upper() + part[1:] for part in parts)
    if not class_name or class_name[0].isdigit():
        raise CommandError(f"'{folder.name}' gives no name for a class: start it with a letter.")
    path = folder / "main.py"
    if path.exists():
        raise CommandError(f"{path} is there already; choose another name or remove it.")
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
        raise CommandError(f"There is no template '{name}'. There are: {names}.")
    return found

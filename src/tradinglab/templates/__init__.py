"""Strategies to start from: each runs on the bundled sample data as it stands.

They are ordinary QuantConnect files. The first line of a file's docstring is its title.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

#: The strategy that ``make run`` shows.
DEMO = "momentum-rotation"

_FOLDER = Path(__file__).resolve().parent


class Template(NamedTuple):
    """One strategy that can be copied.

    Attributes
    ----------
    name
        Its name on the command line, such as ``sma-cross``.
    path
        The file.
    """

    name: str
    path: Path

    @property
    def source(self) -> str:
        """The file's text."""
        return self.path.read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """What it does, in one line."""
        import ast

        doc = ast.get_docstring(ast.parse(self.source)) or ""
        return doc.partition("\n")[0].rstrip(".")


def all_templates() -> list[Template]:
    """Return every template, by name."""
    paths = sorted(path for path in _FOLDER.glob("*.py") if not path.name.startswith("_"))
    return [Template(path.stem.replace("_", "-"), path) for path in paths]


def find_template(name: str) -> Template | None:
    """Return the template called *name* (``demo`` is one of them), or None."""
    wanted = DEMO if name == "demo" else name
    return next((template for template in all_templates() if template.name == wanted), None)

"""Strategies to start from: each runs on the bundled sample data as it stands.

They are ordinary QuantConnect files. The first line of a file's docstring is its title, the last one lists its tags,
and what stands between them describes it.
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
        return self._paragraphs()[0].rstrip(".")

    @property
    def description(self) -> str:
        """What there is to say about it, a paragraph a line."""
        return "\n".join(self._paragraphs()[1:-1])

    @property
    def tags(self) -> tuple[str, ...]:
        """The words under which it is found."""
        return tuple(self._paragraphs()[-1].removeprefix("Tags: ").rstrip(".").split(", "))

    def _paragraphs(self) -> list[str]:
        import ast

        doc = ast.get_docstring(ast.parse(self.source)) or ""
        return [" ".join(part.split()) for part in doc.split("\n\n")]


def all_templates() -> list[Template]:
    """Return every template, by name."""
    paths = sorted(path for path in _FOLDER.glob("*.py") if not path.name.startswith("_"))
    return [Template(path.stem.replace("_", "-"), path) for path in paths]


def find_template(name: str) -> Template | None:
    """Return the template called *name* (``demo`` is one of them), or None."""
    wanted = DEMO if name == "demo" else name
    return next((template for template in all_templates() if template.name == wanted), None)

"""Rules to start from, as text files; the first line of each is a comment that says what they do."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).resolve().parent


class RuleTemplate(NamedTuple):
    """One set of rules that can be copied.

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
    def text(self) -> str:
        """The file's text."""
        return self.path.read_text(encoding="utf-8")

    @property
    def title(self) -> str:
        """What they do, in one line."""
        return self.text.partition("\n")[0].removeprefix("#").strip()


def all_rule_templates() -> list[RuleTemplate]:
    """Return every template, by name."""
    return [RuleTemplate(path.stem, path) for path in sorted(_FOLDER.glob("*.rules"))]


def find_rule_template(name: str) -> RuleTemplate | None:
    """Return the template of a name, or None."""
    return next((each for each in all_rule_templates() if each.name == name), None)

"""Templates, styles and script of the pages, and how they are read."""

from __future__ import annotations

import importlib.resources

import jinja2


def asset(name: str) -> str:
    """Return the text of a file of this folder."""
    return importlib.resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def environment() -> jinja2.Environment:
    """Return what the pages' templates are read with: whatever is put into them is text, unless they say otherwise."""
    return jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, loader=jinja2.FunctionLoader(asset))

"""Names and notes that people read: what in them cannot be seen is refused, whoever gives them and whichever way."""

from __future__ import annotations

import unicodedata

from tradinglab.server.errors import InputError

# What turns the direction of reading: marks, embeddings, overrides, isolates.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Between letters some scripts and emoji need them; by themselves they are nothing.
_WITHOUT_WIDTH = frozenset("\u00ad\u034f\u180e\u200b\u200c\u200d\u2060\ufeff")
#: Controls, breaks of lines and paragraphs, halves of surrogate pairs.
_UNSEEN = ("Cc", "Zl", "Zp", "Cs")
_SHOWN = 100


def name_problem(text: str) -> str:
    """Return what is wrong with a text of one line; empty if nothing is."""
    problem = _problem(text)
    if problem:
        return problem
    unseen = next((each for each in text if each in _WITHOUT_WIDTH), None)
    if unseen is not None and all(each in _WITHOUT_WIDTH or each.isspace() for each in text):
        known = f"U+{ord(unseen):04X} ({unicodedata.name(unseen)})"
        return f"There is nothing but {known}, which cannot be seen; write something."
    return ""


def notes_problem(text: str) -> str:
    """Return what is wrong with a text of several lines, in which there may be tabs; empty if nothing is."""
    return _problem(text.replace("\r\n", "\n\n"), allowed="\n\t")


def check_name(field: str, text: str, *, longest: int = 200) -> None:
    """Refuse a name that does not read as it is, or is too long to be stored.

    Raises
    ------
    InputError
        Names the field and the character.
    """
    problem = name_problem(text)
    if not problem and len(text) > longest:
        problem = f"A name has at most {longest} characters; this one has {len(text)}."
    if problem:
        raise InputError(field, visible(text)[:_SHOWN], problem)


def check_notes(field: str, text: str, *, longest: int = 10_000) -> None:
    """Refuse a text of several lines in which there is what cannot be seen, or that is too long to be stored.

    Raises
    ------
    InputError
        Names the field and the character.
    """
    problem = notes_problem(text)
    if not problem and len(text) > longest:
        problem = f"It has at most {longest:,} characters; this one has {len(text):,}."
    if problem:
        raise InputError(field, visible(text)[:_SHOWN], problem)


def visible(text: str) -> str:
    """Return a text without what :func:`name_problem` finds in it."""
    return "".join(each for each in text if not _is_unseen(each)).strip()


def _problem(text: str, *, allowed: str = "") -> str:
    """Name what acts on a terminal, breaks lines, or lets a text read as another."""
    for place, each in enumerate(text, 1):
        if each not in allowed and _is_unseen(each):
            known = unicodedata.name(each, "a control character")
            return f"Character {place} is U+{ord(each):04X} ({known}), which cannot be seen; leave it out."
    return ""


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN or character in _TURNING

"""Finding passages by their words: in the API's own descriptions, and in strategies to start from."""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from tradinglab.algorithm.qc_algorithm import QCAlgorithm
from tradinglab.algorithm.star_names import CLASSES
from tradinglab.core.dual import INNER, snake_case
from tradinglab.templates import all_templates

_WORD = re.compile(r"[a-z0-9]+")
_LONGEST_QUERY = 1_000
_API = "/api/v1/strategies/templates"


class Kind(IntEnum):
    """What is searched; the numbers are QuantConnect's."""

    STUBS = 0
    FORUM = 1
    DOCS = 2
    EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Something that can be found."""

    url: str
    content: str
    words: Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A passage, and how well it fits, from 0 to 1."""

    url: str
    content: str
    score: float
    kind: Kind


def search(query: str, *, kind: Kind, most: int) -> list[Found]:
    """Return the passages of a kind that fit best. There is no forum here, so there is nothing of it."""
    passages = _passages(kind)
    rarity = _rarity(kind)
    wanted = set(_words(query[:_LONGEST_QUERY]))
    whole = sum(rarity.get(word, 1.0) for word in wanted) or 1.0
    scored = [
        Found(
            url=each.url,
            content=each.content,
            score=round(sum(rarity.get(word, 0.0) for word in wanted if word in each.words) / whole, 6),
            kind=kind,
        )
        for each in passages
    ]
    scored.sort(key=lambda each: (-each.score, each.url))
    return scored[:most]


def _words(text: str) -> list[str]:
    return _WORD.findall(snake_case(text).replace("_", " ").lower())


@functools.cache
def _passages(kind: Kind) -> Sequence[Passage]:
    if kind == Kind.FORUM:
        return ()
    if kind == Kind.EXAMPLES:
        found = [(f"{_API}/{each.name}/", each.source) for each in all_templates()]
    else:
        found = [*_methods(), *_classes()]
    return [Passage(url=url, content=text, words=Counter(_words(f"{url} {text}"))) for url, text in found]


@functools.cache
def _rarity(kind: Kind) -> dict[str, float]:
    """Return how much a word tells: the rarer it is, the more."""
    passages = _passages(kind)
    seen = Counter(word for each in passages for word in each.words)
    return {word: math.log(1 + len(passages) / count) for word, count in seen.items()}


def _methods() -> list[tuple[str, str]]:
    found = []
    for name in sorted(dir(QCAlgorithm)):
        member = inspect.getattr_static(QCAlgorithm, name)
        text = inspect.getdoc(member)
        if name.startswith(INNER) or not name.islower() or not text:
            continue
        signature = str(inspect.signature(member)) if inspect.isfunction(member) else ""
        found.append((f"QCAlgorithm.{name}", f"QCAlgorithm.{name}{signature}\n{text}"))
    return found


def _classes() -> list[tuple[str, str]]:
    return [
        (name, f"{name}\nfrom AlgorithmImports import *  # brings {name}")
        for words in CLASSES.values()
        for name in words.split()
    ]

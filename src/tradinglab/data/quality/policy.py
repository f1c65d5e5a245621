"""What is to be done about what checks find: reject the bars, repair them by a rule, or keep and flag them.

A policy is written in one line, ``repair,outlier=drop,stale=drop``, or as a table of TOML or JSON::

    base = "repair"

    [checks]
    outlier = "drop"
    missing_sessions = "reject"

``base`` says what holds for all checks that are not named: ``reject`` (errors are rejected, all else is kept), ``keep``
(everything is kept and flagged) or ``repair`` (what has a safe rule is repaired, other errors are rejected).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tradinglab.core.surface import did_you_mean
from tradinglab.core.values import dataclass
from tradinglab.data.quality.checks import CHECKS, Check, Rule, Severity
from tradinglab.data.quality.errors import PolicyError

REJECT: Final = "reject"
KEEP: Final = "keep"
_BASES: Final = ("reject", "repair", "keep")
_SUFFIXES: Final = (".toml", ".json")
#: What ``repair`` does by itself: nothing in it guesses which of two prices is right.
_SAFE: Final = {
    "bad_time": Rule.DROP, "unsorted": Rule.SORT, "duplicate": Rule.KEEP_FIRST, "not_finite": Rule.DROP,
    "non_positive": Rule.DROP, "negative_size": Rule.ZERO, "high_below_low": Rule.CLIP, "outside_range": Rule.CLIP,
    "before_listing": Rule.DROP, "after_delisting": Rule.DROP, "in_future": Rule.DROP,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Policy:
    """What is done about each check.

    Attributes
    ----------
    base
        What holds where nothing else is said: ``reject``, ``repair`` or ``keep``.
    checks
        By check: ``reject``, ``keep``, or the name of a rule.
    """

    base: str = REJECT
    checks: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, base: str = REJECT, checks: Mapping[str, str] | None = None) -> Policy:
        """Return a policy.

        Raises
        ------
        PolicyError
            If there is no such base or check, or a check has no such rule.
        """
        if base not in _BASES:
            raise PolicyError(f"it was '{base}'; write {_either(_BASES)}.", field="base")
        for code, action in (checks or {}).items():
            check = CHECKS.get(code)
            if check is None:
                hint = did_you_mean(code, list(CHECKS)) or f". The checks are: {', '.join(CHECKS)}."
                raise PolicyError(f"there is no such check{hint}", field=code)
            if action not in choices_of(check):
                raise PolicyError(f"it was '{action}'; write {_either(choices_of(check))}.", field=code)
        return cls(base, tuple(sorted((checks or {}).items())))

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Return the policy of a line of text, of a table of TOML or JSON, or of a file that holds one.

        Raises
        ------
        PolicyError
            If it cannot be read, or says what cannot be done.
        """
        stripped = text.strip()
        if stripped.lower().endswith(_SUFFIXES) and "\n" not in stripped:
            return cls._of_file(Path(stripped).expanduser())
        if stripped.startswith("{"):
            return cls._of_table(_json(stripped))
        if "\n" in stripped or stripped.startswith("["):
            return cls._of_table(_toml(stripped))
        return cls._of_line(stripped)

    @classmethod
    def _of_line(cls, line: str) -> Policy:
        base, checks = REJECT, dict[str, str]()
        for place, part in enumerate(line.split(",")):
            name, equals, action = (each.strip() for each in part.partition("="))
            if not equals and place == 0 and name:
                base = name
            elif not equals or not name or not action:
                raise PolicyError(
                    f"'{part.strip()}' is no CHECK=ACTION; write it like repair,outlier=drop,missing_sessions=reject."
                )
            elif checks.setdefault(name, action) != action:
                raise PolicyError(f"it is there twice, as '{checks[name]}' and '{action}'; leave one out.", field=name)
        return cls.of(base, checks)

    @classmethod
    def _of_file(cls, path: Path) -> Policy:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            raise PolicyError(f"{path} cannot be read ({problem}).") from problem
        return cls._of_table(_json(text) if path.suffix.lower() == ".json" else _toml(text))

    @classmethod
    def _of_table(cls, table: object) -> Policy:
        if not isinstance(table, dict):
            raise PolicyError("a table is expected, with 'base' and 'checks'.")
        for name in table:
            if name not in ("base", "checks"):
                raise PolicyError(f"there is no such entry; there are 'base' and 'checks', not '{name}'.", field=name)
        base, checks = table.get("base", REJECT), table.get("checks", {})
        if not isinstance(base, str):
            raise PolicyError(f"it was {base!r}; write {_either(_BASES)}.", field="base")
        if not isinstance(checks, dict):
            raise PolicyError(f"it was {checks!r}; a table of checks and actions is expected.", field="checks")
        for code, action in checks.items():
            if not isinstance(action, str):
                raise PolicyError(f"it was {action!r}; the name of an action is expected.", field=str(code))
        return cls.of(base, checks)

    def action(self, code: str) -> str:
        """Return what is done about a check: ``reject``, ``keep``, or the name of a rule."""
        named = dict(self.checks).get(code)
        if named is not None:
            return named
        if self.base == "repair" and code in _SAFE:
            return str(_SAFE[code])
        return REJECT if self.base != KEEP and CHECKS[code].severity == Severity.ERROR else KEEP

    def __str__(self) -> str:
        return ",".join([self.base, *(f"{code}={action}" for code, action in self.checks)])

    def to_json(self) -> dict[str, object]:
        """Return it as what JSON can hold, and :meth:`parse` reads."""
        return {"base": self.base, "checks": dict(self.checks)}


def choices_of(check: Check) -> tuple[str, ...]:
    """Return what can be done about a check."""
    return (REJECT, KEEP, *(str(rule) for rule in check.rules))


def _either(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise PolicyError(f"it is no JSON ({problem}).") from problem


def _toml(text: str) -> object:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise PolicyError(f"it is no TOML ({problem}).") from problem

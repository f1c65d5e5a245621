"""Triggers by which the database itself refuses to change or delete the rows of a table."""

from __future__ import annotations


def triggers_on(vendor: str, table: str) -> list[str]:
    """Return the statements that make a table append-only, for a database of that vendor."""
    if vendor == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("update", "delete")
        ]
    if vendor == "postgresql":
        refusal = f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
        trigger = f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW"
        return [
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS {refusal}",
            f"{trigger} EXECUTE FUNCTION {table}_refuse()",
        ]
    return []


def triggers_off(vendor: str, table: str) -> list[str]:
    """Return the statements that take the triggers away."""
    if vendor == "sqlite":
        return [f"DROP TRIGGER {table}_no_{verb}" for verb in ("update", "delete")]
    if vendor == "postgresql":
        return [f"DROP TRIGGER {table}_append_only ON {table}", f"DROP FUNCTION {table}_refuse()"]
    return []

"""The schema of a database as data that can be compared: what it says in any order of columns, without the tables of
plugins and without the names of NOT NULL constraints."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trainyard_core.db.engine import Row, Tx

COLUMNS = """SELECT c.relname AS place, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
        a.attnotnull AS required, pg_get_expr(d.adbin, d.adrelid) AS standard, o.collname AS collation,
        a.attidentity::text AS identity
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid
        AND d.adnum = a.attnum LEFT JOIN pg_collation o ON o.oid = a.attcollation
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped"""
CONSTRAINTS = """SELECT conrelid::regclass::text AS place, conname AS name, pg_get_constraintdef(oid) AS text
    FROM pg_constraint WHERE connamespace = current_schema()::regnamespace AND contype <> 'n'"""
INDEXES = "SELECT tablename AS place, indexname AS name, indexdef AS text FROM pg_indexes WHERE schemaname = 'public'"
TRIGGERS = """SELECT tgrelid::regclass::text AS place, tgname AS name, pg_get_triggerdef(oid) AS text
    FROM pg_trigger WHERE NOT tgisinternal"""
FUNCTIONS = """SELECT proname AS place, pg_get_function_arguments(oid) AS name, pg_get_functiondef(oid) AS text
    FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"""
SEQUENCES = """SELECT sequencename AS place, data_type::text AS name, increment_by::text AS text FROM pg_sequences
    WHERE schemaname = current_schema()"""
PLUGINS = ("registry_", "sweeps_")
Facts = set[tuple[str, ...]]


async def schema(tx: Tx) -> Facts:
    """Everything that the schema says: about columns, keys, checks, indexes, triggers and functions."""
    found = _sqlite(tx) if tx.dialect == "sqlite" else _postgresql(tx)
    return {fact async for fact in found if not fact[1].startswith(PLUGINS)}


async def _postgresql(tx: Tx) -> Iterator[tuple[str, ...]]:
    for row in await tx.all(COLUMNS):
        values = (row[name] for name in ("type", "required", "standard", "collation", "identity"))
        yield ("column", row["place"], row["name"], *map(str, values))
    queries = {"constraint": CONSTRAINTS, "index": INDEXES, "trigger": TRIGGERS, "function": FUNCTIONS}
    for kind, query in {**queries, "sequence": SEQUENCES}.items():
        for row in await tx.all(query):
            yield (kind, row["place"], row["name"], _plain(row["text"]))


async def _sqlite(tx: Tx) -> Iterator[tuple[str, ...]]:
    for row in await tx.all("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"):
        if row["type"] != "table":
            yield (row["type"], row["tbl_name"], row["name"], _plain(row["sql"]))
            continue
        for fact in await _of_table(tx, row["name"], row["sql"]):
            yield ("table", row["name"], *fact)


async def _of_table(tx: Tx, table: str, sql: str) -> list[tuple[str, ...]]:
    columns = await tx.all(f"PRAGMA table_xinfo({table})")
    facts = [("column", *_texts(row, "name", "type", "notnull", "dflt_value", "pk")) for row in columns]
    (listed,) = await tx.all("SELECT wr, strict FROM pragma_table_list WHERE name = ? AND schema = 'main'", table)
    facts.append(("kept", *_texts(listed, "wr", "strict"), str("AUTOINCREMENT" in sql)))
    for row in await tx.all(f"PRAGMA foreign_key_list({table})"):
        facts.append(("foreign key", *_texts(row, "seq", "from", "table", "to", "on_delete", "on_update")))
    for index in await tx.all(f"PRAGMA index_list({table})"):
        parts = await tx.all(f"PRAGMA index_xinfo({index['name']})")
        keys = [text for part in parts if part["key"] for text in _texts(part, "name", "desc", "coll")]
        facts.append(("index", *_texts(index, "unique", "origin", "partial"), *keys))
    return facts + [("check", check) for check in _checks(_plain(sql))]


def _texts(row: Row, *names: str) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in names)


def _checks(sql: str) -> Iterator[str]:
    """The conditions of CHECK, each up to the parenthesis that closes it."""
    for found in re.finditer(r"\bCHECK\b", sql):
        depth = 0
        for at, letter in enumerate(sql[found.end() :]):
            depth += (letter == "(") - (letter == ")")
            if depth == 0 and letter == ")":
                yield sql[found.end() : found.end() + at + 1]
                break


def _plain(sql: str) -> str:
    """Without what a statement may differ in and say the same: spaces, and quotes around names."""
    return re.sub(r'[\s"]+', "", sql)

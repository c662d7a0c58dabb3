"""Append-only by the database's own force (DESIGN section 4).

Triggers refuse UPDATE, DELETE and (PostgreSQL) TRUNCATE. Two changes are let through: what a dictionary class
learns of its company prefix, and the one revocation of an API key. On
SQLite the owner of the file can drop a trigger; there it is the log that protects, because any change breaks a
commitment or the tree.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DatabaseError

from suyuan.base.errors import IntegrityBroken

#: Tables whose rows never change and never go.
FROZEN = (
    "event", "payload", "timeline", "attr", "event_id", "voided", "capture", "capture_event", "refused_event",
    "context", "act", "master_data", "leaf", "tile", "checkpoint", "hold", "hold_order", "term", "thing", "recall",
    "recall_item", "recall_lot", "label_batch", "label_allocation", "label", "label_weight", "label_mark",
    "label_tally", "label_tag", "tag_job", "tag_job_state", "tag_intent", "tag_outcome", "vocabulary_element",
    "subscription", "subscription_ended", "vocabulary_attribute", "vocabulary_child", "capture_fault",
    "named_query", "named_query_deleted", "lenient_key", "forgiven_fault",
)  # fmt: skip

#: Working tables, whose rows change and go: nothing of the ledger's truth is in them.
WORKING = ("log_head", "subscription_state", "capture_job", "capture_reservation", "ended_page_token")

#: Tables where one kind of change is allowed: the condition of a refused update, in terms of OLD and NEW.
_GUARDED = {
    "thing_class": "NEW.id <> OLD.id OR NEW.key <> OLD.key OR OLD.company_prefix_length IS NOT NULL",
    "api_key": "NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.role <> OLD.role OR NEW.party <> OLD.party"
    " OR NEW.digest <> OLD.digest OR NEW.created <> OLD.created"
    " OR COALESCE(NEW.expires, 0) <> COALESCE(OLD.expires, 0) OR OLD.revoked IS NOT NULL OR NEW.revoked IS NULL",
}

#: The one column of each of them that may change.
CHANGING = {"thing_class": "company_prefix_length", "api_key": "revoked"}


def protect(connection: Connection) -> None:
    """Put the triggers on every table that is there. Call it at the end of every migration: altering a table on SQLite
    loses them, and on PostgreSQL a new partition does not have all of them.
    """
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        connection.execute(text(_POSTGRES_FUNCTION))
    rules = [(table, None) for table in FROZEN] + list(_GUARDED.items())
    there = set(inspect(connection).get_table_names())
    for table, unless in rules:
        if table not in there:
            continue  # a later migration makes it
        statements = _postgres(table, unless, _partitions(connection, table)) if postgres else _sqlite(table, unless)
        for statement in statements:
            connection.execute(text(statement))
    _attack(connection, [table for table, _ in rules if table in there])


def _attack(connection: Connection, tables: Sequence[str]) -> None:
    """Try to break what was just put on: a migration whose protection does not hold must not be committed.

    A trigger for each row stops at the first one, so this takes no time however many rows there are.
    """
    for table in tables:
        attacks = [f"DELETE FROM {table}"]  # noqa: S608 - our own names
        if connection.dialect.name == "postgresql":
            attacks += [f"TRUNCATE {name} CASCADE" for name in (table, *_partitions(connection, table))]
        if table not in _GUARDED:
            (column, *_) = inspect(connection).get_pk_constraint(table)["constrained_columns"]
            attacks.append(f'UPDATE {table} SET "{column}" = "{column}"')  # noqa: S608 - our own names
        for attack in attacks:
            if _succeeds(connection, attack):
                raise IntegrityBroken(f"{table} is not protected: {attack} was carried out")


def _succeeds(connection: Connection, attack: str) -> bool:
    """Whether a statement changes anything (TRUNCATE: whether it is carried out); it is taken back at once."""
    savepoint = connection.begin_nested()
    try:
        done = connection.execute(text(attack))
    except DatabaseError as refusal:
        if "append-only" not in str(refusal.orig):
            raise
        return False
    else:
        return attack.startswith("TRUNCATE") or done.rowcount > 0
    finally:
        savepoint.rollback()


def unprotect(connection: Connection) -> None:
    """Take the triggers off, for a migration that must rebuild a table."""
    postgres = connection.dialect.name == "postgresql"
    there = set(inspect(connection).get_table_names())
    for table in sorted({*FROZEN, *_GUARDED} & there):
        if postgres:
            triggers = [f"{name} ON {on}" for name, on in _postgres_triggers(table, _partitions(connection, table))]
        else:
            triggers = [f"{table}_no_update", f"{table}_no_delete"]
        for trigger in triggers:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))


def _sqlite(table: str, unless: str | None) -> list[str]:
    when = f" WHEN {unless}" if unless else ""
    stop = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return [
        f"DROP TRIGGER IF EXISTS {table}_no_update",
        f"DROP TRIGGER IF EXISTS {table}_no_delete",
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}{when} {stop}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {stop}",
    ]


_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION suyuan_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_ARGV[0] USING ERRCODE = 'restrict_violation';
END $$
"""


def _partitions(connection: Connection, table: str) -> list[str]:
    """The partitions that a table has at present."""
    rows = connection.execute(
        text(
            "SELECT CAST(CAST(inhrelid AS regclass) AS text) FROM pg_inherits"
            " WHERE inhparent = CAST(:name AS regclass) ORDER BY 1"
        ),
        {"name": table},
    )
    return [row[0] for row in rows]


def _postgres_triggers(table: str, partitions: Sequence[str]) -> list[tuple[str, str]]:
    """Each trigger and the table that it is on.

    Partitions have the row triggers of their table, but not its TRUNCATE trigger: each needs one of its own.
    """
    truncated = [(f"{table}_no_truncate", on) for on in (table, *partitions)]
    return [(f"{table}_no_update", table), (f"{table}_no_delete", table), *truncated]


def _postgres(table: str, unless: str | None, partitions: Sequence[str]) -> list[str]:
    when = f" WHEN ({unless})" if unless else ""
    each = {"update": f"FOR EACH ROW{when}", "delete": "FOR EACH ROW", "truncate": "FOR EACH STATEMENT"}
    stop = f"EXECUTE FUNCTION suyuan_append_only('{table}')"
    statements = []
    for name, on in _postgres_triggers(table, partitions):
        what = name.rpartition("_")[2]
        statements += [
            f"DROP TRIGGER IF EXISTS {name} ON {on}",
            f"CREATE TRIGGER {name} BEFORE {what.upper()} ON {on} {each[what]} {stop}",
        ]
    return statements

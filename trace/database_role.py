"""What the service's own role on PostgreSQL may do: read, add, and change what is meant to change.

It owns nothing, so it can neither take a trigger away nor write past one; `suyuan migrate --app-role` grants this.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, inspect, text

from suyuan.base.database import is_sqlite
from suyuan.base.errors import InvalidInput
from suyuan.trace.append_only import CHANGING, FROZEN, WORKING


def grant(connection: Connection, role: str) -> None:
    """Give a role exactly what the service needs, and take away what else it had on our tables.

    Called as the owner of the tables, after the migration; again after each one, for the tables that are new.
    """
    if not connection.execute(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}).first():
        raise InvalidInput(
            f"there is no role {role[:60]!a}", place="--app-role", remedy="make it: createuser --pwprompt"
        )
    owned = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tableowner = :role"
    if connection.execute(text(owned), {"role": role}).first():
        raise InvalidInput(f"{role} owns tables here", place="--app-role", remedy="let the service run as another role")
    name = connection.dialect.identifier_preparer.quote(role)
    there = set(inspect(connection).get_table_names())
    for statement in _statements(there):
        connection.execute(text(statement.replace("{role}", name)))


def may_write(engine: Engine) -> bool:
    """Whether a server over this database can capture: no standby, and a role that may add leaves."""
    if is_sqlite(engine):
        return True
    asked = text("SELECT NOT pg_is_in_recovery() AND has_table_privilege('leaf', 'INSERT')")
    with engine.connect() as connection:
        return bool(connection.scalar(asked))


def _statements(there: set[str]) -> list[str]:
    added = sorted({*FROZEN, *CHANGING} & there)
    working = sorted(set(WORKING) & there)
    return [
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        "REVOKE CREATE ON SCHEMA public FROM {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT ON {', '.join([*added, *working, 'alembic_version'])} TO {{role}}",
        f"GRANT INSERT ON {', '.join(added)} TO {{role}}",
        *(f"GRANT UPDATE ({column}) ON {table} TO {{role}}" for table, column in CHANGING.items()),
        f"GRANT INSERT, UPDATE, DELETE ON {', '.join(working)} TO {{role}}",
        "GRANT EXECUTE ON FUNCTION suyuan_add_partitions() TO {role}",
    ]

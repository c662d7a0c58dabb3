"""Partitions of events and payloads on PostgreSQL, made before the log reaches them.

The service's role owns no table, so it cannot make one; it may call a function of the owner's that makes the next
partitions and no others. A partition is attached, which stops neither capture nor reading; what could not be made in
time goes to the default partition, where it is found like anything else.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

#: Log indexes in one range partition of events and payloads.
WIDTH = 10_000_000
#: What the writer calls; the answer is how many were made.
ADD = "SELECT suyuan_add_partitions()"

_FUNCTION = """
CREATE OR REPLACE FUNCTION suyuan_add_partitions() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    parent text; name text; number integer; lower bigint; size bigint; made integer := 0;
BEGIN
    SELECT COALESCE(MAX(idx), -1) + 1 INTO size FROM leaf;
    FOREACH parent IN ARRAY ARRAY['event', 'payload'] LOOP
        LOOP
            SELECT COALESCE(MAX(CAST(
                substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \\(''(\\d+)''\\)') AS bigint)), 0),
                COUNT(*) - 1 INTO lower, number
                FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = CAST(parent AS regclass);
            EXIT WHEN lower >= size + {width};
            name := parent || '_' || number;
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', name, parent);
            EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I FOR EACH STATEMENT'
                ' EXECUTE FUNCTION suyuan_append_only(%L)', parent || '_no_truncate', name, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                parent, name, lower, lower + {width});
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
"""


def create_function(connection: Connection, width: int = WIDTH) -> None:
    """Make the function; there is always one partition of ``width`` log indexes beyond the one that is filled."""
    connection.execute(text(_FUNCTION.replace("{width}", str(width)).replace(":", "\\:")))
    connection.execute(text("REVOKE ALL ON FUNCTION suyuan_add_partitions() FROM PUBLIC"))


def drop_function(connection: Connection) -> None:
    """Take it away."""
    connection.execute(text("DROP FUNCTION IF EXISTS suyuan_add_partitions()"))

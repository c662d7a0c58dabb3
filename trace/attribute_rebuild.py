"""Rows of `attr` made anew from the events' bytes, where what is kept of an event for queries has changed.

A migration calls this; new words get the next ids. After a crash the migration's transaction has changed nothing.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from suyuan.base.errors import InvalidInput
from suyuan.trace.attributes import attributes
from suyuan.trace.derivation import read_stored

#: Events read at once.
_AT_ONCE = 1_000


def rebuild_attributes(connection: Connection) -> int:
    """Replace all rows of `attr`; returns how many events it was done for.

    An event whose bytes are gone, or that today's rules refuse, is found by its columns and things only.
    """
    connection.execute(text("DELETE FROM attr"))
    words: dict[str, int] = {}
    done, after = 0, -1
    while True:
        rows = connection.execute(
            text(
                "SELECT p.idx, p.body, c.body FROM payload p JOIN context c ON c.digest = p.context"
                " WHERE p.idx > :after ORDER BY p.idx LIMIT :most"
            ),
            {"after": after, "most": _AT_ONCE},
        ).all()
        if not rows:
            return done
        for index, body, context in rows:
            _insert(connection, words, index, bytes(body) if body is not None else b"", bytes(context))
        done, after = done + len(rows), rows[-1][0]


def _insert(connection: Connection, words: dict[str, int], index: int, body: bytes, context: bytes) -> None:
    try:
        found = attributes(read_stored(body, context), context)
    except InvalidInput:
        return
    if found:
        connection.execute(
            text("INSERT INTO attr (event, field, ordinal, value, number) VALUES (:e, :f, :o, :v, :n)"),
            [
                {"e": index, "f": _word(connection, words, row.field), "o": place, "v": row.value, "n": row.number}
                for place, row in enumerate(found)
            ],
        )


def _word(connection: Connection, words: dict[str, int], value: str) -> int:
    if value not in words:
        known = connection.execute(text("SELECT id FROM term WHERE value = :value"), {"value": value}).scalar()
        if known is None:
            known = connection.execute(text("SELECT COALESCE(MAX(id), 0) + 1 FROM term")).scalar_one()
            connection.execute(text("INSERT INTO term (id, value) VALUES (:id, :value)"), {"id": known, "value": value})
        words[value] = int(known)
    return words[value]

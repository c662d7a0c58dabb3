"""Which error declaration voids which event (EPCIS 2.0 section 7.4.1.2): its own submitter's takes it back.

A declaration repeats the ID of the event that it declares. It always voids itself, so that lifecycles leave it out. It
voids the event, or another declaration, only where the same key or the same firm has submitted both; from anyone else
it is stored and returned by queries, and lifecycles go on as if it were not there. Which of the two came first does
not matter, nor whether the second submitter's copy was a duplicate.
"""

from __future__ import annotations

from collections.abc import Sequence

from suyuan.trace.write_database import WriteDatabase

#: Pairs of an event and the declaration that voids it; what is put behind it narrows ``d``, the declaration's ID row.
VOIDED_BY = (
    "SELECT o.event, d.event FROM event_id d JOIN event_id o ON o.key = d.key WHERE LENGTH(d.declaration) > 0"
    " AND (o.event = d.event OR EXISTS (SELECT 1 FROM capture_event x JOIN capture theirs ON theirs.id = x.capture"
    " JOIN capture_event y ON y.event = o.event JOIN capture ours ON ours.id = y.capture WHERE x.event = d.event"
    " AND (theirs.key_id = ours.key_id OR (theirs.party = ours.party AND ours.party <> ''))))"
)
#: Most keys in one statement: far below SQLite's limit on parameters.
_IN = 500


def void(db: WriteDatabase, keys: Sequence[bytes]) -> None:
    """Write what declarations under these event IDs void by now, with all their submitters. `event_id.key`, SHA-256."""
    for start in range(0, len(keys), _IN):
        part = keys[start : start + _IN]
        which = f" AND d.key IN ({','.join('?' * len(part))})"
        db.execute(f'INSERT INTO voided (event, "by") {VOIDED_BY}{which} ON CONFLICT DO NOTHING', part)

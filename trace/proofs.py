"""The offline proof of one event: its bytes, its leaf, and the way from the leaf to a signed checkpoint."""

from __future__ import annotations

from sqlalchemy import text

from suyuan.base.errors import IntegrityBroken, NotFound, Unavailable
from suyuan.chain.bundle import Bundle, make_bundle
from suyuan.chain.policy import Policy
from suyuan.chain.proof import LogProof
from suyuan.chain.store import LogReader
from suyuan.epcis.event_id import hash_uri
from suyuan.trace.event_query import find_event
from suyuan.trace.view import View


def bundle_of(view: View, event_id: str, policy: Policy, declaration: int = 0) -> bytes:
    """The bundle of an event (or of its n-th error declaration).

    Raises `NotFound` for an unknown event, `Unavailable` while no checkpoint covers it, `IntegrityBroken` when its
    content was taken away.
    """
    indexes = find_event(view, event_id)
    if declaration >= len(indexes):
        raise NotFound(f"there is no event {event_id[:200]}")
    index = indexes[declaration]
    row = view.connection.execute(
        text(
            "SELECT p.salt, p.body, c.body AS context, i.content, i.name FROM payload p"
            " JOIN context c ON c.digest = p.context JOIN event_id i ON i.event = p.idx WHERE p.idx = :idx"
        ),
        {"idx": index},
    ).one()
    if row.body is None or row.salt is None:
        raise IntegrityBroken("the content of this event is gone; the log shows only that something was recorded")
    log = LogReader(view.connection)
    latest = log.latest_checkpoint()
    if latest is None or latest.size <= index:
        raise Unavailable("no checkpoint covers this event yet", remedy="ask again in a second")
    proof = LogProof(index, tuple(log.inclusion_proof(index, latest.size)), latest.note.encode())
    content = bytes(row.content)
    bundle = Bundle(
        event=bytes(row.body), context=bytes(row.context), event_id=row.name or hash_uri(content), cbv_hash=content,
        salt=bytes(row.salt), leaf=log.entry(index), proof=proof,
    )  # fmt: skip
    return make_bundle(bundle, policy.keys)

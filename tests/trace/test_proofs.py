"""Proof bundles from the ledger, in process."""

from __future__ import annotations

import sqlite3

import pytest
from tests.trace.scribe import Scribe, declared, object_event

from suyuan.base.errors import IntegrityBroken, NotFound, Unavailable
from suyuan.chain.policy import Policy, parse_policy
from suyuan.chain.verify import verify_bundle
from suyuan.trace.proofs import bundle_of


def policy(scribe: Scribe) -> Policy:
    return parse_policy((scribe.folder / "log.policy").read_bytes())


def bundle(scribe: Scribe, name: str, declaration: int = 0) -> bytes:
    with scribe.view() as view:
        return bundle_of(view, name, policy(scribe), declaration)


def test_every_event_has_a_bundle_once_it_is_signed(scribe: Scribe) -> None:
    ids = [scribe.capture(object_event(serial)).events[0].event_id for serial in range(1, 20)]
    with pytest.raises(Unavailable, match="no checkpoint covers"):
        bundle(scribe, ids[0])
    scribe.call("sign", None)
    for place, name in enumerate(ids):
        verdict = verify_bundle(bundle(scribe, name), policy(scribe))
        assert (verdict.event_id, verdict.index) == (name, place)
        assert verdict.source == "tester"


def test_a_declaration_has_a_bundle_of_its_own(scribe: Scribe) -> None:
    event = object_event(1, eventID="urn:x:a")
    scribe.capture(event)
    scribe.capture(declared(event))
    scribe.call("sign", None)
    verdicts = [verify_bundle(bundle(scribe, "urn:x:a", number), policy(scribe)) for number in (0, 1)]
    assert [b"errorDeclaration" in verdict.event for verdict in verdicts] == [False, True]
    with pytest.raises(NotFound):
        bundle(scribe, "urn:x:a", 2)


def test_an_event_whose_content_was_taken_away_has_none(scribe: Scribe) -> None:
    scribe.capture(object_event(1, eventID="urn:x:a"))
    scribe.call("sign", None)
    with sqlite3.connect(scribe.folder / "suyuan.db") as db:
        db.execute("DROP TRIGGER payload_no_update")
        db.execute("UPDATE payload SET body = NULL, salt = NULL")
    db.close()
    with pytest.raises(IntegrityBroken, match="gone"):
        bundle(scribe, "urn:x:a")

"""Ledgers on SQLite in which everything has happened, and their rows put into PostgreSQL."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine, insert, select
from tests.labels.rows import print_some
from tests.trace.lifecycle.conftest import START, Story, party
from tests.trace.lifecycle.test_against_brute_force import capture, random_events
from tests.trace.scribe import Scribe, declared, object_event, scribe_in

from suyuan.app.migrate import migrate
from suyuan.app.read_only import ReadOnlyWriter
from suyuan.app.schema import metadata
from suyuan.base.database import open_owner, open_reader, sqlite_url
from suyuan.base.identity import Actor, Role, key_id_of, new_key
from suyuan.chain.policy import Policy, parse_policy
from suyuan.epcis.vocabulary_elements import Element
from suyuan.gs1.names import canonical, name_of
from suyuan.regulators.recalls import RecallOrder, compute
from suyuan.trace.acts import KeyAdded, KeyRevoked, MasterDataChanged
from suyuan.trace.append_only import WORKING
from suyuan.trace.ledger import Ledger
from suyuan.trace.master_data import MasterData, Party, Product
from suyuan.trace.vocabularies import VocabularyChanged

#: Rows that are read and inserted at a time.
_ROWS = 2_000
#: The firm that captures some of the events.
FIRM = canonical(name_of(party(11)))


class Told:
    """A folder with a ledger; nobody writes it any more. ``keys`` are texts that clients would send."""

    def __init__(self, folder: Path, keys: dict[Role, str] | None = None) -> None:
        self.folder = folder
        self.keys = keys or {}

    def actor(self, role: Role) -> Actor:
        """Who comes with one of the keys."""
        return Actor(role, key_id_of(self.keys[role]), FIRM)

    @property
    def policy(self) -> Policy:
        """Whom to trust: the log of this ledger."""
        return parse_policy((self.folder / "log.policy").read_bytes())

    @contextmanager
    def reader(self) -> Iterator[Engine]:
        """An engine on the folder."""
        engine = open_reader(sqlite_url(self.folder))
        try:
            yield engine
        finally:
            engine.dispose()

    def copy_to(self, url: str) -> None:
        """Put all rows into a migrated database, as its owner."""
        target = open_owner(url)
        try:
            with self.reader() as source:
                copy_rows(source, target)
        finally:
            target.dispose()


def copy_rows(source: Engine, target: Engine) -> None:
    """Every row of every table that is part of the ledger's truth, in one transaction."""
    with source.connect() as old, target.begin() as new:
        for table in metadata.sorted_tables:
            if table.name in WORKING:
                continue
            for rows in old.execute(select(table)).mappings().partitions(_ROWS):
                new.execute(insert(table), [dict(row) for row in rows])


@contextmanager
def _new_ledger(folder: Path) -> Iterator[Scribe]:
    folder.mkdir()
    migrate(sqlite_url(folder))
    with scribe_in(folder) as scribe:
        yield scribe
        scribe.call("sign", None)


def tell_examples(folder: Path, documents: Sequence[bytes]) -> Told:
    """Documents of others, one after another; what contradicts an earlier one is refused and kept."""
    with _new_ledger(folder) as scribe:
        for body in documents:
            scribe.capture(body)
    return Told(folder)


def tell(folder: Path) -> Told:
    """Meat in lots, trays, crates and pallets, a recall in the middle, corrections, a clone, and plain chaos."""
    with _new_ledger(folder) as scribe, closing(Story(scribe.writer, folder)) as story:
        keys = _set_up(scribe, story)
        _plant(story)
        print_some(scribe, key_id_of(keys[Role.PRODUCER]), FIRM)
        _recall(scribe, story.lot(2, "MEAT"), "销毁 Salmonella", None)
        _trade(story)
        for seed in range(3):
            capture(story, random_events(story, seed))
        _correct(scribe, key_id_of(keys[Role.PRODUCER]))
        _recall(scribe, story.lot(2, "MEAT"), "again, wider", 0)
        _recall(scribe, story.item(1, 3), "one piece", None)
        scribe.call("key-revoked", KeyRevoked("setup", key_id_of(keys[Role.DEVICE])))
        _long_values(scribe)
    return Told(folder, keys)


def _set_up(scribe: Scribe, story: Story) -> dict[Role, str]:
    """Master data, some of it in two versions, and keys."""
    for number, (latitude, longitude) in enumerate([(36.0, 120.0), (36.1, 120.2), (31.2, 121.5), (36.5, 120.9)], 1):
        story.site(number, 10 + number, latitude, longitude)
    product = Product(story.link(story.item(3, 1)).partition("/21/")[0], {"zh": "猪肉", "en": "pork"})
    renamed = Party(story.link(story.party(11)), {"zh": "农场", "en": "farm"}, kind="farm")
    scribe.call("master-data-changed", MasterDataChanged("setup", MasterData([renamed], [], [product])))
    element = Element("urn:x:type", "urn:x:a", (("urn:x:b", "c"),), ("urn:x:d",))
    scribe.call("vocabulary-changed", VocabularyChanged("setup", "", [element]))
    keys = {role: new_key(f"键 {role}", role, FIRM, START) for role in (Role.PRODUCER, Role.REGULATOR, Role.DEVICE)}
    for _, key in keys.values():
        scribe.call("key-added", KeyAdded("setup", key))
    return {role: text for role, (text, _) in keys.items()}


def _plant(story: Story) -> None:
    """Two lots are made, cut, blended and packed, by pieces and by weight."""
    meat, other, mince = story.lot(2, "MEAT"), story.lot(2, "OTHER"), story.lot(4, "MINCE")
    trays = [story.item(3, number) for number in range(1, 9)]
    story.make(where=1, amount=(meat, 100.0))
    story.make(where=1, amount=(other, 50.5))
    story.pack(story.crate(101), where=1, amount=(meat, 40.0))
    story.pack(story.crate(102), where=1, amount=(meat, 60.0))
    story.transform([], trays[:4], where=2, used=[(meat, 10.0)], made=[(story.lot(3, "T1"), 4.0)])
    story.transform(
        [], trays[4:], where=2, used=[(other, 20.0)], made=[(story.lot(3, "T2"), 4.0)], ilmd={"cbvmda:lotNumber": "T2"}
    )
    group = "https://example.com/t/77"
    story.transform([], [], where=2, used=[(meat, 5.0), (other, 5.0)], transformationID=group)
    story.transform([], [], where=2, made=[(mince, 9.5)], transformationID=group)
    story.pack(story.crate(103), *trays[:5], where=2)
    story.pack(story.pallet(1), story.crate(101), story.crate(103), where=2)
    heat = {"type": "Temperature", "value": 3.25, "uom": "CEL"}
    story.see(story.pallet(1), where=2, step="storing", sensorElementList=[{"sensorReport": [heat]}])


def _trade(story: Story) -> None:
    """The pallet is shipped and taken apart; something is sold twice, something destroyed, something cloned."""
    trays = [story.item(3, number) for number in range(1, 9)]
    ends = [
        {"type": "owning_party", "destination": story.party(13)},
        {"type": "possessing_party", "destination": story.party(14)},
    ]
    story.ship(story.pallet(1), where=2, to=3)
    story.ship(where=1, to=4, amount=(story.lot(2, "OTHER"), 10.0))
    story.see(story.pallet(1), where=3, destinationList=ends)
    story.see(where=4, amount=(story.lot(2, "OTHER"), 10.0))
    story.unpack(story.pallet(1), where=3)
    story.unpack(story.crate(103), *trays[:2], where=3)
    story.see(trays[0], where=3, step="retail_selling")
    story.see(trays[1], where=3, step="destroying")
    story.see(trays[6], where=3, at=400)
    story.see(trays[6], where=1, at=402)
    story.see(trays[0], where=4, at=90_000)
    story.unpack(story.crate(102), where=1)
    story.pack(story.crate(104), trays[7], where=1, action="OBSERVE")


def _correct(scribe: Scribe, key: str) -> None:
    """Declared erroneous; a declaration of what is not known; an ID that is taken; an old and an early event."""
    wrong = object_event(1, 2, 3, eventID="urn:uuid:wrong")
    scribe.capture(wrong, key=key, party=FIRM)
    scribe.capture(declared(wrong), key=key)
    scribe.capture(declared(wrong, reason="incorrect_data", time="2026-10-14T06:00:00Z"))
    scribe.capture(declared(object_event(4, eventID="urn:uuid:unknown")))
    scribe.capture(object_event(9, eventID="urn:uuid:wrong"))
    scribe.capture(wrong, key="device")
    scribe.capture(
        object_event(5, 6, eventTime="1970-01-01T00:00:00.000001Z", bizStep=None, eventTimeZoneOffset="-11:30")
    )
    extended = {"@context": {"x": "https://x.example/"}, "x:n": 1.5, "x:字": "值", "x:deep": {"x:a": [1, None, True]}}
    scribe.capture(object_event(7, epcList=["https://id.gs1.org/01/09506000134352/10/AB%2F12/21/x"], **extended))
    scribe.capture(object_event(8, epcList=["https://example.com/ear/1%2F2", "urn:x:ear%20tag"]))
    scribe.call("sign", None)


def _long_values(scribe: Scribe) -> None:
    """Names, words and values at the limits of what capture takes, too irregular to be compressed."""
    rnd = random.Random(1)
    wide = "".join(chr(rnd.randrange(0x20000, 0x2A000)) for _ in range(2_000))  # four bytes each
    name = "https://example.com/" + "".join(rnd.choices(string.ascii_letters + string.digits, k=1_980))
    prefix = {"@context": {"x": "https://x.example/"}}
    scribe.capture(object_event(71, **prefix, **{f"x:{wide[:998]}": wide}))
    scribe.capture(object_event(72, epcList=[name]))
    scribe.capture(object_event(73, bizStep=name))


def _recall(scribe: Scribe, seed: str, reason: str, since: int | None) -> None:
    scribe.call("sign", None)
    ledger = Ledger(scribe.engine, ReadOnlyWriter(), scribe.folder / "log.policy")
    order = compute(ledger, RecallOrder(seed, reason), since, Actor(Role.REGULATOR, "regulator"))
    scribe.call("recall-opened", order)

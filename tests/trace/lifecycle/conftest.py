"""A small language for stories about goods: each verb captures one event in a real ledger on SQLite."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from suyuan.app.migrate import migrate
from suyuan.app.writing import WriterSettings, open_writer
from suyuan.base.clock import format_time, parse_time
from suyuan.base.database import open_reader, sqlite_url
from suyuan.chain.policy import Policy, parse_policy
from suyuan.epcis.json_codec import write_document
from suyuan.gs1.names import canonical, name_of
from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.backward import trace_back
from suyuan.trace.capture import CaptureRequest
from suyuan.trace.capture_job import CaptureJob
from suyuan.trace.forward import trace_forward
from suyuan.trace.master_data import MasterData, Party, Site
from suyuan.trace.scope import Scope
from suyuan.trace.things import ThingAnswer, describe
from suyuan.trace.view import View, open_view
from suyuan.trace.writer import Request, Writer

PREFIX = "6901234"
START = parse_time("2026-10-12T06:00:00Z")[0]
MINUTE = 60_000_000


def item(product: int, serial: int) -> str:
    """EPC of one item."""
    return f"urn:epc:id:sgtin:{PREFIX}.{product:06d}.{serial}"


def lot(product: int, number: str) -> str:
    """Class URI of a lot."""
    return f"urn:epc:class:lgtin:{PREFIX}.{product:06d}.{number}"


def pallet(serial: int) -> str:
    """EPC of a pallet."""
    return f"urn:epc:id:sscc:{PREFIX}.{serial:010d}"


def crate(serial: int) -> str:
    """EPC of a crate."""
    return f"urn:epc:id:grai:{PREFIX}.00001.{serial}"


def place(number: int, part: str = "0") -> str:
    """SGLN of a site, or of a part of it."""
    return f"urn:epc:id:sgln:{PREFIX}.{number:05d}.{part}"


def party(number: int) -> str:
    """PGLN of a firm."""
    return f"urn:epc:id:pgln:{PREFIX}.{number:05d}"


def link(uri: str) -> str:
    """The canonical name that answers carry."""
    return canonical(name_of(uri))


class Story:
    """Captures events, one minute after another unless told when. It also makes the names that stories use."""

    item, lot = staticmethod(item), staticmethod(lot)
    pallet, crate = staticmethod(pallet), staticmethod(crate)
    place, party, link = staticmethod(place), staticmethod(party), staticmethod(link)

    def __init__(self, writer: Writer, folder: Path) -> None:
        self._writer = writer
        self._folder = folder
        self._engine = open_reader(sqlite_url(folder))
        self._numbers = itertools.count()
        self._minutes = itertools.count()
        self._data = MasterData()

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def sign(self) -> None:
        """Have a checkpoint cover everything."""
        self._call("sign", None, int)

    @property
    def policy(self) -> Policy:
        """Whom to trust: the log of this ledger."""
        return parse_policy((self._folder / "log.policy").read_bytes())

    def tamper(self, table: str, statement: str) -> int:
        """Do to the file what its owner can do: take the trigger off and change a row; how many rows changed."""
        with closing(sqlite3.connect(self._folder / "suyuan.db")) as db, db:
            db.execute(f"DROP TRIGGER {table}_no_update")
            return db.execute(statement).rowcount

    def event(self, kind: str, at: int | None = None, **members: Any) -> str:
        """Capture one event at minute ``at``; its event ID."""
        minute = next(self._minutes) if at is None else at
        body = {
            "type": kind,
            "eventTime": format_time(START + minute * MINUTE),
            "eventTimeZoneOffset": "+00:00",
            **{name: value for name, value in members.items() if value not in (None, [], {})},
        }
        document = write_document([body], creation_date=START)
        request = CaptureRequest(f"job{next(self._numbers)}", "tester", "", "application/ld+json", document)
        job = self._call("capture", request, CaptureJob)
        assert job.success, job.errors
        return str(job.events[0].event_id)

    def _call(self, operation: str, parameters: Any, result: Any) -> Any:
        body = msgspec.msgpack.encode(parameters)
        (reply,) = self._writer.execute([Request(next(self._numbers), operation, body)])
        assert reply.fault is None, reply.fault
        return msgspec.msgpack.decode(reply.result, type=result)

    def site(self, number: int, runner: int, latitude: float = 36.0, longitude: float = 120.0) -> None:
        """Master data: a site and who runs it."""
        runs = link(party(runner))
        data = MasterData(
            [Party(runs, {"en": f"firm {runner}"})],
            [Site(link(place(number)), {"en": f"site {number}"}, runs, latitude=latitude, longitude=longitude)],
        )
        self._call("master-data-changed", MasterDataChanged("tester", data), Any)

    def make(
        self, *epcs: str, where: int, number: str | None = None, amount: tuple[str, float] | None = None, **more: Any
    ) -> str:
        """Commission items, and a quantity of a lot."""
        quantities = [{"epcClass": amount[0], "quantity": amount[1], "uom": "KGM"}] if amount else []
        ilmd = {"cbvmda:lotNumber": number} if number else None
        return self.event(
            "ObjectEvent", action="ADD", bizStep="commissioning", epcList=list(epcs), quantityList=quantities,
            ilmd=ilmd, bizLocation={"id": place(where)}, readPoint={"id": place(where)}, **more,
        )  # fmt: skip

    def see(
        self, *epcs: str, where: int, step: str = "receiving", amount: tuple[str, float] | None = None, **more: Any
    ) -> str:
        """Observe things at a place where they then are."""
        quantities = [{"epcClass": amount[0], "quantity": amount[1], "uom": "KGM"}] if amount else []
        return self.event(
            "ObjectEvent", action="OBSERVE", bizStep=step, epcList=list(epcs), quantityList=quantities,
            bizLocation={"id": place(where)}, readPoint={"id": place(where)}, **more,
        )  # fmt: skip

    def ship(
        self, *epcs: str, where: int, to: int | None = None, amount: tuple[str, float] | None = None, **more: Any
    ) -> str:
        """Send things away; ``to`` names the destination's site."""
        quantities = [{"epcClass": amount[0], "quantity": amount[1], "uom": "KGM"}] if amount else []
        ends = [{"type": "location", "destination": place(to)}] if to is not None else []
        return self.event(
            "ObjectEvent", action="OBSERVE", bizStep="shipping", disposition="in_transit", epcList=list(epcs),
            quantityList=quantities, readPoint={"id": place(where)}, destinationList=ends, **more,
        )  # fmt: skip

    def pack(
        self,
        parent: str,
        *children: str,
        where: int,
        amount: tuple[str, float] | None = None,
        action: str = "ADD",
        **more: Any,
    ) -> str:
        """Put things into a container (or, with ``action``, take them out)."""
        quantities = [{"epcClass": amount[0], "quantity": amount[1], "uom": "KGM"}] if amount else []
        return self.event(
            "AggregationEvent", action=action, parentID=parent, childEPCs=list(children), childQuantityList=quantities,
            bizStep="unpacking" if action == "DELETE" else "packing", bizLocation={"id": place(where)},
            readPoint={"id": place(where)}, **more,
        )  # fmt: skip

    def unpack(self, parent: str, *children: str, where: int, **more: Any) -> str:
        """Take things out; without children everything."""
        return self.pack(parent, *children, where=where, action="DELETE", **more)

    def transform(
        self,
        inputs: list[str],
        outputs: list[str],
        where: int,
        used: Sequence[tuple[str, float]] = (),
        made: Sequence[tuple[str, float]] = (),
        **more: Any,
    ) -> str:
        """Use things up and make others."""
        return self.event(
            "TransformationEvent", inputEPCList=inputs, outputEPCList=outputs,
            inputQuantityList=[{"epcClass": name, "quantity": amount, "uom": "KGM"} for name, amount in used],
            outputQuantityList=[{"epcClass": name, "quantity": amount, "uom": "KGM"} for name, amount in made],
            bizStep="commissioning", bizLocation={"id": place(where)}, readPoint={"id": place(where)}, **more,
        )  # fmt: skip

    def view(self) -> Any:
        """A snapshot."""
        return open_view(self._engine)

    def _ids(self, view: View, seeds: tuple[str, ...]) -> list[int]:
        found = [view.find(name_of(seed)) for seed in seeds]
        assert None not in found, "the ledger has never seen the seed"
        return [thing for thing in found if thing is not None]

    def scope(self, *seeds: str, since: int | None = None) -> tuple[dict[str, ThingAnswer], dict[str, set[str]]]:
        """Trace forward: answers and carriers, both by canonical name."""
        with self.view() as view:
            moment = START + since * MINUTE if since is not None else None
            scope: Scope = trace_forward(view, self._ids(view, seeds), moment)
            answers = {answer.id: answer for answer in describe(view, list(scope.affected.values()), scope.lots)}
            carriers = {
                view.canonical(container) or "": {view.canonical(thing) or "" for thing in held}
                for container, held in scope.carriers.items()
            }
            return answers, carriers

    def affected(self, *seeds: str, since: int | None = None) -> set[str]:
        """Trace forward: only the canonical names."""
        return set(self.scope(*seeds, since=since)[0])

    def sources(self, *seeds: str) -> dict[str, ThingAnswer]:
        """Trace back, by canonical name."""
        with self.view() as view:
            scope = trace_back(view, self._ids(view, seeds))
            return {answer.id: answer for answer in describe(view, list(scope.affected.values()))}


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a migrated, empty database: copying is quicker than migrating for each test."""
    folder = tmp_path_factory.mktemp("empty")
    migrate(sqlite_url(folder))
    return (folder / "suyuan.db").read_bytes()


@pytest.fixture
def story(tmp_path: Path, empty_ledger: bytes) -> Iterator[Story]:
    """An empty ledger to tell a story into."""
    (tmp_path / "suyuan.db").write_bytes(empty_ledger)
    settings = WriterSettings(str(tmp_path), "test.example/log", 1 << 20, 1000)
    with open_writer(settings) as writer:
        told = Story(writer, tmp_path)
        yield told
        told.close()

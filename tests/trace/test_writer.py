"""The writer: groups, bugs, a full disk, the lock. What was answered is stored; what was not stored is said."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.trace.scribe import ORIGIN, Scribe, document, epc, job_of, object_event, scribe_in, settings_of

from suyuan.app.writing import open_writer, write_once
from suyuan.base.errors import Conflict, IntegrityBroken, InvalidDocument, NotFound, SuyuanError, Unavailable
from suyuan.base.identity import ApiKey, Role
from suyuan.chain.policy import parse_policy
from suyuan.chain.store import LogReader
from suyuan.chain.verify import audit
from suyuan.epcis.json_text import Limits
from suyuan.trace.acts import AddKey, KeyAdded, KeyRevoked, MasterDataChanged, Recorded
from suyuan.trace.capture import Capture
from suyuan.trace.capture_job import CaptureJob
from suyuan.trace.master_data import MasterData, Party
from suyuan.trace.sqlite_database import SqliteDatabase
from suyuan.trace.writer import SIGN, Reply, Request, Transaction, Writer, error_of, writer_lock

KEY = ApiKey("0123456789ab", "gate", Role.DEVICE, "", b"\1" * 32, 1, None, None)


class Clumsy:
    """An operation with a bug: it writes, and then fails on what it was asked for."""

    name = "clumsy"

    def prepare(self, body: bytes) -> bytes:
        """Fails outside of the transaction when told to."""
        if body == b"early":
            raise ZeroDivisionError
        return body

    def apply(self, transaction: Transaction, prepared: Sequence[bytes]) -> Sequence[Any]:
        """Fails inside of it."""
        transaction.dictionary.term("never heard of")
        raise ZeroDivisionError(prepared)


def clumsy(scribe: Scribe) -> Writer:
    """A writer of the scribe's folder with the faulty operation beside the real one."""
    with scribe.view() as view:
        log = LogReader(view.connection)
        appender = log.appender(log.size())
    return Writer(
        SqliteDatabase(scribe.folder / "suyuan.db"),
        [Capture(Limits()), Clumsy(), AddKey()],
        lambda db, head: head.size,
        appender,
    )


class TestGroups:
    """One transaction for what was waiting."""

    def test_every_request_gets_its_own_answer_in_order(self, scribe: Scribe) -> None:
        replies = scribe.execute(
            document(object_event(1)), b"{", document(object_event(2)), document(object_event(1)), b""
        )
        assert [reply.fault is None for reply in replies] == [True, False, True, True, False]
        assert [reply.id for reply in replies] == sorted(reply.id for reply in replies)
        assert [job_of(replies[at]).events[0].index for at in (0, 2, 3)] == [0, 1, 0]

    def test_captures_and_acts_share_one_log(self, scribe: Scribe) -> None:
        requests = [
            scribe.request(document(object_event(1))),
            Request(901, "key-added", msgspec.msgpack.encode(KeyAdded("setup", KEY))),
            scribe.request(document(object_event(2))),
            Request(902, SIGN, msgspec.msgpack.encode(None)),
        ]
        first, act, second, signed = scribe.writer.execute(requests)
        assert job_of(first).events[0].index == 0
        assert msgspec.msgpack.decode(act.result, type=Recorded).index == 1
        assert job_of(second).events[0].index == 2
        assert msgspec.msgpack.decode(signed.result) == 3

    def test_a_bug_in_one_request_spares_the_others(self, scribe: Scribe) -> None:
        writer = clumsy(scribe)
        replies = writer.execute(
            [scribe.request(document(object_event(1))), Request(900, "clumsy", b"x"), Request(901, "clumsy", b"early"),
             scribe.request(document(object_event(2)))]
        )  # fmt: skip
        writer.close()
        assert [reply.fault and reply.fault.slug for reply in replies] == [None, "error", "error", None]
        assert [job_of(replies[at]).events[0].index for at in (0, 3)] == [0, 1]
        assert scribe.rows("SELECT 1 FROM term WHERE value = 'never heard of'") == []

    def test_ids_have_no_gaps_after_a_rollback(self, scribe: Scribe) -> None:
        writer = clumsy(scribe)
        for serial in (1, 2, 3):
            writer.execute([Request(900, "clumsy", b"x"), scribe.request(document(object_event(serial)))])
        writer.close()
        for table in ("term", "thing", "thing_class"):
            ids = [row[0] for row in scribe.rows(f"SELECT id FROM {table} ORDER BY id")]
            assert ids == list(range(1, len(ids) + 1))

    def test_a_rollback_asks_the_database_nothing(self, scribe: Scribe) -> None:
        writer = clumsy(scribe)
        told: list[str] = []
        raw_connection(writer).set_trace_callback(told.append)
        writer.execute([Request(900, "clumsy", b"x")])
        writer.close()
        assert told[-1] == "ROLLBACK"

    def test_an_unknown_operation_is_refused(self, scribe: Scribe) -> None:
        with pytest.raises(Unavailable, match="no operation 'conjure'"):
            scribe.call("conjure", None)

    def test_parameters_that_are_not_an_operations_own_are_a_fault_of_that_request(self, scribe: Scribe) -> None:
        (reply,) = scribe.writer.execute([Request(1, "capture", b"\xc1")])
        assert reply.fault is not None
        assert scribe.capture(object_event(1)).success


class TestClosedKeys:
    """A request that was let in before its key was closed is refused where the log orders things: in the writer."""

    def add(self, scribe: Scribe, **change: Any) -> str:
        key = msgspec.structs.replace(KEY, **change)
        scribe.call("key-added", KeyAdded("setup", key), Recorded)
        return key.id

    def test_nothing_stands_under_a_key_behind_its_revocation(self, scribe: Scribe) -> None:
        key = self.add(scribe)
        replies = scribe.writer.execute(
            [
                scribe.request(document(object_event(1)), key),
                Request(901, "key-revoked", msgspec.msgpack.encode(KeyRevoked("setup", key))),
                scribe.request(document(object_event(2)), key),
                scribe.request(document(object_event(3)), "another"),
            ]
        )
        assert [reply.fault and reply.fault.slug for reply in replies] == [None, None, "unauthenticated", None]
        assert [event.index for event in scribe.events()] == [1, 3]

    def test_an_expired_key_captures_nothing_and_its_neighbours_do(self, scribe: Scribe) -> None:
        key = self.add(scribe, expires=2)
        replies = scribe.writer.execute(
            [scribe.request(document(object_event(1)), key), scribe.request(document(object_event(2)))]
        )
        assert [reply.fault and reply.fault.slug for reply in replies] == ["unauthenticated", None]
        assert job_of(replies[1]).events[0].index == 1


class TestFullDisk:
    """SQLite's page limit stands in for a full disk: both are SQLITE_FULL."""

    def test_nothing_of_the_group_is_stored_and_the_writer_goes_on(self, scribe: Scribe) -> None:
        scribe.capture(object_event(1))
        before = scribe.rows("SELECT COUNT(*) FROM event")
        limit_pages(scribe.writer, 0)
        replies = scribe.execute(
            document(*[object_event(*range(at, at + 40)) for at in range(1000, 9000, 40)]), document(object_event(2))
        )
        for reply in replies:
            assert reply.fault is not None
            assert reply.fault.slug == "unavailable"
            assert "full" in reply.fault.detail
        assert scribe.rows("SELECT COUNT(*) FROM event") == before
        limit_pages(scribe.writer, 1_000_000)
        assert scribe.capture(object_event(2)).events[0].index == 1
        assert scribe.rows("SELECT COUNT(*) FROM leaf") == [(2,)]

    def test_a_checkpoint_that_cannot_be_stored_is_not_lost(self, scribe: Scribe) -> None:
        scribe.writer.publish()
        scribe.capture(object_event(1))
        fill(scribe)
        with pytest.raises(Unavailable):
            scribe.call(SIGN, None)
        limit_pages(scribe.writer, 1_000_000)
        assert scribe.call(SIGN, None) == scribe.writer.size
        assert scribe.rows("SELECT MAX(size) FROM checkpoint") == [(scribe.writer.size,)]


def raw_connection(writer: Writer) -> sqlite3.Connection:
    """The driver's connection under a writer."""
    database = writer._db
    assert isinstance(database, SqliteDatabase)
    return database._db


def limit_pages(writer: Writer, pages: int) -> None:
    """The database may not grow over this (0: over what it has)."""
    writer._db.execute(f"PRAGMA max_page_count={pages or 1}")


def fill(scribe: Scribe) -> None:
    """Use up the room in the pages that are there, so that the next row anywhere needs a new one."""
    limit_pages(scribe.writer, 0)
    blob = "x" * 3_000
    for number in range(10_000):
        try:
            scribe.writer._db.execute(
                "INSERT INTO checkpoint (size, root, note, signed_at) VALUES (?, x'00', ?, 0)", (-number - 1, blob)
            )
        except sqlite3.OperationalError:
            if len(blob) == 1:
                return
            blob = blob[: len(blob) // 2]


class TestActs:
    """Administrative acts."""

    def test_a_key_is_added_once_and_revoked_once(self, scribe: Scribe) -> None:
        assert scribe.call("key-added", KeyAdded("setup", KEY), Recorded).index == 0
        with pytest.raises(Conflict):
            scribe.call("key-added", KeyAdded("setup", KEY), Recorded)
        scribe.call("key-revoked", KeyRevoked("setup", KEY.id), Recorded)
        with pytest.raises(Conflict, match="already revoked"):
            scribe.call("key-revoked", KeyRevoked("setup", KEY.id), Recorded)
        with pytest.raises(NotFound):
            scribe.call("key-revoked", KeyRevoked("setup", "nobody"), Recorded)
        assert scribe.rows("SELECT name FROM act ORDER BY idx") == [("key-added",), ("key-revoked",)]

    def test_the_log_tells_of_a_key_without_its_name_or_hash(self, scribe: Scribe) -> None:
        scribe.call("key-added", KeyAdded("setup", KEY), Recorded)
        ((body,),) = scribe.rows("SELECT body FROM act")
        assert msgspec.json.decode(body) == {"expires": None, "key": KEY.id, "party": "", "role": "device"}

    def test_versions_of_master_data_stay(self, scribe: Scribe) -> None:
        name = "https://id.gs1.org/417/9521321000010"
        for word in ("old", "new"):
            scribe.call(
                "master-data-changed", MasterDataChanged("k", MasterData([Party(name, {"en": word})])), Recorded
            )
        assert [row[0] for row in scribe.rows("SELECT idx FROM master_data ORDER BY idx")] == [0, 1]
        with scribe.view() as view:
            assert view.parties[name].name == {"en": "new"}

    def test_a_record_that_stands_twice_in_one_change_is_refused(self, scribe: Scribe) -> None:
        name = "https://id.gs1.org/417/9521321000010"
        data = MasterData([Party(name, {"en": "one"}), Party(name, {"en": "two"})])
        with pytest.raises(InvalidDocument, match="stands twice"):
            scribe.call("master-data-changed", MasterDataChanged("k", data), Recorded)
        assert scribe.writer.size == 0


class TestFaults:
    """Errors on their way between processes."""

    @pytest.mark.parametrize("kind", [InvalidDocument, Conflict, NotFound, Unavailable, IntegrityBroken, SuyuanError])
    def test_a_fault_comes_back_as_the_class_it_was(self, kind: type[SuyuanError]) -> None:
        reply = Reply(1, b"", msgspec.convert([kind.slug, "why", "/place", "do"], type=_fault()))
        error = error_of(msgspec.msgpack.decode(msgspec.msgpack.encode(reply), type=Reply).fault)  # type: ignore[arg-type]
        assert type(error) is kind
        assert (error.detail, error.place, error.remedy) == ("why", "/place", "do")


def _fault() -> Any:
    from suyuan.trace.writer import Fault

    return Fault


class TestSigning:
    """Checkpoints after the commit."""

    def test_the_log_verifies_against_its_checkpoint_after_every_group(self, scribe: Scribe) -> None:
        notes: list[bytes] = []
        policy = parse_policy((scribe.folder / "log.policy").read_bytes())
        for serial in range(1, 6):
            scribe.capture(document(*[object_event(serial, at) for at in range(100, 100 + 90 * serial)]))
            scribe.call(SIGN, None)
            with scribe.view() as view:
                log = LogReader(view.connection)
                latest = log.latest_checkpoint()
                assert latest is not None
                result = audit(log.scan(), latest.note.encode(), policy, notes, log)
                notes.append(latest.note.encode())
            assert (result.size, result.unsigned, result.origin) == (scribe.writer.size, 0, ORIGIN)

    def test_signing_twice_gives_one_checkpoint(self, scribe: Scribe) -> None:
        scribe.capture(object_event(1))
        assert scribe.writer.unpublished
        assert scribe.call(SIGN, None) == scribe.call(SIGN, None) == 1
        assert not scribe.writer.unpublished
        assert scribe.rows("SELECT size FROM checkpoint") == [(1,)]

    def test_a_database_that_lost_what_was_signed_is_not_written_again(self, folder: Path) -> None:
        empty = (folder / "suyuan.db").read_bytes()
        with scribe_in(folder) as scribe:
            scribe.capture(object_event(1))
        for file in folder.glob("suyuan.db-*"):
            file.unlink()
        (folder / "suyuan.db").write_bytes(empty)
        with pytest.raises(IntegrityBroken), open_writer(settings_of(folder)):
            pass

    def test_a_new_writer_goes_on_where_the_last_one_stopped(self, folder: Path) -> None:
        for serial in (1, 2, 3):
            with scribe_in(folder) as scribe:
                assert scribe.capture(object_event(serial)).events[0].index == serial - 1
                assert scribe.capture(object_event(1)).events[0].duplicate or serial == 1
        with scribe_in(folder) as scribe:
            assert scribe.rows("SELECT size FROM checkpoint ORDER BY size") == [(1,), (2,), (3,)]
            assert [row[0] for row in scribe.rows("SELECT serial FROM thing WHERE serial <> '' ORDER BY id")] == [
                epc(serial).rpartition(".")[2] for serial in (1, 2, 3)
            ]


class TestLock:
    """One writer for a folder."""

    def test_a_second_writer_is_told_that_a_server_runs(self, folder: Path) -> None:
        with scribe_in(folder), pytest.raises(Unavailable, match="a server is running"):
            write_once(settings_of(folder), "capture", None, CaptureJob)

    def test_the_lock_is_free_when_its_holder_is_killed(self, folder: Path) -> None:
        program = (
            "import sys, pathlib\nfrom suyuan.trace.writer import writer_lock\n"
            "with writer_lock(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-P", "-c", program, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            with pytest.raises(Unavailable), writer_lock(folder, wait=False):
                pass
            holder.kill()
            with writer_lock(folder):
                pass

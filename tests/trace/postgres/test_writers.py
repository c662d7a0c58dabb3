"""Several writers on one database: they take turns, and what comes of it is one log as one writer would make it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec.msgpack import encode
from psycopg import errors, sql
from tests.trace.postgres.conftest import WRITER, Cluster
from tests.trace.scribe import Scribe, declared, document, epc, job_of, object_event, scribe_in, settings_of

from suyuan.app.writing import open_writer
from suyuan.base.database import open_owner
from suyuan.base.errors import IntegrityBroken, Unavailable
from suyuan.base.identity import Role, new_key
from suyuan.chain.policy import parse_policy
from suyuan.chain.store import LogReader
from suyuan.chain.verify import audit
from suyuan.gs1.names import canonical, name_of
from suyuan.trace import postgres_database
from suyuan.trace.acts import KeyAdded
from suyuan.trace.partitions import create_function
from suyuan.trace.postgres_database import PostgresDatabase
from suyuan.trace.writer import SIGN, Request

pytestmark = pytest.mark.postgres

#: Opens a writer of its own, in a data folder of that name.
Opener = Callable[[str], Scribe]


@pytest.fixture
def writers(cluster: Cluster, database: str, tmp_path: Path) -> Iterator[Opener]:
    """Writers over the same database, on as many machines as there are names."""
    with ExitStack() as stack:

        def opened(machine: str) -> Scribe:
            folder = tmp_path / machine
            folder.mkdir(exist_ok=True)
            return stack.enter_context(scribe_in(folder, cluster.url(database, WRITER)))

        yield opened


def copy_key(scribe: Scribe, machine: str) -> None:
    """The log's key is brought to another machine, as `docs/how-to/move-to-postgresql.md` says."""
    folder = scribe.folder.with_name(machine)
    folder.mkdir()
    shutil.copy(scribe.folder / "log.key", folder)


def audited(scribe: Scribe) -> int:
    """The size of the log, after every entry was read and the tree built anew and compared with the last signature."""
    scribe.call(SIGN, None)
    policy = parse_policy((scribe.folder / "log.policy").read_bytes())
    with scribe.view() as view:
        log = LogReader(view.connection)
        newest = log.latest_checkpoint()
        assert newest is not None
        audit(log.scan(), newest.note.encode(), policy)
        return log.size()


def dense(scribe: Scribe, table: str, column: str = "id", first: int = 1) -> int:
    """Ids without a gap; how many."""
    ids = [row[0] for row in scribe.rows(f"SELECT {column} FROM {table} ORDER BY {column}")]
    assert ids == list(range(first, first + len(ids))), table
    return len(ids)


def test_two_writers_in_turn_make_one_log(writers: Opener) -> None:
    one, two = writers("here"), writers("here")
    for turn in range(20):
        for scribe in (one, two):
            name = "one" if scribe is one else "two"
            (event,) = scribe.capture(object_event(turn, 100 + turn, bizStep=f"urn:x:{name}{turn}")).events
            assert not event.duplicate
    assert dense(one, "event", "idx", 0) == audited(one) == audited(two) == 40
    for table in ("term", "thing", "thing_class", "capture"):
        assert dense(two, table)


def test_writers_at_the_same_time_lose_and_double_nothing(writers: Opener) -> None:
    scribes = [writers("here") for _ in range(3)]
    answered: list[tuple[str, int]] = []

    def work(number: int, scribe: Scribe) -> None:
        for turn in range(15):
            shared = object_event(turn, bizStep=f"urn:x:{turn % 4}")  # each of them sends it
            own = object_event(1_000 * number + turn, 5_000 + turn)
            job = scribe.capture(document(shared, own))
            answered.extend((event.event_id, event.index) for event in job.events)

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(scribes, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answered) == 90
    assert len(set(answered)) == len({place for _, place in answered}) == 60
    assert dense(scribes[0], "event", "idx", 0) == audited(scribes[0]) == 60
    for table in ("term", "thing", "thing_class", "capture"):
        assert dense(scribes[0], table)


def test_a_prefix_length_that_another_writer_learned_is_not_learned_again(writers: Opener) -> None:
    one, two = writers("here"), writers("here")
    urn = epc(5)
    link = canonical(name_of(urn))
    one.capture(object_event(1, epcList=[link]))
    two.capture(object_event(2, epcList=[link]))
    one.capture(object_event(3, epcList=[epc(6)]))
    two.capture(object_event(4, epcList=[epc(7)]))
    key = name_of(urn).class_key
    assert one.rows("SELECT company_prefix_length FROM thing_class WHERE key = :key", key=key) == [(7,)]


def test_a_declaration_by_one_voids_what_came_through_the_other(writers: Opener) -> None:
    one, two = writers("here"), writers("here")
    event = object_event(1, eventID="urn:uuid:wrong")
    one.capture(event)
    assert two.capture(declared(event)).success
    assert one.rows('SELECT event, "by" FROM voided ORDER BY event') == [(0, 1), (1, 1)]
    assert not one.capture(object_event(2, eventID="urn:uuid:wrong")).success


class TestSigning:
    """One signs at a time, with one key, and knows what the others have signed."""

    def test_machines_with_the_same_key_sign_one_history(self, writers: Opener) -> None:
        one = writers("here")
        copy_key(one, "there")
        two = writers("there")
        for turn in range(6):
            scribe = (one, two)[turn % 2]
            scribe.capture(object_event(turn))
            assert scribe.call(SIGN, None) == turn + 1
        assert two.call(SIGN, None) == one.call(SIGN, None) == 6
        assert [row[0] for row in one.rows("SELECT size FROM checkpoint ORDER BY size")] == [1, 2, 3, 4, 5, 6]

    def test_a_machine_without_the_key_does_not_start(self, writers: Opener) -> None:
        one = writers("here")
        one.capture(object_event(1))
        one.call(SIGN, None)
        with pytest.raises(IntegrityBroken, match="signed with a key that is not here"):
            writers("there")

    def test_nor_does_one_with_another_key(self, writers: Opener, cluster: Cluster, tmp_path: Path) -> None:
        other = cluster.create(cluster.template)
        (tmp_path / "there").mkdir()
        with open_writer(settings_of(tmp_path / "there", cluster.url(other, WRITER))):
            pass  # makes a key of its own
        (tmp_path / "there" / "log.checkpoint").unlink(missing_ok=True)
        one = writers("here")
        one.capture(object_event(1))
        one.call(SIGN, None)
        with pytest.raises(IntegrityBroken, match="newest checkpoint is not of this key"):
            writers("there")

    def test_a_database_behind_the_last_note_is_not_signed(
        self, writers: Opener, cluster: Cluster, tmp_path: Path
    ) -> None:
        one = writers("here")
        for serial in (1, 2):
            one.capture(object_event(serial))
        one.call(SIGN, None)
        copy_key(one, "restored")
        shutil.copy(one.folder / "log.checkpoint", tmp_path / "restored")
        older = cluster.create(cluster.template)
        with (
            pytest.raises(IntegrityBroken, match="it has lost entries"),
            open_writer(settings_of(tmp_path / "restored", cluster.url(older, WRITER))),
        ):
            pass

    def test_a_note_that_was_signed_but_not_stored_is_stored_by_the_next(
        self, writers: Opener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, two = writers("here"), writers("here")
        one.capture(object_event(1))

        def died(*_: object) -> None:
            raise errors.AdminShutdown("killed")

        with monkeypatch.context() as patch:
            patch.setattr("suyuan.trace.publication.Publication._store", died)
            with pytest.raises(Unavailable, match="killed"):
                one.call(SIGN, None)
        two.capture(object_event(2))
        two.call(SIGN, None)
        assert [row[0] for row in one.rows("SELECT size FROM checkpoint ORDER BY size")] == [1, 2]
        assert audited(one) == 2


class TestLostConnections:
    """PostgreSQL may go away at any moment."""

    def end_all(self, cluster: Cluster, database: str) -> None:
        with cluster.chief() as chief:
            chief.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND usename = %s",
                [database, WRITER],
            )

    def await_end(self, cluster: Cluster, database: str) -> None:
        """Until the server has ended the session that is idle in its transaction."""
        idle = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = %s AND state LIKE 'idle in transaction%%'"
        deadline = time.monotonic() + 10
        with cluster.chief() as chief:
            while chief.execute(idle, [database]).fetchone() != (0,):
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def test_between_groups(self, writers: Opener, cluster: Cluster, database: str) -> None:
        scribe = writers("here")
        for serial in range(3):
            scribe.engine.dispose()
            self.end_all(cluster, database)
            with pytest.raises(Unavailable, match="the database cannot be written"):
                scribe.capture(object_event(serial))
            assert scribe.capture(object_event(serial)).events[0].index == serial
        assert audited(scribe) == 3

    def test_in_the_middle_of_a_group(
        self, writers: Opener, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scribe = writers("here")
        scribe.capture(object_event(1))
        commit = PostgresDatabase.commit

        def cut_off(db: PostgresDatabase) -> None:
            self.end_all(cluster, database)
            commit(db)

        with monkeypatch.context() as patch:
            patch.setattr(PostgresDatabase, "commit", cut_off)
            with pytest.raises(Unavailable):
                scribe.capture(object_event(2))
        scribe.engine.dispose()
        assert scribe.capture(object_event(2)).events[0].index == 1
        assert audited(scribe) == 2

    def test_after_a_commit_whose_answer_was_lost_the_place_is_the_same(
        self, writers: Opener, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scribe = writers("here")
        commit = PostgresDatabase.commit

        def unheard(db: PostgresDatabase) -> None:
            commit(db)
            db._turn = -1
            raise errors.AdminShutdown("who knows")

        with monkeypatch.context() as patch:
            patch.setattr(PostgresDatabase, "commit", unheard)
            with pytest.raises(Unavailable, match="who knows"):
                scribe.capture(object_event(1))
        (event,) = scribe.capture(object_event(1)).events
        assert (event.index, event.duplicate) == (0, True)
        assert scribe.capture(object_event(2)).events[0].index == 1
        assert audited(scribe) == 2

    def test_a_writer_that_hangs_in_its_turn_stops_the_others_for_a_while_only(
        self, writers: Opener, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        short = ("SET lock_timeout = '100ms'", "SET idle_in_transaction_session_timeout = '1s'")
        monkeypatch.setattr(postgres_database, "_SETUP", short)
        scribe = writers("here")
        hung = PostgresDatabase(cluster.url(database, WRITER))
        hung.begin()
        with pytest.raises(Unavailable, match="lock timeout"):
            scribe.capture(object_event(1))
        self.await_end(cluster, database)
        with pytest.raises(hung.failures):
            hung.execute("SELECT 1")
        assert scribe.capture(object_event(1)).success
        hung.rollback()
        hung.close()


def test_partitions_are_there_before_the_log_is(
    cluster: Cluster, database: str, writers: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_small(cluster, database, 10)
    monkeypatch.setattr(postgres_database, "_LOOK_EVERY", 1)
    scribe = writers("here")
    for start in range(0, 45, 5):
        scribe.capture(document(*(object_event(serial) for serial in range(start, start + 5))))
        scribe.call(SIGN, None)
    spread = "SELECT tableoid::regclass::text, COUNT(*) FROM {} GROUP BY 1 ORDER BY 1"
    for table in ("event", "payload"):
        found = scribe.rows(spread.format(table).replace("::", "\\:\\:"))
        assert found == [(f"{table}_{number}", 10) for number in range(4)] + [(f"{table}_4", 5)]
    for attack in ("DELETE FROM event_4", "TRUNCATE event_4", "UPDATE payload_3 SET body = NULL"):
        with cluster.owner(database) as owner, pytest.raises(errors.RestrictViolation, match="append-only"):
            owner.execute(attack)
    assert audited(scribe) == 45


def make_small(cluster: Cluster, database: str, width: int) -> None:
    """Partitions of a few rows, where an installation has ten million."""
    with cluster.owner(database) as owner:
        for table in ("event", "payload"):
            for number in range(4):
                owner.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(f"{table}_{number}")))
    engine = open_owner(cluster.url(database))
    with engine.begin() as connection:
        create_function(connection, width)
    engine.dispose()
    with cluster.owner(database) as owner:
        owner.execute("SELECT suyuan_add_partitions()")


def test_a_value_that_no_text_may_have_is_refused_and_its_group_is_not(scribe: Scribe) -> None:
    _, key = new_key("a\0b", Role.DEVICE, "", 1)
    bad = Request(900, "key-added", encode(KeyAdded("setup", key)))
    good = scribe.request(document(object_event(1)))
    refused, captured = scribe.writer.execute([bad, good])
    assert refused.fault is not None
    assert refused.fault.slug == "invalid-input"
    assert job_of(captured).success


def test_epcs_and_words_with_signs_of_sql_stay_what_they_are(scribe: Scribe) -> None:
    words = ["urn:x:100%25", "urn:x:?", "https://x.example/?a=%73&b=?", "urn:x:'--", "urn:x:$1:n", "urn:x:';COMMIT"]
    for serial, word in enumerate(words):
        scribe.capture(object_event(serial, bizStep=word, epcList=[epc(serial)]))
    assert {row[0] for row in scribe.rows("SELECT value FROM term")} >= set(words)

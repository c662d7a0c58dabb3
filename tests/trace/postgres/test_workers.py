"""``suyuan serve --workers`` over PostgreSQL: several processes, each with its writer, killed in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from tests.app.test_serve import Load
from tests.serving import Service, run
from tests.trace.postgres.conftest import WRITER, Cluster
from tests.trace.scribe import document, object_event

from suyuan.base.database import open_reader
from suyuan.chain.policy import parse_policy
from suyuan.chain.store import LogReader
from suyuan.chain.verify import audit
from suyuan.trace.view import View, open_view

pytestmark = pytest.mark.postgres


@pytest.fixture
def service(cluster: Cluster, database: str, tmp_path: Path) -> Iterator[Service]:
    """A server of two processes over a ledger of its own."""
    server = Service(tmp_path / "data", "--workers", "2", SUYUAN_DATABASE=cluster.url(database, WRITER))
    try:
        server.start()
        server.make_keys()
        yield server
    finally:
        server.stop()
    log = server.log.read_text()
    assert cluster.password not in log
    assert "Traceback" not in log, log


def children(pid: int, module: str) -> list[int]:
    """Children of a process that run one of our modules."""
    found = []
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                if module.encode() in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
    return found


def workers(service: Service) -> list[int]:
    return children(service.pid, "worker_main")


def writers(service: Service) -> list[int]:
    return [writer for worker in workers(service) for writer in children(worker, "writer_main")]


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def assert_whole(view: View, answered: dict[int, tuple[str, int]]) -> None:
    """Every answered event is at its place, none is there twice, and ids are dense."""
    ask = view.connection.exec_driver_sql
    rows = ask("SELECT t.serial, x.event FROM timeline x JOIN thing t ON t.id = x.thing WHERE x.role = 1").all()
    places = {int(serial): index for serial, index in rows}
    assert len(places) == len(rows), "an event stands twice"
    assert {serial: index for serial, (_, index) in answered.items()}.items() <= places.items()
    for table, column in (("leaf", "idx"), ("thing", "id"), ("term", "id"), ("thing_class", "id"), ("capture", "id")):
        low, high, count = ask(f"SELECT MIN({column}), MAX({column}), COUNT(*) FROM {table}").one()
        assert high - low + 1 == count, table


@pytest.mark.slow
def test_kill_9_of_anything_under_load_loses_and_doubles_nothing(
    service: Service, cluster: Cluster, database: str
) -> None:
    ours = "datname = %s AND application_name = 'suyuan writer'"
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {ours}"
    with Load(service) as load, contextlib.closing(cluster.chief()) as chief:
        load.wait_for(20)
        os.kill(workers(service)[0], signal.SIGKILL)
        load.wait_for(20)
        os.kill(writers(service)[-1], signal.SIGKILL)
        load.wait_for(20)
        chief.execute(end, [database])
        load.wait_for(20)
        row = chief.execute(f"SELECT pid FROM pg_stat_activity WHERE {ours}", [database]).fetchone()
        assert row is not None
        os.kill(row[0], signal.SIGKILL)  # the whole server throws everybody out, and recovers
        load.wait_for(20)
        until(lambda: len(workers(service)) == 2, "the worker is started again")
        before = workers(service)
        service.kill()
        until(lambda: not any(map(alive, before)), "workers outlive their server")
        service.start()
        load.wait_for(20)
    engine = open_reader(cluster.url(database))
    with open_view(engine) as view:
        assert_whole(view, load.answered)
    engine.dispose()
    assert_signed(service, cluster, database)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def assert_signed(service: Service, cluster: Cluster, database: str) -> None:
    """In order it ends with everything signed, and the tree is that of the leaves."""
    assert service.stop() in {0, 130}
    engine = open_reader(cluster.url(database))
    with open_view(engine) as view:
        log = LogReader(view.connection)
        newest = log.latest_checkpoint()
        assert newest is not None
        assert newest.size == view.size
        audit(log.scan(), newest.note.encode(), parse_policy((service.data / "log.policy").read_bytes()))
    engine.dispose()


def test_each_process_answers_one_delivers_and_sigterm_ends_all_of_them(service: Service) -> None:
    for serial in range(1, 30):
        answer = httpx.post(  # a connection of its own each time, so that every process gets some
            f"{service.url}/epcis/capture", content=document(object_event(serial)),
            headers={"Authorization": f"Bearer {service.keys['producer']}", "Content-Type": "application/ld+json"},
        )  # fmt: skip
        assert answer.status_code == 202, answer.text
        assert answer.json()["events"][0]["duplicate"] is False
    found = service.get("/epcis/events?perPage=100").json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert len(found) == 29
    until(lambda: service.log.read_text().count("lead.taken") == 1, "one process leads")
    processes = [*workers(service), *writers(service)]
    assert len(processes) == 4
    os.kill(service.pid, signal.SIGTERM)
    until(lambda: not any(map(alive, processes)), "all have ended")


class TestRefusals:
    """One clear line each."""

    def test_sqlite(self, tmp_path: Path) -> None:
        done = run("serve", "--data", tmp_path / "data", "--port", "0", "--workers", "2")
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
        assert b"on SQLite one process serves" in done.stderr

    def test_devices_that_write_tags(self, cluster: Cluster, database: str, tmp_path: Path) -> None:
        done = run(
            "serve", "--data", tmp_path / "data", "--port", "0", "--workers", "2",
            SUYUAN_DATABASE=cluster.url(database), SUYUAN_TAG_WRITERS="writers.toml",
        )  # fmt: skip
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done.stderr
        assert b"driven by one process" in done.stderr

    def test_a_role_that_owns_the_tables_is_not_granted(self, cluster: Cluster, database: str) -> None:
        done = run("migrate", "--database", cluster.url(database), "--app-role", "keeper")
        assert done.returncode == 2
        assert b"owns tables here" in done.stderr

    def test_nor_one_that_does_not_exist(self, cluster: Cluster, database: str) -> None:
        done = run("migrate", "--database", cluster.url(database), "--app-role", "nobody; DROP TABLE leaf")
        assert done.returncode == 2
        assert b"there is no role" in done.stderr

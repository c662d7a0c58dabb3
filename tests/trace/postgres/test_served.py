"""``suyuan serve`` and ``suyuan migrate`` with a PostgreSQL behind them."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from psycopg import sql
from sqlalchemy.exc import OperationalError
from tests.serving import Service, run
from tests.trace.postgres.conftest import OWNER, READER, Cluster
from tests.trace.postgres.told import Told
from tests.trace.scribe import document, object_event

from suyuan.app.ledger_files import read_file, read_manifest
from suyuan.app.migrate import latest_revision, migrate
from suyuan.base import database
from suyuan.base.identity import Role
from suyuan.chain.verify import verify_bundle
from suyuan.epcis.query_parameters import Query
from suyuan.gs1.names import canonical, name_of
from suyuan.regulators.recalls import list_recalls
from suyuan.trace.closures import Direction, trace_answer
from suyuan.trace.event_query import run_query
from suyuan.trace.view import open_view

pytestmark = pytest.mark.postgres

LOT = "urn:epc:class:lgtin:6901234.000002.MEAT"
TRAY = "urn:epc:id:sgtin:6901234.000003.3"


@pytest.fixture(scope="module")
def served(cluster: Cluster, copied: str, told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server over the copy, as a role that may only read."""
    data = tmp_path_factory.mktemp("served") / "data"
    service = Service(data, "--database", cluster.url(copied, READER))
    service.start()
    assert [file.name for file in data.iterdir()] == ["run"], "a server that only reads makes no ledger and no key"
    shutil.copy(told.folder / "log.policy", data)
    service.keys = {role.value: text for role, text in told.keys.items()}
    yield service
    assert service.stop() in {0, 130}
    log = service.log.read_text()
    assert "Traceback" not in log, log
    assert cluster.password not in log


def in_process(told: Told, question: str) -> bytes:
    """What the ledger on SQLite says."""
    with told.reader() as engine, open_view(engine) as view:
        if question == "recalls":
            return msgspec.json.encode(list_recalls(view))
        return msgspec.json.encode(trace_answer(view, LOT, Direction.FORWARD))


class TestReads:
    """Everything that needs no writer."""

    def test_it_is_ready_at_once(self, served: Service, told: Told) -> None:
        with told.reader() as engine, open_view(engine) as view:
            assert served.get("/readyz", None).json() == {"status": "ready", "log_size": view.size}
            assert f"suyuan_log_size {float(view.size)}" in served.get("/metrics", None).text

    def test_answers_are_those_of_sqlite(self, served: Service, told: Told) -> None:
        traced = served.get("/api/v1/trace", params={"id": LOT, "direction": "forward"})
        assert traced.json() == msgspec.json.decode(in_process(told, "trace"))
        assert served.get("/api/v1/recalls").json() == msgspec.json.decode(in_process(told, "recalls"))

    def test_queries_go_by_pages(self, served: Service, told: Told) -> None:
        with told.reader() as engine, open_view(engine) as view:
            expected = [event.event_id for event in run_query(view, Query(), None, 1_000, None).events]
        found: list[str] = []
        token: str | None = None
        while True:
            further = f"&nextPageToken={token}" if token else ""
            answer = served.get(f"/epcis/events?perPage=30{further}")
            listed = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
            found += [event["eventID"] for event in listed]
            token = answer.headers.get("GS1-Next-Page-Token")
            if token is None:
                break
        assert found == expected

    def test_a_bundle_verifies(self, served: Service, told: Told) -> None:
        found = served.get("/epcis/events", params={"MATCH_anyEPC": TRAY}).json()
        name = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["eventID"]
        bundle = served.get(f"/api/v1/proof/{quote(name, safe='')}", None)
        assert verify_bundle(bundle.content, told.policy).event_id == name

    def test_a_revoked_key_is_refused(self, served: Service) -> None:
        assert served.get("/epcis/events", Role.DEVICE.value).status_code == 401

    def test_what_no_text_can_hold_is_refused(self, served: Service) -> None:
        assert served.get("/epcis/events", params={"EQ_bizStep": "a\0b"}).status_code in {200, 400}
        assert served.get("/api/v1/recalls/%00").status_code in {400, 404}

    def test_pages_need_the_logs_policy_in_the_folder(self, served: Service, told: Told) -> None:
        path = canonical(name_of(TRAY)).removeprefix("https://id.gs1.org")
        (served.data / "log.policy").unlink()
        without = served.get(path, None, headers={"Accept": "application/json"})
        assert without.status_code == 503, without.text
        assert "log.policy" in without.json()["remedy"]
        shutil.copy(told.folder / "log.policy", served.data)
        answer = served.get(path, None, headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        assert served.get(path, None, headers={"Accept": "text/html"}).text.startswith("<!")


class TestWrites:
    """Each is refused with one reason."""

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/epcis/capture", document(object_event(1))),
            ("/api/v1/recalls", b'{"seed": "%s", "reason": "a test"}' % LOT.encode()),
        ],
    )
    def test_a_change_is_503(self, served: Service, path: str, body: bytes) -> None:
        role = "producer" if "capture" in path else "regulator"
        answer = served.call("POST", path, role, content=body, headers={"Content-Type": "application/ld+json"})
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem["type"].endswith(("/unavailable", ":ImplementationException"))
        assert "this server only reads" in problem["detail"]
        assert problem["remedy"]

    def test_access_is_decided_first(self, served: Service) -> None:
        assert served.call("POST", "/epcis/capture", None, content=b"{}").status_code == 401
        assert served.capture(document(object_event(1)), "regulator").status_code == 403


def test_a_database_that_goes_away_is_503_until_it_is_back(cluster: Cluster, copied: str, served: Service) -> None:
    name = sql.Identifier(copied)
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with cluster.chief() as chief:
        chief.execute(end, [copied])
        assert served.get("/epcis/events").status_code == 200  # connections are tried before they are used
        chief.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        try:
            chief.execute(end, [copied])
            for path in ("/readyz", "/epcis/events"):
                answer = served.get(path)
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
                assert "the database does not answer" in answer.json()["detail"]
            assert served.get("/healthz").status_code == 200
        finally:
            chief.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    assert served.get("/readyz").status_code == 200


class TestCommands:
    """One clear line each, and never the password."""

    def refused(self, cluster: Cluster, *words: str | Path, code: int) -> str:
        done = run(*words)
        line = done.stderr.decode()
        assert done.returncode == code, line
        assert done.stdout == b""
        assert line.startswith("suyuan: ")
        assert line.count("\n") == 1, line
        assert cluster.password not in line
        return line

    def test_migrate_goes_up_and_down(self, cluster: Cluster) -> None:
        url = cluster.url(cluster.create())
        done = run("migrate", "--database", url)
        assert (done.returncode, done.stdout.decode()) == (0, f"schema {latest_revision()}\n"), done.stderr
        done = run("migrate", "--revision", "base", SUYUAN_DATABASE=url)
        assert (done.returncode, done.stdout) == (0, b"schema base\n"), done.stderr

    def test_a_database_without_the_schema_is_not_served(self, cluster: Cluster, tmp_path: Path) -> None:
        url = cluster.url(cluster.create())
        line = self.refused(cluster, "serve", "--data", tmp_path / "data", "--port", "0", "--database", url, code=1)
        assert "schema none" in line
        assert "suyuan migrate --database" in line

    def test_a_wrong_password(self, cluster: Cluster, copied: str, tmp_path: Path) -> None:
        url = cluster.url(copied, OWNER, f"x{cluster.password}")
        words = ("serve", "--data", tmp_path / "data", "--port", "0", "--database", url)
        assert "password authentication failed" in self.refused(cluster, *words, code=1)

    def test_nobody_listens(self, cluster: Cluster) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            dead = Cluster(int(listener.getsockname()[1]), cluster.password)
        line = self.refused(cluster, "migrate", "--database", dead.url("nowhere"), code=1)
        assert "the database cannot be used" in line
        assert "refused" in line

    def test_a_server_that_never_answers(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(database, "_CONNECT_SECONDS", 2)  # libpq waits no shorter
        with socket.create_server(("127.0.0.1", 0)) as listener:
            silent = Cluster(int(listener.getsockname()[1]), cluster.password)
            with pytest.raises(OperationalError, match="timeout expired") as failure:
                migrate(silent.url("nowhere"))
        assert cluster.password not in str(failure.value)

    def test_a_role_that_may_not(self, cluster: Cluster, migrated: str, tmp_path: Path) -> None:
        words = ("serve", "--data", tmp_path / "data", "--port", "0", "--database", cluster.url(migrated, READER))
        assert "permission denied" in self.refused(cluster, *words, code=1)
        line = self.refused(cluster, "migrate", "--database", cluster.url(cluster.create(), READER), code=1)
        assert "permission denied" in line

    @pytest.mark.parametrize(
        "form",
        ["postgresql://u:{}@host:port/x", "mysql://u:{}@host/x", "postgresql://u:{}@127.0.0.1/x?no=such"],
    )
    def test_an_address_that_is_none(self, cluster: Cluster, form: str) -> None:
        done = run("migrate", "--database", form.format(cluster.password))
        line = done.stderr.decode()
        assert done.returncode in {1, 2}
        assert line.startswith("suyuan: ")
        assert line.count("\n") == 1
        assert cluster.password not in line


def test_an_export_from_postgresql_holds_what_one_from_sqlite_does(
    cluster: Cluster, copied: str, told: Told, tmp_path: Path
) -> None:
    found = []
    for name, words in (("a", ("--data", told.folder)), ("b", ("--database", cluster.url(copied, READER)))):
        done = run("export", tmp_path / name, *words)
        assert done.returncode == 0, done.stderr
        manifest = read_manifest(tmp_path / name)
        files = [msgspec.json.decode(read_file(tmp_path / name, entry))["epcisBody"] for entry in manifest.files]
        found.append((manifest.size, manifest.master_data, manifest.vocabularies, manifest.checkpoint, files))
    assert found[0] == found[1]
    assert found[0][4]

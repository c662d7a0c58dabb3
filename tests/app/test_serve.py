"""``suyuan serve`` killed in the middle: what was answered is there once, and the log goes on from what was signed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from tests.serving import Service, run
from tests.trace.scribe import document, object_event

from suyuan.app.folder import open_folder
from suyuan.base.folder_lock import SERVER, hold


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """A server of this test's own."""
    server = Service(tmp_path / "data")
    server.start()
    server.make_keys()
    yield server
    server.stop()


class Load:
    """Threads that capture one event a request and keep what was answered. Each sends again until it has an answer."""

    def __init__(self, service: Service, threads: int = 4) -> None:
        self._service = service
        self._stop = threading.Event()
        self.answered: dict[int, tuple[str, int]] = {}
        self.refusals: list[int] = []
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(threads)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        serial = number * 1_000_000 + 1
        while not self._stop.is_set():
            answer = None
            with contextlib.suppress(httpx.TransportError):
                answer = self._service.capture(document(object_event(serial)))
            if answer is not None and answer.status_code == 202:
                event = answer.json()["events"][0]
                self.answered[serial] = (event["eventID"], event["index"])
                serial += 1
            else:
                if answer is not None:
                    self.refusals.append(answer.status_code)
                time.sleep(0.02)

    def wait_for(self, more: int) -> None:
        """Until this many further answers have come."""
        goal, deadline = len(self.answered) + more, time.monotonic() + 20
        while len(self.answered) < goal:
            assert time.monotonic() < deadline, (len(self.answered), self.refusals[-5:])
            time.sleep(0.01)


def check_ledger(service: Service, answered: dict[int, tuple[str, int]], sent_at_most: int) -> None:
    """Every answered event is at its place, none is there twice, and ids are dense."""
    with open_folder(service.data) as ledger, ledger.view() as view:
        rows = view.connection.exec_driver_sql(
            "SELECT t.serial, e.idx FROM timeline x JOIN thing t ON t.id = x.thing JOIN event e ON e.idx = x.event"
            " WHERE x.role = 1"
        ).all()
        places = {int(serial): index for serial, index in rows}
        assert len(places) == len(rows), "an event stands twice"
        assert {serial: index for serial, (_, index) in answered.items()}.items() <= places.items()
        assert len(rows) <= sent_at_most
        for table in ("leaf", "thing", "term"):
            column = "idx" if table == "leaf" else "id"
            low, high, count = view.connection.exec_driver_sql(
                f"SELECT MIN({column}), MAX({column}), COUNT(*) FROM {table}"
            ).one()
            assert high - low + 1 == count, table


def test_kill_9_of_the_server_under_load_loses_and_doubles_nothing(own: Service, tmp_path: Path) -> None:
    with Load(own) as load:
        for turn in range(2):
            load.wait_for(40)
            time.sleep(0.6)
            (tmp_path / f"checkpoint{turn}").write_bytes(own.get("/log/checkpoint", None).content)
            own.kill()
            time.sleep(0.1)
            own.start()
        load.wait_for(40)
    check_ledger(own, load.answered, len(load.answered) + 4 * 3)
    done = run("verify", "--log", own.url, "--data", own.data, "--earlier", tmp_path / "checkpoint0",
               "--earlier", tmp_path / "checkpoint1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    done = run("verify", "--data", own.data)
    assert done.returncode == 0, done.stderr


def test_kill_9_of_the_writer_alone_is_a_pause(own: Service) -> None:
    with Load(own) as load:
        for _ in range(2):
            load.wait_for(30)
            dead = own.writer_pid()
            os.kill(dead, signal.SIGKILL)
            load.wait_for(30)
            assert own.writer_pid() != dead
    assert set(load.refusals) <= {503}
    assert own.get("/readyz", None).status_code == 200
    check_ledger(own, load.answered, len(load.answered) + 4)


def test_while_the_writer_is_away_reading_goes_on_and_readyz_says_so(own: Service) -> None:
    (captured,) = own.capture(document(object_event(1))).json()["events"]
    seen = set()
    for _ in range(4):  # each start takes twice as long as the one before
        with contextlib.suppress(LookupError):
            os.kill(own.writer_pid(), signal.SIGKILL)
        seen.add(own.get("/readyz", None).status_code)
        assert own.get(f"/epcis/events/{quote(captured['eventID'], safe='')}").status_code == 200
        assert own.get("/healthz", None).status_code == 200
    assert 503 in seen


def test_a_second_server_on_the_folder_is_refused(own: Service) -> None:
    with pytest.raises(AssertionError, match="a server is running on"):
        Service(own.data).start()
    assert own.capture(document(object_event(5))).status_code == 202


def test_sigterm_ends_the_server_after_its_requests_and_the_log_is_signed(own: Service) -> None:
    own.capture(document(object_event(1)))
    writer = own.writer_pid()
    assert own._process is not None
    own._process.terminate()
    own._process.wait(20)
    assert not Path(f"/proc/{writer}").exists() or "Z" in Path(f"/proc/{writer}/stat").read_text().split()[2]
    assert run("verify", "--data", own.data).returncode == 0


class TestWrongUse:
    """One line on stderr, exit code 2, and nothing is left behind."""

    def refused(self, *words: str | Path, cwd: Path, **more: str) -> str:
        done = run(*words, stdin=None, cwd=cwd, **more)
        line = done.stderr.decode()
        assert done.returncode in {1, 2}, line
        assert done.stdout == b""
        assert line.startswith("suyuan: ")
        assert line.count("\n") == 1
        return line

    def test_a_taken_port(self, own: Service, tmp_path: Path) -> None:
        port = own.url.rpartition(":")[2]
        line = self.refused("serve", "--data", "x", "--port", port, cwd=tmp_path)
        assert "taken" in line
        assert not (tmp_path / "x").exists()

    def test_a_folder_with_a_server_whose_writer_is_away(self, tmp_path: Path) -> None:
        with hold(tmp_path / "x", SERVER, wait=False):
            assert "a server is running on x" in self.refused("serve", "--data", "x", "--port", "0", cwd=tmp_path)
        assert not (tmp_path / "x" / "suyuan.db").exists()

    def test_an_address_that_is_not_ours(self, tmp_path: Path) -> None:
        for host in ("203.0.113.7", "no.such.host.invalid", "::g"):
            assert "host" in self.refused("serve", "--data", "x", "--host", host, "--port", "0", cwd=tmp_path)

    def test_settings_that_do_not_exist_or_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "s.toml").write_text("prot = 1\n")
        for more in (
            {"SUYUAN_PROT": "1"}, {"SUYUAN_CONFIG": "s.toml"}, {"SUYUAN_DATABASE": "sqlite:///x.db"},
            {"SUYUAN_ORIGIN": "two words"},
        ):  # fmt: skip
            self.refused("serve", "--data", "x", "--port", "0", cwd=tmp_path, **more)

    def test_a_database_that_does_not_answer(self, tmp_path: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"postgresql://nobody@127.0.0.1:{free.getsockname()[1]}/none"
            line = self.refused("serve", "--data", "x", "--database", url, "--port", "0", cwd=tmp_path)
        assert "database" in line

    def test_a_folder_that_cannot_be(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        for folder in ("file", "file/below", "/proc/nothing/here"):
            self.refused("serve", "--data", folder, "--port", "0", cwd=tmp_path)

    def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "suyuan.db").write_bytes(b"not a database" * 100)
        self.refused("serve", "--data", ".", "--port", "0", cwd=tmp_path)

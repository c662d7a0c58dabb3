"""The writer as a process of its own: it answers over a socket, dies with its parent, and is started again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trace.scribe import Scribe, document, object_event, settings_of

from suyuan.base.database import open_reader, sqlite_url
from suyuan.base.errors import InvalidDocument, Unavailable
from suyuan.base.identity import Actor, Role
from suyuan.trace.capture import CaptureRequest
from suyuan.trace.capture_job import CaptureJob
from suyuan.trace.ledger import Ledger, count_rows
from suyuan.trace.writer import SIGN, Reply, Request
from suyuan.trace.writer_client import WriterClient, python_command
from suyuan.trace.writer_process import GROUP_REQUESTS, HELLO, Inbox, pack, serve


def command(folder: Path) -> list[str]:
    return python_command("suyuan.app.writer_main", msgspec.json.encode(settings_of(folder)).decode())


@asynccontextmanager
async def client_of(arguments: list[str]) -> AsyncIterator[WriterClient]:
    client = WriterClient(arguments)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


def program(*lines: str, hello: bool = True) -> list[str]:
    """A writer that is none: it starts, says hello if it is told to, and does what the lines say."""
    greeting = f"s.sendall({pack(Reply(HELLO, b''))!r})" if hello else ""
    start = ("import socket, sys, time", "s = socket.socket(fileno=int(sys.argv[1]))", greeting)
    return [sys.executable, "-c", "\n".join((*start, *lines))]


def order(serial: int, name: str | None = None) -> CaptureRequest:
    body = document(object_event(serial))
    return CaptureRequest(name or f"job{serial}-{os.urandom(4).hex()}", "k", "", "application/ld+json", body)


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.01)


class TestInbox:
    """Cutting a stream into requests."""

    @given(cuts=st.lists(st.integers(1, 60), max_size=40), count=st.integers(0, 6))
    def test_requests_come_out_whole_however_the_stream_is_cut(self, cuts: list[int], count: int) -> None:
        requests = [Request(number, "capture", b"x" * number * 7) for number in range(count)]
        stream, inbox, found = b"".join(map(pack, requests)), Inbox(), []
        for cut in [*cuts, len(stream)]:
            inbox.feed(stream[:cut])
            stream = stream[cut:]
            found += inbox.take()
        assert found == requests

    def test_a_group_is_bounded(self) -> None:
        inbox = Inbox()
        inbox.feed(b"".join(pack(Request(number, "x", b"")) for number in range(GROUP_REQUESTS + 5)))
        assert [len(inbox.take()), len(inbox.take()), len(inbox.take())] == [GROUP_REQUESTS, 5, 0]


class TestServe:
    """The loop around a writer, in a thread."""

    def test_it_answers_signs_and_ends_when_the_parent_is_gone(self, scribe: Scribe) -> None:
        ours, theirs = socket.socketpair()
        requests = [scribe.request(document(object_event(serial))) for serial in (1, 2, 3)]
        ours.sendall(b"".join(map(pack, requests)))
        ours.shutdown(socket.SHUT_WR)
        serve(scribe.writer, theirs)
        theirs.close()
        replies = _replies(ours)
        ours.close()
        assert [reply.id for reply in replies] == [HELLO, *(request.id for request in requests)]
        assert not scribe.writer.unpublished

    def test_a_parent_that_died_before_the_answer_does_not_stop_the_commit(self, scribe: Scribe) -> None:
        ours, theirs = socket.socketpair()
        ours.sendall(pack(scribe.request(document(object_event(1)))))
        ours.close()
        serve(scribe.writer, theirs)
        theirs.close()
        assert scribe.rows("SELECT COUNT(*) FROM event") == [(1,)]

    def test_it_signs_while_it_waits(self, scribe: Scribe) -> None:
        ours, theirs = socket.socketpair()
        seconds = iter(range(1000))
        ours.sendall(pack(scribe.request(document(object_event(1)))))
        closer = threading.Timer(0.2, ours.shutdown, (socket.SHUT_RDWR,))
        closer.start()
        serve(scribe.writer, theirs, clock=lambda: float(next(seconds)))
        closer.join()
        theirs.close()
        ours.close()
        assert scribe.rows("SELECT size FROM checkpoint") == [(1,)]


def _replies(stream: socket.socket) -> list[Reply]:
    data = b""
    while part := stream.recv(65536):
        data += part
    found = []
    while data:
        (length,) = struct.unpack_from(">I", data)
        found.append(msgspec.msgpack.decode(data[4 : 4 + length], type=Reply))
        data = data[4 + length :]
    return found


class TestClient:
    """A real writer process."""

    async def test_many_requests_at_once_are_all_answered(self, folder: Path) -> None:
        async with client_of(command(folder)) as client:
            jobs = await asyncio.gather(*(client.call("capture", order(serial), CaptureJob) for serial in range(1, 60)))
            assert sorted(job.events[0].index for job in jobs) == list(range(59))
            assert await client.call(SIGN, None, int) == 59
            assert client.ready

    async def test_a_refusal_arrives_as_the_error_it_was(self, folder: Path) -> None:
        async with client_of(command(folder)) as client:
            with pytest.raises(InvalidDocument):
                await client.call("capture", CaptureRequest("a", "k", "", "", b"{"), CaptureJob)

    async def test_a_killed_writer_is_replaced_and_nothing_answered_is_lost(self, folder: Path) -> None:
        answered: dict[int, int] = {}
        async with client_of(command(folder)) as client:

            async def send(serial: int) -> None:
                while True:
                    try:
                        job = await client.call("capture", order(serial), CaptureJob)
                    except Unavailable:
                        await asyncio.sleep(0.05)
                    else:
                        answered[serial] = job.events[0].index
                        return

            sending = [asyncio.create_task(send(serial)) for serial in range(1, 120)]
            for _ in range(3):
                await until(lambda: client.ready and client.process_id is not None)
                await asyncio.sleep(0.05)
                assert client.process_id is not None
                os.kill(client.process_id, signal.SIGKILL)
                await until(lambda: not client.ready)
            await asyncio.gather(*sending)
        engine = open_reader(sqlite_url(folder))
        with engine.connect() as connection:
            assert count_rows(connection, "event") == count_rows(connection, "leaf") == 119
        engine.dispose()
        assert sorted(answered.values()) == list(range(119))

    async def test_what_waits_when_the_writer_dies_is_told_that_the_outcome_is_unknown(self) -> None:
        async with client_of(program("s.recv(10)")) as client:
            with pytest.raises(Unavailable, match="died before it answered"):
                await client.call("capture", order(1), CaptureJob)

    async def test_a_busy_writer_refuses_instead_of_growing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("suyuan.trace.writer_client.WAITING_BYTES", 10_000)
        monkeypatch.setattr("suyuan.trace.writer_client._GRACE", 0.2)
        async with client_of(program("time.sleep(60)")) as client:
            waiting = [asyncio.create_task(client.call("capture", order(serial), CaptureJob)) for serial in range(30)]
            done, pending = await asyncio.wait(waiting, timeout=0.5)
            assert len(pending) > 5
            assert {type(task.exception()) for task in done} == {Unavailable}
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
            assert client._waiting_bytes == 0

    async def test_a_writer_that_never_answers_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("suyuan.trace.writer_client._ANSWER", 0.1)
        monkeypatch.setattr("suyuan.trace.writer_client._GRACE", 0.2)
        async with client_of(program("time.sleep(60)")) as client:
            with pytest.raises(Unavailable, match="did not answer in time"):
                await client.call("capture", order(1), CaptureJob)

    async def test_a_writer_is_ready_when_it_says_so_and_not_when_it_was_started(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("suyuan.trace.writer_client._START", 0.1)
        monkeypatch.setattr("suyuan.trace.writer_client._GRACE", 0.2)
        async with client_of(program("time.sleep(60)", hello=False)) as client:
            await until(lambda: client.process_id is not None)
            assert not client.ready
            with pytest.raises(Unavailable, match="not running"):
                await client.call("capture", order(1), CaptureJob)

    async def test_a_writer_that_talks_nonsense_is_ended_and_another_one_started(self, folder: Path) -> None:
        started = folder / "started"
        lines = (f"open({str(started)!r}, 'a').write('x')", r"s.sendall(b'\0\0\0\1\xc1')", "time.sleep(60)")
        async with client_of(program(*lines)) as client:
            await until(lambda: started.exists() and len(started.read_text()) >= 2)
            assert client.process_id is not None

    async def test_sigterm_is_the_parents_business(self, folder: Path) -> None:
        async with client_of(command(folder)) as client:
            await until(lambda: client.ready)
            first = client.process_id
            assert first is not None
            os.kill(first, signal.SIGTERM)
            assert (await client.call("capture", order(1), CaptureJob)).success
            assert client.process_id == first

    async def test_a_command_that_cannot_start_is_tried_again(self) -> None:
        async with client_of(["/no/such/program"]) as client:
            await asyncio.sleep(0.3)
            assert not client.ready

    async def test_a_writer_that_found_the_ledger_broken_is_not_started_again(self, folder: Path) -> None:
        started = folder / "started"
        async with client_of(program(f"open({str(started)!r}, 'a').write('x'); sys.exit(3)", hello=False)) as client:
            await until(started.exists)
            await asyncio.sleep(1)
            assert started.read_text() == "x"
            with pytest.raises(Unavailable, match="stopped"):
                await client.call("capture", order(1), CaptureJob)

    async def test_the_writer_dies_with_its_parent(self, folder: Path) -> None:
        parent_program = (
            "import asyncio, sys, json\nfrom suyuan.trace.writer_client import WriterClient\n"
            "async def main():\n"
            "    client = WriterClient(json.loads(sys.argv[1])); await client.start()\n"
            "    await client.call('sign', None, int); print(client.process_id, flush=True); await asyncio.sleep(60)\n"
            "asyncio.run(main())"
        )
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-c", parent_program, msgspec.json.encode(command(folder)).decode(),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        assert parent.stdout is not None
        child = int(await parent.stdout.readline())
        parent.kill()
        await parent.wait()
        await until(lambda: not _alive(child))


def _alive(process: int) -> bool:
    """Whether a process runs; a dead one that nobody has waited for does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_the_ledger_names_every_job_differently(folder: Path) -> None:
    async with client_of(command(folder)) as client:
        engine = open_reader(sqlite_url(folder))
        ledger = Ledger(engine, client, folder / "log.policy")
        actor = Actor(Role.PRODUCER, "k")
        jobs = [await ledger.capture(document(object_event(1)), "application/json", actor) for _ in range(3)]
        assert len({job.capture_id for job in jobs}) == 3
        assert await ledger.sign() == 1
        assert "log" in ledger.policy_text()
        engine.dispose()


def test_the_policy_of_a_log_without_a_key_is_not_there_yet(folder: Path) -> None:
    engine = open_reader(sqlite_url(folder))
    any_writer: Any = None
    with pytest.raises(Unavailable, match="is not here yet"):
        Ledger(engine, any_writer, folder / "log.policy").policy_text()
    engine.dispose()

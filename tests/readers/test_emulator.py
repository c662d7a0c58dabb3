"""Client and emulator over real TCP: every passage arrives whole and is recorded once, whatever breaks."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from suyuan.base.errors import InvalidSetting
from suyuan.readers.emulator import run_emulator
from suyuan.readers.emulator_state import Progress
from suyuan.readers.llrp_client import Client, ReaderSettings
from suyuan.readers.llrp_session import Inventory
from suyuan.readers.llrp_wire import Frames, Message, decode, encode, message, parameter
from suyuan.readers.reads import Batch, Moment, Record, TagRead
from suyuan.readers.script import EmulatorConfig, Fault, Passage, ReaderScript, passage_reads

TAGS = tuple(f"3034257BF40000000000{number:04X}" for number in range(30))


def a_script(name: str = "gate", passages: int = 3, **more: object) -> ReaderScript:
    way = tuple(Passage(1_000_000 * number, 500_000, TAGS, (1, 2)) for number in range(1, passages + 1))
    return ReaderScript(name, 0, seed=5, passages=way, miss_rate=0.1, **more)  # type: ignore[arg-type]


@asynccontextmanager
async def emulating(folder: Path, *scripts: ReaderScript) -> AsyncIterator[Mapping[str, int]]:
    """An emulator that runs meanwhile; the ports of its readers."""
    ports: asyncio.Future[Mapping[str, int]] = asyncio.get_running_loop().create_future()
    config = EmulatorConfig(scripts, str(folder / "state.json"))
    task = asyncio.create_task(run_emulator(config, ports.set_result))
    task.add_done_callback(lambda _: ports.cancel())
    try:
        yield await ports
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def a_client(port: int, name: str = "gate", *, keepalive_ms: int = 5000, **more: object) -> Client:
    inventory = Inventory(keepalive_ms=keepalive_ms, report_every=10)
    settings = {"backoff_first": 0.01, "backoff_most": 0.05, **more}
    return Client(ReaderSettings(name, "127.0.0.1", port, inventory, **settings))  # type: ignore[arg-type]


class Ledger:
    """A consumer that keeps whole passages, as an edge does: by their reads, so that a replay changes nothing."""

    def __init__(self, client: Client, enough: Callable[[Ledger], bool]) -> None:
        self.client = client
        self.enough = enough
        self.records: list[Record] = []
        self.passages: list[list[TagRead]] = []
        self._open: list[TagRead] | None = None
        self._grown = asyncio.Condition()

    async def until(self, passages: int) -> None:
        """Wait until so many passages are whole."""
        async with self._grown:
            await self._grown.wait_for(lambda: len(self.passages) >= passages)

    async def run(self) -> Ledger:
        async with asyncio.timeout(20):
            async for batch in self.client.batches():
                self.take(batch)
                await self.client.done(batch)
                async with self._grown:
                    self._grown.notify_all()
                if self.enough(self):
                    await self.client.close()
        return self

    def take(self, batch: Batch) -> None:
        for record in batch.records:
            self.records.append(record)
            if isinstance(record, TagRead):
                if self._open is not None:
                    self._open.append(record)
            elif record.kind == "rospec_start":
                self._open = []
            elif record.kind == "rospec_end" and self._open is not None:
                self.passages.append(self._open)
                self._open = None
            elif record.kind == "disconnected":
                self._open = None

    @property
    def kinds(self) -> list[str]:
        return [record.kind for record in self.records if isinstance(record, Moment)]


def state(folder: Path) -> dict[str, object]:
    found = json.loads((folder / "state.json").read_bytes())
    assert isinstance(found, dict)
    return found


def expected(script: ReaderScript) -> list[list[TagRead]]:
    return [passage_reads(script, number) for number in range(len(script.passages))]


def all_acknowledged(passages: int) -> Callable[[Ledger], bool]:
    """The last passage's end and the keepalive after it have come."""
    return lambda ledger: len(ledger.passages) >= passages and ledger.kinds[-1] == "keepalive"


async def test_every_passage_arrives_and_the_state_file_says_so(tmp_path: Path) -> None:
    scripts = [a_script(f"gate {number}") for number in range(4)]
    async with emulating(tmp_path, *scripts) as ports:
        clients = [a_client(ports[script.name], script.name) for script in scripts]
        ledgers = await asyncio.gather(*(Ledger(client, all_acknowledged(3)).run() for client in clients))
    for script, ledger in zip(scripts, ledgers, strict=True):
        assert ledger.passages == expected(script)
        assert ledger.kinds == ["connected", *["rospec_start", "rospec_end", "keepalive"] * 3, "disconnected"]
    sent = {
        script.name: {"passages": 3, "recorded": 3, "tag_reads_sent": sum(map(len, expected(script)))}
        for script in scripts
    }
    assert state(tmp_path) == {"readers": sent, "complete": True}


@pytest.mark.parametrize("kind", ["cut", "garbage", "parameter", "silence"])
async def test_a_fault_in_a_passage_makes_it_come_again_whole(tmp_path: Path, kind: str) -> None:
    script = a_script(faults=(Fault(1, kind),))  # type: ignore[arg-type]
    async with emulating(tmp_path, script) as ports:
        client = a_client(ports["gate"], keepalive_ms=100)
        ledger = await Ledger(
            client, lambda ledger: len(ledger.passages) == 3 and ledger.kinds[-1] == "keepalive"
        ).run()
    assert ledger.passages == expected(script)
    assert client.status.connections == 2
    assert client.status.failures == 1
    assert client.status.malformed == int(kind in {"garbage", "parameter"})
    assert client.status.silences == int(kind == "silence")
    assert client.status.last_error
    assert ledger.kinds.count("connected") == ledger.kinds.count("disconnected") == 2


async def test_what_was_not_acknowledged_is_sent_again_what_was_is_not(tmp_path: Path) -> None:
    script = a_script()
    async with emulating(tmp_path, script) as ports:
        first = a_client(ports["gate"])
        with_end: list[Record] = []
        async for batch in first.batches():
            with_end += batch.records
            if any(isinstance(record, Moment) and record.kind == "keepalive" for record in batch.records):
                break
        await first.close()
        second = await Ledger(a_client(ports["gate"]), all_acknowledged(3)).run()
    assert second.passages == expected(script)
    assert [record for record in with_end if isinstance(record, TagRead)] == expected(script)[0]
    async with emulating(tmp_path, script) as ports:
        third = await Ledger(a_client(ports["gate"], keepalive_ms=100), lambda ledger: len(ledger.kinds) > 2).run()
    assert third.kinds == ["connected", "keepalive", "keepalive", "disconnected"]


async def test_an_emulator_that_starts_again_goes_on_where_it_was(tmp_path: Path) -> None:
    script = a_script(pace=0.2)
    async with emulating(tmp_path, script) as ports:
        first = await Ledger(a_client(ports["gate"]), all_acknowledged(1)).run()
        await asyncio.sleep(0.05)
    assert state(tmp_path)["complete"] is False
    async with emulating(tmp_path, script) as ports:
        second = await Ledger(a_client(ports["gate"]), all_acknowledged(2)).run()
    assert first.passages + second.passages == expected(script)


async def test_a_lost_state_file_only_replays(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{half")
    script = a_script()
    async with emulating(tmp_path, script) as ports:
        ledger = await Ledger(a_client(ports["gate"]), all_acknowledged(3)).run()
    assert ledger.passages == expected(script)


SERVE = """
import asyncio, sys
from pathlib import Path
from suyuan.readers.emulator import run_emulator
from suyuan.readers.script import load_config
ready = lambda ports: print("port", ports["gate"], flush=True)
asyncio.run(run_emulator(load_config(Path(sys.argv[1])), ready))
"""


async def test_an_emulator_killed_in_the_middle_loses_nothing(tmp_path: Path) -> None:
    script = a_script(passages=40, pace=0.01)
    config = a_config(tmp_path, script)
    seen: list[list[TagRead]] = []
    for passages in (8, 40 - 8):
        arguments = (sys.executable, "-c", SERVE, str(config))
        process = await asyncio.create_subprocess_exec(*arguments, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        port = int((await process.stdout.readline()).split()[1])
        ledger = Ledger(a_client(port), lambda _: False)
        running = asyncio.create_task(ledger.run())
        async with asyncio.timeout(10):
            await ledger.until(passages)
        process.kill()
        await process.wait()
        await ledger.client.close()
        await running
        seen += ledger.passages
    unique = [passage for number, passage in enumerate(seen) if passage not in seen[:number]]
    assert unique == expected(script)[: len(unique)]
    assert len(unique) >= 40 - 8


def a_config(folder: Path, script: ReaderScript) -> Path:
    file = folder / "emulator.json"
    file.write_bytes(msgspec.json.encode(EmulatorConfig((script,), "state.json")))
    return file


async def test_a_second_client_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    script = a_script(pace=0.05)
    async with emulating(tmp_path, script) as ports:
        first = asyncio.create_task(Ledger(a_client(ports["gate"]), all_acknowledged(3)).run())
        await asyncio.sleep(0.05)
        stream, writer = await asyncio.open_connection("127.0.0.1", ports["gate"])
        (frame,) = Frames().feed(await stream.read())
        attempt = decode(frame).find("ReaderEventNotificationData", "ConnectionAttemptEvent")
        assert attempt is not None
        assert attempt.number("Status") == 2
        writer.close()
        assert (await first).passages == expected(script)


async def test_a_client_without_keepalives_gets_everything_once(tmp_path: Path) -> None:
    script = a_script(passages=2)
    async with emulating(tmp_path, script) as ports:
        stream, writer = await asyncio.open_connection("127.0.0.1", ports["gate"])
        for request in a_plain_handshake():
            writer.write(encode(request))
        frames, names, tags = Frames(), [], 0
        async with asyncio.timeout(5):
            while tags < sum(map(len, expected(script))):
                for frame in frames.feed(await stream.read(65536)):
                    names.append(decode(frame).name)
                    tags += names[-1] == "RO_ACCESS_REPORT" and len(decode(frame).parameters)
        writer.close()
        await asyncio.sleep(0.05)
    assert "KEEPALIVE" not in names
    assert state(tmp_path)["complete"] is True


def a_plain_handshake() -> list[Message]:
    boundary = parameter("ROBoundarySpec", parameter("ROSpecStartTrigger", ROSpecStartTriggerType=1))
    rospec = parameter("ROSpec", boundary, ROSpecID=1)
    return [message("ADD_ROSPEC", rospec), message("ENABLE_ROSPEC", ROSpecID=1)]


async def test_stopping_the_rospec_stops_the_passage_without_its_end(tmp_path: Path) -> None:
    script = a_script(passages=1, reads_per_tag=1000)
    keepalive = parameter("KeepaliveSpec", KeepaliveTriggerType=1, PeriodicTriggerValue=60_000)
    stop = [message("STOP_ROSPEC", ROSpecID=1), message("CLOSE_CONNECTION")]
    async with emulating(tmp_path, script) as ports:
        stream, writer = await a_narrow_connection(ports["gate"])
        writer.write(b"".join(map(encode, [message("SET_READER_CONFIG", keepalive), *a_plain_handshake()])))
        first = await stream.read(4096)
        writer.write(b"".join(map(encode, stop)))
        async with asyncio.timeout(10):
            frames = list(Frames().feed(first + await stream.read()))
        writer.close()
    names = [decode(frame).name for frame in frames]
    assert names[-1] == "CLOSE_CONNECTION_RESPONSE"
    assert 0 < names.count("RO_ACCESS_REPORT") < sum(map(len, expected(script))) // 100
    assert "KEEPALIVE" not in names
    assert state(tmp_path)["complete"] is False


async def a_narrow_connection(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection with a small window, so that a long passage can't be on its way as a whole."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=narrow, limit=1024)


async def test_a_port_that_is_taken_is_a_wrong_setting(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    taken = msgspec.structs.replace(a_script(), port=port)
    with pytest.raises(InvalidSetting, match=f"port {port}"):
        await run_emulator(EmulatorConfig((taken,), str(tmp_path / "state.json")))
    server.close()


async def test_a_state_file_that_cannot_be_written_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="state file"):
        await run_emulator(EmulatorConfig((a_script(),), str(tmp_path / "no" / "such" / "folder")))


async def test_a_state_of_another_script_is_cut_to_size(tmp_path: Path) -> None:
    readers = {"gate": {"passages": 9, "recorded": 9, "tag_reads_sent": 4}}
    (tmp_path / "state.json").write_text(json.dumps({"readers": readers, "complete": True}))
    progress = Progress(EmulatorConfig((a_script(passages=2), a_script("other")), str(tmp_path / "state.json")))
    assert progress.state.readers["gate"].recorded == 2
    assert progress.state.complete is False


def test_the_emulator_command_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from suyuan.app.emulation import emulate; emulate(Path(sys.argv[1]))"
    arguments = [sys.executable, "-c", code, str(a_config(tmp_path, a_script()))]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "listen" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
        assert process.returncode == 0
    assert state(tmp_path)["complete"] is False

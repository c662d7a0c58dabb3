"""The client's transport against small hand-made peers on real TCP; the emulator's tests cover the rest."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from suyuan.readers.llrp_client import Client, ReaderSettings
from suyuan.readers.llrp_session import Inventory
from suyuan.readers.llrp_wire import Frames, decode, encode, message, parameter
from suyuan.readers.reads import Batch, Moment

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
GREETING = encode(
    message(
        "READER_EVENT_NOTIFICATION",
        parameter(
            "ReaderEventNotificationData",
            parameter("UTCTimestamp", Microseconds=1_000_000),
            parameter("ConnectionAttemptEvent"),
        ),
    )
)


@asynccontextmanager
async def listening(peer: Peer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on a free port that treats every connection with ``peer``."""
    writers: list[asyncio.StreamWriter] = []

    async def handle(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await peer(stream, writer)
        except ConnectionError:
            return

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in writers:
        writer.transport.abort()
    await asyncio.sleep(0)


def a_client(port: int, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", **more: object) -> Client:
    settings = {"backoff_first": 0.01, "backoff_most": 0.02, "connect_timeout": 0.3, **more}
    inventory = Inventory(keepalive_ms=100)
    return Client(ReaderSettings("gate", host, port, inventory, **settings), tls=tls)  # type: ignore[arg-type]


async def until(client: Client, condition: Callable[[Client, list[Batch]], bool]) -> list[Batch]:
    """Take batches until the condition holds; it is looked at often, also while nothing comes."""
    batches: list[Batch] = []

    async def consume() -> None:
        async for batch in client.batches():
            batches.append(batch)
            await client.done(batch)

    task = asyncio.create_task(consume())
    async with asyncio.timeout(10):
        while not condition(client, batches):  # noqa: ASYNC110  the status is plain data, nobody tells of its changes
            await asyncio.sleep(0.005)
        await client.close()
        await task
    return batches


async def greet_and_answer(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A reader that greets, says yes to everything, and sends one keepalive when reports may flow."""
    writer.write(GREETING)
    frames = Frames()
    while data := await stream.read(4096):
        for frame in frames.feed(data):
            request = decode(frame)
            if request.name == "ENABLE_EVENTS_AND_REPORTS":
                writer.write(encode(message("KEEPALIVE", id=3)))
            elif request.name != "KEEPALIVE_ACK":
                writer.write(encode(message(f"{request.name}_RESPONSE", parameter("LLRPStatus"), id=request.id)))


async def silent(stream: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await stream.read()


async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GREETING)
    await writer.drain()
    writer.close()


async def test_a_reader_that_never_greets_is_tried_again() -> None:
    async with listening(silent) as port:
        client = a_client(port, connect_timeout=0.05)
        assert await until(client, lambda client, _: client.status.connections >= 2) == []
    assert client.status.silences >= 1
    assert "silent" in client.status.last_error


async def test_a_reader_that_hangs_up_is_tried_again_for_ever() -> None:
    async with listening(hang_up) as port:
        client = a_client(port)
        batches = await until(client, lambda client, _: client.status.connections >= 4)
    assert [type(record) for batch in batches[:2] for record in batch.records] == [Moment, Moment]
    assert [batch.number for batch in batches] == list(range(1, len(batches) + 1))
    assert client.status.connected is False


async def test_an_absent_reader_is_tried_again_and_appears() -> None:
    async with listening(silent) as port:
        pass
    client = a_client(port)
    await until(client, lambda client, _: client.status.failures >= 3)
    assert client.status.connections == 0


async def test_a_host_name_that_cannot_be_is_a_failure_not_a_crash() -> None:
    client = a_client(5084, host="x" * 300)
    await until(client, lambda client, _: client.status.failures >= 1)
    assert client.status.last_error


async def test_a_refused_request_is_logged_and_tried_again() -> None:
    async def refuse(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        (frame,) = Frames().feed(await stream.read(4096))
        no = parameter("LLRPStatus", StatusCode=401, ErrorDescription="no radio")
        writer.write(encode(message("ERROR_MESSAGE", no, id=frame.id)))
        await stream.read()

    async with listening(refuse) as port:
        client = a_client(port)
        await until(client, lambda client, _: client.status.failures >= 2)
    assert "no radio" in client.status.last_error


async def test_bytes_of_a_lost_connection_do_not_reach_the_next() -> None:
    connections = 0

    async def half(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            writer.write(GREETING + encode(message("KEEPALIVE"))[:7])
            await writer.drain()
            writer.close()
        else:
            await greet_and_answer(stream, writer)

    async with listening(half) as port:
        client = a_client(port)
        await until(client, lambda client, _: client.status.connected)
    assert client.status.malformed == 0


async def test_the_acknowledgement_waits_for_the_consumer() -> None:
    heard: list[str] = []

    async def peer(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        frames = Frames()
        while data := await stream.read(4096):
            for frame in frames.feed(data):
                request = decode(frame)
                heard.append(request.name)
                if request.name == "ENABLE_EVENTS_AND_REPORTS":
                    writer.write(encode(message("KEEPALIVE", id=3)))
                elif request.name != "KEEPALIVE_ACK":
                    writer.write(encode(message(f"{request.name}_RESPONSE", parameter("LLRPStatus"), id=request.id)))

    async with listening(peer) as port:
        client = a_client(port)
        async with asyncio.timeout(5):
            async for batch in client.batches():
                if batch.records[-1] == Moment("gate", 1_000_000, "keepalive"):
                    await asyncio.sleep(0.05)
                    assert "KEEPALIVE_ACK" not in heard
                    await client.done(batch)
                    await asyncio.sleep(0.05)
                    assert heard.count("KEEPALIVE_ACK") == 1
                    await client.done(batch)
                    await client.close()
                else:
                    await client.done(batch)
    assert heard[-1] == "CLOSE_CONNECTION"
    assert heard.count("KEEPALIVE_ACK") == 1


async def test_a_consumer_that_leaves_closes_the_connection() -> None:
    ended = asyncio.Event()

    async def peer(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await greet_and_answer(stream, writer)
        finally:
            ended.set()

    async with listening(peer) as port:
        client = a_client(port)
        batches = client.batches()
        assert (await anext(batches)).number == 1
        await batches.aclose()  # type: ignore[attr-defined]
        await asyncio.wait_for(ended.wait(), 5)
    await client.done(Batch("gate", 1, ()))


async def test_a_client_that_is_closed_before_it_begins_does_nothing() -> None:
    client = a_client(5084)
    await client.close()
    assert [batch async for batch in client.batches()] == []


async def test_the_reader_is_reached_over_tls(tmp_path: Path) -> None:
    server, client_side = contexts(tmp_path)
    async with listening(greet_and_answer, server) as port:
        client = a_client(port, tls=client_side, host="localhost")
        await until(client, lambda client, _: client.status.connected)
        plain = a_client(port)
        await until(plain, lambda client, _: client.status.failures >= 1)
    assert plain.status.connected is False


def contexts(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts of a server called localhost and of a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begin = datetime.now(UTC) - timedelta(hours=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))

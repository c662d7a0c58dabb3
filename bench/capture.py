"""Capture over HTTP: documents of 1,000 ObjectEvents with 10 EPCs, durable when answered, on fresh ledgers.

The reference is a bare loop in this process that decodes the same documents, hashes each event and inserts as many
rows for it into SQLite, with one commit a document: what the database and the decoder leave possible at best. Where
PostgreSQL's server programs are installed the same is done there, with COPY, on a server of the benchmark's own.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import platform
import pwd
import random
import re
import secrets
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import psycopg

from suyuan.epcis.xml_writer import write_document

EVENTS, EPCS = 1_000, 10
#: Each EPC is seen this often, by events of 30 products that are active at a time.
SIGHTINGS, PRODUCTS = 8, 30
#: Documents under way at once, and bare events under way at once.
DOCUMENTS_AT_ONCE, EVENTS_AT_ONCE = 4, 64
#: QU4RTET's rate for such events on two cores, from its published behaviour measured on such a machine.
QU4RTET = 54.0
#: A PostgreSQL of the benchmark's own: its roles, the seconds it gets, its settings; durable, as a real one is.
OWNER, SERVICE = "keeper", "suyuan"
_PATIENCE = 60.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "100",
}
SUYUAN = Path(sys.executable).with_name("suyuan")
JSON_LD = "application/ld+json"


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)


class Goods:
    """Random EPCs, each drawn eight times in groups of ten of one product."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._groups: list[tuple[list[str], int]] = []

    def group(self) -> list[str]:
        """Ten EPCs of one product."""
        if len(self._groups) < PRODUCTS * SIGHTINGS:
            product = self._random.randrange(PRODUCTS)
            serials = [self._random.getrandbits(37) + 1 for _ in range(EPCS)]
            self._groups.append(([f"urn:epc:id:sgtin:6901234.{product:06d}.{serial}" for serial in serials], SIGHTINGS))
        place = self._random.randrange(len(self._groups))
        epcs, left = self._groups[place]
        if left > 1:
            self._groups[place] = (epcs, left - 1)
        else:
            self._groups.pop(place)
        return epcs


def event(number: int, epcs: list[str]) -> dict[str, Any]:
    """One observation; the number makes its time its own."""
    seconds, millis = divmod(number, 1000)
    return {
        "type": "ObjectEvent",
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(1_790_000_000 + seconds)) + f".{millis:03d}Z",
        "eventTimeZoneOffset": "+08:00",
        "epcList": epcs,
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "readPoint": {"id": "urn:epc:id:sgln:6901234.00007.gate3"},
        "bizLocation": {"id": "urn:epc:id:sgln:6901234.00007.0"},
    }


def document(events: list[dict[str, Any]]) -> bytes:
    """An EPCIS document of these events."""
    return json.dumps(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-11-21T00:00:00Z",
            "epcisBody": {"eventList": events},
        }
    ).encode()


def make_documents(count: int, goods: Goods, first: int) -> list[bytes]:
    """Documents whose events are all different."""
    return [
        document([event(first + EVENTS * number + place, goods.group()) for place in range(EVENTS)])
        for number in range(count)
    ]


def as_xml(body: bytes) -> bytes:
    """The same document in the XML binding of EPCIS 2.0."""
    return write_document(json.loads(body)["epcisBody"]["eventList"], creation_date=1_790_000_000_000_000)


class Server:
    """A real server on a folder of its own, with its own database or the one of a URL."""

    def __init__(self, folder: Path, database: str = "", workers: int = 1) -> None:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("SUYUAN_")}
        self._log = (folder / "server.log").open("w+")
        self.data = folder / "data"
        self._process = subprocess.Popen(
            [SUYUAN, "serve", "--data", self.data, "--port", "0", "--workers", str(workers)],
            stderr=self._log, env=variables | ({"SUYUAN_DATABASE": database} if database else {}),
        )  # fmt: skip
        self.url = self._address()
        self._await_ready()
        self.key = self._make_key()

    def _await_ready(self) -> None:
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                return
            time.sleep(0.05)
        raise SystemExit("the server does not get ready")

    def _address(self) -> str:
        for _ in range(600):
            found = re.search(r"serves on (http://\S+)", Path(self._log.name).read_text())
            if found:
                return found[1]
            time.sleep(0.05)
        raise SystemExit("the server did not start: " + Path(self._log.name).read_text()[-400:])

    def _make_key(self) -> str:
        words = ["keys", "add", "--role", "producer", "--name", "bench", "--data", str(self.data), "--server", self.url]
        return subprocess.run([SUYUAN, *words], capture_output=True, text=True, check=True).stdout.strip()

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(30)
        self._log.close()


async def post_all(
    server: Server, bodies: list[bytes], at_once: int, media_type: str = JSON_LD
) -> tuple[float, list[float]]:
    """Seconds for all bodies, and for each; anything but 202 ends the benchmark."""
    waiting = iter(bodies)
    latencies: list[float] = []
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": media_type}

    async def worker(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            started = time.perf_counter()
            async with session.post(f"{server.url}/epcis/capture", data=body, headers=headers) as response:
                answer = await response.read()
                if response.status != 202:
                    raise SystemExit(f"capture answered {response.status}: {answer[:300]!r}")
            latencies.append(time.perf_counter() - started)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        started = time.perf_counter()
        await asyncio.gather(*(worker(session) for _ in range(at_once)))
        return time.perf_counter() - started, sorted(latencies)


def bare_loop(bodies: list[bytes], path: Path) -> float:
    """Events per second of decode, hash and insert, and nothing else."""
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE event(idx INTEGER PRIMARY KEY, time, step, place);"
        "CREATE TABLE payload(idx INTEGER PRIMARY KEY, digest, body);"
        "CREATE TABLE timeline(epc, time, event, PRIMARY KEY(epc, time, event)) WITHOUT ROWID"
    )
    started, index = time.perf_counter(), 0
    for body in bodies:
        events, payloads, rows = [], [], []
        for found in msgspec.json.decode(body)["epcisBody"]["eventList"]:
            raw = msgspec.json.encode(found)
            events.append((index, found["eventTime"], found["bizStep"], found["readPoint"]["id"]))
            payloads.append((index, hashlib.sha256(raw).digest(), raw))
            rows += [(epc, found["eventTime"], index) for epc in found["epcList"]]
            index += 1
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO event VALUES (?,?,?,?)", events)
        db.executemany("INSERT INTO payload VALUES (?,?,?)", payloads)
        db.executemany("INSERT INTO timeline VALUES (?,?,?)", rows)
        db.execute("COMMIT")
    elapsed = time.perf_counter() - started
    db.close()
    return index / elapsed


def postgres_programs() -> Path | None:
    """Folder of initdb and postgres, the newest version; None where they are not installed."""
    folders = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    found = shutil.which("initdb")
    if folders:
        return max(folders, key=lambda folder: int(folder.parent.name))
    return Path(found).resolve().parent if found else None


@contextmanager
def postgres(folder: Path) -> Iterator[tuple[str, str]]:
    """URLs of an empty database: its owner's and the service's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    password, account = secrets.token_hex(12), "postgres" if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="suyuan-bench-"))
    (home / "password").write_text(password)
    if account is not None:
        for path in (home, home / "password"):
            os.chown(path, pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid)
    server = _start_postgres(folder, home, port, account)
    try:
        chief = f"postgresql://chief:{password}@127.0.0.1:{port}"
        _prepare_postgres(f"{chief}/postgres", password, server)
        yield tuple(f"postgresql://{role}:{password}@127.0.0.1:{port}/ledger" for role in (OWNER, SERVICE))  # type: ignore[misc]
    finally:
        server.send_signal(2)
        server.wait(_PATIENCE)
        shutil.rmtree(home, ignore_errors=True)


def _start_postgres(folder: Path, home: Path, port: int, account: str | None) -> subprocess.Popen[bytes]:
    subprocess.run(
        [folder / "initdb", "-D", home / "data", "-U", "chief", "-A", "scram-sha-256", "--pwfile", home / "password",
         "-E", "UTF8", "--locale", "C"],
        user=account, group=account, cwd=home, check=True, capture_output=True, timeout=_PATIENCE,
    )  # fmt: skip
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    return subprocess.Popen(
        [folder / "postgres", "-D", home / "data", "-p", str(port), "-k", home, *settings],
        user=account, group=account, cwd=home, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _prepare_postgres(url: str, password: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection = psycopg.connect(url, autocommit=True)
            break
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    with connection:
        for role in (OWNER, SERVICE):
            connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
        for database in ("ledger", "bare"):
            connection.execute(f"CREATE DATABASE {database} OWNER {OWNER}")


def bare_copy(bodies: list[bytes], url: str) -> float:
    """The same loop over PostgreSQL, with COPY; events per second."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE TABLE event(idx bigint PRIMARY KEY, time text, step text, place text)")
        db.execute("CREATE TABLE payload(idx bigint PRIMARY KEY, digest bytea, body bytea)")
        db.execute("CREATE TABLE timeline(epc text, time text, event bigint, PRIMARY KEY(epc, time, event))")
        started, index = time.perf_counter(), 0
        for body in bodies:
            rows: dict[str, list[tuple[Any, ...]]] = {"event": [], "payload": [], "timeline": []}
            for found in msgspec.json.decode(body)["epcisBody"]["eventList"]:
                raw = msgspec.json.encode(found)
                rows["event"].append((index, found["eventTime"], found["bizStep"], found["readPoint"]["id"]))
                rows["payload"].append((index, hashlib.sha256(raw).digest(), raw))
                rows["timeline"] += [(epc, found["eventTime"], index) for epc in found["epcList"]]
                index += 1
            with db.transaction(), db.cursor() as cursor:
                for table, added in rows.items():
                    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                        for row in added:
                            copy.write_row(row)
        return index / (time.perf_counter() - started)


def measure_postgres(bodies: list[bytes], bare: list[bytes], folder: Path) -> dict[str, Any]:
    """Figures on PostgreSQL; empty where its programs are not installed."""
    programs = postgres_programs()
    if programs is None:
        say("PostgreSQL's server programs are not installed")
        return {}
    with postgres(programs) as (owner, service):
        say("reference on PostgreSQL: decode, hash, COPY")
        reference = bare_copy(bodies[2:], owner.removesuffix("ledger") + "bare")
        migrating: list[str | Path] = [SUYUAN, "migrate", "--app-role", SERVICE]
        subprocess.run(migrating, env=os.environ | {"SUYUAN_DATABASE": owner}, check=True, capture_output=True)
        folder.mkdir()
        server = Server(folder, service)
        try:
            asyncio.run(post_all(server, bodies[:2], 1))
            say("capturing on PostgreSQL")
            seconds, _ = asyncio.run(post_all(server, bodies[2:], DOCUMENTS_AT_ONCE))
            single_seconds, latencies = asyncio.run(post_all(server, bare, EVENTS_AT_ONCE))
        finally:
            server.stop()
    value = EVENTS * (len(bodies) - 2) / seconds
    return {
        "events_per_second": round(value, 1),
        "bare_copy_events_per_second": round(reference, 1),
        "ratio": round(value / reference, 3),
        "single_event_requests_per_second": round(len(bare) / single_seconds, 1),
        "single_event_p99_ms": round(1000 * latencies[int(len(latencies) * 0.99)], 1),
    }


def measure(quick: bool) -> dict[str, Any]:
    """All figures of one run."""
    documents, singles = (6, 500) if quick else (40, 4_000)
    goods = Goods(7)
    say(f"making {documents + 2} documents of {EVENTS} events")
    bodies = make_documents(documents + 2, goods, 0)
    bare = [document([event(10_000_000 + number, goods.group())]) for number in range(singles)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say("reference: decode, hash, insert")
        reference = bare_loop(bodies[2:], folder / "bare.db")
        server = Server(folder)
        try:
            asyncio.run(post_all(server, bodies[:2], 1))  # warm-up
            say(f"capturing {documents * EVENTS} events over HTTP")
            seconds, latencies = asyncio.run(post_all(server, bodies[2:], DOCUMENTS_AT_ONCE))
            size = sum(file.stat().st_size for file in server.data.glob("suyuan.db*"))
            say("capturing as many events in XML")
            xml = [as_xml(body) for body in make_documents(documents, goods, 20_000_000)]
            xml_seconds, _ = asyncio.run(post_all(server, xml, DOCUMENTS_AT_ONCE, "application/xml"))
            say(f"capturing {singles} bare documents of one event")
            single_seconds, single_latencies = asyncio.run(post_all(server, bare, EVENTS_AT_ONCE))
        finally:
            server.stop()
        postgres = measure_postgres(bodies, bare, folder / "postgres")
    value = documents * EVENTS / seconds
    return {
        "name": "capture",
        "value": round(value, 1),
        "unit": "events/s",
        "reference": "bare loop in the same run: decode, hash, insert",
        "reference_value": round(reference, 1),
        "ratio": round(value / reference, 3),
        "figures": {
            "document_median_seconds": round(latencies[len(latencies) // 2], 3),
            "single_event_requests_per_second": round(singles / single_seconds, 1),
            "single_event_p99_ms": round(1000 * single_latencies[int(len(single_latencies) * 0.99)], 1),
            "bytes_per_event": round(size / ((documents + 2) * EVENTS)),
            "xml_events_per_second": round(documents * EVENTS / xml_seconds, 1),
            "xml_to_json": round(seconds / xml_seconds, 3),
            "times_qu4rtet": round(value / QU4RTET, 1),
        },
        "postgresql": postgres,
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
        },
    }


def main() -> None:
    """The command line of a benchmark; the last line on stdout is the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short look: fewer documents")
    print(json.dumps(measure(parser.parse_args().quick)))


if __name__ == "__main__":
    main()

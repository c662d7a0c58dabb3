"""Capture over HTTP: documents of 1,000 ObjectEvents with 10 EPCs, durable when answered, on a fresh SQLite ledger.

The reference is a bare loop in this process that decodes the same documents, hashes each event and inserts as many
rows for it into SQLite, with one commit a document: what the database and the decoder leave possible at best.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import platform
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

EVENTS, EPCS = 1_000, 10
#: Each EPC is seen this often, by events of 30 products that are active at a time.
SIGHTINGS, PRODUCTS = 8, 30
#: Documents under way at once, and bare events under way at once.
DOCUMENTS_AT_ONCE, EVENTS_AT_ONCE = 4, 64
#: QU4RTET's rate for such events on two cores, from its published behaviour measured on such a machine.
QU4RTET = 54.0
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


class Server:
    """A real server on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        variables = {name: value for name, value in os.environ.items() if not name.startswith("SUYUAN_")}
        self._log = (folder / "server.log").open("w+")
        self.data = folder / "data"
        self._process = subprocess.Popen(
            [SUYUAN, "serve", "--data", self.data, "--port", "0"], stderr=self._log, env=variables
        )
        self.url = self._address()
        self.key = self._make_key()

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


async def post_all(server: Server, bodies: list[bytes], at_once: int) -> tuple[float, list[float]]:
    """Seconds for all bodies, and for each; anything but 202 ends the benchmark."""
    waiting = iter(bodies)
    latencies: list[float] = []
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": JSON_LD}

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
            say(f"capturing {singles} bare documents of one event")
            single_seconds, single_latencies = asyncio.run(post_all(server, bare, EVENTS_AT_ONCE))
        finally:
            server.stop()
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
            "times_qu4rtet": round(value / QU4RTET, 1),
        },
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

"""Event queries over HTTP on a full ledger: MATCH_epc, and business step with a time range, first page of 100.

A million events of ten EPCs, each EPC seen eight times, 30 products active at a time, captured over HTTP. The
reference is a bare loop over the same database file: the thing's id, its rows of the timeline, the bytes of those
events, nothing else. How capture fares on the full database, and beside a reader that never rests, is measured too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.capture import DOCUMENTS_AT_ONCE, EVENTS, SUYUAN, Goods, Server, document, event, post_all, say

from suyuan.base.database import open_reader, sqlite_url
from suyuan.epcis.query_parameters import Query, read_query
from suyuan.gs1.names import name_of
from suyuan.trace.event_query import run_query
from suyuan.trace.view import open_view

STEPS = ("commissioning", "packing", "loading", "shipping", "receiving", "storing", "picking", "retail_selling")
#: Documents kept in memory at once, and those over which a rate of capture is measured.
AT_ONCE, MEASURED = 20, 20
#: EPCs and time ranges that are asked for.
ASKED = 1_000
PAGE = 100


class Filling:
    """Documents in the order in which they are captured, and some of the EPCs in them."""

    def __init__(self) -> None:
        self._goods = Goods(11)
        self._random = random.Random(12)
        self._made = 0
        self.epcs: list[str] = []

    def documents(self, count: int) -> list[bytes]:
        """The next documents, of events of all steps."""
        return [document(list(self._events())) for _ in range(count)]

    def _events(self) -> Iterator[dict[str, Any]]:
        for _ in range(EVENTS):
            epcs = self._goods.group()
            if self._random.random() < 0.002:
                self.epcs.append(self._random.choice(epcs))
            # One a minute: a million are two years' worth, of which two weeks hold 2,500 of each step.
            made = event(60_000 * self._made, epcs)
            yield made | {"bizStep": STEPS[self._random.randrange(len(STEPS))]}
            self._made += 1

    def time(self, part: float) -> int:
        """Seconds since 1970 at some part of the time that the events take."""
        return 1_790_000_000 + int(60 * self._made * part)


def rate_of(server: Server, bodies: list[bytes]) -> float:
    """Events captured a second."""
    seconds: float = asyncio.run(post_all(server, bodies, DOCUMENTS_AT_ONCE))[0]
    return len(bodies) * EVENTS / seconds


def key_of(server: Server, role: str) -> str:
    """A key of another role."""
    words = ["keys", "add", "--role", role, "--name", role, "--data", str(server.data), "--server", server.url]
    return subprocess.run([SUYUAN, *words], capture_output=True, text=True, check=True).stdout.strip()


def written(seconds: int) -> str:
    """A time as queries have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def questions(filling: Filling) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """By EPC, and by step and two weeks."""
    chance = random.Random(13)
    by_epc = [{"MATCH_epc": epc} for epc in chance.sample(filling.epcs, min(ASKED, len(filling.epcs)))]
    by_step = []
    for _ in range(ASKED):
        start = filling.time(chance.random())
        times = {"GE_eventTime": written(start), "LT_eventTime": written(start + 14 * 86_400)}
        by_step.append({"EQ_bizStep": chance.choice(STEPS), "perPage": str(PAGE), **times})
    return by_epc, by_step


async def ask_all(server: Server, key: str, asked: list[dict[str, str]]) -> list[float]:
    """Seconds of each answer, sorted; one at a time."""
    latencies = []
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        for parameters in asked:
            started = time.perf_counter()
            async with session.get(f"{server.url}/epcis/events", params=parameters) as response:
                answer = await response.read()
                if response.status != 200:
                    raise SystemExit(f"a query was answered {response.status}: {answer[:300]!r}")
            latencies.append(time.perf_counter() - started)
    return sorted(latencies)


def ask_in_process(data: Path, asked: list[dict[str, str]]) -> list[float]:
    """Seconds of each query without HTTP, sorted."""
    engine, latencies = open_reader(sqlite_url(data)), []
    for parameters in asked:
        started = time.perf_counter()
        query: Query = read_query({name: value for name, value in parameters.items() if name != "perPage"}, {})
        with open_view(engine) as view:
            run_query(view, query, None, PAGE, None)
        latencies.append(time.perf_counter() - started)
    engine.dispose()
    return sorted(latencies)


def bare_loop(data: Path, asked: list[dict[str, str]]) -> list[float]:
    """Seconds of the bare look-ups for each EPC, sorted."""
    db = sqlite3.connect(data / "suyuan.db")
    latencies = []
    for parameters in asked:
        started = time.perf_counter()
        name = name_of(parameters["MATCH_epc"])
        (thing,) = db.execute(
            "SELECT t.id FROM thing_class c JOIN thing t ON t.class_id = c.id WHERE c.key = ? AND t.serial = ?",
            name[:2],
        ).fetchone()
        rows = db.execute("SELECT event FROM timeline WHERE thing = ? AND role IN (1, 3, 7, 9)", (thing,)).fetchall()
        for (index,) in rows:
            db.execute("SELECT body FROM payload WHERE idx = ?", (index,)).fetchone()
        latencies.append(time.perf_counter() - started)
    db.close()
    return sorted(latencies)


async def beside(reading: Callable[[], Awaitable[Any]], writing: Callable[[], Awaitable[tuple[float, Any]]]) -> float:
    """Seconds that the writing takes while the reading goes on over and over."""
    ended = asyncio.Event()

    async def read() -> None:
        while not ended.is_set():
            await reading()

    reader = asyncio.create_task(read())
    seconds, _ = await writing()
    ended.set()
    await reader
    return seconds


def milliseconds(latencies: list[float], part: float) -> float:
    """A quantile."""
    return round(1000 * latencies[min(len(latencies) - 1, int(len(latencies) * part))], 2)


def measure(events: int) -> dict[str, Any]:
    """All figures of one run."""
    filling = Filling()
    with tempfile.TemporaryDirectory() as name:
        server = Server(Path(name))
        try:
            say(f"capturing {events} events over HTTP")
            asyncio.run(post_all(server, filling.documents(2), 1))  # warm-up
            empty = rate_of(server, filling.documents(MEASURED))
            for done in range(2 + MEASURED, events // EVENTS, AT_ONCE):
                asyncio.run(post_all(server, filling.documents(AT_ONCE), DOCUMENTS_AT_ONCE))
                if done // AT_ONCE % 10 == 0:
                    say(f"  {done * EVENTS}")
            size = sum(file.stat().st_size for file in server.data.glob("suyuan.db*"))
            say("queries")
            regulator = key_of(server, "regulator")
            by_epc, by_step = questions(filling)
            asyncio.run(ask_all(server, regulator, by_epc[:50] + by_step[:50]))  # warm-up
            over_http = [asyncio.run(ask_all(server, regulator, asked)) for asked in (by_epc, by_step)]
            as_firm = [asyncio.run(ask_all(server, server.key, asked[:200])) for asked in (by_epc, by_step)]
            in_process = [ask_in_process(server.data, asked) for asked in (by_epc, by_step)]
            bare_loop(server.data, by_epc[:50])
            reference = bare_loop(server.data, by_epc)
            say("capture on the full database, then beside a reader")
            full = rate_of(server, filling.documents(MEASURED))
            bodies = filling.documents(MEASURED)
            seconds = asyncio.run(
                beside(
                    lambda: ask_all(server, regulator, by_step[:20]),
                    lambda: post_all(server, bodies, DOCUMENTS_AT_ONCE),
                )
            )
        finally:
            server.stop()
    value, bare = milliseconds(over_http[0], 0.99), milliseconds(reference, 0.99)
    figures: dict[str, float] = {"events": events, "match_epc_p50_ms": milliseconds(over_http[0], 0.5)}
    for place, what in enumerate(("match_epc", "biz_step_and_time")):
        figures[f"{what}_p50_ms"] = milliseconds(over_http[place], 0.5)
        figures[f"{what}_p99_ms"] = milliseconds(over_http[place], 0.99)
        figures[f"{what}_in_process_p99_ms"] = milliseconds(in_process[place], 0.99)
        figures[f"{what}_as_a_firm_p99_ms"] = milliseconds(as_firm[place], 0.99)
    figures |= {
        "capture_on_empty": round(empty, 1), "capture_on_full": round(full, 1), "full_to_empty": round(full / empty, 3),
        "capture_beside_reader": round(MEASURED * EVENTS / seconds, 1),
        "beside_to_alone": round(MEASURED * EVENTS / seconds / full, 3), "bytes_per_event": round(size / events),
    }  # fmt: skip
    return {
        "name": "query",
        "value": value,
        "unit": "ms, p99 of MATCH_epc over HTTP",
        "reference": "bare loop over the same file: id, timeline, payloads; p99",
        "reference_value": bare,
        "ratio": round(bare / value, 3),
        "figures": figures,
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
    parser.add_argument("--quick", action="store_true", help="a short look: 60,000 events")
    parser.add_argument("--events", type=int, default=1_000_000, help="how many events the ledger has")
    chosen = parser.parse_args()
    print(json.dumps(measure(60_000 if chosen.quick else chosen.events)))


if __name__ == "__main__":
    main()

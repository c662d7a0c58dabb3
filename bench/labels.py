"""Labels of one batch: serials allocated durably, read again, and drawn as PDF sheets and as ZPL with tags to write.

The reference is what qrcode itself does with the same links, one PNG a label with nothing around it: the symbol alone,
by the library that draws ours.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import qrcode

from suyuan.app.main import writer_command
from suyuan.app.migrate import migrate
from suyuan.base.database import open_reader, sqlite_url
from suyuan.base.identity import Actor, Role
from suyuan.base.settings import Settings
from suyuan.gs1.company_prefix import of
from suyuan.labels import service
from suyuan.labels.batch_contents import contents_in_parts
from suyuan.labels.batches import BatchOrder, Level
from suyuan.labels.content import LabelContent
from suyuan.labels.design import builtin
from suyuan.labels.rendering import Options, Output, render
from suyuan.labels.zpl import Rfid
from suyuan.trace.acts import MasterDataChanged
from suyuan.trace.ledger import Ledger
from suyuan.trace.master_data import MasterData, Party, Product, Site
from suyuan.trace.publication import POLICY_FILE
from suyuan.trace.writer_client import WriterClient

FIRM, SITE = "https://id.gs1.org/417/9506000000008", "https://id.gs1.org/414/9506000000015"
GTIN = "09506000134352"
PUBLIC_URL = "https://trace.example.com"
PRODUCER = Actor(Role.PRODUCER, "bench", FIRM)
#: Labels of the PDF, labels that are allocated and written as ZPL, symbols of the reference.
PDF_LABELS, ZPL_LABELS, REFERENCE_SYMBOLS = 1_000, 10_000, 200


class Run(NamedTuple):
    """Seconds of one run."""

    serials: float
    pdf: float
    zpl: float
    reference: float
    pdf_bytes: int
    zpl_bytes: int


def say(text: str) -> None:
    """Progress goes to stderr."""
    print(text, file=sys.stderr, flush=True)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that it took, and what it gave."""
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


async def allocated(ledger: Ledger, writer: WriterClient, count: int) -> tuple[str, float]:
    """A batch with so many labels, and the seconds that their allocation took, durable when it is answered."""
    goods = MasterData(
        [Party(FIRM, {"zh": "绿源合作社", "en": "Green Spring Cooperative"})],
        [Site(SITE, {"en": "Packing hall"}, FIRM)],
        [Product(f"https://id.gs1.org/01/{GTIN}", {"zh": "有机菠菜", "en": "Organic spinach"}, FIRM)],
    )
    await writer.call("master-data-changed", MasterDataChanged("bench", goods), Any)
    order = BatchOrder(
        gtin=GTIN, lot="L0612-A", quantity=count, production_date="2026-11-21", expiration_date="2026-11-28"
    )
    batch = await service.open_batch(ledger, PRODUCER, order)
    started = time.perf_counter()
    await service.allocate(ledger, PRODUCER, batch.id, Level.ITEM, count)
    return batch.id, time.perf_counter() - started


async def open_ledger(folder: Path, count: int) -> tuple[Ledger, str, float]:
    """A fresh ledger with a batch, its writer in a process of its own as in a server."""
    migrate(sqlite_url(folder))
    writer = WriterClient(writer_command(Settings(data=folder)))
    ledger = Ledger(open_reader(sqlite_url(folder)), writer, folder / POLICY_FILE)
    await writer.start()
    try:
        batch, seconds = await allocated(ledger, writer, count)
    finally:
        await writer.close()
    return ledger, batch, seconds


def reference(links: list[str]) -> None:
    """A PNG of each link, as qrcode's manual makes them."""
    for link in links:
        symbol = qrcode.QRCode()
        symbol.add_data(link)
        symbol.make()
        symbol.make_image().save(io.BytesIO())


def run(folder: Path, pdf_labels: int, zpl_labels: int, symbols: int) -> Run:
    """Everything once, on a fresh folder."""
    ledger, batch, serials = asyncio.run(open_ledger(folder, zpl_labels))

    def contents(last: int) -> Iterator[LabelContent]:
        return contents_in_parts(ledger, PRODUCER, batch, Level.ITEM, PUBLIC_URL, [(1, last)], of(["9506000"]))

    def drawn(design: str, output: Output, last: int, options: Options) -> int:
        return sum(len(part) for part in render(builtin(design), contents(last), output, options))

    pdf, pdf_bytes = timed(lambda: drawn("sheet-24", Output.PDF, pdf_labels, Options()))
    zpl, zpl_bytes = timed(lambda: drawn("item", Output.ZPL, zpl_labels, Options(203, Rfid())))
    links = [content.link for content in contents(symbols)]
    bare, _ = timed(lambda: reference(links))
    ledger.engine.dispose()
    say(f"serials {serials:.2f} s, PDF {pdf:.2f} s, ZPL {zpl:.2f} s, reference {bare:.2f} s")
    return Run(serials, pdf, zpl, bare, pdf_bytes, zpl_bytes)


def main() -> None:
    """Run, and print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, once")
    quick = parser.parse_args().quick
    part = 10 if quick else 1
    counts = PDF_LABELS // part, ZPL_LABELS // part, REFERENCE_SYMBOLS // part
    runs = []
    for _ in range(1 if quick else 3):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(run(Path(folder), *counts))
    median = {name: statistics.median(getattr(run, name) for run in runs) for name in Run._fields}
    rate, bare = counts[0] / median["pdf"], counts[2] / median["reference"]
    print(json.dumps({
        "name": "labels",
        "value": round(rate, 1),
        "unit": "labels/s as PDF sheets, read from the ledger",
        "reference": "qrcode, one PNG of the bare symbol a label",
        "reference_value": round(bare, 1),
        "ratio": round(rate / bare, 2),
        "figures": {
            "pdf_labels": counts[0], "pdf_seconds": round(median["pdf"], 3), "pdf_bytes": round(median["pdf_bytes"]),
            "serials": counts[1], "serials_seconds": round(median["serials"], 3),
            "zpl_labels": counts[1], "zpl_seconds": round(median["zpl"], 3), "zpl_bytes": round(median["zpl_bytes"]),
        },
        "machine": {
            "processor": platform.processor() or platform.machine(), "cores": os.cpu_count(),
            "python": platform.python_version(), "sqlite": sqlite3.sqlite_version,
        },
    }))  # fmt: skip


if __name__ == "__main__":
    main()

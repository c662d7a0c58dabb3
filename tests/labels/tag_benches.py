"""Devices that write tags, in software and on real TCP ports, behind one face: what the tests of jobs turn and read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, Protocol

from suyuan.app.tag_writers import ReaderStation
from suyuan.labels.emulated_printer import EmulatedPrinter, EmulatedPrinterConfig, PrinterFault
from suyuan.labels.printer import PrinterSettings, ZplPrinter
from suyuan.labels.tag_writing import TagWriter
from suyuan.readers.emulated_tags import EmulatedTag
from suyuan.readers.emulator import ReaderServer
from suyuan.readers.emulator_state import Progress
from suyuan.readers.script import EmulatorConfig, FieldTag, ReaderScript
from suyuan.readers.tag_writer import LlrpTagWriter, TagWriterSettings

#: ``bad``: the tag can't be written. ``silent``: it is written, but nobody says so. ``cut_before`` and ``cut``: the
#: connection ends before or after the tag is written.
Fault = Literal["good", "bad", "silent", "cut_before", "cut"]
PASSWORD = "AB12CD34"
_READER_FAULTS: dict[str, tuple[Any, ...]] = {"good": (), "bad": ("weak",) * 9}
_PRINTER_FAULTS: dict[str, PrinterFault] = {
    "bad": "void", "silent": "silent", "cut_before": "cut_before", "cut": "cut",
}  # fmt: skip


class TagBench(Protocol):
    """One device with as many tags as the list of faults is long, and then good ones or none."""

    def connect(self) -> TagWriter:
        """A new connection to be."""

    def epcs(self) -> list[tuple[str, str]]:
        """TID and EPC of every tag that holds one that we wrote."""

    async def off(self) -> None:
        """Switch the device off."""

    async def on(self) -> None:
        """Switch it on again; what was in its memory of a job is gone."""


class ReaderBench:
    """An emulated reader; each tag lies alone before its antenna."""

    def __init__(self, folder: Path, faults: Sequence[Fault], first: int = 1, pace: float = 0.0) -> None:
        groups = tuple(
            (FieldTag(f"E28011700000020A{at + first:08X}", faults=_READER_FAULTS.get(fault, (fault,))),)
            for at, fault in enumerate(faults)
        )
        self.script = ReaderScript("table", 0, presented=groups or ((),), pace=pace)
        progress = Progress(EmulatorConfig((self.script,), str(folder / "reader.json")))
        self.server = ReaderServer(self.script, progress)
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        self.port = await self.server.listen("127.0.0.1", self.port)

    def connect(self) -> TagWriter:
        settings = TagWriterSettings("table", "127.0.0.1", self.port, inventory_ms=10, timeout=5.0, password=PASSWORD)
        return ReaderStation(LlrpTagWriter(settings))

    @property
    def tags(self) -> list[EmulatedTag]:
        """All tags that are or were before the antenna."""
        return [*self.server.field.written, *self.server.field.tags]

    def epcs(self) -> list[tuple[str, str]]:
        return [(tag.tid, tag.epc) for tag in self.tags if tag.epc.strip("0")]

    async def off(self) -> None:
        await self.server.stop()

    async def on(self) -> None:
        await self.start()


class PrinterBench:
    """An emulated printer with an endless roll of labels."""

    def __init__(self, faults: Sequence[Fault], first: int = 1) -> None:
        config = EmulatedPrinterConfig(
            "zebra",
            0,
            f"E28011700000020B{first:08X}",
            {str(at): _PRINTER_FAULTS[fault] for at, fault in enumerate(faults) if fault != "good"},
        )
        self.printer = EmulatedPrinter(config)
        self.port = 0
        #: Seconds for a label: short where one is waited for in vain, else longer than any machine is busy.
        self.patience = 1.0 if "silent" in faults else 20.0

    async def start(self) -> None:
        """Listen."""
        self.port = await self.printer.listen("127.0.0.1", self.port)

    def connect(self) -> TagWriter:
        return ZplPrinter(PrinterSettings("zebra", "127.0.0.1", self.port, timeout=5.0, label_timeout=self.patience))

    def epcs(self) -> list[tuple[str, str]]:
        return [(label.tid, label.epc) for label in self.printer.labels if label.epc.strip("0")]

    async def off(self) -> None:
        await self.printer.stop()

    async def on(self) -> None:
        await self.start()


@asynccontextmanager
async def a_bench(kind: str, folder: Path, faults: Sequence[Fault], first: int = 1) -> AsyncIterator[TagBench]:
    """A device that is on meanwhile."""
    bench = ReaderBench(folder, faults, first) if kind == "reader" else PrinterBench(faults, first)
    await bench.start()
    try:
        yield bench
    finally:
        await bench.off()


def zpl_of(epc: str) -> str:
    """The least label with a tag, as ours are written."""
    return (
        f"^XA^RS8,,,1,N^RR3^RFW,H^FD{epc}^FS^FN1^RFR,H,2,12,1^FS^FH_^HV1,24,EPC[,]_0D_0A,L^FS"
        "^FN2^RFR,H,0,12,2^FS^FH_^HV2,24,TID[,]_0D_0A,L^FS^XZ\n"
    )

"""An RFID label printer in software: takes the part of ZPL II that tag writing needs, on a real TCP port.

It knows label formats (^XA to ^XZ) with ^RFW, ^RFR and ^HV, the host status ~HS and ~JA. What the label shows is kept
as text, not drawn. Each label has a tag with a TID of its own, counted up from ``first_tid``.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from contextlib import suppress
from typing import Annotated, Literal, NamedTuple

import msgspec

from suyuan.base.errors import InvalidSetting
from suyuan.labels.printer import CANCEL_ALL, STATUS

PrinterFault = Literal["void", "other_epc", "silent", "cut_before", "cut", "paper_out"]
#: Largest format that is taken: a label with pictures has some hundred kilobytes.
FORMAT_LIMIT = 4 * 1024 * 1024
_BEGIN, _END = b"^XA", b"^XZ"
#: ^RFW of hexadecimal data, and the field data behind it.
_WRITE = re.compile(rb"\^RFW,H[^^]*\^FD([0-9A-Fa-f]*)\^FS")
#: ^FNn with ^RFR: what is read into a field; the memory bank is the last parameter, 2 is the TID.
_READ = re.compile(rb"\^FN(\d+)\^RFR,H([0-9,E]*)\^FS|\^RFR,H([0-9,E]*)\^FN(\d+)\^FS")
#: ^HVn,length,header,termination: what is sent back of a field.
_SEND = re.compile(rb"\^HV(\d+),(\d*),([^,^]*),([^,^]*)")
_TID_BANK = b"2"


class EmulatedPrinterConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One emulated printer. ``faults`` happen to labels, by number from 0, each once.

    ``void``: the tag can't be written, VOID is printed. ``other_epc``: the tag keeps another EPC. ``silent``: printed,
    but nothing is sent back. ``cut_before`` and ``cut``: the connection ends before or after the label is printed.
    ``paper_out``: the paper ends with this label, which is printed.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 9100
    first_tid: Annotated[str, msgspec.Meta(pattern="^[0-9A-Fa-f]{24}$")] = "E280117000000200000A0001"
    faults: dict[Annotated[str, msgspec.Meta(pattern="^[0-9]{1,6}$")], PrinterFault] = {}


class PrintedLabel(NamedTuple):
    """A label that came out. ``epc`` is what its tag holds, empty where it holds what it came with."""

    zpl: bytes
    tid: str
    epc: str
    void: bool = False


class EmulatedPrinter:
    """A server for any number of clients, one label after the other. Its switches may be turned while it runs."""

    def __init__(self, config: EmulatedPrinterConfig) -> None:
        self.config = config
        self.labels: list[PrintedLabel] = []
        self.paused = self.paper_out = self.head_open = self.ribbon_out = False
        self._faults: dict[int, PrinterFault] = {int(number): fault for number, fault in config.faults.items()}
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._queue: deque[tuple[bytes, asyncio.StreamWriter]] = deque()

    async def listen(self, host: str, port: int | None = None) -> int:
        """Open the port and tell which it is. Raises `InvalidSetting` when it can't be had."""
        wanted = self.config.port if port is None else port
        try:
            self._server = await asyncio.start_server(self._accept, host, wanted)
            return int(self._server.sockets[0].getsockname()[1])
        except OSError as error:
            raise InvalidSetting(
                f"printer {self.config.name} cannot listen on {host} port {wanted}: {error}",
                remedy="choose another port, or 0 for any",
            ) from None

    async def stop(self) -> None:
        """Switch it off: the port and all connections are closed. `listen` switches it on again."""
        if self._server is not None:
            self._server.close()
        clients = dict(self._clients)
        for task, writer in clients.items():
            task.cancel()
            writer.close()  # a task that is cancelled before its first step closes nothing
        await asyncio.gather(*clients, *(writer.wait_closed() for writer in clients.values()), return_exceptions=True)

    def _accept(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._client(stream, writer))
        self._clients[task] = writer
        task.add_done_callback(lambda task: self._clients.pop(task, None))

    async def _client(self, stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        buffer = b""
        try:
            while (data := await stream.read(65536)) and len(buffer) < FORMAT_LIMIT:
                buffer = self._take(buffer + data, writer)
                self.work()
                await writer.drain()
        except OSError:
            return
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _take(self, buffer: bytes, writer: asyncio.StreamWriter) -> bytes:
        """Carry out commands, queue whole formats; what is left over. Commands inside a format are obeyed at once."""
        while match := re.search(rb"~HS|~JA|\^XZ", buffer):
            if match.group() == _END:
                self._queue.append((buffer[: match.end()], writer))
                buffer = buffer[match.end() :]
                continue
            if match.group() == STATUS:
                writer.write(self._status())
            elif match.group() == CANCEL_ALL:
                self._queue.clear()
                buffer = buffer[match.end() :]
                continue
            buffer = buffer[: match.start()] + buffer[match.end() :]
        return buffer

    def work(self) -> None:
        """Print what waits, unless something keeps the printer from it; call it after turning a switch back."""
        while self._queue and not (self.paused or self.paper_out or self.head_open or self.ribbon_out):
            self._print(*self._queue.popleft())

    def _print(self, zpl: bytes, writer: asyncio.StreamWriter) -> None:
        at = zpl.rfind(_BEGIN)
        if at < 0:
            return
        fault = self._faults.pop(len(self.labels), None)
        if fault == "cut_before":
            writer.transport.abort()
            return
        written = _WRITE.search(zpl, at)
        tid = f"{int(self.config.first_tid, 16) + len(self.labels):024X}"
        void = fault == "void"
        epc = written[1].decode().upper() if written and not void else ""
        epc = "0" * 24 if fault == "other_epc" else epc
        self.labels.append(PrintedLabel(zpl[at:], tid, epc, void))
        self.paper_out = fault == "paper_out"
        if fault == "cut":
            writer.transport.abort()
        elif fault != "silent":
            writer.write(_sent_back(zpl[at:], "" if void else tid, epc))

    def _status(self) -> bytes:
        """Three lines; fields that nobody asks for are zero."""
        waiting = len(self._queue)
        first = f"030,{self.paper_out:d},{self.paused:d},1245,{waiting:03d},0,0,0,000,0,0,0"
        second = f"000,0,{self.head_open:d},{self.ribbon_out:d},1,2,4,0,{waiting:08d},1,000"
        return b"".join(b"\x02" + line.encode() + b"\x03\r\n" for line in (first, second, "1234,0"))


def _sent_back(zpl: bytes, tid: str, epc: str) -> bytes:
    """What the ^HV commands of a format send to the host."""
    fields = {}
    for first, bank, other_bank, second in _READ.findall(zpl):
        last = (bank or other_bank).rpartition(b",")[2]
        fields[first or second] = tid if last == _TID_BANK else epc
    return b"".join(
        _plain(header) + fields.get(number, "").encode() + _plain(end) for number, _, header, end in _SEND.findall(zpl)
    )


def _plain(text: bytes) -> bytes:
    """^FH escapes, _5D, as bytes."""
    return re.sub(rb"_([0-9A-Fa-f]{2})", lambda match: bytes.fromhex(match[1].decode()), text)

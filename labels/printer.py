"""An RFID label printer that speaks ZPL II on a TCP port (9100): one label at a time, encoded and read back.

A label that was sent may have been printed: whatever goes wrong afterwards, its EPC is spent. So this client asks the
printer how it is (~HS) before it sends a label, and clears its buffer (~JA) when a label was not answered.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import Annotated, Final

import msgspec

from suyuan.base.errors import Unavailable
from suyuan.labels.tag_writing import Fate, Readiness, TagOrder, TagResult

#: Host status: three lines, each between STX and ETX.
STATUS: Final = b"~HS"
CANCEL_ALL: Final = b"~JA"
_STATUS_LINES = re.compile(rb"\x02([^\x03]*)\x03")
#: What ^HV sends back, by the headers that our labels ask for.
_READ_BACK = re.compile(rb"(EPC|TID)\[([0-9A-Fa-f]*)\]")
#: Places in the first and the second line of ~HS that are 1 when something keeps the printer from printing.
_FIRST = {
    1: "paper is out",
    2: "the printer is paused",
    5: "its buffer is full",
    10: "it is too cold",
    11: "it is too hot",
}
_SECOND = {2: "the head is open", 3: "ribbon is out"}
_CHUNK = 4096


class PrinterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the printer is. Times in seconds: for an answer, and for printing one label with all retries."""

    name: str
    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 9100
    timeout: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    label_timeout: Annotated[float, msgspec.Meta(gt=0, le=300)] = 20.0


class ZplPrinter:
    """Fills in `TagWriter` for one printer. ``lock`` is in the ZPL of an order: its writer decides."""

    prints = True

    def __init__(self, settings: PrinterSettings) -> None:
        self.settings = settings
        self._stream: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ready(self) -> Readiness:
        """Ask for the host status. See `TagWriter.ready`; which tag comes next, no printer can tell."""
        try:
            reason = await self._trouble()
        except Unavailable as error:
            return Readiness(False, reason=error.detail)
        return Readiness(not reason, reason=reason)

    async def write(self, order: TagOrder) -> TagResult:
        """Print one label and wait for what the printer reads back from its tag. See `TagWriter.write`."""
        await self._connect()
        try:
            return await self._print(order)
        except (OSError, TimeoutError) as error:
            await self.close()
            await self._cancel()
            what = "did not answer in time" if isinstance(error, TimeoutError) else f"is lost: {error}"
            return TagResult(Fate.UNKNOWN, reason=f"printer {self.settings.name} {what}")

    async def check(self, epc: str, tid: str) -> TagResult:
        """Nobody knows: a label that has left the printer is out of its reach. See `TagWriter.check`."""
        return TagResult(Fate.UNKNOWN, tid, reason=f"{epc[:64]} may be on a label that was printed")

    async def close(self) -> None:
        """Drop the connection."""
        writer, self._writer, self._stream = self._writer, None, None
        if writer is not None:
            writer.transport.abort()
            with suppress(OSError):
                await writer.wait_closed()

    async def _print(self, order: TagOrder) -> TagResult:
        await self._send(order.zpl.encode("ascii"))
        answer = b""
        found: dict[bytes, str] = {}
        async with asyncio.timeout(self.settings.label_timeout):
            while len(found) < 2:
                answer += await self._receive()
                found = {name: text.decode().upper() for name, text in _READ_BACK.findall(answer)}
        epc, tid = found[b"EPC"], found[b"TID"]
        if tid and epc == order.epc:
            return TagResult(Fate.WRITTEN, tid, epc, locked=order.lock)
        reason = f"the tag in the label holds {epc[:64]}" if epc else "the printer voided the label"
        return TagResult(Fate.UNKNOWN, tid, epc, reason=reason)

    async def _trouble(self) -> str:
        """What keeps the printer from printing; empty where nothing does. Raises `Unavailable`."""
        await self._connect()
        try:
            async with asyncio.timeout(self.settings.timeout):
                await self._send(STATUS)
                answer = b""
                while len(lines := _STATUS_LINES.findall(answer)) < 3:
                    answer += await self._receive()
        except (OSError, TimeoutError):
            await self.close()
            raise self._unavailable("does not answer") from None
        first, second = (line.decode("ascii", "replace").split(",") for line in lines[:2])
        return ", ".join([*_flags(first, _FIRST), *_flags(second, _SECOND)])

    async def _cancel(self) -> None:
        """Nothing that is still in the printer's buffer may be printed later, when its EPC is taken for spent."""
        with suppress(Unavailable, OSError, TimeoutError):
            await self._connect()
            await self._send(CANCEL_ALL)

    async def _connect(self) -> None:
        if self._writer is not None:
            return
        try:
            async with asyncio.timeout(self.settings.timeout):
                self._stream, self._writer = await asyncio.open_connection(self.settings.host, self.settings.port)
        except (OSError, TimeoutError, UnicodeError):
            raise self._unavailable(f"cannot be reached at {self.settings.host}:{self.settings.port}") from None

    async def _send(self, data: bytes) -> None:
        if self._writer is None:
            raise ConnectionResetError("not connected")
        self._writer.write(data)
        await self._writer.drain()

    async def _receive(self) -> bytes:
        data = await self._stream.read(_CHUNK) if self._stream is not None else b""
        if not data:
            raise ConnectionResetError("it ended the connection")
        return data

    def _unavailable(self, what: str) -> Unavailable:
        return Unavailable(f"printer {self.settings.name} {what}", remedy="see that it is on and connected")


def _flags(fields: list[str], meanings: dict[int, str]) -> list[str]:
    return [text for place, text in meanings.items() if place < len(fields) and fields[place].strip() == "1"]

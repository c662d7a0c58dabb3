"""The readers and printers that write tags, from a TOML file: the file's writers become stations of the labels."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated

import msgspec

from suyuan.base.errors import InvalidSetting, Unavailable
from suyuan.base.settings import Settings
from suyuan.gs1.company_prefix import CompanyPrefixes
from suyuan.labels.printer import PrinterSettings, ZplPrinter
from suyuan.labels.tag_job_desk import Station, TagJobs
from suyuan.labels.tag_job_run import Patience
from suyuan.labels.tag_tickets import Printing, TicketOffice
from suyuan.labels.tag_writing import Fate, Readiness, TagOrder, TagResult
from suyuan.readers.tag_writer import LlrpTagWriter, SeenTag, TagWriterSettings
from suyuan.trace.ledger import Ledger

#: TCP ports that LLRP readers and ZPL printers listen on unless told otherwise.
LLRP_PORT, ZPL_PORT = 5084, 9100
_SHOWN_TAGS = 3
#: A name or IPv4 address, an IPv6 address with or without brackets; a port needs the brackets there.
_ADDRESS = re.compile(
    r"(?:(?P<host>[^\s:\[\]]+)|\[(?P<bracketed>[^\s\[\]]+)\])(?::(?P<port>[0-9]{1,5}))?"
    r"|(?P<bare>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f.]*)",
    re.ASCII,
)


class WriterConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One writer: ``reader`` or ``printer`` is its host, or host:port. Times in seconds unless named otherwise.

    ``party`` keeps it for one firm. ``password``: 8 hexadecimal digits that tags are locked with. ``wait``: how long a
    job waits for the next tag, for paper or for the device before it pauses.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    reader: str = ""
    printer: str = ""
    party: str = ""
    password: Annotated[str, msgspec.Meta(pattern="^([0-9A-Fa-f]{8})?$")] = ""
    wait: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 60.0
    timeout: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    antenna: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 1
    inventory_ms: Annotated[int, msgspec.Meta(ge=10, le=10_000)] = 300
    dpi: Annotated[int, msgspec.Meta(ge=100, le=1200)] = 203
    label_timeout: Annotated[float, msgspec.Meta(gt=0, le=300)] = 20.0


class WritersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    writers: tuple[WriterConfig, ...] = ()


class ReaderStation:
    """An LLRP reader as the labels want it: exactly one tag in its field, and that one is written."""

    prints = False

    def __init__(self, writer: LlrpTagWriter) -> None:
        self._writer = writer

    async def ready(self) -> Readiness:
        """See `TagWriter.ready`."""
        try:
            return _readiness(await self._writer.see())
        except Unavailable as error:
            return Readiness(False, reason=error.detail)

    async def write(self, order: TagOrder) -> TagResult:
        """See `TagWriter.write`."""
        result = await self._writer.write(order.tid, order.epc, locked=order.lock)
        return TagResult(Fate(result.fate.value), result.tid, result.epc, result.locked, result.reason)

    async def check(self, epc: str, tid: str) -> TagResult:
        """See `TagWriter.check`."""
        seen = await self._writer.see()
        holding = [tag for tag in seen if tag.epc == epc and tag.tid]
        if len(holding) == 1:
            return TagResult(Fate.WRITTEN, holding[0].tid, epc)
        other = [tag for tag in seen if tid and tag.tid == tid]
        if not holding and other:
            return TagResult(Fate.ABSENT, tid, other[0].epc, reason="the tag holds something else")
        return TagResult(Fate.UNKNOWN, tid, reason="its tag is not in the field")

    async def close(self) -> None:
        """See `TagWriter.close`."""
        await self._writer.close()


def _readiness(seen: tuple[SeenTag, ...]) -> Readiness:
    if not seen:
        return Readiness(False, reason="no tag in the field")
    if len(seen) > 1:
        shown = ", ".join(tag.epc or "an empty one" for tag in seen[:_SHOWN_TAGS])
        more = f" and {len(seen) - _SHOWN_TAGS} more" if len(seen) > _SHOWN_TAGS else ""
        return Readiness(False, reason=f"{len(seen)} tags in the field, one is needed: {shown}{more}")
    if not seen[0].tid:
        return Readiness(False, reason=f"the tag with EPC {seen[0].epc} has no serial number of its own (TID)")
    return Readiness(True, seen[0].tid)


def load_writers(path: Path) -> tuple[WriterConfig, ...]:
    """The writers of a file. Raises `InvalidSetting` with the file and the key."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_bytes().decode()), WritersFile)
    except OSError as error:
        raise InvalidSetting(f"cannot be read: {error.strerror}", place=str(path)) from None
    except msgspec.ValidationError as error:
        raise InvalidSetting(str(error), place=str(path), remedy="see docs/reference/tag-writers.md") from None
    except ValueError as error:
        raise InvalidSetting(f"not a TOML file: {error}", place=str(path)) from None
    names = [writer.name for writer in found.writers]
    for at, writer in enumerate(found.writers):
        place = f"{path}: writers[{at}]"
        if bool(writer.reader) == bool(writer.printer):
            raise InvalidSetting("needs either a reader or a printer", place=place, remedy='write reader = "host:5084"')
        if writer.name in names[:at]:
            raise InvalidSetting(f"name {writer.name} is given to two writers", place=f"{place}.name")
        _address(writer, place)
    return found.writers


def _address(writer: WriterConfig, place: str) -> tuple[str, int]:
    """Host and port."""
    text, usual = (writer.reader, LLRP_PORT) if writer.reader else (writer.printer, ZPL_PORT)
    match = _ADDRESS.fullmatch(text)
    port = int(match["port"] or usual) if match else 0
    if match is None or not 0 < port < 65536:
        raise InvalidSetting(f"{text[:60]!a} is not a host and a port", place=place, remedy="write host:port")
    return match["bracketed"] or match["host"] or match["bare"], port


def station_of(writer: WriterConfig) -> Station:
    """The station of a writer. Nothing is connected yet."""
    host, port = _address(writer, writer.name)
    patience = Patience(wait=writer.wait)
    locks = bool(int(writer.password or "0", 16))
    if writer.printer:
        printer = PrinterSettings(writer.name, host, port, writer.timeout, writer.label_timeout)
        return Station(writer.name, "printer", lambda: ZplPrinter(printer), locks, writer.party, patience)
    reader = TagWriterSettings(
        writer.name, host, port, writer.antenna, writer.inventory_ms, writer.timeout, writer.password
    )
    return Station(writer.name, "reader", lambda: ReaderStation(LlrpTagWriter(reader)), locks, writer.party, patience)


def open_tag_jobs(settings: Settings, ledger: Ledger, prefixes: CompanyPrefixes) -> TagJobs:
    """The desk of tag-write jobs over the writers that the settings name. Raises `InvalidSetting`."""
    writers = load_writers(Path(settings.tag_writers)) if settings.tag_writers else ()
    office = TicketOffice(ledger, settings.base_url(), printing_of(writers), prefixes)
    return TagJobs(ledger, {writer.name: station_of(writer) for writer in writers}, office.ticket)


def printing_of(writers: tuple[WriterConfig, ...]) -> dict[str, Printing]:
    """How the printers among them print."""
    return {writer.name: Printing(writer.dpi, writer.password) for writer in writers if writer.printer}

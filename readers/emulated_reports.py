"""Frames of an emulated reader's reports and events, with the content that the client selected (LLRP 1.0.1, 13.2)."""

from __future__ import annotations

import struct
from binascii import crc_hqx
from collections.abc import Callable

from suyuan.readers.llrp_access import protocol_control
from suyuan.readers.llrp_reports import EPC_96, EPC_DATA, RO_ACCESS_REPORT, TAG_REPORT_DATA
from suyuan.readers.llrp_wire import HEADER, TLV_HEADER, Parameter, encode, message, parameter
from suyuan.readers.reads import TagRead

#: Tags in a report when the client names no number.
DEFAULT_BATCH = 100
#: Selector bit; TV parameter and its struct code; value. In the order of TagReportData (13.2.3).
_CONTENT: tuple[tuple[str, int, str, Callable[[TagRead], int]], ...] = (
    ("EnableSpecIndex", 14, "H", lambda _: 1),
    ("EnableInventoryParameterSpecID", 10, "H", lambda _: 1),
    ("EnableAntennaID", 1, "H", lambda read: read.antenna),
    ("EnablePeakRSSI", 6, "b", lambda read: int(read.rssi or 0)),
    ("EnableChannelIndex", 7, "H", lambda _: 1),
    ("EnableFirstSeenTimestamp", 2, "Q", lambda read: read.first_us),
    ("EnableLastSeenTimestamp", 4, "Q", lambda read: read.last_us),
    ("EnableTagSeenCount", 8, "H", lambda read: read.count),
)
_MEMORY: tuple[tuple[str, int, str, Callable[[TagRead], int]], ...] = (
    ("EnablePCBits", 12, "H", lambda read: protocol_control(read.epc)),
    ("EnableCRC", 11, "H", lambda read: tag_crc(read.epc)),
)


def tag_crc(epc: str) -> int:
    """The CRC-16 that a Gen2 tag stores over its PC word and EPC."""
    return crc_hqx(protocol_control(epc).to_bytes(2) + bytes.fromhex(epc), 0xFFFF) ^ 0xFFFF


class ReportFormat:
    """How one ROSpec's reports are written: ``spec`` is its ROReportSpec."""

    def __init__(self, spec: Parameter, rospec_id: int) -> None:
        self.batch = spec.number("N") or DEFAULT_BATCH
        selector = spec.find("TagReportContentSelector") or parameter("TagReportContentSelector")
        memory = selector.find("C1G2EPCMemorySelector") or parameter("C1G2EPCMemorySelector")
        chosen = [item for item in _CONTENT if selector.number(item[0])]
        chosen += [item for item in _MEMORY if memory.number(item[0])]
        if selector.number("EnableROSpecID"):
            chosen.insert(0, ("EnableROSpecID", 9, "I", lambda _: rospec_id))
        if selector.number("EnableAccessSpecID"):
            chosen.append(("EnableAccessSpecID", 16, "I", lambda _: 0))
        self._items = [(number | 0x80, value) for _, number, _, value in chosen]
        self._struct = struct.Struct(">" + "".join(f"B{code}" for _, _, code, _ in chosen))

    def record(self, read: TagRead) -> bytes:
        """The TagReportData of one read."""
        raw = bytes.fromhex(read.epc)
        if len(raw) == 12:
            epc = bytes((EPC_96 | 0x80,)) + raw
        else:
            epc = TLV_HEADER.pack(EPC_DATA, 6 + len(raw)) + (8 * len(raw)).to_bytes(2) + raw
        content = self._struct.pack(*[part for mark, value in self._items for part in (mark, value(read))])
        return TLV_HEADER.pack(TAG_REPORT_DATA, TLV_HEADER.size + len(epc) + len(content)) + epc + content

    def frames(self, reads: list[TagRead], first_id: int) -> list[bytes]:
        """The RO_ACCESS_REPORT frames of reads, numbered from ``first_id``."""
        frames: list[bytes] = []
        for at in range(0, len(reads), self.batch):
            body = b"".join(map(self.record, reads[at : at + self.batch]))
            frames.append(
                HEADER.pack(1 << 10 | RO_ACCESS_REPORT, HEADER.size + len(body), first_id + len(frames)) + body
            )
        return frames


def event(time_us: int, item: Parameter, number: int) -> bytes:
    """A READER_EVENT_NOTIFICATION frame with one event at a time."""
    data = parameter("ReaderEventNotificationData", parameter("UTCTimestamp", Microseconds=time_us), item)
    return encode(message("READER_EVENT_NOTIFICATION", data, id=number))

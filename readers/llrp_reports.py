"""RO_ACCESS_REPORT to tag reads, as fast as Python can (LLRP 1.0.1, clauses 13.1.2 and 13.2.3).

Readers send the same layout for hours: the first record's layout is learnt, and a message in which every record has it
(one masked comparison of the whole body) is read by one compiled `struct.Struct`. Whatever differs takes the loop,
which reads any layout. Both give the same reads; the tests compare them.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from suyuan.base.errors import InvalidFrame
from suyuan.readers.llrp_fields import malformed
from suyuan.readers.llrp_parameters import PARAMETER_NUMBERS
from suyuan.readers.llrp_wire import HEADER, TLV_HEADER, Frame, tlv_bounds
from suyuan.readers.reads import TagRead

RO_ACCESS_REPORT, TAG_REPORT_DATA, EPC_DATA, EPC_96 = 61, 240, 241, 13
ANTENNA, FIRST_UTC, FIRST_UPTIME, LAST_UTC, LAST_UPTIME, RSSI, SEEN_COUNT = 1, 2, 3, 4, 5, 6, 8
#: Bytes of each TV parameter, type byte included.
_TV_SIZES = {
    number: 1 + len(layout.write(layout.defaults)) for number, layout in PARAMETER_NUMBERS.items() if number < 128
}
#: What the fast path hands out, in this order, which is that of the standard.
_FAST = {ANTENNA: "H", RSSI: "B", FIRST_UTC: "Q", LAST_UTC: "Q", SEEN_COUNT: "H"}
_FAST_ORDER = (EPC_96, ANTENNA, RSSI, FIRST_UTC, LAST_UTC, SEEN_COUNT)
#: dBm of an s8 that was read as u8.
_DBM = tuple(float(byte - 256 if byte > 127 else byte) for byte in range(256))
_READ = frozenset({*_FAST, FIRST_UPTIME, LAST_UPTIME})


class Shift(NamedTuple):
    """What to add to a reader's UTC and uptime stamps, and the time of reads without any (microseconds)."""

    utc: int = 0
    uptime: int = 0
    unstamped: int = 0


class _Layout:
    """The layout of one TagReportData: where its fixed bytes are and what they must be."""

    def __init__(self, record: bytes, marks: list[int], formats: str) -> None:
        self.size = len(record)
        self._mask = bytearray(self.size)
        for at in marks:
            self._mask[at] = 0xFF
        self._fixed = bytes(byte & mask for byte, mask in zip(record, self._mask, strict=True))
        self.struct = struct.Struct(formats)
        self._count = 0
        self._masks = self._expected = 0

    def fits(self, body: bytes) -> bool:
        """Whether the body is nothing but records of this layout."""
        count, rest = divmod(len(body), self.size)
        if rest:
            return False
        if count != self._count:
            self._count = count
            self._masks = int.from_bytes(self._mask * count)
            self._expected = int.from_bytes(self._fixed * count)
        return int.from_bytes(body) & self._masks == self._expected


class Reports:
    """Reads RO_ACCESS_REPORT frames of one connection.

    What a record leaves out is what the record before it said (clause 13.2.3): a reader needn't repeat itself.
    """

    def __init__(self, reader: str) -> None:
        self._reader = reader
        self._layout: _Layout | None = None
        self._said: dict[int, int] = {}
        self._latest = b""

    def read(self, frame: Frame, shift: Shift) -> list[TagRead]:
        """The tag reads of a frame, in its order. Raises `InvalidFrame` with the offset in the message."""
        body = frame.data[HEADER.size :]
        if not body:
            return []
        if self._layout is None or not self._layout.fits(body):
            self._layout = _learn(body)
        if self._layout is None or not self._layout.fits(body):
            return self._loop(frame.data, shift)
        self._latest = body[-self._layout.size :]
        reader, utc = self._reader, shift.utc
        return [
            TagRead(
                reader,
                antenna,
                epc.hex().upper(),
                first + utc,
                (last if last > first else first) + utc,  # noqa: FURB136  max() is a call, here per tag
                _DBM[rssi],
                count,
            )
            for epc, antenna, rssi, first, last, count in self._layout.struct.iter_unpack(body)
        ]

    def _loop(self, data: bytes, shift: Shift) -> list[TagRead]:
        """Records of any layout; RFSurveyReportData and vendors' parameters are passed over."""
        if self._latest:
            self._one(self._latest, TLV_HEADER.size, len(self._latest), shift)
            self._latest = b""
        at, end = HEADER.size, len(data)
        reads = []
        while at < end:
            if data[at] & 0x80:
                raise malformed(f"TV parameter {data[at] & 0x7F} stands directly in RO_ACCESS_REPORT", at)
            number, stop = tlv_bounds(data, at, end)
            if number == TAG_REPORT_DATA:
                reads.append(self._one(data, at + TLV_HEADER.size, stop, shift))
            at = stop
        return reads

    def _one(self, data: bytes, at: int, end: int, shift: Shift) -> TagRead:
        """The record whose parameters are at ``at`` to ``end``."""
        said, epc = self._said, None
        while at < end:
            number = data[at] & 0x7F
            if data[at] & 0x80:
                stop = at + _tv_size(number, at, end)
                if number == EPC_96:
                    epc = data[at + 1 : stop]
                elif number in _READ:
                    said[number] = int.from_bytes(data[at + 1 : stop])
            else:
                number, stop = tlv_bounds(data, at, end)
                if number == EPC_DATA:
                    epc = _epc_data(data, at, stop)
            at = stop
        if epc is None:
            raise malformed("TagReportData without EPC", end)
        first, last = _stamps(said, shift)
        rssi = _DBM[said[RSSI]] if RSSI in said else None
        return TagRead(
            self._reader, said.get(ANTENNA, 0), epc.hex().upper(), first, last, rssi, said.get(SEEN_COUNT, 1)
        )


def _tv_size(number: int, at: int, end: int) -> int:
    size = _TV_SIZES.get(number)
    if size is None:
        raise malformed(f"TV parameter {number} is not known", at)
    if at + size > end:
        raise malformed(f"TV parameter {number} of {size} bytes, {end - at} left", at)
    return size


def _epc_data(data: bytes, at: int, stop: int) -> bytes:
    """The EPC of an EPCData parameter, whole bytes."""
    bits = int.from_bytes(data[at + 4 : at + 6])
    if stop - at != 6 + (bits + 7) // 8:
        raise malformed(f"EPCData of {bits} bits has length {stop - at}", at)
    return data[at + 6 : stop]


def _stamps(said: dict[int, int], shift: Shift) -> tuple[int, int]:
    """First and last time: UTC where there is one, else uptime, else the time of reads without any."""
    first = _stamp(said, FIRST_UTC, FIRST_UPTIME, shift)
    last = _stamp(said, LAST_UTC, LAST_UPTIME, shift)
    if first is None:
        first = shift.unstamped if last is None else last
    return first, first if last is None else max(first, last)


def _stamp(said: dict[int, int], utc: int, uptime: int, shift: Shift) -> int | None:
    if utc in said:
        return said[utc] + shift.utc
    return said[uptime] + shift.uptime if uptime in said else None


def _learn(body: bytes) -> _Layout | None:
    """The layout of the body's first record; None where the fast path can't read it or it is malformed.

    Only records with EPC, antenna, RSSI, UTC stamps and count, in the standard's order, are for the fast path. TLV
    parameters inside (access results, vendors') are passed over as long as their lengths stay the same.
    """
    try:
        number, stop = tlv_bounds(body, 0, len(body))
        marks, formats, order = _walk(body, stop)
    except InvalidFrame:
        return None
    if number != TAG_REPORT_DATA or tuple(order) != _FAST_ORDER:
        return None
    return _Layout(body[:stop], marks, formats)


def _walk(body: bytes, stop: int) -> tuple[list[int], str, list[int]]:
    """Offsets of fixed bytes, struct formats and the order of what is read, of the record that ends at ``stop``."""
    at, marks, formats, order = TLV_HEADER.size, [0, 1, 2, 3], ">4x", []
    while at < stop:
        number = body[at] & 0x7F
        if body[at] & 0x80:
            size = _tv_size(number, at, stop)
            marks.append(at)
            formats += "x12s" if number == EPC_96 else f"x{_FAST.get(number) or f'{size - 1}x'}"
        else:
            number, after = tlv_bounds(body, at, stop)
            size = after - at
            text, extra = _tlv_format(body, at, number, size)
            marks += [*range(at, at + 4), *extra]
            formats += text
        if number in _FAST or number in {EPC_96, EPC_DATA}:
            order.append(EPC_96 if number == EPC_DATA else number)
        at += size
    return marks, formats, order


def _tlv_format(body: bytes, at: int, number: int, size: int) -> tuple[str, list[int]]:
    """Struct format of a TLV parameter, and the offsets that must stay the same besides its header."""
    if number != EPC_DATA or (int.from_bytes(body[at + 4 : at + 6]) + 7) // 8 != size - 6:
        return f"{size}x", []
    return f"6x{size - 6}s", [at + 4, at + 5]

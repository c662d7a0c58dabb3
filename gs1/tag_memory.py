"""The EPC and TID banks of a Gen 2 tag as they lie in its memory (TDS 2.3, 9, 15 and 16; ISO/IEC 18000-63).

An EPC bank is a checksum, the protocol control (PC) word, and as many 16-bit words as the PC word says: an EPC, or,
when the PC word's toggle is set, the identifier of another application that its AFI names. A TID bank says who made the
chip and which one it is.
"""

from __future__ import annotations

import re
from binascii import crc_hqx
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.control_fields import ControlFields

#: Most words of 16 bits of an EPC: their number has 5 bits in the PC word (TDS 9.3).
LONGEST_WORDS = 31
#: Byte at which the extended protocol control words begin (bit 210h).
_XPC_BYTE = 0x210 // 8
#: Allocation class identifier of EPC tags (ISO/IEC 15963).
_CLASS = 0xE2

_is_hex = re.compile("[0-9A-Fa-f]*", re.ASCII).fullmatch
_STID = re.compile(r"urn:epc:stid:x([0-9A-F]{3})\.x([0-9A-F]{3})\.x((?:[0-9A-F]{4}){3,9})", re.ASCII)


class EpcBank(NamedTuple):
    """What an EPC bank says. `build` makes one that can be written."""

    #: EPC, or other identifier, in capital hexadecimal digits, whole words, with the zero bits that fill the last one.
    epc: str
    #: There is user memory with something in it (UMI).
    user_memory: bool = False
    #: It is no EPC: ``attributes`` is the AFI of an ISO application (the toggle T).
    toggle: bool = False
    #: The attribute bits of an EPC, such as 1 for hazardous goods; or the AFI. One byte.
    attributes: int = 0
    #: The tag has extended protocol control words that are not zero (XI); it works this out itself.
    extended: bool = False
    #: Those words, one or two, as far as they were read.
    xpc: tuple[int, ...] = ()

    @property
    def pc(self) -> int:
        """The protocol control word."""
        flags = self.user_memory << 10 | self.extended << 9 | self.toggle << 8
        return len(self.epc) // 4 << 11 | flags | self.attributes

    @property
    def stored(self) -> bytes:
        """The bank from its first bit to the end of the EPC: checksum, PC word, EPC."""
        rest = self.pc.to_bytes(2, "big") + bytes.fromhex(self.epc)
        return checksum(rest).to_bytes(2, "big") + rest

    @property
    def controls(self) -> ControlFields:
        """What stands in front of its tag or raw URI (TDS 15.2.4)."""
        return ControlFields(0 if self.toggle else self.attributes, self.user_memory, self.xpc[0] if self.xpc else 0)

    @property
    def raw_uri(self) -> str:
        """The bank as an EPC raw URI, which every content has (TDS 15.2.1). Raises InvalidIdentifier when empty."""
        if not self.epc:
            raise InvalidIdentifier("the EPC bank has a length of 0 words, expected 1 at least for a raw URI")
        afi = f"x{self.attributes:02X}." if self.toggle else ""
        return f"urn:epc:raw:{self.controls}{4 * len(self.epc)}.{afi}x{self.epc}"


def checksum(words: bytes) -> int:
    """The CRC-16 that a tag keeps over PC word and EPC (ISO/IEC 18000-63 annex; polynomial 1021h, preset FFFFh)."""
    return crc_hqx(words, 0xFFFF) ^ 0xFFFF


def parse(bank: bytes) -> EpcBank:
    """What an EPC bank says, given from its first byte at least to the end of the EPC.

    Whatever follows the EPC is left alone, but for the extended protocol control words where the PC word announces them
    and they were read. Raises InvalidIdentifier for a bank that is too short, and for a wrong checksum: then a bit was
    read or kept wrongly.
    """
    if len(bank) < 4:
        raise InvalidIdentifier(f"EPC bank has {len(bank)} bytes, expected 4 at least")
    pc = int.from_bytes(bank[2:4], "big")
    end = 4 + 2 * (pc >> 11)
    if len(bank) < end:
        raise InvalidIdentifier(f"EPC bank has {len(bank)} bytes, expected {end} as its PC word {pc:04X} says")
    found, expected = int.from_bytes(bank[:2], "big"), checksum(bank[2:end])
    if found != expected:
        raise InvalidIdentifier(
            f"checksum of the EPC bank is {found:04X}, expected {expected:04X}", remedy="read the tag again"
        )
    extended = bool(pc & 0x200)
    return EpcBank(
        bank[4:end].hex().upper(), bool(pc & 0x400), bool(pc & 0x100), pc & 0xFF, extended,
        _read_xpc(bank) if extended else (),
    )  # fmt: skip


def _read_xpc(bank: bytes) -> tuple[int, ...]:
    words = tuple(int.from_bytes(bank[at : at + 2], "big") for at in (_XPC_BYTE, _XPC_BYTE + 2) if len(bank) >= at + 2)
    # The first bit of the first word says whether the second is there.
    return words if words and words[0] & 0x8000 else words[:1]


def build(epc: str, *, user_memory: bool = False, attributes: int = 0, afi: int | None = None) -> EpcBank:
    """The bank for an EPC, or with an AFI for another identifier, filled up with zero bits to whole words (TDS 15.1).

    Raises InvalidIdentifier for anything but hexadecimal digits, for more than 31 words, for attribute bits or an AFI
    above one byte, and for both of these at once.
    """
    if not _is_hex(epc):
        raise InvalidIdentifier(f"EPC {epc[:60]!a} is not hexadecimal")
    words = epc.upper() + "0" * (-len(epc) % 4)
    if len(words) > 4 * LONGEST_WORDS:
        raise InvalidIdentifier(f"EPC has {len(words) // 4} words, expected at most {LONGEST_WORDS}")
    if afi is not None and attributes:
        raise InvalidIdentifier(f"attribute bits are {attributes}, expected none beside AFI {afi}")
    octet = attributes if afi is None else afi
    if not 0 <= octet <= 0xFF:
        raise InvalidIdentifier(f"{'attribute bits' if afi is None else 'AFI'} are {octet}, expected 0 to 255")
    return EpcBank(words, user_memory, afi is not None, octet)


class Tid(NamedTuple):
    """What a TID bank says."""

    #: There is an XTID, a security command (Authenticate, Challenge), files: the indicators X, S, F.
    extended: bool
    security: bool
    files: bool
    #: Who designed the chip, as GS1 numbers them (MDID), and which of their models it is (TMN).
    mask_designer: int
    model: int
    #: Serial number of the chip in capital hexadecimal digits, 12 to 36; None where it has none.
    serial: str | None

    @property
    def stid_uri(self) -> str | None:
        """The name of this one chip (TDS 16.3); None when it has no serial number."""
        if self.serial is None:
            return None
        first = self.extended << 11 | self.security << 10 | self.files << 9 | self.mask_designer
        return f"urn:epc:stid:x{first:03X}.x{self.model:03X}.x{self.serial}"


def parse_tid(bank: bytes) -> Tid:
    """What a TID bank says, given from its first byte at least to the end of the serial number.

    Raises InvalidIdentifier for a bank that is too short or of another allocation class than EPC tags have.
    """
    if len(bank) < 4:
        raise InvalidIdentifier(f"TID bank has {len(bank)} bytes, expected 4 at least")
    if bank[0] != _CLASS:
        raise InvalidIdentifier(f"TID bank is of class {bank[0]:02X}, expected {_CLASS:02X}")
    head = int.from_bytes(bank[1:4], "big")
    return _tid(head >> 12, head & 0xFFF, _read_serial(bank) if head >> 23 else None)


def _read_serial(bank: bytes) -> str | None:
    if len(bank) < 6:
        raise InvalidIdentifier(f"TID bank has {len(bank)} bytes, expected 6 at least with an XTID")
    size = bank[4] >> 5
    if not size:
        return None
    end = 6 + 6 + 2 * (size - 1)
    if len(bank) < end:
        raise InvalidIdentifier(f"TID bank has {len(bank)} bytes, expected {end} as its XTID header says")
    return bank[6:end].hex().upper()


def _tid(first: int, model: int, serial: str | None) -> Tid:
    return Tid(bool(first & 0x800), bool(first & 0x400), bool(first & 0x200), first & 0x1FF, model, serial)


def parse_stid(uri: str) -> Tid:
    """What the name of a chip says. Raises InvalidIdentifier for any other text."""
    match = _STID.fullmatch(uri)
    tid = _tid(int(match[1], 16), int(match[2], 16), match[3]) if match else None
    if tid is None or not tid.extended:
        raise InvalidIdentifier(
            f"{uri[:80]!a} does not name a chip",
            remedy="urn:epc:stid:x, 3 digits of which the first is 8 to F, .x, 3 digits, .x, 12 to 36 digits 0-9 A-F",
        )
    return tid

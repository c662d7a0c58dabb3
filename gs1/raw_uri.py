"""EPC raw URIs: the bits of an EPC bank that no encoding reads, with their length and AFI (TDS 2.3, 12)."""

from __future__ import annotations

import re
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.control_fields import ControlFields, split_controls

_HEAD = "urn:epc:raw:"
_RAW = re.compile(
    r"([1-9][0-9]{0,3})\.(?:x([0-9A-F]{1,2})\.x([0-9A-F]{0,1000})|x([0-9A-F]{0,1000})|(0|[1-9][0-9]{0,999}))", re.ASCII
)


class RawEpc(NamedTuple):
    """The contents of an EPC bank from bit 20h on."""

    #: How many bits.
    bits: int
    value: int
    #: The application family identifier, where the bank holds no EPC (toggle bit 1).
    afi: int | None = None
    controls: ControlFields = ControlFields()

    @property
    def uri(self) -> str:
        """The raw URI, in hexadecimal and with all its digits."""
        afi = "" if self.afi is None else f"x{self.afi:02X}."
        return f"{_HEAD}{self.controls}{self.bits}.{afi}x{self.value:0{-(-self.bits // 4)}X}"


def parse(uri: str) -> RawEpc:
    """What a raw URI says, in hexadecimal or in the old decimal form.

    Raises InvalidIdentifier for any other text, and for a value with more bits than its length says.
    """
    if not uri.startswith(_HEAD):
        raise InvalidIdentifier(f"{uri[:80]!a} is not a raw URI, expected {_HEAD}...")
    controls, body = split_controls(uri[len(_HEAD) :])
    match = _RAW.fullmatch(body)
    if match is None:
        raise InvalidIdentifier(
            f"{uri[:80]!a} is not a raw URI",
            remedy="it is written urn:epc:raw:BITS.xHEX, urn:epc:raw:BITS.xAFI.xHEX or urn:epc:raw:BITS.DECIMAL",
        )
    bits, afi, behind_afi, hexadecimal, decimal = match.groups()
    value = int(decimal) if decimal else int(behind_afi or hexadecimal or "0", 16)
    if value >> int(bits):
        raise InvalidIdentifier(
            f"raw URI {uri[:80]!a} has a value of {value.bit_length()} bits, expected at most {bits}"
        )
    return RawEpc(int(bits), value, None if afi is None else int(afi, 16), controls)

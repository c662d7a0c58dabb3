"""The classic EPC binary encodings as a table: header, filter value, partition, fields (TDS 2.3, 14.2 and 14.6).

An encoding is one byte of header, the filter value, for the schemes on a GS1 key 3 bits of partition, and the fields.
The partition tells how many digits the company prefix has and how many bits it takes; what is left of both belongs to
the field behind it. So an encoding has one row of fields for each partition, or a single row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from suyuan.gs1.tag_fields import Cage, Field, Integer, NumericString, Padded, String6, String7

#: Bits of the company prefix by partition value 0 to 6; it has 12, 11, ... 6 digits (TDS 14.6: the partition tables).
COMPANY_BITS = (40, 37, 34, 30, 27, 24, 20)
#: Largest filter value of the schemes on a GS1 key: it has 3 bits.
LARGEST_FILTER = 7
#: A fixed-length EPC ends at a word of the tag's memory: zero bits fill it (TDS 9.2).
WORD = 16

_PART_REFERENCE = re.compile("[0-9A-Z/#-]+", re.ASCII)
_PART_NUMBER = re.compile("[0-9A-Z/-]*", re.ASCII)
_ADI_SERIAL = re.compile("#?[0-9A-Z/-]+", re.ASCII)

#: Fields of one partition, or of an encoding without partitions.
Row = tuple[Field, ...]


class Encoding(NamedTuple):
    """One binary coding scheme."""

    #: Name in tag URIs, such as ``sgtin-96``.
    name: str
    #: EPC scheme, such as ``sgtin``.
    scheme: str
    #: The first byte of the EPC (TDS 14.2).
    header: int
    #: Bits of the filter value; 0 where there is none.
    filter_bits: int
    #: Bits in all; None where the length depends on the values.
    bits: int | None
    #: By partition value, or a single row.
    rows: tuple[Row, ...]
    #: Bits behind the fields that must be zero.
    reserved: int = 0
    #: Hexadecimal text is filled to a multiple of so many bits.
    unit: int = WORD

    @property
    def partitioned(self) -> bool:
        """Whether a partition value stands in front of the fields."""
        return len(self.rows) > 1

    @property
    def largest_filter(self) -> int:
        """Largest filter value; 0 where there is none."""
        return (1 << self.filter_bits) - 1


def _rows(reference: Callable[[int, int], Field], *rest: Field) -> tuple[Row, ...]:
    """A row for each partition; the reference is made from the digits and the bits that the company prefix takes."""
    return tuple(
        (Padded("company prefix", bits, 12 - partition), reference(12 - partition, bits), *rest)
        for partition, bits in enumerate(COMPANY_BITS)
    )


def _padded(name: str, digits: int, bits: int) -> Callable[[int, int], Field]:
    """A reference that together with the company prefix has so many digits and bits."""
    return lambda company, company_bits: Padded(name, bits - company_bits, digits - company)


def _serial(bits: int, name: str = "serial") -> Integer:
    return Integer(name, bits, 1 << bits)


def _string(longest: int, name: str = "serial") -> String7:
    return String7(name, 7 * longest, longest)


def _asset_number(company: int, company_bits: int) -> Field:
    return Integer("individual asset reference", 82 - company_bits, 1 << 82 - company_bits)


def _asset_string(company: int, company_bits: int) -> Field:
    return String7("individual asset reference", 188 - company_bits, 30 - company)


def _part_number(company: int, company_bits: int) -> Field:
    return Integer("component/part reference", 51 - company_bits, 10 ** (15 - company))


def _part_reference(company: int, company_bits: int) -> Field:
    return String6("component/part reference", _PART_REFERENCE, 30 - company)


_GTIN = _padded("item reference", 13, 44)
_SSCC = _padded("serial reference", 17, 58)
_GLN = _padded("location reference", 12, 41)
_ASSET = _padded("asset type", 12, 44)
_SERVICE = _padded("service reference", 17, 58)
_DOCUMENT = _padded("document type", 12, 41)
_COUPON = _padded("coupon reference", 12, 41)
_GID = (_serial(28, "manager number"), _serial(24, "object class"), _serial(36))
_CAGE = "CAGE code or DoDAAC"
_PIECES = (Padded("piece", 7, 2), Padded("total", 7, 2))

#: In the order of their headers, but for each scheme the encoding that is taken unless told otherwise comes first.
ENCODINGS = (
    Encoding("gdti-96", "gdti", 0x2C, 3, 96, _rows(_DOCUMENT, _serial(41))),
    Encoding("gsrn-96", "gsrn", 0x2D, 3, 96, _rows(_SERVICE), reserved=24),
    Encoding("gsrnp-96", "gsrnp", 0x2E, 3, 96, _rows(_SERVICE), reserved=24),
    Encoding("usdod-96", "usdod", 0x2F, 4, 96, ((Cage(_CAGE, 8), _serial(36)),)),
    Encoding("sgtin-96", "sgtin", 0x30, 3, 96, _rows(_GTIN, _serial(38))),
    Encoding("sscc-96", "sscc", 0x31, 3, 96, _rows(_SSCC), reserved=24),
    Encoding("sgln-96", "sgln", 0x32, 3, 96, _rows(_GLN, _serial(41, "extension"))),
    Encoding("grai-96", "grai", 0x33, 3, 96, _rows(_ASSET, _serial(38))),
    Encoding("giai-96", "giai", 0x34, 3, 96, _rows(_asset_number)),
    Encoding("gid-96", "gid", 0x35, 0, 96, (_GID,)),
    Encoding("sgtin-198", "sgtin", 0x36, 3, 198, _rows(_GTIN, _string(20))),
    Encoding("grai-170", "grai", 0x37, 3, 170, _rows(_ASSET, _string(16))),
    Encoding("giai-202", "giai", 0x38, 3, 202, _rows(_asset_string)),
    Encoding("sgln-195", "sgln", 0x39, 3, 195, _rows(_GLN, _string(20, "extension"))),
    Encoding("gdti-113", "gdti", 0x3A, 3, 113, _rows(_DOCUMENT, NumericString("serial", 58, 17))),
    Encoding(
        "adi-var", "adi", 0x3B, 6, None,
        ((Cage(_CAGE, 6), String6("part number", _PART_NUMBER, 32), String6("serial", _ADI_SERIAL, 30)),),
        unit=4,
    ),
    Encoding("cpi-96", "cpi", 0x3C, 3, 96, _rows(_part_number, _serial(31))),
    Encoding("cpi-var", "cpi", 0x3D, 3, None, _rows(_part_reference, Integer("serial", 40, 10**12))),
    Encoding("gdti-174", "gdti", 0x3E, 3, 174, _rows(_DOCUMENT, _string(17))),
    Encoding("sgcn-96", "sgcn", 0x3F, 3, 96, _rows(_COUPON, NumericString("serial", 41, 12))),
    Encoding("itip-110", "itip", 0x40, 3, 110, _rows(_GTIN, *_PIECES, _serial(38))),
    Encoding("itip-212", "itip", 0x41, 3, 212, _rows(_GTIN, *_PIECES, _string(20))),
)  # fmt: skip
BY_NAME = {encoding.name: encoding for encoding in ENCODINGS}
BY_HEADER = {encoding.header: encoding for encoding in ENCODINGS}
#: The encoding of a scheme that is taken unless told otherwise: the shortest.
DEFAULTS = {encoding.scheme: encoding for encoding in reversed(ENCODINGS)}

"""The 96-bit EPC encodings SGTIN-96, SSCC-96, SGLN-96 and GRAI-96 (TDS 2.3, 14.6) and their tag URIs (TDS 12).

The layout is one header byte, 3 bits of filter, 3 of partition, 82 that the partition divides into company prefix and
reference, and the serial (or, for SSCC, 24 bits that are zero). For each partition the shifts, masks and limits are
worked out once, so that a tag costs one conversion to int and a few shifts.

A URI is refused, never bent, when it does not fit: a serial with a leading zero, a letter, or above the field's limit
would come back from the tag as another thing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier


class Encoding(NamedTuple):
    """One 96-bit binary coding scheme."""

    #: Name in tag URIs, such as ``sgtin-96``.
    name: str
    #: EPC scheme, such as ``sgtin``.
    scheme: str
    #: The first byte of the EPC (TDS 14.2).
    header: int
    #: Digits of company prefix and reference together.
    digits: int
    #: Bits of company prefix and reference together.
    bits: int
    #: Bits of the serial; None where the remaining bits are reserved and zero.
    serial_bits: int | None


#: Bits of the company prefix by partition value 0 to 6; it has 12, 11, ... 6 digits (TDS 14.3).
_COMPANY_BITS = (40, 37, 34, 30, 27, 24, 20)

ENCODINGS = (
    Encoding("sgtin-96", "sgtin", 0x30, 13, 44, 38),
    Encoding("sscc-96", "sscc", 0x31, 17, 58, None),
    Encoding("sgln-96", "sgln", 0x32, 12, 41, 41),
    Encoding("grai-96", "grai", 0x33, 12, 44, 38),
)
#: Largest filter value: it has 3 bits.
LARGEST_FILTER = 7


class Tag(NamedTuple):
    """What a 96-bit EPC says."""

    encoding: str
    filter: int
    #: Pure-identity URI.
    uri: str


class _Decoder(NamedTuple):
    """Everything that header, filter and partition settle. Unpacked, not looked into: this is the hot path."""

    #: ``%``-format of the pure-identity URI.
    template: str
    company_shift: int
    company_mask: int
    company_limit: int
    reference_shift: int
    reference_mask: int
    reference_limit: int
    #: Mask of the serial, or of the reserved bits.
    rest_mask: int
    has_serial: bool
    encoding: Encoding
    filter: int


class _Encoder(NamedTuple):
    """Everything that scheme and length of the company prefix settle. Unpacked as well."""

    #: Header and partition in their places.
    base: int
    company_shift: int
    reference_digits: int
    reference_shift: int
    #: Largest serial; 0 where there is none.
    serial_limit: int


def _decoder(encoding: Encoding, partition: int, filter_value: int) -> _Decoder:
    company, digits = _COMPANY_BITS[partition], 12 - partition
    reference, reference_digits = encoding.bits - company, encoding.digits - digits
    template = f"urn:epc:id:{encoding.scheme}:%0{digits}d."
    # A reference without digits has bits all the same, which must be zero; "%.0s" writes nothing.
    template += f"%0{reference_digits}d" if reference_digits else "%.0s"
    return _Decoder(
        template + (".%d" if encoding.serial_bits else ""),
        82 - company, (1 << company) - 1, 10**digits,
        82 - encoding.bits, (1 << reference) - 1, 10**reference_digits,
        (1 << 82 - encoding.bits) - 1, bool(encoding.serial_bits), encoding, filter_value,
    )  # fmt: skip


def _encoder(encoding: Encoding, partition: int) -> _Encoder:
    base = encoding.header << 88 | partition << 82
    return _Encoder(
        base, 82 - _COMPANY_BITS[partition], encoding.digits - (12 - partition), 82 - encoding.bits,
        (1 << encoding.serial_bits) - 1 if encoding.serial_bits else 0,
    )  # fmt: skip


#: By the first 14 bits: header, filter, partition. What is not here is another header or partition 7.
_DECODERS = {
    encoding.header << 6 | filter_value << 3 | partition: _decoder(encoding, partition, filter_value)
    for encoding in ENCODINGS
    for filter_value in range(LARGEST_FILTER + 1)
    for partition in range(len(_COMPANY_BITS))
}
#: By everything in front of the company prefix, its length, and the number of fields between dots.
_ENCODERS = {
    (f"urn:epc:id:{encoding.scheme}", 12 - partition, 3 if encoding.serial_bits else 2): _encoder(encoding, partition)
    for encoding in ENCODINGS
    for partition in range(len(_COMPANY_BITS))
}
_HEADERS = {encoding.header: encoding for encoding in ENCODINGS}
_TAG_URI = re.compile(r"urn:epc:tag:([a-z]+-96):([0-7])\.(.+)", re.ASCII)
#: EPC scheme by the name of its encoding.
NAMES = {encoding.name: encoding.scheme for encoding in ENCODINGS}
_HEX = re.compile("[0-9A-Fa-f]+", re.ASCII)


def tag_to_uri(tag: str) -> str:
    """The pure-identity URI of a 96-bit EPC in 24 hexadecimal digits; the filter value is dropped.

    Raises InvalidIdentifier for another header or length, partition 7, a company prefix or reference above its
    digits, and reserved bits that are not zero.
    """
    try:
        bits = int.from_bytes(bytes.fromhex(tag), "big")
    except ValueError:
        raise _not_a_tag(tag) from None
    row = _DECODERS.get(bits >> 82)
    if row is None or len(tag) != 24:  # fromhex skips spaces, and a short text may begin with zeros
        raise _not_a_tag(tag)
    (template, company_shift, company_mask, company_limit, reference_shift, reference_mask, reference_limit,
     rest_mask, has_serial, _, _) = row  # fmt: skip
    company = bits >> company_shift & company_mask
    reference = bits >> reference_shift & reference_mask
    if company >= company_limit or reference >= reference_limit:
        raise InvalidIdentifier(
            f"tag {tag} holds company prefix {company} and reference {reference},"
            f" expected below {company_limit} and {reference_limit}"
        )
    if has_serial:
        return template % (company, reference, bits & rest_mask)
    if bits & rest_mask:
        raise InvalidIdentifier(f"the last 24 bits of sscc-96 {tag} are reserved and must be zero")
    return template % (company, reference)


def _not_a_tag(tag: str) -> InvalidIdentifier:
    """Why a text is none of these encodings."""
    if not _HEX.fullmatch(tag):
        return InvalidIdentifier(f"{tag[:60]!a} is not hexadecimal")
    encoding = _HEADERS.get(int(tag[:2], 16)) if len(tag) > 1 else None
    if encoding is None:
        return InvalidIdentifier(f"EPC header {tag[:2]} is not one of 30, 31, 32, 33")
    if len(tag) != 24:
        return InvalidIdentifier(f"{encoding.name} {tag[:60]} has {len(tag)} hexadecimal digits, expected 24")
    return InvalidIdentifier(f"{encoding.name} {tag} has partition 7, expected 0 to 6")


def decode(tag: str) -> Tag:
    """Encoding, filter value and pure-identity URI of a 96-bit EPC. Raises as `tag_to_uri`."""
    uri = tag_to_uri(tag)
    row = _DECODERS[int(tag[:4], 16) >> 2]
    return Tag(row.encoding.name, row.filter, uri)


def encode(uri: str, filter_value: int = 0) -> str | None:
    """The 96-bit EPC of a pure-identity URI in 24 capital hexadecimal digits; None when the URI does not fit one.

    Only ASCII digits without leading zeros fit a serial. Raises InvalidIdentifier for a filter that is not 0 to 7.
    """
    if not 0 <= filter_value <= LARGEST_FILTER:
        raise InvalidIdentifier(f"filter value {filter_value} is not 0 to {LARGEST_FILTER}")
    fields = uri.split(".", 3)
    head, _, company = fields[0].rpartition(":")
    row = _ENCODERS.get((head, len(company), len(fields)))
    if row is None or not uri.isascii():
        return None
    base, company_shift, reference_digits, reference_shift, serial_limit = row
    reference = fields[1] or "0"
    if not company.isdigit() or not reference.isdigit() or len(fields[1]) != reference_digits:
        return None
    number = 0
    if serial_limit:
        serial = fields[2]
        # 13 digits hold every serial of 41 bits; longer ones must not reach int(), which takes time in their square.
        if not serial.isdigit() or len(serial) > 13 or (serial[0] == "0" and serial != "0"):
            return None
        number = int(serial)
        if number > serial_limit:
            return None
    bits = base | filter_value << 85 | int(company) << company_shift | int(reference) << reference_shift | number
    return "%024X" % bits  # noqa: UP031 - 50 ns quicker than an f-string


def uri_to_tag(uri: str, filter_value: int = 0) -> str:
    """`encode` for callers who need a tag: raises InvalidIdentifier, saying why, when the URI does not fit 96 bits."""
    tag = encode(uri, filter_value)
    if tag is None:
        raise InvalidIdentifier(
            f"{uri[:80]!a} does not fit a 96-bit tag",
            remedy="it must be an SGTIN, SSCC, SGLN or GRAI with a numeric serial without leading zeros,"
            " below 2^38 (2^41 for an SGLN)",
        )
    return tag


def tag_uri(tag: Tag) -> str:
    """The tag URI: encoding, filter value and the fields of the pure identity."""
    return f"urn:epc:tag:{tag.encoding}:{tag.filter}.{tag.uri.split(':', 4)[4]}"


def from_tag_uri(uri: str) -> Tag:
    """What a tag URI of these encodings says. Raises InvalidIdentifier for any other text.

    What is accepted can be encoded: the fields are held to the same limits as in the binary form.
    """
    match = _TAG_URI.fullmatch(uri)
    scheme = NAMES.get(match[1]) if match else None
    if match is None or scheme is None:
        raise InvalidIdentifier(
            f"{uri[:80]!a} is not a tag URI of " + ", ".join(NAMES),
            remedy="a tag URI is written urn:epc:tag:ENCODING:FILTER.FIELDS with a filter value of 0 to 7",
        )
    identity = f"urn:epc:id:{scheme}:{match[3]}"
    if encode(identity) is None:
        raise InvalidIdentifier(f"{uri[:80]!a} holds a field that its encoding cannot")
    return Tag(match[1], int(match[2]), identity)

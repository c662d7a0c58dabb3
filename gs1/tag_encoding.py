"""The classic EPC binary encodings, SGTIN-96 to ADI-var, as hexadecimal text (TDS 2.3, 14), and their tag URIs (12).

`gs1/tag_layouts.py` says what an encoding consists of, `gs1/tag_fields.py` how a field is written. The 96-bit
encodings that are padded numbers throughout (SGTIN, SSCC, SGLN, GRAI, GDTI, GSRN) have for each partition the shifts,
masks and limits worked out once besides, so that a tag costs one conversion to int and a few shifts.

A URI is refused, never bent, when it does not fit: a serial with a leading zero, a letter, or above the field's limit
would come back from the tag as another thing.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.control_fields import split_controls
from suyuan.gs1.tag_fields import Integer, Padded, Reader
from suyuan.gs1.tag_layouts import BY_HEADER, BY_NAME, DEFAULTS, ENCODINGS, LARGEST_FILTER, WORD, Encoding
from suyuan.gs1.tag_memory import LONGEST_WORDS

#: EPC scheme by the name of its encoding.
NAMES = {encoding.name: encoding.scheme for encoding in ENCODINGS}
#: The first bytes of these encodings.
HEADERS = frozenset(BY_HEADER)

#: Looked up once: it stands on the hot path.
_number = int.from_bytes
#: Most hexadecimal digits of an EPC.
_LONGEST = LONGEST_WORDS * WORD // 4
_HEX = re.compile("[0-9A-Fa-f]+", re.ASCII)
_FILTER = re.compile(r"(0|[1-9][0-9]?)\.(.*)", re.ASCII)
_TAG, _ID = "urn:epc:tag:", "urn:epc:id:"


class Tag(NamedTuple):
    """What an EPC in binary says."""

    #: Name of the encoding, such as ``sgtin-198``.
    encoding: str
    #: None where the encoding has no filter value (GID).
    filter: int | None
    #: Pure-identity URI.
    uri: str


# What header, filter and partition, or scheme and length of the company prefix, settle is worked out once. These are
# plain tuples: taking a named one apart costs a tenth of a translation.

#: To read: the ``%``-format of the URI, and the same for numbers with all their digits, which takes two thirds of the
#: time; shift, mask, limit of the company prefix and the smallest one that needs no padding; the same of the reference;
#: mask of the serial, or of the reserved bits; whether there is a serial.
_Decoder = tuple[str, str, int, int, int, int, int, int, int, int, int, bool]
#: To write: header, filter and partition by filter value, in front of the company prefix and with room for its bits;
#: where the company prefix stands in front of the first dot; digits and bits of the reference; bits of the rest;
#: largest serial, 0 where there is none.
_Encoder = tuple[dict[int, int], slice, int, int, int, int]


def _decoder(encoding: Encoding, company: Padded, reference: Padded) -> _Decoder:
    rest = 82 - company.bits - reference.bits
    serial = "" if encoding.reserved else ".%d"
    head = f"{_ID}{encoding.scheme}:"
    # A reference without digits has bits all the same, which must be zero; "%.0s" writes nothing.
    padded = f"%0{reference.digits}d" if reference.digits else "%.0s"
    return (
        f"{head}%0{company.digits}d.{padded}{serial}", f"{head}%d.{'%d' if reference.digits else padded}{serial}",
        rest + reference.bits, (1 << company.bits) - 1, 10**company.digits, 10 ** (company.digits - 1),
        rest, (1 << reference.bits) - 1, 10**reference.digits, 10**reference.digits // 10,
        (1 << rest) - 1, not encoding.reserved,
    )  # fmt: skip


def _encoder(encoding: Encoding, company: Padded, reference: Padded) -> _Encoder:
    rest = 82 - company.bits - reference.bits
    partition = 12 - company.digits
    return (
        {value: (encoding.header << 6 | value << 3 | partition) << company.bits for value in range(LARGEST_FILTER + 1)},
        slice(len(_ID) + len(encoding.scheme) + 1, None),
        reference.digits, reference.bits, rest, 0 if encoding.reserved else (1 << rest) - 1,
    )  # fmt: skip


def _numbers(encoding: Encoding) -> list[tuple[Padded, Padded]]:
    """Company prefix and reference by partition, of 96 bits of padded numbers with at most a plain number behind."""
    if encoding.bits != 96 or not all(isinstance(field, Integer) for field in encoding.rows[0][2:]):
        return []
    return [
        (company, reference)
        for company, reference, *_ in encoding.rows
        if isinstance(company, Padded) and isinstance(reference, Padded)
    ]


#: By the first 14 bits: header, filter, partition. What is not here takes the general way.
_DECODERS = {
    encoding.header << 6 | filter_value << 3 | partition: _decoder(encoding, *numbers)
    for encoding in ENCODINGS
    for filter_value in range(LARGEST_FILTER + 1)
    for partition, numbers in enumerate(_numbers(encoding))
}
#: The first two digits of these encodings, and their name and filter value by the first 14 bits.
_PADDED = {f"{encoding.header:02X}": encoding.name for encoding in ENCODINGS if _numbers(encoding)}
_PADDED_NAMES = frozenset(_PADDED.values())
_CONTROLS = {bits: (BY_HEADER[bits >> 6].name, bits >> 3 & LARGEST_FILTER) for bits in _DECODERS}
#: How much of a URI tells its scheme: ``urn:epc:id:sgtin:``, or a shorter scheme and the first digit behind it.
_SCHEME = slice(17)


def _encoders() -> dict[str, dict[int, _Encoder]]:
    """By the first characters of a URI, then by how much of it stands in front of the first dot."""
    found: dict[str, dict[int, _Encoder]] = {}
    for encoding in ENCODINGS:
        head = f"{_ID}{encoding.scheme}:"
        rows = {
            len(head) + company.digits: _encoder(encoding, company, reference)
            for company, reference in _numbers(encoding)
        }
        if rows:
            found.update(dict.fromkeys((f"{head}{digit}"[_SCHEME] for digit in range(10)), rows))
    return found


_ENCODERS = _encoders()


def tag_to_uri(tag: str) -> str:
    """The pure-identity URI of an EPC in hexadecimal digits; encoding and filter value are dropped.

    Zero bits may fill the EPC up to the next word of 16 bits. Raises InvalidIdentifier for every other length, another
    header, partition 7, a number above its digits, and for bits that must be zero and are not.
    """
    try:
        bits = _number(unhexlify(tag), "big")
        (
            template,
            plain,
            company_shift,
            company_mask,
            company_limit,
            company_full,
            reference_shift,
            reference_mask,
            reference_limit,
            reference_full,
            rest_mask,
            has_serial,
        ) = _DECODERS[bits >> 82]
    except (ValueError, KeyError):
        return _decode(tag).uri
    company = bits >> company_shift & company_mask
    reference = bits >> reference_shift & reference_mask
    # A longer text may begin with zeros; what else fails here is refused there, with the reason.
    if len(tag) != 24 or company >= company_limit or reference >= reference_limit:
        return _decode(tag).uri
    full = company >= company_full and reference >= reference_full
    if has_serial:
        return (plain if full else template) % (company, reference, bits & rest_mask)
    if bits & rest_mask:
        return _decode(tag).uri
    return (plain if full else template) % (company, reference)


def decode(tag: str) -> Tag:
    """Encoding, filter value and pure-identity URI of an EPC in hexadecimal digits. Raises as `tag_to_uri`."""
    if len(tag) == 24 and tag[:2].upper() in _PADDED:
        uri = tag_to_uri(tag)
        return Tag(*_CONTROLS[int(tag[:4], 16) >> 2], uri)
    return _decode(tag)


def _decode(tag: str) -> Tag:
    """`decode` of any encoding, field by field."""
    if not _HEX.fullmatch(tag):
        raise InvalidIdentifier(f"{tag[:60]!a} is not hexadecimal")
    if len(tag) > _LONGEST:
        raise InvalidIdentifier(f"the EPC {tag[:60]}... has {len(tag)} hexadecimal digits, expected at most {_LONGEST}")
    encoding = BY_HEADER.get(int(tag[:2], 16)) if len(tag) > 1 else None
    if encoding is None:
        raise InvalidIdentifier(f"EPC header {tag[:2]} is not one of 2C to 41")
    bits = Reader(int(tag, 16), 4 * len(tag))
    try:
        return _read(encoding, bits)
    except InvalidIdentifier as error:
        raise InvalidIdentifier(f"{encoding.name} {tag[:60]}: {error}") from None


def _read(encoding: Encoding, bits: Reader) -> Tag:
    width = bits.left
    _check_length(encoding.bits, width)
    bits.take(8)
    filter_value = bits.take(encoding.filter_bits) if encoding.filter_bits else None
    partition = bits.take(3) if encoding.partitioned else 0
    if partition >= len(encoding.rows):
        raise InvalidIdentifier(f"partition {partition} is not 0 to {len(encoding.rows) - 1}")
    fields = [field.read(bits) for field in encoding.rows[partition]]
    if bits.take(encoding.reserved):
        raise InvalidIdentifier(f"the last {encoding.reserved} bits are reserved and must be zero")
    _check_length(width - bits.left, width)
    if bits.take(bits.left):
        raise InvalidIdentifier(f"there are bits behind the end of the EPC after {width} bits, expected zeros")
    return Tag(encoding.name, filter_value, f"{_ID}{encoding.scheme}:" + ".".join(fields))


def _check_length(bits: int | None, width: int) -> None:
    """Whether zeros up to the next word make an EPC of so many bits this wide. An unknown length is checked later."""
    if bits is not None and not bits <= width <= -(-bits // WORD) * WORD:
        shortest, longest = -(-bits // 4), -(-bits // WORD) * WORD // 4
        expected = f"{shortest}" if shortest == longest else f"{shortest} to {longest}"
        raise InvalidIdentifier(f"{width // 4} hexadecimal digits, expected {expected}")


def encode(uri: str, filter_value: int = 0) -> str | None:
    """The EPC of a pure-identity URI in capital hexadecimal digits, in the shortest encoding of its scheme.

    That is the one with 96 bits, but ITIP-110 and ADI-var. None when the URI does not fit it: a serial with letters or
    a leading zero fits no 96 bits. Raises InvalidIdentifier for a filter value that the encoding cannot hold: most have
    0 to 7, USDOD-96 0 to 15, ADI-var 0 to 63, GID-96 none but 0.
    """
    fields = uri.split(".", 3)
    head = fields[0]
    try:
        bases, behind_head, reference_digits, reference_bits, rest_bits, limit = _ENCODERS[head[_SCHEME]][len(head)]
        base = bases[filter_value]
        if limit:
            _, reference, serial = fields
        else:
            _, reference = fields
    except KeyError:
        return _encode_default(uri, filter_value)
    except ValueError:  # a field too many or too few
        return None
    company = head[behind_head]
    if len(reference) != reference_digits or not (company.isdigit() and uri.isascii()):
        return None
    if not reference.isdigit():
        if reference:
            return None
        reference = "0"
    if not limit:
        return "%X" % ((base + int(company) << reference_bits) + int(reference) << rest_bits)
    # 13 digits hold every serial of 41 bits; longer ones must not reach int(), which takes time in their square.
    if not serial.isdigit() or len(serial) > 13 or (serial < "1" and serial != "0"):
        return None
    number = int(serial)
    if number > limit:
        return None
    return "%X" % ((base + int(company) << reference_bits) + int(reference) << rest_bits | number)


def _encode_default(uri: str, filter_value: int) -> str | None:
    encoding = _default(uri)
    if encoding is None:
        return None
    _check_filter(encoding, filter_value)
    try:
        return _write(encoding, uri, filter_value)
    except InvalidIdentifier:
        return None


def _default(uri: str) -> Encoding | None:
    return DEFAULTS.get(uri[len(_ID) :].partition(":")[0]) if uri.startswith(_ID) else None


def _check_filter(encoding: Encoding, filter_value: int) -> None:
    if not 0 <= filter_value <= encoding.largest_filter:
        found = f"filter value {filter_value} of {encoding.name}"
        if not encoding.filter_bits:
            raise InvalidIdentifier(f"{found}: the encoding has none, expected 0")
        raise InvalidIdentifier(f"{found} is not 0 to {encoding.largest_filter}")


def encode_as(encoding: str, uri: str, filter_value: int = 0) -> str:
    """The EPC of a pure-identity URI in a named encoding (``sgtin-198``), in capital hexadecimal digits.

    Zero bits fill it up to a word of 16 bits; ADI-var, as in TDS annex E.3, up to a whole digit. Raises
    InvalidIdentifier, which names the field that does not fit, and for a filter value that the encoding cannot hold.
    """
    layout = BY_NAME.get(encoding)
    if layout is None:
        raise InvalidIdentifier(f"{encoding[:60]!a} is no encoding, expected one of " + ", ".join(NAMES))
    if encoding in _PADDED_NAMES and uri.startswith(layout.scheme + ":", len(_ID)):
        tag = encode(uri, filter_value)
        if tag is not None:
            return tag
    try:
        return _write(layout, uri, filter_value)
    except InvalidIdentifier as error:
        raise InvalidIdentifier(f"{uri[:80]!a} as {encoding}: {error}", remedy=error.remedy) from None


def _write(encoding: Encoding, uri: str, filter_value: int) -> str:
    _check_filter(encoding, filter_value)
    head = f"{_ID}{encoding.scheme}:"
    if not uri.startswith(head):
        raise InvalidIdentifier(f"found {uri[:60]!a}, expected {head}...")
    count = len(encoding.rows[0])
    texts = uri[len(head) :].split(".", count - 1)
    if len(texts) != count:
        raise InvalidIdentifier(f"{len(texts)} fields, expected {count}")
    number, width = encoding.header << encoding.filter_bits | filter_value, 8 + encoding.filter_bits
    row = encoding.rows[0]
    if encoding.partitioned:
        partition = 12 - len(texts[0])
        if not 0 <= partition < len(encoding.rows):
            raise InvalidIdentifier(f"company prefix {texts[0][:60]!a} has {len(texts[0])} digits, expected 6 to 12")
        number, width, row = number << 3 | partition, width + 3, encoding.rows[partition]
    for field, text in zip(row, texts, strict=True):
        value, bits = field.write(text)
        number, width = number << bits | value, width + bits
    fill = encoding.reserved + -(width + encoding.reserved) % encoding.unit
    return f"{number << fill:0{(width + fill) // 4}X}"


def uri_to_tag(uri: str, filter_value: int = 0) -> str:
    """`encode` for callers who need a tag: raises InvalidIdentifier, saying why, when the URI does not fit."""
    tag = encode(uri, filter_value)
    if tag is not None:
        return tag
    encoding = _default(uri)
    if encoding is None:
        raise InvalidIdentifier(
            f"{uri[:80]!a} fits no tag", remedy="it must be an EPC URI of one of " + ", ".join(DEFAULTS)
        )
    return encode_as(encoding.name, uri, filter_value)  # refuses it, and says why


def tag_uri(tag: Tag) -> str:
    """The tag URI: encoding, filter value and the fields of the pure identity."""
    filter_value = "" if tag.filter is None else f"{tag.filter}."
    return f"{_TAG}{tag.encoding}:{filter_value}{tag.uri.split(':', 4)[4]}"


def from_tag_uri(uri: str) -> Tag:
    """What a tag URI of these encodings says, control fields left aside. Raises InvalidIdentifier for any other text.

    What is accepted can be encoded: the fields are held to the same limits as in the binary form.
    """
    body = split_controls(uri[len(_TAG) :])[1] if uri.startswith(_TAG) else ""
    name, _, rest = body.partition(":")
    encoding = BY_NAME.get(name)
    if encoding is None:
        raise InvalidIdentifier(
            f"{uri[:80]!a} is not a tag URI of " + ", ".join(NAMES),
            remedy="a tag URI is written urn:epc:tag:ENCODING:FILTER.FIELDS",
        )
    filter_value = 0
    if encoding.filter_bits:
        match = _FILTER.fullmatch(rest)
        if match is None:
            raise InvalidIdentifier(
                f"{uri[:80]!a} has no filter value, expected {name}:FILTER.FIELDS with 0 to {encoding.largest_filter}"
            )
        filter_value, rest = int(match[1]), match[2]
    return decode(encode_as(name, f"{_ID}{encoding.scheme}:{rest}", filter_value))

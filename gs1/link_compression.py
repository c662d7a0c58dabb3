"""Compressed GS1 Digital Links, for symbols that have little room (GS1 Digital Link: Compression).

Everything behind the stem, or everything behind the key, is one path segment in base64. A byte in front of a value is
the AI, or the code of a sequence of AIs that come together often (`SEQUENCES`), or, when it begins with 1111, a key and
value from the query that are no AI's.
"""

from __future__ import annotations

import re

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import digital_link, element_string
from suyuan.gs1.application_identifiers import PRIMARY, check_value
from suyuan.gs1.characters import link_escape, link_unescape
from suyuan.gs1.digital_link import DigitalLink
from suyuan.gs1.epc_uri import Elements
from suyuan.gs1.link_bits import BitReader, BitWriter, fits, is_pair, is_text

_PLAIN_SEQUENCES = {
    "0A": "01 22", "0B": "01 10", "0C": "01 21", "0D": "01 17", "0E": "01 7003", "0F": "01 30", "1B": "01 15",
    "1C": "01 11", "1D": "01 16", "1E": "01 91", "1F": "01 10 15", "9A": "8010 8011", "9B": "8017 8019",
    "9C": "8018 8019",
}  # fmt: skip
#: Code and AIs of each sequence that is written; the rows of ten and six differ in the last digit only.
SEQUENCES = {code: tuple(ais.split()) for code, ais in _PLAIN_SEQUENCES.items()} | {
    f"{row}{column:X}": (key, f"{ai}{number}")
    for row, first, key, ai, count in (
        ("2", 10, "01", "310", 6), ("3", 10, "01", "320", 6), ("A", 0, "01", "392", 10), ("C", 0, "255", "390", 10),
        ("C", 10, "255", "394", 4),
    )
    for number, column in enumerate(range(first, first + count))
}  # fmt: skip
#: Two sequences have two orders in use: GS1's own toolkit sorts them, other programs follow the standard's table. They
#: are read in either, and never written, so that whoever reads our links finds each value where it looks for it.
_BOTH_ORDERS = {
    "1A": (("01", "10", "17", "21"), ("01", "10", "21", "17")),
    "9D": (("254", "414"), ("414", "254")),
}
_ORDERS = {code: (ais,) for code, ais in SEQUENCES.items()} | _BOTH_ORDERS
#: Sequences by what they save, the most first; among equals the code decides.
_BY_SAVING = sorted(SEQUENCES.items(), key=lambda row: (-sum(map(len, row[1])), row[0]))
#: What has no key in its path but 24 bits: no key with a value is shorter.
_SHORTEST = 4
_PATH = re.compile(r"([Hh][Tt][Tt][Pp][Ss]?://[^/?#\s]+(?:/[^?#\s]*)?)/([A-Za-z0-9_-]+)/?(?:\?([^#\s]*))?(?:#\S*)?")


def compress(link: str, *, optimised: bool = True, keep_key: bool = False) -> str:
    """The compressed form of a Digital Link: its stem is kept, everything behind it becomes one segment.

    ``optimised`` writes common sequences of AIs in one byte; ``keep_key`` leaves the key readable in the path. What the
    compressed form cannot hold (a fragment is dropped, a key with other characters, a value over 127 characters) stays
    in the query. Raises InvalidIdentifier for what is not a Digital Link.
    """
    found = digital_link.parse(link)
    attributes = digital_link.attributes(found)
    key, values = found.elements[0], dict(found.elements + attributes)
    outside = [f"{ai}={link_escape(value)}" for ai, value in attributes if not fits(ai, value)]
    inside = [ai for ai in sorted(values) if fits(ai, values[ai])]
    codes = _codes(inside, optimised)
    # The first key is that of the link: one among the attributes (the GLN of a place) must not come before it.
    keep_key = keep_key or next(ai for _, ais in codes for ai in ais if ai in PRIMARY) != key[0]
    if keep_key:
        inside.remove(key[0])
        codes = _codes(inside, optimised)
    writer = BitWriter()
    for code, ais in codes:
        writer.put_ai(code)
        for ai in ais:
            writer.put_value(ai, values[ai])
    for part in found.query.split("&"):
        outside += _write_other(writer, part)
    path = f"/{key[0]}/{link_escape(key[1])}" if keep_key else ""
    text = writer.text()
    return found.stem + path + (f"/{text}" if text else "") + ("?" + "&".join(outside) if outside else "")


def _codes(ais: list[str], optimised: bool) -> list[tuple[str, tuple[str, ...]]]:
    """What is written in front of values, and of which AIs those are: sequences first, then the others as they come."""
    left = dict.fromkeys(ais)
    codes = []
    for code, sequence in _BY_SAVING if optimised else ():
        if all(ai in left for ai in sequence):
            codes.append((code, sequence))
            for ai in sequence:
                del left[ai]
    return codes + [(ai, (ai,)) for ai in left]


def _write_other(writer: BitWriter, part: str) -> list[str]:
    """Write one key and value of the query that are no AI's; what cannot be written comes back."""
    key, equals, text = part.partition("=")
    if not part or _is_ai(key):
        return []
    try:
        value = link_unescape(text)
    except InvalidIdentifier:
        return [part]
    if not equals or "+" in text or not is_pair(key, value):
        return [part]
    writer.put_pair(key, value)
    return []


def decompress(uri: str) -> str:
    """The uncompressed form of a compressed Digital Link, with its stem.

    Data attributes and other keys follow in the query. Raises InvalidIdentifier for what is not a compressed link.
    """
    found = expand(uri)
    query = "&".join((*(f"{ai}={link_escape(value)}" for ai, value in found.attributes), *found.others))
    return digital_link.build(found.elements, stem=found.stem) + (f"?{query}" if query else "")


def expand(uri: str) -> DigitalLink:
    """What a compressed Digital Link says. Raises InvalidIdentifier for anything else."""
    match = _PATH.fullmatch(uri) if len(uri) <= digital_link.LONGEST and uri.isascii() else None
    if match is None or len(match[2]) < _SHORTEST:
        raise InvalidIdentifier(f"{uri[:80]!a} ({len(uri)} characters) is not a compressed GS1 Digital Link")
    stem, before = _key_before(match[1])
    refused = InvalidIdentifier(f"{uri[:80]!a} is not a compressed GS1 Digital Link")
    for orders in (0, 1):
        try:
            elements, others = _read(match[2], orders)
            return _expanded(stem, before, elements, others, match[3] or "")
        except InvalidIdentifier as error:
            refused = error if orders == 0 else refused
    raise InvalidIdentifier(
        f"{uri[:80]!a} is not a compressed GS1 Digital Link: {refused.detail}", place=refused.place
    ) from None


def _key_before(stem: str) -> tuple[str, Elements]:
    """Stem and key of a link whose key was left readable in front of the compressed segment."""
    words = stem.rsplit("/", 2)
    if len(words) == 3 and words[1] in PRIMARY:
        return words[0], ((words[1], link_unescape(words[2])),)
    return stem.rstrip("/"), ()


def _read(text: str, order: int) -> tuple[Elements, Elements]:
    """AI values and other pairs of a compressed segment, in their order."""
    reader = BitReader(text)
    elements: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    while reader.left >= 8:
        first = reader.take(8)
        if first >> 4 == 0b1111:
            others.append(reader.take_pair(first))
            continue
        orders = _ORDERS.get(f"{first:02X}")
        ais = orders[order % len(orders)] if orders else (reader.take_ai(first),)
        elements += [(ai, reader.take_value(ai)) for ai in ais]
    reader.end()
    return tuple(elements), tuple(others)


def _expanded(stem: str, before: Elements, inside: Elements, others: Elements, query: str) -> DigitalLink:
    """The whole link, its values checked and in order: that of the uncompressed link."""
    found: dict[str, str] = {}
    for ai, value in before + inside:
        check_value(ai, value)
        if ai in found:
            raise InvalidIdentifier(f"AI {ai} is there twice", place=f"({ai})")
        found[ai] = value
    if any(not key or _is_ai(key) for key, _ in others):
        raise InvalidIdentifier("a key beside the AIs is empty or a number")
    elements, attributes = element_string.identify(tuple(found.items()))
    parts = [f"{key}={link_escape(value)}" for key, value in (*sorted(attributes), *others)]
    if query:
        parts.append(query)
    link = digital_link.build(elements, stem=stem)
    return digital_link.read(link + "?" + "&".join(parts) if parts else link)


def _is_ai(key: str) -> bool:
    """Whether a key of a query can only be an AI's."""
    return key.isascii() and key.isdigit()


def is_candidate(uri: str) -> bool:
    """Whether the last segment of a web address could be a compressed link: only reading it tells."""
    segment = uri.partition("#")[0].partition("?")[0].rstrip("/").rpartition("/")[2]
    return len(segment) >= _SHORTEST and is_text(segment)

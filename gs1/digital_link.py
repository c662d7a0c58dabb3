"""GS1 Digital Link URIs, uncompressed (GS1 Digital Link Standard: URI Syntax).

Any http or https host and any stem are read; what we write is the canonical form at ``https://id.gs1.org``. The
identity of a thing is in the path; the query (expiry dates, weights, campaign tags) never changes what is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import associations
from suyuan.gs1.ai_table import NOT_IN_QUERY, PREDEFINED_LENGTH
from suyuan.gs1.application_identifiers import IDENTIFIERS, PRIMARY, QUALIFIERS, check_value
from suyuan.gs1.characters import link_escape, link_unescape
from suyuan.gs1.epc_uri import Elements

#: Scheme and host of the canonical form.
CANONICAL_STEM = "https://id.gs1.org"
#: Longest link that is read, in characters: the longest canonical path has about 200.
LONGEST = 2000

_LINK = re.compile(
    r"(?P<stem>[Hh][Tt][Tt][Pp][Ss]?://(?:[0-9A-Za-z\-._~!$&'()*+,;=:@%]|\[[0-9A-Fa-f:.]+\])+)"
    r"(?P<path>/[^?#\s]*)?(?:\?(?P<query>[^#\s]*))?(?:#\S*)?",
    re.ASCII,
)
#: Characters of a path and escapes, as RFC 3986 has them; a query and a fragment may hold a ``?`` too.
_PATH = r"[0-9A-Za-z\-._~!$&'()*+,;=:@/]*(?:%[0-9A-Fa-f]{2}[0-9A-Za-z\-._~!$&'()*+,;=:@/]*)*"
_MORE = r"[0-9A-Za-z\-._~!$&'()*+,;=:@/?]*(?:%[0-9A-Fa-f]{2}[0-9A-Za-z\-._~!$&'()*+,;=:@/?]*)*"
#: What the standard allows: a host without user, and those characters.
_STRICT = re.compile(
    r"(?:https?|HTTPS?)://(?:[0-9A-Za-z.\-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?"
    rf"(?=/){_PATH}(?<!/)(?:\?{_MORE})?(?:#{_MORE})?",
    re.ASCII,
)
_WEB = re.compile("https?://", re.ASCII | re.IGNORECASE)
_DIGITS = re.compile("[0-9]+", re.ASCII)
#: A digit that somebody escaped: the AI in ``/%30%31/`` is 01 (RFC 3986 6.2.2.2).
_ESCAPED_DIGIT = re.compile("%3([0-9])", re.ASCII)
#: The words that version 1.0 allowed in place of numeric AIs; 1.1 withdrew them.
_WORDS = frozenset({
    "cpid", "gcn", "gdti", "giai", "ginc", "gln", "glnProd", "gmn", "grai", "gsin", "gsrn", "gsrnp", "gtin", "itip",
    "party", "partyGln", "payTo", "sscc",
})  # fmt: skip
#: Keys that name one thing by themselves: a unit, a site, a party, a shipment, an asset.
_SINGLE = frozenset({"00", "401", "402", "414", "415", "417", "8004", "8017", "8018"})
#: Qualifiers that make one thing out of a class.
_SERIALS = frozenset({"21", "235", "8011"})


class Link(NamedTuple):
    """What the path of a Digital Link says."""

    #: Scheme, host and the path before the key, without a slash at the end.
    stem: str
    elements: Elements
    #: The query as it stands, without its question mark.
    query: str


class DigitalLink(NamedTuple):
    """All that a Digital Link says, every AI checked."""

    #: Scheme, host and the path before the key, without a slash at the end.
    stem: str
    #: The key and its qualifiers.
    elements: Elements
    #: Data attributes of the query, in its order.
    attributes: Elements
    #: What else the query holds, as it stands: other people's parameters.
    others: tuple[str, ...]

    @property
    def canonical(self) -> str:
        """The link at id.gs1.org, data attributes `in_order`, nothing of other people's."""
        return build(self.elements, in_order(self.attributes))

    @property
    def is_instance(self) -> bool:
        """Whether the link names one thing, and not a class or a lot of things."""
        ai, value = self.elements[0]
        key = PRIMARY[ai]
        if key.serial_follows:
            return len(value) > key.checked
        return ai in _SINGLE or self.elements[-1][0] in _SERIALS


def read(uri: str) -> DigitalLink:
    """Path and query of a Digital Link as the standard has it.

    Raises InvalidIdentifier for anything that breaks a rule: as `parse` and `attributes` do.
    """
    link = parse(uri)
    return DigitalLink(link.stem, link.elements, *_query(link))


def parse(uri: str) -> Link:
    """The AI values in the path of a Digital Link that is written as the standard has it.

    Raises InvalidIdentifier when there is no GS1 key in the path, when key or qualifiers break a rule, and for what
    `find` forgives: a user in front of the host, a scheme like ``HtTp``, a slash at the end, a character or an escape
    that RFC 3986 does not allow. The query's AIs are not looked at: see `attributes`.
    """
    link = _link(uri, _last_key)
    if link is None:
        raise InvalidIdentifier(f"{uri[:80]!a} is not a GS1 Digital Link: its path holds no GS1 key")
    if not _STRICT.fullmatch(uri):
        raise InvalidIdentifier(
            f"{uri[:80]!a} is not written as a GS1 Digital Link",
            remedy="write http:// or https://, a host, the path without a slash at the end, other characters as %XX",
        )
    return link


def find(uri: str) -> Link | None:
    """The Digital Link in a URI, None when the URI is not one (another scheme, or no key in its path).

    A path counts as a Digital Link when it begins with the AI of a key, or when further right a key's AI is followed
    by what can only be an attempt at that key; then anything wrong in it is refused with InvalidIdentifier, because a
    misprinted link that were taken for an ordinary web address would name another thing for ever.
    """
    return _link(uri, _likely_key)


def _link(uri: str, locate: Callable[[list[str]], int | None]) -> Link | None:
    if not _WEB.match(uri):
        return None
    match = _LINK.fullmatch(uri) if len(uri) <= LONGEST else None
    if match is None:
        raise InvalidIdentifier(
            f"{uri[:80]!a} ({len(uri)} characters) is not a web address, expected at most {LONGEST} characters,"
            " a host in ASCII and no blanks"
        )
    segments = _segments(match["path"] or "/")
    start = locate(segments)
    if start is None:
        _refuse_lookalikes(uri, match["stem"], segments)
        return None
    stem = "/".join([match["stem"], *segments[:start]])
    return Link(stem, _elements(segments[start:]), match["query"] or "")


def _segments(path: str) -> list[str]:
    """Segments of a path; one slash at the end is tolerated, as resolvers must (GS1-Conformant Resolver 1.2)."""
    if "%3" in path:
        path = _ESCAPED_DIGIT.sub(r"\1", path)
    return path[1:-1].split("/") if path.endswith("/") else path[1:].split("/")


def _last_key(segments: list[str]) -> int | None:
    """Index of the segment that holds the key's AI, in a path that is meant to hold one.

    From the end, by pairs of AI and value, the first key. Where there is none, the likely place tells what is wrong.
    """
    place = len(segments) - 2
    while place >= 0 and segments[place] in IDENTIFIERS:
        if segments[place] in PRIMARY:
            return place
        place -= 2
    return _likely_key(segments)


def _likely_key(segments: list[str]) -> int | None:
    """Index of the segment that holds the key's AI: the rightmost that fits, as stems may look like keys too."""
    found = [i for i in range(len(segments)) if segments[i] in PRIMARY and _is_attempt(segments, i)]
    even = [i for i in found if (len(segments) - i) % 2 == 0]
    return even[-1] if even else found[-1] if found else None


def _is_attempt(segments: list[str], index: int) -> bool:
    """Whether the AI at index is meant as one: first in the path, or followed by digits as only keys have them.

    Eight digits for a numeric key, six for the others: no AI is that long, so that a lot called "8004" in front of
    the AI of the next qualifier is not taken for a key.
    """
    if index == 0:
        return True
    least = 8 if PRIMARY[segments[index]].checked else 6
    return index + 1 < len(segments) and _DIGITS.fullmatch(segments[index + 1][:least].ljust(least)) is not None


def _refuse_lookalikes(uri: str, stem: str, segments: list[str]) -> None:
    for word, value in pairwise(segments):
        if word in _WORDS and _DIGITS.fullmatch(value[:6].ljust(6)):
            raise InvalidIdentifier(
                f"{uri[:80]!a} names its key {word!r}", remedy="write the AI's number: /01/ for a GTIN"
            )
    if stem.lower() in {CANONICAL_STEM, "http://id.gs1.org"}:
        raise InvalidIdentifier(f"{uri[:80]!a} holds no GS1 key in numbers", remedy="expand a compressed link first")


def _elements(segments: list[str]) -> Elements:
    """Key and qualifiers of the segments from the key's AI on."""
    if len(segments) % 2:
        raise InvalidIdentifier(f"AI {segments[-1][:40]!a} at the end of the path has no value")
    key = PRIMARY[segments[0]]
    pairs = [(segments[i], link_unescape(segments[i + 1])) for i in range(0, len(segments), 2)]
    check_value(*pairs[0])
    _check_order(key.ai, tuple(ai for ai, _ in pairs[1:]))
    for ai, value in pairs[1:]:
        check_value(ai, value)
    if pairs[-1] == ("254", "0"):
        pairs.pop()  # TDS 6.3.3: extension 0 is a GLN without extension
    return tuple(pairs)


def _check_order(ai: str, found: tuple[str, ...]) -> None:
    """Refuse qualifiers that the key does not take, or out of order (URI Syntax, path component)."""
    for sequence in PRIMARY[ai].qualifiers:
        if found == tuple(qualifier for qualifier in sequence if qualifier in found):
            return
    if found:
        allowed = " or ".join(" ".join(sequence) for sequence in PRIMARY[ai].qualifiers) or "none"
        unknown = next((qualifier for qualifier in found if qualifier not in QUALIFIERS), None)
        what = f"{unknown[:40]!a} is not a qualifier" if unknown is not None else "qualifiers " + " ".join(found)
        raise InvalidIdentifier(f"{what}; after AI {ai} the path takes, in this order: {allowed}", place=f"({ai})")


def attributes(link: Link) -> Elements:
    """The data attributes in a link's query, those of fixed length first.

    Keys that are not all digits are other people's and left out.
    Raises InvalidIdentifier for an unknown AI, one that belongs into the path or into no link, a value that its AI does
    not allow, an AI that is there twice, AIs that do not go together.
    """
    return in_order(_query(link)[0])


def in_order(attributes: Elements) -> Elements:
    """Data attributes as GS1's own programs put them into a link: those of pre-defined length first, else as they were.

    In an element string that order saves separators.
    """
    return tuple(sorted(attributes, key=lambda pair: pair[0][:2] not in PREDEFINED_LENGTH))


def _query(link: Link) -> tuple[Elements, tuple[str, ...]]:
    """The data attributes and other people's parameters, both in the order of the query."""
    found, others = dict(link.elements), []
    for part in link.query.split("&") if link.query else ():
        ai, equals, text = part.partition("=")
        if "%3" in ai:
            ai = _ESCAPED_DIGIT.sub(r"\1", ai)
        if not equals or not _DIGITS.fullmatch(ai):
            others += [part] if part else []
            continue
        _check_place(ai, link.elements, found)
        if "+" in text:
            raise InvalidIdentifier(f"value {text[:40]!a} holds a plus sign", place=f"({ai})", remedy="write it as %2B")
        found[ai] = link_unescape(text)
        check_value(ai, found[ai])
    everything = tuple(found.items())
    associations.check(everything)
    return everything[len(link.elements) :], tuple(others)


def _check_place(ai: str, elements: Elements, found: dict[str, str]) -> None:
    """Refuse an AI in the query that is there already, or that belongs into the path, or into no link."""
    if ai in found:
        raise InvalidIdentifier(f"AI {ai} is there twice", place=f"({ai})")
    if ai in NOT_IN_QUERY:
        raise InvalidIdentifier(f"AI {ai} is not a data attribute of links", place=f"({ai})")
    for sequence in PRIMARY[elements[0][0]].qualifiers:
        if ai in sequence and all(qualifier in sequence for qualifier, _ in elements[1:]):
            raise InvalidIdentifier(
                f"AI {ai} qualifies AI {elements[0][0]}, so it belongs into the path", place=f"({ai})"
            )


def build(elements: Elements, attributes: Elements = (), *, stem: str = CANONICAL_STEM) -> str:
    """The Digital Link of AI values that have been checked, key first, qualifiers in the order of the standard.

    Raises InvalidIdentifier for an attribute that may not be in a link's query.
    """
    path = stem + "".join([f"/{ai}/{link_escape(value)}" for ai, value in elements])
    if not attributes:
        return path
    for ai, _ in attributes:
        if ai in NOT_IN_QUERY:
            raise InvalidIdentifier(f"AI {ai} is not a data attribute of links", place=f"({ai})")
    return path + "?" + "&".join([f"{ai}={link_escape(value)}" for ai, value in attributes])

"""Patterns of EPCs, ``urn:epc:idpat:`` (TDS 2.3, 8), and of tags, ``urn:epc:pat:`` (TDS 2.3, 13).

A component of a pattern is a text, ``*`` for anything, or ``[low-high]`` for a range of numbers. In a pure-identity
pattern the stars stand at the right and there are no ranges. A text is held to the rules of its scheme: a pattern that
can match nothing is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1 import epc_uri, other_schemes, tag_encoding
from suyuan.gs1.characters import urn_escape, urn_unescape
from suyuan.gs1.tag_fields import Cage, Field, Integer, Padded
from suyuan.gs1.tag_layouts import BY_NAME, Encoding, Row

_IDPAT, _PAT, _ID, _TAG = "urn:epc:idpat:", "urn:epc:pat:", "urn:epc:id:", "urn:epc:tag:"
_RANGE = re.compile(r"\[(0|[1-9][0-9]{0,18})-(0|[1-9][0-9]{0,18})\]", re.ASCII)
_NUMBER = re.compile("[0-9]{1,19}", re.ASCII)


class Range(NamedTuple):
    """A range of numbers, both ends included."""

    low: int
    high: int

    def __str__(self) -> str:
        """As in a pattern."""
        return f"[{self.low}-{self.high}]"


#: A text as it stands in a URI, a range, or None for the star.
Component = str | Range | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """A set of EPC URIs, or of tag URIs."""

    #: What a URI of the set begins with: ``urn:epc:id:sgtin:`` or ``urn:epc:tag:sgtin-96:``.
    head: str
    components: tuple[Component, ...]

    @property
    def uri(self) -> str:
        """The pattern itself."""
        kind, head = (_IDPAT, _ID) if self.head.startswith(_ID) else (_PAT, _TAG)
        return kind + self.head.removeprefix(head) + ".".join(map(_written, self.components))

    def matches(self, uri: str) -> bool:
        """Whether an EPC URI (of a pure-identity pattern) or a tag URI (of the other) belongs to the set.

        The URI is one that has been checked; a text of another form belongs to no set, or may belong to one by chance.
        """
        if not uri.startswith(self.head):
            return False
        found = uri[len(self.head) :].split(".", len(self.components) - 1)
        return len(found) == len(self.components) and all(map(_belongs, found, self.components))


def _written(component: Component) -> str:
    if component is None:
        return "*"
    return "%2A" if component == "*" else str(component)


def _belongs(text: str, component: Component) -> bool:
    if component is None:
        return True
    if isinstance(component, Range):
        return _NUMBER.fullmatch(text) is not None and component.low <= int(text) <= component.high
    return text == component or ("%" in text and _is_writing_of(component, text))


def _is_writing_of(component: str, text: str) -> bool:
    try:
        return _escaped(text) == component
    except InvalidIdentifier:
        return False


def _escaped(text: str) -> str:
    """A text with exactly the escapes that it needs."""
    return urn_escape(urn_unescape(text))


def parse(uri: str) -> Pattern:
    """The pattern that a URI says. Raises InvalidIdentifier for any other text."""
    if uri.startswith(_IDPAT):
        return _parse_identities(uri)
    if uri.startswith(_PAT):
        return _parse_tags(uri)
    raise InvalidIdentifier(
        f"{uri[:80]!a} is not a pattern of EPCs",
        remedy="a pattern begins with urn:epc:idpat: or, for tags, with urn:epc:pat:",
    )


#: Schemes without a GS1 key, with what stands in for a star when the other fields are checked. BIC and IMO: one field.
_OTHERS: dict[str, tuple[str, ...]] = {
    "gid": ("0", "0", "0"), "usdod": ("00000", "0"), "adi": ("00000", "", "0"), "bic": ("",), "imovn": ("",),
}  # fmt: skip


def _parse_identities(uri: str) -> Pattern:
    name, _, body = uri[len(_IDPAT) :].partition(":")
    scheme = epc_uri.SCHEMES.get(f"id:{name}")
    count = scheme.fields if scheme else len(_OTHERS.get(name, ()))
    if not count:
        raise InvalidIdentifier(f"{uri[:80]!a} is a pattern of no known scheme: {name[:40]!a}")
    texts = body.split(".", count - 1)
    if len(texts) != count:
        raise InvalidIdentifier(f"pattern {uri[:80]!a} has {len(texts)} fields, expected {count}")
    given = next((place for place, text in enumerate(texts) if text == "*"), count)
    if any(text != "*" for text in texts[given:]):
        raise InvalidIdentifier(f"pattern {uri[:80]!a} has a field behind a star, expected stars only")
    if name == "itip" and given == 3:
        raise InvalidIdentifier(f"pattern {uri[:80]!a} leaves total and serial open, expected the piece, too")
    if given:
        samples = _samples(scheme, texts[0]) if scheme else _OTHERS[name]
        _check_identity(f"{_ID}{name}:" + ".".join((*texts[:given], *samples[given:])))
    components = (*map(_escaped, texts[:given]), *(None for _ in texts[given:]))
    return Pattern(f"{_ID}{name}:", components)


def _samples(scheme: epc_uri.Scheme, company: str) -> tuple[str, ...]:
    """Fields of any EPC of a scheme with this company prefix."""
    reference = "0" * max(scheme.digits - len(company), 0) if scheme.digits else "0"
    return company, reference, *["01"] * scheme.pairs, *["0"] * (scheme.serial is not None)


def _check_identity(uri: str) -> None:
    if other_schemes.canonical(uri) is None:
        epc_uri.parse(uri)


def _parse_tags(uri: str) -> Pattern:
    name, _, body = uri[len(_PAT) :].partition(":")
    encoding = BY_NAME.get(name)
    if encoding is None:
        raise InvalidIdentifier(f"{uri[:80]!a} is a pattern of no known tag encoding: {name[:40]!a}")
    controls = (
        (Integer("filter value", encoding.filter_bits, 1 << encoding.filter_bits),) if encoding.filter_bits else ()
    )
    count = len(controls) + len(encoding.rows[0])
    texts = body.split(".", count - 1)
    if len(texts) != count:
        raise InvalidIdentifier(f"pattern {uri[:80]!a} has {len(texts)} fields, expected {count}")
    fields = (*controls, *_row(encoding, texts[len(controls) :]))
    components = tuple(_component(text, field) for text, field in zip(texts, fields, strict=True))
    for bound in (0, 1):  # what stands at the lowest and the highest end must be a tag
        ends = (_end(component, field, bound) for component, field in zip(components, fields, strict=True))
        tag_encoding.from_tag_uri(f"{_TAG}{name}:" + ".".join(ends))
    return Pattern(f"{_TAG}{name}:", components)


def _row(encoding: Encoding, texts: list[str]) -> Row:
    """The fields that the components are held to: those of a partition, when the company prefix is given."""
    if not encoding.partitioned:
        return encoding.rows[0]
    company, following = texts[:2]
    # CPI-var has no star for the reference alone (TDS 13.1): then all three are open.
    tied = texts[1:] if encoding.name == "cpi-var" else texts[1:2]
    if company == "*":
        if any(text != "*" for text in tied):
            raise InvalidIdentifier(
                f"pattern of {encoding.name} has a star for the company prefix and {following[:40]!a} behind it,"
                " expected a star there"
            )
        return encoding.rows[-1]
    if encoding.name == "cpi-var" and following == "*":
        raise InvalidIdentifier("pattern of cpi-var has a star for the reference alone, expected *.*.*")
    partition = 12 - len(company)
    if not 0 <= partition < len(encoding.rows):
        raise InvalidIdentifier(f"company prefix {company[:40]!a} of a pattern is not a star or 6 to 12 digits")
    return encoding.rows[partition]


def _component(text: str, field: Field) -> Component:
    if text == "*":
        return None
    if text.startswith("[") and isinstance(field, Integer | Padded) and field.name != "company prefix":
        match = _RANGE.fullmatch(text)
        if match is None or int(match[1]) > int(match[2]):
            raise InvalidIdentifier(f"{field.name} {text[:60]!a} is not a range [low-high] of numbers")
        return Range(int(match[1]), int(match[2]))
    if isinstance(field, Padded) and field.name in {"piece", "total"} and len(text) == 1:
        return "0" + text  # the grammar has plain numbers here, where the tag URI has two digits
    return _escaped(text)


def _end(component: Component, field: Field, bound: int) -> str:
    """A text of the component: for a range its lowest or its highest, for the star any."""
    if isinstance(component, str):
        return component
    if isinstance(field, Padded):
        return f"{component[bound]:0{field.digits}d}" if component else "0" * field.digits
    if isinstance(field, Cage):
        return "00000"
    return str(component[bound] if component else 0)

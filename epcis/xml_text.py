"""Safe XML: what XML 1.0 allows and no document of ours needs is refused at its first byte.

No entities but the five of XML itself, no document type declaration that says anything, nothing fetched; nesting,
names, strings and attributes within `Limits`, whether the document comes whole or in pieces. The parser is expat, of
the standard library: it neither builds a tree nor reads ahead, so a limit strikes before memory is spent.
Names are Clark names, ``{namespace}local``; in EPCIS's own namespaces, and in none, they are the local name alone, as
EPCIS documents qualify only their outermost element (and many qualify all).
"""

from __future__ import annotations

from enum import Enum
from typing import Protocol
from xml.parsers import expat

from suyuan.base.errors import InvalidDocument, TooLarge
from suyuan.epcis.context import MOST_TERMS
from suyuan.epcis.json_text import LONGEST_NAME, Limits

#: EPCIS's own namespaces, of EPCIS 1.x and 2.0.
EPCIS_NAMESPACES = frozenset(
    f"urn:epcglobal:{name}:xsd:{version}" for name in ("epcis", "epcis-query", "epcis-masterdata") for version in "12"
)
XSI = "{http://www.w3.org/2001/XMLSchema-instance}"

#: Between namespace and name in what expat gives; a character that no XML document can hold.
_BAR = "\x01"
#: Names remembered; more than any vocabulary has.
_REMEMBERED = 10_000
#: Bytes of a token that is not yet whole, beyond what its longest string may have in UTF-8.
_SLACK = 64 * 1024


class Element:
    """An element: its name, attributes, text (that of all its parts, joined) and children."""

    __slots__ = ("attributes", "children", "name", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.text = ""
        self.children: list[Element] = []


class Step(Enum):
    """What to do with an element that begins."""

    ENTER = 1  #: look at its children, one after the other
    SKIP = 2  #: leave it and all inside it out
    BUILD = 3  #: give it whole, with all inside it


class Visitor(Protocol):
    """Who looks at a document while it is parsed."""

    def enter(self, name: str, attributes: dict[str, str]) -> Step:
        """An element begins."""
        ...

    def leave(self, name: str) -> None:
        """An element that was entered ends."""
        ...

    def built(self, element: Element) -> None:
        """An element that was to be built is whole."""
        ...


class XmlParser:
    """One document: `feed` it in pieces of any size, then `close`.

    ``outer`` are the prefixes by namespace that were declared by elements entered so far, ``inner`` those that the
    element in building declares; of a namespace's prefixes the first one counts, "" is none.
    Raises `InvalidDocument` and `TooLarge`, and what the visitor raises.
    """

    def __init__(self, visitor: Visitor, limits: Limits) -> None:
        self.outer: dict[str, str] = {}
        self.inner: dict[str, str] = {}
        self._visitor = visitor
        self._limits = limits
        self._names: dict[str, str] = {}
        self._interned: dict[str, str] = {}
        self._declared: list[tuple[str, str]] = []
        self._stack: list[Element] = []
        self._entered: list[str] = []
        self._skipped = 0
        self._fed = 0
        self._begin = 0
        self._parser = self._make_parser()

    def _make_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate(None, _BAR, self._interned)
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        return parser

    def feed(self, data: bytes) -> None:
        """The next bytes. What they complete was given to the visitor when this returns."""
        self._fed += len(data)
        self._parse(data, False)
        at = self._parser.CurrentByteIndex
        if self._fed - at > 4 * self._limits.string + _SLACK:
            raise TooLarge(f"a tag, comment or attribute has more than {self._limits.string} characters")
        if self._stack:
            self._check_size(at)

    def close(self) -> None:
        """Nothing more comes: `InvalidDocument` where the document is not complete."""
        self._parse(b"", True)

    def _parse(self, data: bytes, last: bool) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise InvalidDocument(
                f"not XML: {expat.ErrorString(error.code)} at line {error.lineno}, column {error.offset + 1}"
            ) from None
        except (LookupError, ValueError) as error:  # of the encoding that the document claims to be in
            raise InvalidDocument(f"not XML: {error}", remedy="write it in UTF-8") from None

    def _doctype(self, name: str, system: str | None, public: str | None, subset: int) -> None:
        """``<!DOCTYPE name>`` alone says nothing, and GS1's own examples have it."""
        if system is not None or public is not None or subset:
            raise InvalidDocument(
                "a document type declaration that declares something is not taken: entities can be bombs or leaks",
                remedy="leave out <!DOCTYPE ...>; EPCIS documents need none",
            )

    def _entity(self, *_: object) -> None:
        raise InvalidDocument("an entity is declared", remedy="leave out <!DOCTYPE ...>; EPCIS documents need none")

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared.append((uri or "", prefix or ""))

    def _start(self, raw: str, pairs: list[str]) -> None:
        if len(self._stack) + len(self._entered) + self._skipped >= self._limits.depth:
            raise TooLarge(f"nesting is deeper than {self._limits.depth} levels")
        name = self._names.get(raw) or self._name(raw)
        attributes = self._attributes(pairs) if pairs else {}
        if self._stack:
            if self._declared:
                self._keep(self.inner)
            element = Element(name, attributes)
            self._stack[-1].children.append(element)
            self._stack.append(element)
        elif self._skipped:
            self._skipped += 1
            self._declared.clear()
        else:
            self._step(name, attributes)

    def _step(self, name: str, attributes: dict[str, str]) -> None:
        step = self._visitor.enter(name, attributes)
        if step is Step.BUILD:
            self._keep(self.inner)
            self._begin = self._parser.CurrentByteIndex
            self._stack.append(Element(name, attributes))
        elif step is Step.ENTER:
            self._keep(self.outer)
            self._entered.append(name)
        else:
            self._declared.clear()
            self._skipped = 1

    def _keep(self, prefixes: dict[str, str]) -> None:
        for uri, prefix in self._declared:
            if not prefixes.get(uri):
                prefixes[uri] = prefix
        self._declared.clear()
        if len(prefixes) > MOST_TERMS:
            raise InvalidDocument(f"more than {MOST_TERMS} namespaces are declared")

    def _end(self, _: str) -> None:
        if self._stack:
            element = self._stack.pop()
            if not self._stack:
                self._check_size(self._parser.CurrentByteIndex)
                self._visitor.built(element)
                self.inner.clear()
        elif self._skipped:
            self._skipped -= 1
        else:
            self._visitor.leave(self._entered.pop())

    def _text(self, text: str) -> None:
        if self._stack:
            element = self._stack[-1]
            element.text = element.text + text if element.text else text
            if len(element.text) > self._limits.string:
                raise TooLarge(f"the text of {element.name[:60]} has more than {self._limits.string} characters")
        elif not self._skipped and not text.isspace():
            where = self._entered[-1] if self._entered else "the document"
            raise InvalidDocument(f"text where only elements may stand: {text.strip()[:40]!r}", place=where[:200])

    def _check_size(self, at: int) -> None:
        if at - self._begin > self._limits.event:
            name = self._stack[0].name[:60] if self._stack else "the element"
            raise TooLarge(f"{name} has more than {self._limits.event} bytes")

    def _name(self, raw: str) -> str:
        uri, bar, local = raw.rpartition(_BAR)
        if len(raw) > LONGEST_NAME:
            raise TooLarge(f"a name has {len(raw)} characters, more than {LONGEST_NAME}")
        name = f"{{{uri}}}{local}" if bar and uri not in EPCIS_NAMESPACES else local
        if len(self._names) >= _REMEMBERED:
            self._names.clear()
            self._interned.clear()
        self._names[raw] = name
        return name

    def _attributes(self, pairs: list[str]) -> dict[str, str]:
        attributes: dict[str, str] = {}
        for index in range(0, len(pairs), 2):
            value = pairs[index + 1]
            if len(value) > self._limits.string:
                raise TooLarge(f"an attribute has {len(value)} characters, more than {self._limits.string}")
            attributes[self._names.get(pairs[index]) or self._name(pairs[index])] = value
        return attributes

"""Names between XML and JSON: namespaces that elements are in, prefixes that a ``@context`` defines.

An extension element ``{http://ns.example.com/}note`` is the member ``example:note`` where the context says
``"example": "http://ns.example.com/"``. The prefix is the one that the document declares, as long as it means nothing
else in the standard's own context.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import msgspec

from suyuan.epcis.context import EPCIS_CONTEXT, STANDARD_PREFIXES
from suyuan.epcis.xml_text import EPCIS_NAMESPACES

XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
#: Namespaces of XML's and EPCIS's own machinery: no extension is in them.
_TECHNICAL = EPCIS_NAMESPACES | {
    "",
    "urn:epcglobal:xsd:1",
    "urn:epcglobal:xsd:2",
    "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader",
    "http://www.w3.org/2001/XMLSchema",
    "http://www.w3.org/2001/XMLSchema-instance",
    XML_NAMESPACE,
}
#: Namespace of the extensions of our own, which JSON names by their full URI.
OWN_NAMESPACE = "https://ns.suyuan.example/voc/"
#: The CBV's namespace of master data attributes: its prefix ends in a colon in JSON, where prefix and name are joined.
CBV_ATTRIBUTES = "urn:epcglobal:cbv:mda"


#: Names remembered; more than any vocabulary has.
_REMEMBERED = 10_000


class Names:
    """JSON names of the extensions of one document.

    ``outer`` are the document's prefixes by namespace; `begin` starts an event, with the prefixes that it declares
    itself, and `own` is the ``@context`` that the event then needs beside the document's.
    """

    def __init__(self, outer: Mapping[str, str]) -> None:
        self._document: dict[str, str | None] = {}
        self._avoided: frozenset[str] = frozenset()
        self._known: dict[str, str] = {}
        for uri, prefix in outer.items():
            if uri not in _TECHNICAL:
                self._define(self._document, uri, prefix)
        self._by_uri = {str(uri): prefix for prefix, uri in self._document.items()}
        self._inner: Mapping[str, str] = {}
        self._own: dict[str, str | None] = {}
        self._own_by_uri: dict[str, str] = {}
        meant = [prefix for prefix, uri in self._document.items() if STANDARD_PREFIXES.get(prefix) != uri]
        self._values = _values_of("|".join(map(re.escape, sorted(meant)))) if meant else None

    @property
    def context(self) -> bytes:
        """The compact JSON text of the document's ``@context``."""
        defined = {prefix: uri for prefix, uri in self._document.items() if STANDARD_PREFIXES.get(prefix) != uri}
        return msgspec.json.encode([EPCIS_CONTEXT, *([defined] if defined else [])])

    def begin(self, inner: Mapping[str, str], avoid: Collection[str] = ()) -> None:
        """An event begins that declares these prefixes, and in which ``avoid`` must not be prefixes."""
        self._inner = inner
        if self._own or avoid or self._avoided:
            self._own, self._own_by_uri = {}, {}
            self._own = {prefix: None for prefix in avoid if self._is_ours(prefix)}
            self._avoided = frozenset(avoid)

    def to_avoid(self, raw: bytes) -> set[str]:
        """What values in an event's JSON begin with, where one of it is a prefix there; else nothing.

        In XML a value such as ``example:x`` is a URI as it stands, whatever ``xmlns:example`` is; in JSON a prefix in
        the ``@context`` would make another one of it.
        """
        if not self._own and (self._values is None or not self._values.search(raw)):
            return set()
        heads = {match[1].decode() for match in _ABBREVIATED.finditer(raw)}
        return heads if any(self._is_ours(head) for head in heads) else set()

    def _is_ours(self, prefix: str) -> bool:
        meant = self._own.get(prefix, self._document.get(prefix))
        return meant is not None and STANDARD_PREFIXES.get(prefix) != meant

    @property
    def own(self) -> dict[str, str | None]:
        """What the event's names need beside the document's context."""
        return self._own

    def json(self, name: str) -> str:
        """The name in JSON of a Clark name; a name in no namespace stays."""
        known = self._known.get(name)
        if known is not None and not self._avoided:
            return known
        uri, brace, local = name[1:].rpartition("}")
        if not brace or uri == OWN_NAMESPACE:
            return uri + local if brace else name
        prefix = self._by_uri.get(uri)
        if prefix is not None and prefix not in self._avoided:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[name] = f"{prefix}:{local}"
            return self._known[name]
        prefix = self._own_by_uri.get(uri)
        if prefix is None:
            prefix = self._define(self._own, uri, self._inner.get(uri, ""))
            self._own_by_uri[uri] = prefix
        return f"{prefix}:{local}"

    def _define(self, context: dict[str, str | None], uri: str, prefix: str) -> str:
        """Enter a namespace under its prefix, or under one that is free."""
        number = 0
        while not prefix or self._is_taken(context, uri, prefix):
            number += 1
            prefix = f"ns{number}"
        context[prefix] = uri
        return prefix

    def _is_taken(self, context: Mapping[str, str | None], uri: str, prefix: str) -> bool:
        meant = STANDARD_PREFIXES.get(prefix, uri)
        if prefix in self._avoided or uri not in {meant, CBV_ATTRIBUTES}:
            return True
        return self._document.get(prefix, uri) != uri or context.get(prefix, uri) != uri


def _values_of(prefix: str) -> re.Pattern[bytes]:
    """Finds strings of compact JSON that begin with a prefix and are no names of members."""
    return re.compile(rf'"({prefix}):(?:[^"\\]|\\.)*+"(?!:)'.encode())


_ABBREVIATED = _values_of(r'[^":\\]++')

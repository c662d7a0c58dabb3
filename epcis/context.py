"""JSON-LD contexts: which prefix stands for which namespace (JSON-LD 1.1 section 4.1, EPCIS 2.0 section 10.1).

Only definitions that stand in the document count, beside those of the standard's own context, which is known here: a
context URL is never fetched. Inside Suyuan a document's context travels as its compact JSON text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import msgspec

from suyuan.base.errors import InvalidDocument

#: The standard's context, as documents written here name it.
EPCIS_CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
_EPCIS_CONTEXTS = re.compile(
    r"https?://(?:ref\.gs1\.org/standards/epcis/(?:2\.[0-9]+(?:\.[0-9]+)?/)?|gs1\.github\.io/EPCIS/)"
    r"epcis-context\.jsonld"
)

#: Prefixes that the standard's context defines.
STANDARD_PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "epcis": "https://ref.gs1.org/epcis/",
        "cbv": "https://ref.gs1.org/cbv/",
        "cbvmda": "urn:epcglobal:cbv:mda:",
        "gs1": "https://gs1.org/voc/",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "owl": "http://www.w3.org/2002/07/owl#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "dcterms": "http://purl.org/dc/terms/",
    }
)

#: A document's context and an event's own may together define this many terms.
MOST_TERMS = 1_000

_NO_CONTEXT = b"null"


def is_standard(entry: Any) -> bool:
    """Whether a context entry is the URL of the EPCIS 2.0 context, in any of its homes."""
    return isinstance(entry, str) and _EPCIS_CONTEXTS.fullmatch(entry) is not None


def entries(context: Any) -> list[Any]:
    """The entries of a ``@context`` value in order: URLs and objects of definitions.

    Raises `InvalidDocument` where it has another form.
    """
    listed = context if isinstance(context, list) else [] if context is None else [context]
    for entry in listed:
        if not isinstance(entry, str | dict):
            raise InvalidDocument("a @context is a URL, an object, or an array of these", place="/@context")
    return listed


def check_urls(context: Any, *, complete: bool = False) -> None:
    """Refuse URLs other than the standard's: they are never fetched, so nobody knows here what they define.

    ``complete`` is a document's context, in which the standard's must be (EPCIS 2.0, 10.1). Raises `InvalidDocument`.
    """
    listed = entries(context)
    for entry in listed:
        if isinstance(entry, str) and not is_standard(entry):
            raise InvalidDocument(
                f"the context {entry[:100]!r} is not known here, and none is fetched",
                place="/@context",
                remedy=f"write its definitions into the document, beside {EPCIS_CONTEXT}",
                rule="prefix",
            )
    if complete and not any(map(is_standard, listed)):
        raise InvalidDocument(
            "the @context does not name that of EPCIS 2.0", place="/@context", remedy=f"add {EPCIS_CONTEXT}"
        )


def prefixes_of(context: bytes, own: Any = None) -> Mapping[str, str]:
    """Namespaces by prefix that hold inside an event: its document's context (JSON text) and then its ``own``."""
    prefixes = _document_prefixes(context)
    if own is None:
        return prefixes
    return extended(prefixes, own)


@lru_cache(maxsize=256)
def _document_prefixes(context: bytes) -> Mapping[str, str]:
    if context == _NO_CONTEXT:
        return STANDARD_PREFIXES
    return extended(STANDARD_PREFIXES, msgspec.json.decode(context))


def extended(outer: Mapping[str, str], context: Any) -> Mapping[str, str]:
    """The outer prefixes with the definitions of ``context`` over them; later ones win, as JSON-LD has it.

    Raises `InvalidDocument` where it has another form or defines too many.
    """
    prefixes = dict(outer)
    for entry in entries(context):
        if isinstance(entry, dict):
            for term, definition in entry.items():
                target = definition.get("@id") if isinstance(definition, dict) else definition
                if target is None:
                    prefixes.pop(term, None)  # JSON-LD 1.1, 4.1.2: null takes a definition back
                elif isinstance(target, str) and not term.startswith("@"):
                    prefixes[term] = _resolved(prefixes, target)
    if len(prefixes) > MOST_TERMS:
        raise InvalidDocument(f"the @context defines more than {MOST_TERMS} terms", place="/@context")
    return MappingProxyType(prefixes)


def _resolved(prefixes: Mapping[str, str], target: str) -> str:
    prefix, colon, local = target.partition(":")
    return prefixes[prefix] + local if colon and not local.startswith("//") and prefix in prefixes else target


def is_absolute(name: str) -> bool:
    """Whether a name with a colon is a URI as it stands rather than a prefix and a local name."""
    return "://" in name or name[:4].lower() == "urn:"


def split(name: str, prefixes: Mapping[str, str]) -> tuple[str, str] | None:
    """Namespace and local name of an extension's name; ``None`` where no context defines its prefix.

    A full URI is its own name in no namespace, as is a name without a colon (inside an extension only).
    """
    prefix, colon, local = name.partition(":")
    if colon and not local.startswith("//") and prefix in prefixes:
        return prefixes[prefix], local
    return ("", name) if not colon or is_absolute(name) else None


def expand(value: str, prefixes: Mapping[str, str]) -> str:
    """The URI that a value such as ``example:word`` abbreviates; the value itself where it abbreviates none."""
    prefix, colon, local = value.partition(":")
    if colon and not local.startswith("//") and prefix in prefixes:
        return prefixes[prefix] + local
    return value


def inline_entries(context: bytes, own: Any = None) -> list[Any]:
    """What of a document's context and an event's own must go with the event when it leaves the document."""
    outer = entries(msgspec.json.decode(context))
    return [entry for entry in (*outer, *entries(own)) if not is_standard(entry)]

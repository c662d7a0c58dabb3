"""Addresses on this server: of things (GS1 Digital Link URI 1.4), proofs and recalls, from and to canonical names."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

import msgspec

from suyuan.base.errors import InvalidIdentifier
from suyuan.gs1.forms import Identifier, parse
from suyuan.gs1.names import canonical, lot_of, name_of

#: Every canonical Digital Link begins with it; the path after it is the path on any resolver.
CANONICAL_STEM = "https://id.gs1.org"
#: Longest identifier that is read, in characters; canonical names end there too.
LONGEST = 2000
_BARCODE = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_SSCC = re.compile(r"[0-9]{18}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_TAG_URI = re.compile(r"urn:epc:(?:tag|raw):", re.IGNORECASE)
#: The address behind a QR code, as people copy it: without the scheme.
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?/")
_AI_IN_PATH = re.compile(r"/([0-9]{2,4})/([^/]+)")


class Link(msgspec.Struct, frozen=True):
    """A thing and the path of its page."""

    text: str
    path: str


def path_of(name: str) -> str:
    """Path of the page about a thing, from its canonical name."""
    if name.startswith(CANONICAL_STEM + "/"):
        return name[len(CANONICAL_STEM) :]
    return f"/thing?id={quote(name, safe='')}"


def proof_path(event_id: str) -> str:
    """Path of an event's proof; the id is escaped whole, because ``ni:`` ids hold slashes and a question mark."""
    return f"/api/v1/proof/{quote(event_id, safe='')}"


def recall_path(recall_id: str) -> str:
    """Path of the public notice of a recall."""
    return f"/recalls/{quote(recall_id, safe='')}"


def short(name: str) -> str:
    """A canonical name as people see it under a barcode: ``(01)09506000134352(21)ABC``; other URIs as they are."""
    if not name.startswith(CANONICAL_STEM + "/"):
        return name
    parts = _AI_IN_PATH.findall(name[len(CANONICAL_STEM) :])
    return "".join(f"({ai}){unquote(value)}" for ai, value in parts)


def primary_key(name: str) -> str:
    """The application identifier that a canonical Digital Link begins with (``01``, ``00``); empty for other URIs."""
    return path_of(name).split("/")[1] if name.startswith(CANONICAL_STEM + "/") else ""


def lot_code(name: str) -> str:
    """The lot code alone from the canonical name of a lot; another name as people see it."""
    match = re.search(r"/10/([^/?]+)", name) if name.startswith(CANONICAL_STEM + "/") else None
    return unquote(match[1]) if match else short(name)


def lot_beside(identifier: str) -> str | None:
    """Canonical name of the lot that the Digital Link of an item tells beside its serial number, if it tells one."""
    lot = lot_of(identifier) if identifier.startswith(CANONICAL_STEM + "/") else None
    return canonical(lot) if lot else None


def identifier_of_path(raw_path: bytes) -> str:
    """The identifier in a Digital Link path (still percent-encoded, a slash at the end allowed).

    It is the Digital Link at id.gs1.org with everything that names the thing: a canonical name, but for an item's lot
    beside its serial number, because that is how a pack that was never seen alone is known to be recalled.
    Raises `InvalidIdentifier`.
    """
    if len(raw_path) > LONGEST:
        raise InvalidIdentifier(f"a path of {len(raw_path)} bytes is longer than {LONGEST}")
    return _identifier(CANONICAL_STEM + raw_path.decode("latin-1"))


def identifier_of_text(text: str) -> str:
    """The identifier in what a person typed or scanned: any form of it, and the bare digits under a barcode.

    As `identifier_of_path`; the canonical name where there is no Digital Link. Raises `InvalidIdentifier`.
    """
    text = text.strip()
    digits = text.replace(" ", "").replace("-", "")
    if not text:
        raise InvalidIdentifier("there is no code", remedy="type the digits under the barcode, or the code's address")
    if len(text) > LONGEST:
        raise InvalidIdentifier(f"a code of {len(text)} characters is longer than {LONGEST}")
    if _BARCODE.fullmatch(digits):
        return _identifier(f"{CANONICAL_STEM}/01/{digits.zfill(14)}")
    if _SSCC.fullmatch(digits):
        return _identifier(f"{CANONICAL_STEM}/00/{digits}")
    if _HOST.match(text):
        return _identifier(f"https://{text}")
    if _URI.match(text) and not _TAG_URI.match(text) and name_of(text).class_key == "uri":
        return canonical(name_of(text))
    return _identifier(text)


def _identifier(text: str) -> str:
    if text[:4].lower() == "http":
        text = text.removesuffix("/")  # browsers add it, and it is no part of a Digital Link
    found = parse(text)
    return Identifier(found.elements).digital_link or canonical(found.name)

"""Documents by their media type: which codec reads what."""

from __future__ import annotations

from suyuan.base.errors import UnsupportedMedia
from suyuan.epcis.json_codec import Document, read_document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.xml_reader import read_xml_document

JSON_TYPES = ("application/json", "application/ld+json")
XML_TYPES = ("application/xml", "text/xml")
#: Media types that documents may have.
MEDIA_TYPES = (*JSON_TYPES, *XML_TYPES)


def is_xml(media_type: str) -> bool:
    """Whether a document of this media type is XML; its parameters say nothing here.

    Raises `UnsupportedMedia` for what nothing here reads.
    """
    bare = media_type.partition(";")[0].strip().lower()
    if bare not in MEDIA_TYPES:
        raise UnsupportedMedia(f"{bare[:60]!r} is not {', '.join(MEDIA_TYPES)}")
    return bare in XML_TYPES


def read_document_of(media_type: str, body: bytes, limits: Limits) -> Document:
    """The document in a body of this media type; see the two readers for what they raise."""
    return read_xml_document(body, limits) if is_xml(media_type) else read_document(body, limits)

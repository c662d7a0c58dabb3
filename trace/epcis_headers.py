"""The headers by which EPCIS clients and servers agree on versions and forms (EPCIS 2.0, 12.7 and 12.8).

A wish that cannot be met is refused with 406. Without a wish EPCs are GS1 Digital Links in EPCIS 2.0, the standard's
default, and URNs in EPCIS 1.2, which knows no links; ``No_Preference`` and ``Never_Translates`` leave them as they were
captured: in that form they were hashed and logged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any

import msgspec
from fastapi import Header, Response
from starlette.requests import HTTPConnection

from suyuan import __version__
from suyuan.base.accept import acceptable_media
from suyuan.base.errors import NotAcceptable
from suyuan.epcis.resource_xml import write_resource

#: Versions that answers may have, the best first: of EPCIS, and of the CBV that belongs to it.
_JSON_VERSIONS = (((2, 0, 0), (2, 0, 0)),)
_XML_VERSIONS = (*_JSON_VERSIONS, ((1, 2, 0), (1, 2, 0)))
#: Media types of answers, the default first.
JSON, JSON_LD, XML, TEXT_XML = "application/json", "application/ld+json", "application/xml", "text/xml"
_OFFERS = (JSON, JSON_LD, XML, TEXT_XML)
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,5}", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,60}", re.ASCII)
#: Prefixes that one request may bring.
_MOST_EXTENSIONS = 50

#: Headers of every answer below /epcis, unless the route says otherwise.
ALWAYS = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}
#: What OPTIONS tells of every resource. The lowest version that is read is told by the capture interface.
ABILITIES = ALWAYS | {
    "GS1-EPCIS-Min": "1.2.0",
    "GS1-EPCIS-Max": "2.0.0",
    "GS1-CBV-Min": "1.2.0",
    "GS1-CBV-Max": "2.0.0",
    "GS1-EPC-Format": "No_Preference",
    "GS1-CBV-XML-Format": "No_Preference",
    "GS1-Extensions": "suyuan=https://ns.suyuan.example/voc/",
    "GS1-Vendor-Version": f"suyuan-{__version__}",
}


class EpcFormat(StrEnum):
    """How EPCs are written in an answer."""

    NO_PREFERENCE = "No_Preference"
    DIGITAL_LINK = "Always_GS1_Digital_Link"
    URN = "Always_EPC_URN"
    AS_CAPTURED = "Never_Translates"


class CbvFormat(StrEnum):
    """How words of the CBV are written in XML; JSON-LD has its bare words."""

    NO_PREFERENCE = "No_Preference"
    WEB_URI = "Always_Web_URI"
    URN = "Always_URN"
    AS_CAPTURED = "Never_Translates"


class Wishes(msgspec.Struct, frozen=True):
    """What a request asks of the form of its answer."""

    media_type: str = JSON
    #: ``2.0`` or ``1.2``: the version of EPCIS that an answer with events has.
    version: str = "2.0"
    epc_format: EpcFormat = EpcFormat.NO_PREFERENCE
    cbv_format: CbvFormat = CbvFormat.NO_PREFERENCE
    #: Namespaces by the prefixes that query parameters use, from GS1-Extensions.
    extensions: dict[str, str] = {}

    @property
    def xml(self) -> bool:
        """Whether the answer is XML."""
        return self.media_type in {XML, TEXT_XML}

    @property
    def headers(self) -> dict[str, str]:
        """Headers of an answer in this form."""
        told = {"GS1-EPCIS-Version": f"{self.version}.0", "GS1-CBV-Version": f"{self.version}.0", "Vary": "Accept"}
        if self.epc_format is not EpcFormat.NO_PREFERENCE:
            told["GS1-EPC-Format"] = self.epc_format.value
        if self.xml and self.cbv_format is not CbvFormat.NO_PREFERENCE:
            told["GS1-CBV-XML-Format"] = self.cbv_format.value
        if self.extensions:
            told["GS1-Extensions"] = ",".join(f"{prefix}={uri}" for prefix, uri in self.extensions.items())
        return told


def wishes_of(
    request: HTTPConnection,
    epcis_min: Annotated[str | None, Header(alias="GS1-EPCIS-Min", description="Lowest version to answer in")] = None,
    epcis_max: Annotated[str | None, Header(alias="GS1-EPCIS-Max", description="Highest version to answer in")] = None,
    cbv_min: Annotated[str | None, Header(alias="GS1-CBV-Min")] = None,
    cbv_max: Annotated[str | None, Header(alias="GS1-CBV-Max")] = None,
    epc_format: Annotated[
        str | None,
        Header(alias="GS1-EPC-Format", description="How EPCs are written", json_schema_extra={"enum": list(EpcFormat)}),
    ] = None,
    cbv_format: Annotated[
        str | None,
        Header(alias="GS1-CBV-XML-Format", description="Words in XML", json_schema_extra={"enum": list(CbvFormat)}),
    ] = None,
    extensions: Annotated[
        str | None, Header(alias="GS1-Extensions", description="prefix=namespace, ... of query parameters")
    ] = None,
) -> Wishes:
    """A dependency of every EPCIS resource. Raises `NotAcceptable`."""
    accept = request.headers.get("accept")
    return _wishes(accept, epcis_min, epcis_max, cbv_min, cbv_max, epc_format, cbv_format, extensions)


@lru_cache(maxsize=256)
def _wishes(
    accept: str | None, epcis_min: str | None, epcis_max: str | None, cbv_min: str | None, cbv_max: str | None,
    epc_format: str | None, cbv_format: str | None, extensions: str | None,
) -> Wishes:  # fmt: skip
    """What these headers ask for: clients send the same ones with every request."""
    epcis, cbv = _range("GS1-EPCIS", epcis_min, epcis_max), _range("GS1-CBV", cbv_min, cbv_max)
    media_type, version = _form(accept, epcis, cbv)
    return Wishes(
        media_type,
        f"{version[0]}.{version[1]}",
        EpcFormat(_one_of(epc_format or _usual(version), EpcFormat, "GS1-EPC-Format")),
        CbvFormat(_one_of(cbv_format or CbvFormat.NO_PREFERENCE, CbvFormat, "GS1-CBV-XML-Format")),
        read_extensions(extensions or ""),
    )


def read_wishes(request: HTTPConnection) -> Wishes:
    """The same without a dependency: where every request counts, what FastAPI does for eight headers is too much."""
    given = request.headers.get
    return wishes_of(
        request, given("gs1-epcis-min"), given("gs1-epcis-max"), given("gs1-cbv-min"), given("gs1-cbv-max"),
        given("gs1-epc-format"), given("gs1-cbv-xml-format"), given("gs1-extensions"),
    )  # fmt: skip


_Version = tuple[int, ...]


def _form(accept: str | None, epcis: tuple[_Version, _Version], cbv: tuple[_Version, _Version]) -> tuple[str, _Version]:
    """The best media type that exists in a version within both ranges."""
    offers = list(_OFFERS)
    while (media_type := acceptable_media(accept, offers) if offers else None) is not None:
        for version, vocabulary in _XML_VERSIONS if media_type in {XML, TEXT_XML} else _JSON_VERSIONS:
            if epcis[0] <= version <= epcis[1] and cbv[0] <= vocabulary <= cbv[1]:
                return media_type, version
        offers.remove(media_type)
    raise NotAcceptable(
        "no answer of this media type and version is written here",
        remedy=f"accept one of {', '.join(_OFFERS)} in EPCIS 2.0, or XML in EPCIS 1.2",
    )


def _range(name: str, low: str | None, high: str | None) -> tuple[_Version, _Version]:
    first = _version(low, f"{name}-Min") if low else (0,)
    last = _version(high, f"{name}-Max") if high else (9_999,)
    if first > last:
        raise NotAcceptable(f"{name}-Min {low} is above {name}-Max {high}", place=f"{name}-Min")
    return first, last


def _version(text: str, place: str) -> _Version:
    """2, 2.0 and 2.0.0 are one version."""
    if not _VERSION.fullmatch(text.strip()):
        raise NotAcceptable(f"{text[:40]!r} is not a version", place=place, remedy="write it like 2.0.0")
    numbers = tuple(int(part) for part in text.strip().split("."))
    return (*numbers, *(0 for _ in range(3 - len(numbers))))


def _usual(version: _Version) -> EpcFormat:
    """The form of EPCs where nobody asks for one (12.7.4)."""
    return EpcFormat.DIGITAL_LINK if version >= _JSON_VERSIONS[0][0] else EpcFormat.URN


def _one_of(value: str, words: type[StrEnum], place: str) -> str:
    if value not in set(words):
        raise NotAcceptable(f"{value[:60]!r} is no form known here", place=place, remedy=f"one of {', '.join(words)}")
    return value


def read_extensions(text: str) -> dict[str, str]:
    """``prefix=namespace,prefix2=namespace2`` as a mapping."""
    found: dict[str, str] = {}
    for part in text.split(","):
        if not part.strip():
            continue
        prefix, sign, uri = part.strip().partition("=")
        if not sign or not _PREFIX.fullmatch(prefix) or ":" not in uri or not uri.isascii() or len(uri) > 400:
            raise NotAcceptable(
                f"{part.strip()[:80]!r} is not prefix=namespace",
                place="GS1-Extensions",
                remedy="ex=https://example.com/",
            )
        found[prefix] = uri
        if len(found) > _MOST_EXTENSIONS:
            raise NotAcceptable(f"more than {_MOST_EXTENSIONS} extensions", place="GS1-Extensions")
    return found


def answer_resource(
    wishes: Wishes, root: str, members: Mapping[str, Any], headers: Mapping[str, str] | None = None
) -> Response:
    """A resource that is no event, in the form that was asked for; ``root`` names its element in XML."""
    body = write_resource(root, members) if wishes.xml else msgspec.json.encode(members)
    return Response(body, headers=wishes.headers | dict(headers or {}), media_type=wishes.media_type)


def answer_list(
    wishes: Wishes, root: str, element: str, items: Sequence[Any], headers: Mapping[str, str] | None = None
) -> Response:
    """A bare list in JSON; in XML, which needs a root, elements below it."""
    body = write_resource(root, {element: items}) if wishes.xml else msgspec.json.encode(items)
    return Response(body, headers=wishes.headers | dict(headers or {}), media_type=wishes.media_type)

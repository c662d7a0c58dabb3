"""XML as text: escaped characters, qualified names, the namespaces that they need (XML 1.0, Namespaces in XML)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from suyuan.epcis.context import is_absolute, split
from suyuan.epcis.xml_names import CBV_ATTRIBUTES, XML_NAMESPACE

#: Declares what `xsi:type` and `xsi:nil` need.
SCHEMA = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'

_SPECIAL = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL_IN_ATTRIBUTES = re.compile('[&<>"\r\n\t\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
#: A name without a colon. Of letters beyond ASCII only those that no version of XML doubts.
_FIRST = "A-Za-z_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u3001-\ud7ff"
_NAME = re.compile(f"[{_FIRST}][-.0-9{_FIRST}]*")
_NO_FIRST = re.compile(f"^[^{_FIRST}]")
_NO_NAME = re.compile(f"[^-.0-9{_FIRST}]")


def escape(text: str) -> str:
    """Text between tags. What XML 1.0 has no character for becomes U+FFFD."""
    return _SPECIAL.sub(_escaped, text) if _SPECIAL.search(text) else text


def quoted(text: str) -> str:
    """An attribute's value with its quotation marks; line ends and tabs survive its reading."""
    return f'"{_SPECIAL_IN_ATTRIBUTES.sub(_escaped, text)}"'


def _escaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], "\ufffd")


def local_name(text: str) -> str:
    """A name that XML takes: other characters are written ``_x0020_``, as SQL/XML does."""
    if _NAME.fullmatch(text):
        return text
    text = _NO_NAME.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
    return _NO_FIRST.sub(lambda match: f"_x{ord(match[0]):04X}_", text) or "_"


class Namespaces:
    """Qualified names of one event's extensions; ``declarations`` are the attributes that define their prefixes.

    ``prefixes`` are those of the event's context: what its names and values are abbreviated with.

    With ``cbv_1`` the CBV's attributes are in their namespace of EPCIS 1.x, even where JSON gave them the other one. In
    EPCIS 2.0 they stay where they are: their namespace counts in the event hash.
    """

    def __init__(self, prefixes: Mapping[str, str], *, cbv_1: bool = False) -> None:
        self.prefixes = prefixes
        self._cbv_1 = cbv_1
        self._used: dict[str, str] = {}
        self._taken = {"epcis", "epcisq", "xsi", "xsd", "xml", "xmlns"}

    @property
    def declarations(self) -> str:
        """`` xmlns:p="..."`` for each prefix that was used."""
        return "".join(f" xmlns:{prefix}={quoted(uri)}" for uri, prefix in self._used.items())

    def qualified(self, name: str) -> str:
        """The element or attribute name of an extension's name in JSON."""
        found = split(name, self.prefixes)
        uri, local = found if found is not None else ("", name)
        if not uri:
            if not is_absolute(name):
                return local_name(local)
            end = max(name.rfind(mark) for mark in "/#:") + 1
            uri, local = name[:end], name[end:]
        wanted = name.partition(":")[0] if found is not None and found[0] else ""
        return f"{self._prefix(uri, wanted)}:{local_name(local)}"

    def _prefix(self, uri: str, wanted: str) -> str:
        if self._cbv_1 and uri == f"{CBV_ATTRIBUTES}:":
            uri = CBV_ATTRIBUTES
        if uri == XML_NAMESPACE:
            return "xml"
        prefix = self._used.get(uri)
        if prefix is None:
            prefix = wanted if _NAME.fullmatch(wanted) and not wanted.lower().startswith("xml") else "ns"
            number = 0
            while prefix in self._taken:
                number += 1
                prefix = f"ns{number}"
            self._taken.add(prefix)
            self._used[uri] = prefix
        return prefix

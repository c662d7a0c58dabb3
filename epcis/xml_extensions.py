"""Extensions as XML: members of JSON objects to elements, numbers and truth values with their types.

What `suyuan.epcis.xml_events` reads back: arrays are repeated elements, ``@value`` is text beside attributes or
children.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from suyuan.epcis.context import expand
from suyuan.epcis.xml_markup import Namespaces, escape, quoted


def plain(value: Any) -> str:
    """A value as the text of an attribute; an object or array, which none can hold, as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def write_extension(name: str, value: Any, names: Namespaces) -> str:
    """An extension: arrays as repeated elements, numbers and truth values with their types."""
    if isinstance(value, list):
        return "".join(write_extension(name, one, names) for one in value)
    tag = names.qualified(name)
    if isinstance(value, dict):
        return _object(tag, value, names)
    kind, text = simple_content(value, names)
    return f"<{tag}{kind}>{text}</{tag}>" if text else f"<{tag}{kind}/>"


def _object(tag: str, value: Mapping[str, Any], names: Namespaces) -> str:
    language = f" xml:lang={quoted(str(value['@language']))}" if "@language" in value else ""
    kind, text = simple_content(value["@value"], names) if "@value" in value else ("", "")
    inner = "".join(write_extension(name, one, names) for name, one in value.items() if name not in KEYWORDS)
    return f"<{tag}{language}{kind}>{text}{inner}</{tag}>"


def simple_content(value: Any, names: Namespaces) -> tuple[str, str]:
    """Attributes and text of a simple value."""
    if isinstance(value, str):
        return "", escape(expand(value, names.prefixes))
    if value is None:
        return ' xsi:nil="true"', ""
    kind = "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "double"
    return f' xsi:type="xsd:{kind}"', plain(value)


#: Members of an object that are no extensions.
KEYWORDS = frozenset(("@value", "@language", "@context"))

"""Resources of the REST binding that are no events, as XML: collections, queries, capture jobs, exceptions.

The binding names `application/xml` for them without a schema; like its examples, the root stands in the namespace of
EPCIS 2.0 and the members below it in none. A list becomes repeated elements, `@context` is left out: XML has
namespaces instead.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

NAMESPACE = "urn:epcglobal:epcis:xsd:2"
#: What XML 1.0 cannot hold, escaped or not (section 2.2).
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*", re.ASCII)


def write_resource(root: str, members: Mapping[str, Any], attributes: Collection[str] = ()) -> bytes:
    """Plain JSON members as an XML document. The members named in ``attributes`` are attributes of the root.

    A member whose name is no XML name is written as ``<member name="...">``.
    """
    leading = "".join(f' {name}="{_text(members[name])}"' for name in attributes if members.get(name) is not None)
    body = "".join(_elements({name: value for name, value in members.items() if name not in {*attributes, "@context"}}))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<epcis:{root} xmlns:epcis="{NAMESPACE}"{leading}>{body}</epcis:{root}>'.encode()


def _elements(members: Mapping[str, Any]) -> Iterator[str]:
    for name, value in members.items():
        if value is None:
            continue
        for each in value if isinstance(value, list | tuple) else [value]:
            tag, opening = (name, name) if _NAME.fullmatch(name) else ("member", f'member name="{_text(name)}"')
            inner = "".join(_elements(each)) if isinstance(each, Mapping) else _text(each)
            yield f"<{opening}>{inner}</{tag}>"


def _text(value: object) -> str:
    written = str(value).lower() if isinstance(value, bool) else str(value)
    return html.escape(_UNWRITABLE.sub("\ufffd", written))

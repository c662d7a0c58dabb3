"""What GS1's JSON schema refuses is refused here, too: its own examples, with one value taken away or changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from suyuan.base.errors import SuyuanError
from suyuan.epcis.json_codec import read_document
from suyuan.epcis.json_text import Limits

#: Documents that together have every type of event and every field.
EXAMPLES = (
    "JSON/WithFullCombinationOfFields/*.jsonld",
    "JSON/WithErrorDeclaration/*.jsonld",
    "JSON/EPCISQuery*.jsonld",
)
#: A value for each form that a field may wrongly have.
WRONG: tuple[Any, ...] = (None, 7, "x", ["x"], {"a": 1}, "urn:epcglobal:cbv:nothing:at_all")
Way = tuple[str | int, ...]


def places(value: Any, way: Way = ()) -> Iterator[Way]:
    """The way to every member and to the first item of every array; extensions are anything."""
    if isinstance(value, dict):
        for name, member in value.items():
            if ":" not in name and name != "@context":
                yield (*way, name)
                yield from places(member, (*way, name))
    elif isinstance(value, list) and value:
        yield (*way, 0)
        yield from places(value[0], (*way, 0))


def changed(document: Any, way: Way) -> Iterator[Any]:
    """The document without the value at a place, and with wrong ones there."""
    for wrong in (WRONG, *WRONG):
        copied = copy.deepcopy(document)
        holder = copied
        for step in way[:-1]:
            holder = holder[step]
        if wrong is WRONG:
            del holder[way[-1]]
        else:
            holder[way[-1]] = wrong
        yield copied


def is_read(document: Any) -> bool:
    try:
        read_document(json.dumps(document).encode(), Limits())
    except SuyuanError:
        return False
    return True


def test_what_the_schema_refuses_is_refused(shared: Path) -> None:
    folder = shared / "epcis" / "gs1__EPCIS"
    schema = json.loads((folder / "EPCIS-JSON-Schema.json").read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    seen: set[Way] = set()
    taken: list[str] = []
    for path in (path for pattern in EXAMPLES for path in sorted(folder.glob(pattern))):
        document = json.loads(path.read_text())
        assert is_read(document)
        for way in places(document):
            if way not in seen:
                seen.add(way)
                read = [other for other in changed(document, way) if is_read(other)]
                taken += [f"{path.name} {way}: {other!r:.99}" for other in read if not validator.is_valid(other)]
    assert len(seen) > 100
    assert taken == []

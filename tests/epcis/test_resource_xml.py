"""Collections, queries and exceptions as XML that a parser takes, whatever they hold."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.epcis.resource_xml import NAMESPACE, write_resource

LEAVES = st.text(max_size=8) | st.integers() | st.booleans() | st.none()
VALUES = LEAVES | st.lists(LEAVES, max_size=3) | st.dictionaries(st.text(max_size=4), LEAVES, max_size=3)


def test_a_collection_repeats_its_members_and_leaves_the_context_out() -> None:
    root = ET.fromstring(
        write_resource("Collection", {"@context": ["x"], "type": "Collection", "member": ["events", "a<b&c"]})
    )
    assert root.tag == f"{{{NAMESPACE}}}Collection"
    assert [(each.tag, each.text) for each in root] == [
        ("type", "Collection"), ("member", "events"), ("member", "a<b&c"),
    ]  # fmt: skip


def test_some_members_may_be_attributes_of_the_root() -> None:
    job = {"captureID": 'a"b', "running": True, "errors": [{"status": 400}], "finishedAt": None}
    root = ET.fromstring(write_resource("EPCISCaptureJob", job, ("captureID", "running")))
    assert root.attrib == {"captureID": 'a"b', "running": "true"}
    assert [each.tag for each in root] == ["errors"]
    assert root.findtext("errors/status") == "400"


@pytest.mark.parametrize("name", ["EQ_example:field", "1st", "", "a b", "<script>"])
def test_a_name_that_xml_does_not_take_is_written_as_an_attribute(name: str) -> None:
    root = ET.fromstring(write_resource("Query", {name: "x"}))
    assert [(each.tag, each.get("name"), each.text) for each in root] == [("member", name, "x")]


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=4))
def test_anything_gives_well_formed_xml(members: dict[str, Any]) -> None:
    ET.fromstring(write_resource("Query", members))

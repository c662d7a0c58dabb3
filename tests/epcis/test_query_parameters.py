"""The table of query parameters against the standard's own schema, and names and values that nobody foresaw."""

from __future__ import annotations

import json
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidInput, QueryTooComplex
from suyuan.epcis.query_parameters import CONTROLS, FIXED, MOST_PARAMETERS, MOST_VALUES, Operator, read_query
from suyuan.epcis.query_things import read_match
from suyuan.epcis.query_values import Written, from_url

#: Examples of what the patterns of names in the schema leave open.
_OPEN = {
    r"[a-z][a-zA-Z0-9]*\\:\\w+": "example:myField", r"[a-z][a-zA-Z0-9]*\:\w+": "example:myField",
    "[A-Z0-9]{2,4}": "CEL", "[a-z][a-zA-Z0-9_]+": "possessing_party", r"\\w+_\\w+": "bizLocation_urn:x:a",
    r"\w+_\w+": "bizLocation_urn:x:a",
}  # fmt: skip


def schema(shared: Path) -> dict[str, Any]:
    path = shared / "epcis" / "gs1__EPCIS" / "REST Bindings" / "query-schema.json"
    if not path.exists():
        pytest.skip("the standard's schemas are not here")
    whole: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["definitions"]["EPCIS-Query"]
    return whole


def test_every_name_of_the_standard_s_schema_is_in_the_table(shared: Path) -> None:
    names = set(schema(shared)["properties"]) - {"@context"}
    assert len(names) == 60
    assert names <= {*FIXED, *CONTROLS}


def test_every_pattern_of_the_standard_s_schema_is_read(shared: Path) -> None:
    patterns = schema(shared)["patternProperties"]
    assert len(patterns) == 108
    for pattern in patterns:
        name = pattern.strip("^$")
        for left_open, example in _OPEN.items():
            name = name.replace(left_open, example)
        value: Any = ["urn:x:a"] if re.match("EQ_(?:bizT|sour|dest|ATTR)|HASATTR", name) else 5
        asked = {name: None if name.startswith("EXISTS") else value}
        (condition,) = read_query(asked, {"example": "https://e.example/"}).conditions
        assert condition.parameter == name
        assert condition.operator == ("EQATTR" if "ATTR" in name and "EQ_" in name else name.partition("_")[0])


def test_a_name_means_the_same_however_its_namespace_is_written() -> None:
    names = ("example:a", "https://e.example/ns#a", "https://e.example/ns/a", "https://e.example/ns/#a")
    fields = {
        read_query({f"EQ_ILMD_{name}": "1"}, {"example": namespace}).conditions[0].field
        for name in names
        for namespace in ("https://e.example/ns/", "https://e.example/ns#", "https://e.example/ns")
    }
    assert fields == {"ilmd:https://e.example/ns#a"}


def test_more_than_anyone_asks_is_too_complex() -> None:
    with pytest.raises(QueryTooComplex):
        read_query({f"EQ_x:{number}": "1" for number in range(10_000)}, {})
    for name in ("EQ_stringValue", "EQ_value_CEL", "EQ_quantity_XYZ"):
        with pytest.raises(QueryTooComplex) as refusal:
            read_query({name: [str(number) for number in range(MOST_VALUES + 1)]}, {})
        assert refusal.value.place == name
    many = {f"EQ_x:{number}": [str(value) for value in range(400)] for number in range(MOST_PARAMETERS)}
    with pytest.raises(QueryTooComplex):
        read_query(many, {})


@pytest.mark.parametrize("head", ["EQ_", "MATCH_", "EQ_INNER_", "EQ_value_", "EQATTR_", "EXISTS_ILMD_", "orderBy"])
@pytest.mark.parametrize("tail", ["a" * 2_000, "_" * 2_000, "a:" * 1_000, "(a+)+$" * 300, "*" * 2_000, "a_b:" * 500])
def test_names_that_trap_regular_expressions_end_at_once(head: str, tail: str) -> None:
    started = time.process_time()
    for name, value in ((head + tail, "x"), ("MATCH_epc", tail), ("EQ_stringValue", tail), ("GE_eventTime", tail)):
        with suppress(InvalidInput, QueryTooComplex):
            read_query({name: value}, {})
    assert time.process_time() - started < 1


_NAMES = st.one_of(
    st.sampled_from([*FIXED, *CONTROLS]),
    st.text(max_size=30),
    st.builds(
        "{}_{}{}".format, st.sampled_from([*Operator]), st.sampled_from(["", "INNER_", "ILMD_"]), st.text(max_size=20)
    ),
)
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30), st.text(max_size=30).map(Written),
    st.sampled_from(["2026-05-01T00:00:00Z", "urn:epc:id:sgtin:0614141.100001.1", "shipping", "' OR 1=1 --"]),
)  # fmt: skip
_VALUES = st.one_of(
    _SCALARS, st.lists(_SCALARS, max_size=4), st.dictionaries(st.text(max_size=3), _SCALARS, max_size=2)
)


@given(parameters=st.dictionaries(_NAMES, _VALUES, max_size=4))
def test_anything_is_a_query_or_refused_by_name(parameters: dict[str, Any]) -> None:
    try:
        query = read_query(parameters, {"x": "https://x.example/"})
    except InvalidInput as refusal:
        place = refusal.place
    else:
        assert len(query.conditions) <= len(parameters)
        assert read_query(parameters, {"x": "https://x.example/"}) == query
        return
    assert place in {name[:200] for name in parameters}


@given(pairs=st.lists(st.tuples(_NAMES, st.text(max_size=40)), max_size=5))
def test_any_url_is_a_query_or_refused_by_name(pairs: list[tuple[str, str]]) -> None:
    try:
        read_query(from_url(pairs), {})
    except InvalidInput as refusal:
        place = refusal.place
    else:
        return
    assert place in {name[:200] for name, _ in pairs}


_URNS = st.from_regex(
    r"urn:epc:(id|idpat|pat|class):(sgtin|sscc|grai|giai|gid|lgtin|sgln):[0-9.*-]{0,20}", fullmatch=True
)


@given(value=st.one_of(st.text(), _URNS))
def test_any_text_names_things_or_is_refused(value: str) -> None:
    try:
        match = read_match(value)
    except InvalidInput:
        return
    assert match.thing or match.heads or match.stem

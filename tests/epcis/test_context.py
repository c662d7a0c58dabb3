from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from suyuan.base.errors import InvalidDocument
from suyuan.epcis.context import (
    EPCIS_CONTEXT,
    MOST_TERMS,
    STANDARD_PREFIXES,
    entries,
    expand,
    extended,
    inline_entries,
    is_standard,
    prefixes_of,
    split,
)


@pytest.mark.parametrize(
    "url",
    [
        EPCIS_CONTEXT,
        "https://ref.gs1.org/standards/epcis/epcis-context.jsonld",
        "https://gs1.github.io/EPCIS/epcis-context.jsonld",
        "https://ref.gs1.org/standards/epcis/2.0.1/epcis-context.jsonld",
    ],
)
def test_the_standards_context_is_known_in_all_its_homes(url: str) -> None:
    assert is_standard(url)
    assert not is_standard(url + "x")


def test_other_urls_define_nothing_and_are_never_fetched() -> None:
    assert prefixes_of(b'"https://attacker.example/context.jsonld"') == STANDARD_PREFIXES


def test_an_events_own_definition_wins() -> None:
    context = msgspec.json.encode([EPCIS_CONTEXT, {"ex": "https://a.example/"}])
    assert prefixes_of(context)["ex"] == "https://a.example/"
    assert prefixes_of(context, {"ex": "https://b.example/"})["ex"] == "https://b.example/"


def test_a_definition_may_use_an_earlier_one_and_an_object_with_an_id() -> None:
    prefixes = extended({}, [{"a": "https://a.example/", "b": "a:b#"}, {"c": {"@id": "b:c/"}, "d": {"@type": "@id"}}])
    assert prefixes == {"a": "https://a.example/", "b": "https://a.example/b#", "c": "https://a.example/b#c/"}


def test_keywords_are_not_terms() -> None:
    assert extended({}, {"@vocab": "https://a.example/", "@version": 1.1}) == {}


@pytest.mark.parametrize("context", [3, [None], [[{}]], True])
def test_another_form_is_refused(context: object) -> None:
    with pytest.raises(InvalidDocument):
        entries(context)


def test_too_many_terms_are_refused() -> None:
    with pytest.raises(InvalidDocument):
        extended({}, {f"t{number}": "https://a.example/" for number in range(MOST_TERMS + 1)})


def test_names_are_split_by_their_prefix() -> None:
    assert split("cbvmda:lotNumber", STANDARD_PREFIXES) == ("urn:epcglobal:cbv:mda:", "lotNumber")
    assert split("https://a.example/x", STANDARD_PREFIXES) == ("", "https://a.example/x")
    assert split("urn:a:b", STANDARD_PREFIXES) == ("", "urn:a:b")
    assert split("plain", STANDARD_PREFIXES) == ("", "plain")
    assert split("foo:bar", STANDARD_PREFIXES) is None


def test_abbreviated_values_are_expanded() -> None:
    assert expand("gs1:Temperature", STANDARD_PREFIXES) == "https://gs1.org/voc/Temperature"
    assert expand("gs1://x", STANDARD_PREFIXES) == "gs1://x"
    assert expand("foo:bar", STANDARD_PREFIXES) == "foo:bar"


def test_what_leaves_with_an_event_is_all_but_the_standard() -> None:
    context = msgspec.json.encode([EPCIS_CONTEXT, {"a": "https://a.example/"}, "https://b.example/c.jsonld"])
    assert inline_entries(context, {"d": "https://d.example/"}) == [
        {"a": "https://a.example/"},
        "https://b.example/c.jsonld",
        {"d": "https://d.example/"},
    ]
    assert inline_entries(b"null") == []


def test_the_standard_prefixes_are_those_of_the_standards_context(shared: Path) -> None:
    text = (shared / "epcis" / "gs1__EPCIS" / "JSON-LD-Context" / "epcis-context-root.jsonld").read_bytes()
    defined = msgspec.json.decode(text)["@context"]
    namespaces = {name: uri for name, uri in defined.items() if isinstance(uri, str) and uri[-1] in "/#:"}
    assert namespaces == STANDARD_PREFIXES

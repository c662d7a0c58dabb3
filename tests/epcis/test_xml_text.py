from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from suyuan.base.errors import InvalidDocument, SuyuanError, TooLarge
from suyuan.epcis.json_text import Limits
from suyuan.epcis.xml_text import Element, Step, XmlParser

SMALL = Limits(body=10**9, event=50_000, string=1_000, depth=20)


class Collector:
    """Enters the outermost element and builds those in it."""

    def __init__(self) -> None:
        self.elements: list[Element] = []

    def enter(self, name: str, attributes: dict[str, str]) -> Step:
        return {"root": Step.ENTER, "skip": Step.SKIP}.get(name, Step.BUILD)

    def leave(self, name: str) -> None:
        assert name == "root"

    def built(self, element: Element) -> None:
        self.elements.append(element)


def feed(pieces: Iterator[bytes] | list[bytes], limits: Limits = SMALL) -> list[Element]:
    collector = Collector()
    parser = XmlParser(collector, limits)
    for piece in pieces:
        parser.feed(piece)
    parser.close()
    return collector.elements


def refusal(body: bytes) -> SuyuanError:
    with pytest.raises((InvalidDocument, TooLarge)) as caught:
        feed([body])
    return caught.value


BOMB = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><root><x>&b;</x></root>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><root/>',
        b'<!DOCTYPE a PUBLIC "x" "http://host.example/x.dtd"><root/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><root><x>&x;</x></root>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "http://host.example/x"> %x;]><root/>',
        b'<!DOCTYPE a [<!ATTLIST root y CDATA "z">]><root/>',
    ],
)
def test_a_declaration_that_declares_something_is_refused(body: bytes) -> None:
    assert "declar" in str(refusal(body))


def test_a_declaration_that_says_nothing_is_taken_as_gs1s_own_examples_have_it() -> None:
    assert feed([b"<?xml version='1.0'?>\n<!DOCTYPE project>\n<root><x>1</x></root>"])[0].text == "1"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "no element found"),
        (b"<root>", "no element found"),
        (b"<root></wrong>", "mismatched tag"),
        (b"<root/><root/>", "junk after document element"),
        (b"<root><x>\xff\xfe</x></root>", "invalid token"),
        (b"<root><x>\xed\xa0\x80</x></root>", "invalid token"),
        (b"<root><x>\0</x></root>", "invalid token"),
        (b"<root><x>&#0;</x></root>", "invalid character number"),
        (b"<root><x>&other;</x></root>", "undefined entity"),
        (b"<root><p:x/></root>", "unbound prefix"),
        (b'<root><x a="1" a="2"/></root>', "duplicate attribute"),
        (b"<?xml version='1.0' encoding='no-such'?><root/>", "encoding"),
        (b"<root>words<x/></root>", "text where only elements may stand"),
    ],
)
def test_what_is_no_xml_is_refused_with_the_reason(body: bytes, told: str) -> None:
    assert told in str(refusal(body))


def test_a_fault_is_told_with_its_line_and_column() -> None:
    assert "line 2, column 8" in str(refusal(b"<root>\n  <x></y></root>"))


def test_the_encodings_that_every_parser_knows_are_read() -> None:
    for encoding in ("UTF-8", "UTF-16", "ISO-8859-1"):
        body = f"<?xml version='1.0' encoding='{encoding}'?><root><x>\u00e9</x></root>".encode(encoding)
        assert feed([body])[0].text == "\u00e9"


def endless(head: bytes, piece: bytes) -> Iterator[bytes]:
    """A document that would never end; the test fails where more than 10 MB of it are taken."""
    yield head
    for _ in range(10_000_000 // len(piece)):
        yield piece
    pytest.fail("nothing stopped it")


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"<root>", b"<a>" * 100),
        (b"<root><x>", b"text" * 100),
        (b"<root><x><![CDATA[", b"text" * 100),
        (b"<root><x y='", b"text" * 100),
        (b"<root><", b"name" * 100),
        (b"<root><!--", b"text" * 100),
        (b"<root><?x ", b"text" * 100),
        (b"<root><x>", b"<y/>" * 100),
        (b"<root><skip><x y='", b"text" * 100),
        (b"<root><skip>", b"<a>" * 100),
    ],
)
def test_what_has_no_end_is_stopped_early(head: bytes, piece: bytes) -> None:
    with pytest.raises(TooLarge):
        feed(endless(head, piece))


def test_an_element_that_is_left_out_may_be_as_long_as_it_likes() -> None:
    assert feed([b"<root><skip>", *[b"<y>text</y>" * 1_000] * 100, b"</skip><x/></root>"])[0].name == "x"


def test_many_namespaces_are_refused() -> None:
    declared = "".join(f" xmlns:n{number}='urn:x:{number}'" for number in range(1_001))
    assert "namespaces" in str(refusal(f"<root><x{declared}/></root>".encode()))


def test_names_are_clark_names_outside_of_epcis() -> None:
    body = b"<root xmlns='urn:epcglobal:epcis:xsd:2' xmlns:e='urn:x'><e:x e:a='1' b='2'><y/></e:x></root>"
    element = feed([body])[0]
    assert (element.name, element.attributes) == ("{urn:x}x", {"{urn:x}a": "1", "b": "2"})
    assert element.children[0].name == "y"


@given(st.lists(st.integers(1, 30), max_size=12))
@example([1] * 200)
def test_it_is_the_same_however_the_bytes_come(sizes: list[int]) -> None:
    body = "<?xml version='1.0'?><root><x a='1 &amp; 2'>\u00e9<y>z</y>&lt;</x><skip><x/></skip><x/></root>".encode()
    pieces, at = [], 0
    for size in sizes:
        pieces.append(body[at : at + size])
        at += size
    elements = feed([*pieces, body[at:]])
    assert [(element.name, element.attributes, element.text) for element in elements] == [
        ("x", {"a": "1 & 2"}, "\u00e9<"),
        ("x", {}, ""),
    ]


@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_any_bytes(body: bytes) -> None:
    with contextlib.suppress(SuyuanError):
        feed([b"<root>" + body])

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.epcis.event_id import content_digest, declaration_digest, event_hash, prehash
from suyuan.epcis.events import ErrorDeclaration, ObjectEvent, TransformationEvent
from suyuan.epcis.json_codec import read_document
from suyuan.epcis.json_text import Limits
from suyuan.epcis.leniency import LITERAL

CONTEXT = b'{"ex":"https://ns.example/"}'
EPC = "urn:epc:id:sgtin:0614141.107346.2017"
HEAD = "eventType=ObjectEventeventTime=1970-01-01T00:00:00.000ZeventTimeZoneOffset=+00:00"
THINGS = "epcListepc=https://id.gs1.org/01/10614141073464/21/2017action=ADD"


def event(**fields: Any) -> ObjectEvent:
    return ObjectEvent(**{"event_time": 0, "offset": 0, "action": "ADD", "epc_list": (EPC,), **fields})


def tail(**fields: Any) -> str:
    """The pre-hash behind what every event of these tests begins with."""
    return prehash(event(**fields), CONTEXT).removeprefix(HEAD + THINGS)


def test_the_hash_is_the_sha256_of_the_text() -> None:
    assert prehash(event()) == HEAD + THINGS
    digest = hashlib.sha256((HEAD + THINGS).encode())
    assert content_digest(event()) == digest.digest()
    assert event_hash(event()) == f"ni:///sha-256;{digest.hexdigest()}?ver=CBV2.0"


@pytest.mark.parametrize(
    ("micros", "written"),
    [
        (499, "00:00:00.000"),
        (500, "00:00:00.000"),
        (501, "00:00:00.001"),
        (1_500, "00:00:00.002"),
        (142_500, "00:00:00.142"),
        (143_500, "00:00:00.144"),
        (999_500, "00:00:01.000"),
        (59_999_600, "00:01:00.000"),
        (86_399_999_600, "00:00:00.000"),
    ],
)
def test_times_are_rounded_to_milliseconds_and_carried(micros: int, written: str) -> None:
    day = "02" if written == "00:00:00.000" and micros > 1_000_000 else "01"
    assert f"eventTime=1970-01-{day}T{written}Z" in prehash(event(event_time=micros))


def test_negative_offsets_keep_their_minutes() -> None:
    assert "eventTimeZoneOffset=-03:30" in prehash(event(offset=-210))


def test_extensions_are_sorted_and_lists_repeat_their_name() -> None:
    extensions = {"ex:b": [{"ex:y": 2, "ex:x": True}, "a"], "ex:a": {"plain": None, "ex:c": []}, "ex:e": "", "ex:f": {}}
    namespace = "{https://ns.example/}"
    assert tail(extensions=extensions) == (
        f"{namespace}aplain=None{namespace}b=a{namespace}b{namespace}x=true{namespace}y=2{namespace}e{namespace}f"
    )


def test_comments_and_declared_extensions_are_left_out() -> None:
    extensions = {"rdfs:comment": "x", "ex:hash": "y", "ex:a": "z"}
    assert tail(extensions=extensions) == "{https://ns.example/}a=z{https://ns.example/}hash=y"
    text = prehash(event(extensions=extensions), CONTEXT, {"{https://ns.example/}hash"})
    assert text.endswith("action=ADD{https://ns.example/}a=z")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (26.0, "26"),
        (-0.0, "0"),
        (1e21, "1000000000000000000000"),
        (0.1, "0.1"),
        (10**20, "100000000000000000000"),
        ("26.50", "26.5"),
        ("007", "7"),
        ("-1.0e2", "-100"),
        ("  a  b ", "a  b"),
        ("12345678901234567890", "12345678901234567890"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("1e400", "1e400"),
        ("nan", "nan"),
        ("1_000", "1_000"),
        ("ex:thing", "https://ns.example/thing"),
        ("urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping"),
        ("urn:epcglobal:cbv:bt:1:2", "urn:epcglobal:cbv:bt:1:2"),
        (EPC, "https://id.gs1.org/01/10614141073464/21/2017"),
        ("urn:epc:id:sgtin:broken", "urn:epc:id:sgtin:broken"),
        ("a: b", "a: b"),
    ],
)
def test_a_value_has_one_writing(value: Any, written: str) -> None:
    assert tail(extensions={"ex:v": value}) == f"{{https://ns.example/}}v={written}"


def test_long_numerals_stay_apart() -> None:
    first, second = (event(extensions={"ex:v": f"11010119900307451{digit}"}) for digit in "12")
    assert content_digest(first, CONTEXT) != content_digest(second, CONTEXT)


def test_the_published_hash_rounds_them_as_the_reference_does() -> None:
    first, second = (event(extensions={"ex:v": [{"ex:w": f"11010119900307451{digit}"}]}) for digit in "12")
    assert event_hash(first, CONTEXT) == event_hash(second, CONTEXT)
    assert event_hash(first, CONTEXT) == event_hash(event(extensions={"ex:v": [{"ex:w": 110101199003074512}]}), CONTEXT)


def test_a_prefix_of_the_standard_needs_no_definition() -> None:
    inline = msgspec.json.encode({"cbvmda": "urn:epcglobal:cbv:mda:"})
    lot = event(ilmd={"cbvmda:lotNumber": "L7"})
    assert prehash(lot) == prehash(lot, inline) == HEAD + THINGS + "ilmd{urn:epcglobal:cbv:mda:}lotNumber=L7"


def test_three_characters_of_serials_stay_unescaped() -> None:
    epcs = ("urn:epc:id:sgtin:0614141.107346.a'b;c=d", "urn:epc:id:sgtin:0614141.107346.a%2Fb")
    stem = "epc=https://id.gs1.org/01/10614141073464/21/"
    assert f"{stem}a%2Fb{stem}a'b;c=d" in prehash(event(epc_list=epcs))


def test_a_declaration_has_its_own_digest() -> None:
    declared = event(error_declaration=ErrorDeclaration(1, "incorrect_data", ("urn:x:b", "urn:x:a"), {"ex:by": "me"}))
    other = event(error_declaration=ErrorDeclaration(1, None, ("urn:x:a", "urn:x:b"), {"ex:by": "me"}))
    same = event(error_declaration=ErrorDeclaration(1, "incorrect_data", ("urn:x:a", "urn:x:b"), {"ex:by": "me"}))
    assert declaration_digest(event()) == b""
    assert content_digest(declared, CONTEXT) == content_digest(event(), CONTEXT)
    assert declaration_digest(declared, CONTEXT) == declaration_digest(same, CONTEXT)
    assert declaration_digest(declared, CONTEXT) != declaration_digest(other, CONTEXT)
    assert len(declaration_digest(other, CONTEXT)) == 32


@given(st.lists(st.integers(0, 2**38 - 1), max_size=6, unique=True), st.randoms())
def test_the_order_of_a_list_says_nothing(serials: list[int], shuffle: Any) -> None:
    epcs = [f"urn:epc:id:sgtin:0614141.107346.{serial}" for serial in serials]
    mixed = list(epcs)
    shuffle.shuffle(mixed)
    first = TransformationEvent(event_time=0, offset=0, input_epc_list=tuple(epcs))
    assert event_hash(first) == event_hash(msgspec.structs.replace(first, input_epc_list=tuple(mixed)))


def hashes(path: Path) -> list[str]:
    document = read_document(path.read_bytes(), Limits(), LITERAL)
    return [event_hash(source.event, document.context, document.ignored) for source in document.sources]


def test_all_published_hashes_of_json_documents_match(shared: Path) -> None:
    folder = shared / "epcis" / "RalphTro__epcis-event-hash-generator" / "tests" / "examples"
    expected = {path: path.with_suffix(".hashes").read_text().split() for path in sorted(folder.glob("*.jsonld"))}
    assert sum(map(len, expected.values())) >= 43
    assert {path.name: hashes(path) for path in expected} == {path.name: given for path, given in expected.items()}


def test_different_writings_of_one_event_have_one_hash(shared: Path) -> None:
    folder = shared / "epcis" / "RalphTro__epcis-event-hash-generator" / "tests" / "expected_equal"
    for path in folder.glob("*.json"):
        assert len(json.loads(path.read_text())["epcisBody"]["eventList"]) > 1
        assert len(set(hashes(path))) == 1

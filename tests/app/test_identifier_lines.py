"""Lines of identifiers and their answers."""

from __future__ import annotations

import codecs
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.app.identifier_lines import LONGEST_LINE, Answerer, Options, read_groups

TAG = "3074257BF7194E4000001A85"


class _Pieces(io.BufferedReader):
    """A stream that arrives in these pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        super().__init__(io.BytesIO())
        self._pieces = iter(pieces)

    def read1(self, size: int = -1, /) -> bytes:
        return next(self._pieces, b"")


def lines_of(*pieces: bytes) -> list[bytes]:
    data = b"".join(group.data for group in read_groups(_Pieces(list(pieces))))
    assert not data or data.endswith(b"\n")
    return data.split(b"\n")[:-1]


def test_lines_are_whole_wherever_the_pieces_end() -> None:
    assert lines_of(b"a\nb", b"c", b"\n\nd\n", b"e") == [b"a", b"bc", b"", b"d", b"e"]
    assert lines_of() == []


def test_a_line_that_is_too_long_is_one_line_and_bounded() -> None:
    long = b"x" * 50_000
    found = lines_of(b"a\n" + long, long, long + b"\nb\n", b"c\n" + b"y" * (LONGEST_LINE + 1), b"\n", b"d")
    assert [line[:1] for line in found] == [b"a", b"x", b"b", b"c", b"y", b"d"]
    assert len(found[1]) == len(found[4]) == LONGEST_LINE + 1
    assert len(lines_of(long)[0]) == LONGEST_LINE + 1


@given(st.lists(st.binary(min_size=1, max_size=20) | st.just(b"\n")))
def test_any_pieces_give_the_lines_of_the_whole(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    expected = whole.split(b"\n")
    assert lines_of(*pieces) == (expected if expected[-1] else expected[:-1])


def answers(*lines: str | bytes, options: Options) -> list[dict[str, Any]]:
    data = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
    return [json.loads(line) for line in Answerer(options).answer(data).splitlines()]


def test_options_hold_for_lines_that_do_not_say_otherwise() -> None:
    link = "https://id.gs1.org/01/80614141123458/21/6789"
    options = Options(company_prefix_length=7, scheme="sgtin-96", filter=3, encode=True)
    given_all = {"digital_link": link, "scheme": "sgtin-198", "filter": 1, "company_prefix_length": 8}
    first, second = answers(json.dumps({"digital_link": link}), json.dumps(given_all), options=options)
    assert first["hex"] == TAG
    assert second["scheme"] == "sgtin-198"
    assert second["filter"] == 1
    assert second["epc_uri"] == "urn:epc:id:sgtin:06141411.82345.6789"
    (hosted,) = answers(
        json.dumps({"digital_link": link, "scheme": "sgtin++", "hostname": "a.example"}), options=options
    )
    assert hosted["digital_link"] == "https://a.example/01/80614141123458/21/6789"


def test_whole_banks_are_read_and_written() -> None:
    line = json.dumps({"element_string": "(10)L7(17)270131"})
    (memory,) = answers(line, options=Options(encode=True, bank="user"))
    (back,) = answers(memory["hex"], options=Options(bank="user"))
    assert back["element_string"] == "(10)L7(17)270131"
    line = json.dumps({"epc_uri": "urn:epc:id:sgtin:0614141.812345.6789", "filter": 3})
    (bank,) = answers(line, options=Options(encode=True, bank="epc"))
    assert bank["hex"].endswith(TAG)
    (back,) = answers(bank["hex"], options=Options(bank="epc"))
    assert back["hex"] == TAG
    (refused,) = answers(line, options=Options(encode=True, bank="tid"))
    assert "expected epc or user" in refused["error"]


def test_lines_end_with_carriage_returns_too() -> None:
    assert [answer["hex"] for answer in answers(TAG + "\r", TAG, options=Options())] == [TAG, TAG]
    (answer,) = answers(TAG + "\r\r", options=Options())
    assert "error" in answer


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    mark = codecs.BOM_UTF8
    assert lines_of(mark + b"one\n" + mark + b"two\n", mark + b"three\n") == [b"one", mark + b"two", mark + b"three"]


def test_a_line_may_have_quotation_marks_that_need_an_escape_and_nulls() -> None:
    line = '{"element_string": "(01)09506000134352(21)\\"a", "scheme": "sgtin+", "filter": null}'
    (answer,) = answers(line, options=Options(encode=True))
    assert answer["element_string"] == '(01)09506000134352(21)"a'


@pytest.mark.parametrize(
    ("line", "given_text", "says"),
    [
        ("nonsense", "nonsense", "not as expected"),
        ("[" * 9_000, "[" * 200, "not as expected"),
        ("{}", "{}", "line has none"),
        ('{"epc_uri": "urn:epc:id:x", "digital_link": "http"}', None, "digital_link and epc_uri"),
        ('{"epc_uri": "urn:epc:id:x", "epc_uri": "urn:epc:id:y"}', None, "epc_uri twice"),
        ('{"filter": null, "epc_uri": "urn:epc:id:x", "filter": 1}', None, "filter twice"),
        ('{"element_string": "3074024220"}', "3074024220", "VAR. COUNT"),
        ('{"epc_uri": "http://x"}', "http://x", "epc_uri: 'http://x' is not one"),
        ('{"element_string": "urn:epc:id:x"}', "urn:epc:id:x", "element_string"),
        ('{"epc_uri": "urn:epc:id:sgtin:1.2.3"}', "urn:epc:id:sgtin:1.2.3", "company prefix"),
        ("x" * (LONGEST_LINE + 1), "", "longer than 16384 bytes"),
    ],
)
def test_a_wrong_line_is_answered_with_what_is_wrong(line: str, given_text: str | None, says: str) -> None:
    (answer,) = answers(line, options=Options(encode=True))
    assert answer["input"] == (line if given_text is None else given_text)
    assert says in answer["error"]


@pytest.mark.parametrize("encode", [True, False])
@given(st.binary(max_size=60) | st.text('{}[]":,digtal_nkepcurmsfh0123 ', max_size=60).map(str.encode))
def test_any_line_is_answered_with_one_line(encode: bool, line: bytes) -> None:
    for answer in answers(*line.split(b"\n"), options=Options(encode=encode)):
        assert answer.keys() == {"input", "error"} or "hex" in answer


@pytest.mark.parametrize(("manner", "link"), [("plain", "ARFKk4XBoCCHV4QgowOQ"), ("optimised", "CxFKk4XBoIdXhCCjA5")])
def test_links_come_out_compressed_when_asked_and_are_read_again(manner: str, link: str) -> None:
    plain = "https://id.gs1.org/01/09506000134352/10/ABC/21/12345"
    given = f"{plain}\n".encode()
    answer = json.loads(Answerer(Options(compress=manner)).answer(given))
    assert answer["digital_link"] == f"https://id.gs1.org/{link}"
    again = json.loads(Answerer(Options()).answer(f"{answer['digital_link']}\n".encode()))
    assert again["digital_link"] == plain


def test_a_thing_without_a_link_has_none_to_compress_and_an_unknown_manner_is_refused() -> None:
    given = b"urn:epc:id:usdod:2S194.5678\n"
    assert json.loads(Answerer(Options(compress="plain")).answer(given))["digital_link"] is None
    assert "plain or optimised" in json.loads(Answerer(Options(compress="zip")).answer(given))["error"]
